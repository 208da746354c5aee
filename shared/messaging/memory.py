"""The same fold on dictionaries: tests, verify, replay and simulation run the very code that the engine runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from shared.messaging.fold import Fold, timer_id
from shared.messaging.message import Message
from shared.messaging.numbered import Numbered
from shared.messaging.record import Armed, Effects, Envelope, Held, Incoming, Record
from shared.messaging.shape import Kind, Policies, Service


class Memory:
    """One service in memory.

    send(event) folds one event and returns the facts it gave rise to (its own, then those of waiting ones). Timers
    fire in order of due_at by advance(). Reading: entity(kind, key), held(key), armed, rows, refused, facts.
    """

    def __init__(self, service: Service, policies: Policies) -> None:
        self.service = service
        self.policies = policies
        self.entities: dict[tuple[str, str], tuple[int, Any]] = {}
        self.armed: dict[tuple[str, str], Message] = {}
        self.rows: dict[str, list[tuple[Any, ...]]] = {}
        self.facts: list[Message] = []
        self.refused: list[tuple[str, str]] = []  # (event type, code)
        self._held: dict[str, list[Held]] = {}
        self._items: dict[str, Incoming] = {}
        self._seen: set[str] = set()
        self._count = 0
        self._types = {kind.type: kind for kind in service.input_types()}
        self._facts = {fact.type: fact for kind in service.kinds for fact in kind.facts} | {sent.type: sent for sent in service.sends}

    def send(self, event: Message, id: str = "") -> tuple[Message, ...]:
        """The facts. The same id again does nothing, as behind the inbox; of what an app sent and was refused, it is as new (F5)."""
        self._count += 1
        identity = id or f"e{self._count}"
        if identity in self._seen:
            return ()
        if event.topic.own:
            self._seen.add(identity)
        record = Record(event.topic.name, 0, self._count, event.key.encode(), event.to_json())
        incoming = Incoming(
            record, Envelope(identity, "memory", None, identity, "00-" + "0" * 32 + "-" + "0" * 16 + "-01"), event, event.key, True
        )
        self._items[record.ref] = incoming
        return self._fold(incoming)

    def advance(self, to: datetime, grace: timedelta = timedelta(seconds=5)) -> tuple[Message, ...]:
        """Fire, in order, all deadlines with due_at + grace <= to; the facts."""
        facts: list[Message] = []
        while True:
            due = sorted((timer.occurred_at, place) for place, timer in self.armed.items() if timer.occurred_at + grace <= to)
            if not due:
                return tuple(facts)
            timer = self.armed.pop(due[0][1])
            facts.extend(self.send(timer, timer_id(timer.type, timer.subject, timer.occurred_at)))

    def entity(self, kind: Kind[Any, Any], key: str) -> Any:
        return self.entities.get((kind.name, key), (0, None))[1]

    def held(self, key: str) -> list[Held]:
        return self._held.get(key, [])

    def given(self, *facts: Message) -> Memory:
        """State from facts alone, as `verify` builds it; what a service only sends changes nothing."""
        for fact in (fact for fact in facts if not isinstance(fact, self.service.sends)):
            kind = next(kind for kind in self.service.kinds if type(fact) in kind.facts)
            place = (kind.name, kind.key(fact))
            version, before = self.entities.get(place, (0, None))
            after = kind.evolve(before, fact)
            self.entities[place] = (version + 1, after)
            for timer in kind.due(before) if before is not None else ():
                self.armed.pop((timer.type, timer.subject), None)
            for timer in kind.due(after):
                self.armed[(timer.type, timer.subject)] = timer
        return self

    def when(self, *events: Message) -> tuple[Message, ...]:
        """All facts of these events, in order."""
        return tuple(fact for event in events for fact in self.send(event))

    def _fold(self, incoming: Incoming) -> tuple[Message, ...]:
        fold = self._begun(incoming.key, incoming.event.occurred_at, incoming.event)
        if not fold.offer(incoming):
            raise AssertionError("a touch grew before anything was folded")
        return self._keep(fold.take(), incoming.key, fold)

    def _turn(self, key: str, now: datetime) -> tuple[Message, ...]:
        """What became ready of that key, in order, in a batch of its own."""
        fold = self._begun(key, now)
        fold.offer_ready(key)
        return self._keep(fold.take(), key, fold)

    def _begun(self, key: str, now: datetime, *events: Message) -> Fold:
        """With all that these events and the held ones of the key touch."""
        fold = Fold(self.service, self.policies, now)
        again = {row.ref: self._items[row.ref] for row in self.held(key)}
        fold.put_held({key: self.held(key)}, again)
        self._load(fold, [*events, *(item.event for item in again.values())])
        return fold

    def _load(self, fold: Fold, events: Iterable[Message]) -> None:
        for event in events:
            fold.plan(event)
        for kind in self.service.kinds:
            fold.put(kind, self._there(kind, *fold.asked(kind)))

    def _there(self, kind: Kind[Any, Any], keys: Iterable[str], runs: Iterable[Numbered]) -> dict[str, tuple[int, Any]]:
        """What exists of that."""
        found = {key: self.entities[(kind.name, key)] for key in keys if (kind.name, key) in self.entities}
        for run in runs:
            found |= {key: entity for (name, key), entity in self.entities.items() if name == kind.name and key in run}
        return found

    def _keep(self, effects: Effects, key: str, fold: Fold) -> tuple[Message, ...]:
        for (kind, at), changed in effects.entities.items():
            self.entities[(kind.name, at)] = (changed.version, changed.after)
        for table, rows in effects.rows.items():
            self.rows.setdefault(table.table, []).extend(rows)
        for place in effects.disarmed:
            self.armed.pop(place, None)
        for place, armed in effects.armed.items():
            if armed.kind in self._types:
                self.armed[place] = self._timer(armed)
        self._seen -= {identity for _, identity in effects.inbox_gone}
        self._seen |= {identity for _, identity in effects.inbox}
        self._held[key] = fold.held(key)
        facts: list[Message] = []
        for out in effects.facts:
            headers = dict(out.headers)
            if "x-reason" in headers:
                self.refused.append((self._items[_ref(headers)].event.type, headers["x-reason"].decode()))
                if headers["x-reason"] == b"parked.raised":
                    raise AssertionError(headers["x-error"].decode())
            else:
                facts.append(self._facts[headers["ce_type"].decode()].model_validate_json(out.value or b""))
        self.facts.extend(facts)
        return (*facts, *self._turn(key, fold.now)) if any(row.state == "ready" for row in self._held[key]) else tuple(facts)

    def _timer(self, armed: Armed) -> Message:
        return self._types[armed.kind].model_validate_json(armed.body)


def _ref(headers: dict[str, bytes]) -> str:
    return "/".join(headers[f"x-original-{part}"].decode() for part in ("topic", "partition", "offset"))
