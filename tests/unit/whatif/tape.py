"""What the topics would hold of a town: every record that its services take and write, as `laotie policy replay` reads them.

The broker's times are coarse and jump about, as if relays and consumers raced: several records of one millisecond, some told later.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from deploy.market import newrules
from deploy.market.market import Market
from deploy.verify.log import TOPICS, Entry
from deploy.whatif import Past, gather
from shared.contracts.payment import CompensationInstructed
from shared.contracts.psp import CompensationSucceeded
from shared.messaging.fold import Fold
from shared.messaging.message import Message
from shared.messaging.record import Effects, Incoming
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.fairground import Fairground
from tests.unit.town import SERVICES, Told, Town

JUMP_MS = 10_000  # between two steps of the clock everybody has come to rest


class Tape:
    """entries: in the order of writing. dice: how unruly the broker's times are; None: one after the other."""

    def __init__(self, dice: random.Random | None) -> None:
        self.entries: list[Entry] = []
        self.dice = dice
        self.now_ms = 0
        self.refs: defaultdict[str, list[str]] = defaultdict(list)  # of each telling of an id
        self._offsets: defaultdict[str, int] = defaultdict(int)

    def write(self, identity: str, kind: str, topic: str, key: bytes | None, value: bytes, headers: Mapping[str, bytes | None]) -> str:
        offset = self._offsets[topic]
        self._offsets[topic] += 1
        self.now_ms += 1 if self.dice is None else self.dice.random() < 0.1
        at = self.now_ms + (self.dice.randrange(20) if self.dice is not None else 0)
        own = TOPICS[topic].own
        known = TOPICS[topic].types.get(kind) if not topic.endswith(".parked.v1") else None
        event = known.model_validate_json(value) if known is not None else None
        self.entries.append(Entry(identity, kind, topic, 0, offset, key, value, headers, at, offset + 1 if own else None, event))
        return self.entries[-1].ref

    def hear(self, identity: str, event: Message) -> None:
        """Of an app."""
        headers = {"ce_id": identity.encode(), "ce_source": source_of(event).encode()}
        ref = self.write(identity, event.type, event.topic.name, event.key.encode(), event.to_json(), headers)
        self.refs[identity].append(ref)


def source_of(event: Message) -> str:
    return f"laotie/{event.topic.writers[0]}" if event.topic.own else event.topic.writers[0]


class Taped(Told):
    """Decides as in any town; what it takes from itself and what it writes is on the tape, under the sources of the real ones."""

    def __init__(self, name: str, policies: Policies, tape: Tape) -> None:
        super().__init__(name, policies)
        self.tape = tape
        self.places: dict[str, str] = {}
        self._told: Counter[str] = Counter()

    def send(self, event: Message, id: str = "") -> tuple[Message, ...]:
        if event.topic.name == f"{self.service.name}.timer.v1":
            self.tape.write(id, event.type, event.topic.name, event.key.encode(), event.to_json(), {"ce_id": id.encode()})
        if not event.topic.own:
            self.places[f"{event.topic.name}/0/{self._count + 1}"] = self.tape.refs[id][self._told[id]]
            self._told[id] += 1
        return super().send(event, id)

    def _fold(self, incoming: Incoming) -> tuple[Message, ...]:
        named = replace(incoming, envelope=replace(incoming.envelope, source=source_of(incoming.event)))
        self._items[incoming.record.ref] = named
        return super()._fold(named)

    def _keep(self, effects: Effects, key: str, fold: Fold) -> tuple[Message, ...]:
        for out in effects.facts:
            headers = dict(out.headers)
            kind = (headers.get("ce_type") or b"").decode()
            if "x-reason" in headers:
                place = "/".join((headers[f"x-original-{part}"] or b"").decode() for part in ("topic", "partition", "offset"))
                identity = self.ids[place]
                self._seen.discard(identity)  # as behind the inbox: a copy of what was refused is looked at again
                topic, _, offset = self.places.get(place, place).split("/")
                headers |= {"ce_id": identity.encode(), "x-original-topic": topic.encode(), "x-original-offset": offset.encode()}
            self.tape.write((headers["ce_id"] or b"").decode(), kind, out.topic, out.key, out.value or b"", headers)
        return super()._keep(effects, key, fold)


class TapedTown(Town):
    """A town whose topics can be read again: past()."""

    def __init__(self, policies: Policies = b.POLICIES, dice: random.Random | None = None) -> None:
        super().__init__(policies, dice)
        self.tape = Tape(dice)
        self.services = {name: Taped(name, policies, self.tape) for name in SERVICES}

    def _put(self, identity: str, event: Message) -> None:
        if not event.topic.own:
            self.tape.hear(identity, event)
        super()._put(identity, event)

    def advance(self, to: datetime) -> None:
        self.tape.now_ms += JUMP_MS
        super().advance(to)
        self.tape.now_ms += JUMP_MS

    def provider(self, fact: Message) -> Iterable[Message]:
        yield from super().provider(fact)
        if isinstance(fact, CompensationInstructed):
            yield CompensationSucceeded(order_id=fact.order_id, compensation_id=fact.compensation_id, occurred_at=fact.occurred_at)

    def past(self) -> Past:
        return gather(self.tape.entries)

    def live(self, *told: tuple[Iterable[Message], str]) -> TapedTown:
        """Steps: what is told, then how far the clock goes."""
        for step, (events, until) in enumerate(told):
            self.tell((f"{step}-{nth}", event) for nth, event in enumerate(events))
            self.advance(b.at(until))
        return self


class TapedFairground(Fairground, TapedTown):
    """The simulated market, its topics readable again."""

    def __init__(self, market: Market, shuffle: int | None = None, dice: random.Random | None = None) -> None:
        super().__init__(market, shuffle)
        self.tape = Tape(dice)
        self.services = {name: Taped(name, newrules.policies(), self.tape) for name in SERVICES}
