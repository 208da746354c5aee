"""Copies of what a market left, and the ways to damage them: a fact forged with all that rests on it, lost, or told twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.run import PARTS, Seen, statements
from deploy.verify.tables import Posting, Stored, Tables
from shared.contracts.payment import RefundDone
from shared.contracts.types import Moves
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.verify.recorded import index

Which = Callable[[Any], bool]


def anyone(_: Any) -> bool:
    return True


def of_order(order_id: str) -> Which:
    found: Which = lambda fact: fact.order_id == order_id  # noqa: E731
    return found


@dataclass
class Copy:
    """Whoever damages it must be thorough: forge() writes the postings' rows anew, as somebody would who can write both."""

    log: Log
    tables: Tables
    policies: Policies = b.POLICIES

    def checks(self, parts: Iterable[str] = PARTS) -> list[Check]:
        index(self.log)
        return list(statements(Seen(self.log, self.tables, self.policies), parts))

    def find(self, kind: type[Message], which: Which = anyone) -> Entry:
        """The first of its kind."""
        return next(entry for entry in (*self.log.sent, *self.log.facts()) if isinstance(entry.event, kind) and which(entry.event))

    def forge(self, kind: type[Message], which: Which = anyone, **changes: Any) -> Entry:
        """One fact says something else, in its topic and in the table of postings. A change may be a function of the value before."""
        entry = self.find(kind, which)
        assert entry.event is not None
        values = {name: change(getattr(entry.event, name)) if callable(change) else change for name, change in changes.items()}
        event = entry.event.model_copy(update=values)
        forged = replace(entry, event=event, value=event.to_json())
        self.put(entry, [forged])
        moves = getattr(event, "moves", None)
        if isinstance(moves, Moves):
            self._post(entry, moves)
        return forged

    def lose(self, kind: type[Message], which: Which = anyone) -> None:
        self.put(self.find(kind, which), [])

    def vanish(self, kind: type[Message], which: Which = anyone) -> None:
        """Lost, and no gap tells."""
        self.lose(kind, which)
        self.renumber(kind.topic.name)

    def renumber(self, topic: str) -> None:
        """As if nothing had been lost."""
        lane = (topic, 0)
        self.log.lanes[lane] = [replace(entry, sequence=number) for number, entry in enumerate(self.log.lanes[lane], 1)]
        self.tables = replace(self.tables, lanes={**self.tables.lanes, lane: len(self.log.lanes[lane])})

    def swap(self, kind: type[Message], which: Which = anyone) -> None:
        """Told behind what follows it in its lane, and no gap tells."""
        entry = self.find(kind, which)
        lane = self.log.lanes[(entry.topic, entry.partition)]
        behind = lane[lane.index(entry) + 1]
        self.log.lanes[(entry.topic, entry.partition)] = [{id(entry): behind, id(behind): entry}.get(id(one), one) for one in lane]
        self.renumber(entry.topic)

    def spoil(self, kind: type[Message], which: Which = anyone) -> None:
        """Nobody can read it any more."""
        entry = self.find(kind, which)
        self.put(entry, [replace(entry, event=None, value=b"{}")])

    def repeat(self, kind: type[Message], which: Which = anyone, identity: str = "") -> None:
        """The same once more at the end of its lane, with the next number, posted like the first. identity: its own, if not another."""
        entry = self.find(kind, which)
        lane = (entry.topic, entry.partition)
        number = len(self.log.lanes[lane])
        again = replace(entry, id=identity or f"{entry.id[:-4]}beef", offset=number, sequence=number + 1)
        self.log.lanes[lane] = [*self.log.lanes[lane], again]
        rows = [replace(row, tx=again.id) for row in self.tables.postings if row.tx == entry.id != again.id]
        lanes = {**self.tables.lanes, lane: number + 1}
        self.tables = replace(self.tables, lanes=lanes, postings=[*self.tables.postings, *rows])

    def row(self, change: Callable[[Posting], Posting | None], account: str) -> None:
        """The first row of that account."""
        first = next(row for row in self.tables.postings if row.account == account)
        rows = [change(row) if row is first else row for row in self.tables.postings]
        self.tables = replace(self.tables, postings=[row for row in rows if row is not None])

    def stored(self, kind: str, key: str, change: Callable[[dict[str, Any]], None]) -> None:
        """The body of an entity."""
        row = self.tables.entities[kind][key]
        body = _thawed(row.body)
        change(body)
        rows = {**self.tables.entities[kind], key: Stored(row.version, body)}
        self.tables = replace(self.tables, entities={**self.tables.entities, kind: rows})

    def queued(self, order_id: str, case_id: str) -> None:
        """The case is open in the queue, and the seller's turn."""
        place = order_id, case_id, "case"
        self.tables = replace(self.tables, tasks={**self.tables.tasks, place: (10, "seller", None, True)})

    def attended(self, order_id: str) -> None:
        """The first of its refunds that are done waits for a person, who is told that it was refused."""
        done: Any = self.find(RefundDone, of_order(order_id)).event
        place = order_id, "refund", done.refund_id
        self.tables = replace(self.tables, attention={**self.tables.attention, place: "not paid"})

    def forget(self, service: str, identity: str) -> None:
        """The service never took the event of that id."""
        taken = self.tables.taken[service]
        inbox = {place: digest for place, digest in taken.inbox.items() if place[1] != identity}
        self.tables = replace(self.tables, taken={**self.tables.taken, service: replace(taken, inbox=inbox)})

    def put(self, entry: Entry, instead: list[Entry]) -> None:
        """In its place."""
        if entry.sequence is None:
            self.log.sent = [one for old in self.log.sent for one in (instead if old is entry else [old])]
            return
        lane = (entry.topic, entry.partition)
        self.log.lanes[lane] = [one for old in self.log.lanes[lane] for one in (instead if old is entry else [old])]

    def _post(self, entry: Entry, moves: Moves) -> None:
        old = [row for row in self.tables.postings if row.tx == entry.id]
        new = [
            replace(old[0], ordinal=number, account=one.account, amount_minor=one.amount_minor) for number, one in enumerate(moves.postings)
        ]
        rest = [row for row in self.tables.postings if row.tx != entry.id]
        self.tables = replace(self.tables, postings=[*rest, *new])


@dataclass(frozen=True)
class Corruption:
    """by: the words with which the statement begins that has to find it."""

    name: str
    by: str
    plant: Callable[[Copy], Any]


def hours(count: int) -> Callable[[datetime], datetime]:
    """For `forge`: that much later."""
    return lambda at: at + timedelta(hours=count)


def moved(amounts: Mapping[str, int]) -> Callable[[Moves], Moves]:
    """So much more on these accounts; it still sums to zero, or it is no transaction that could be told."""

    def change(moves: Moves) -> Moves:
        found = {one.account: one.amount_minor for one in moves.postings}
        for account, amount in amounts.items():
            found[account] = found.get(account, 0) + amount
        postings = [{"account": account, "amount_minor": amount} for account, amount in found.items() if amount]
        return Moves.model_validate({"currency": moves.currency, "postings": tuple(postings)})

    return change


def more(amount: int) -> Callable[[int], int]:
    return lambda before: before + amount


def _thawed(body: Any) -> Any:
    if isinstance(body, Mapping):
        return {name: _thawed(value) for name, value in body.items()}
    return [_thawed(value) for value in body] if isinstance(body, list) else body
