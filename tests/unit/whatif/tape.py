"""What the topics would hold of a town: every record that its services take and write, as `laotie policy replay` reads them.

The broker's times are coarse and jump about, as if relays and consumers raced: several records of one millisecond, some told later.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from deploy.market import newrules
from deploy.market.market import Market
from deploy.market.sent import Sent
from deploy.verify.log import TOPICS, Entry, entry_of
from deploy.whatif import Past, gather
from shared.contracts.payment import CompensationInstructed
from shared.contracts.psp import CompensationSucceeded
from shared.errors import Code
from shared.messaging.envelope import copy_headers, decode
from shared.messaging.fold import Fold
from shared.messaging.message import Message
from shared.messaging.record import Effects, Headers, Incoming, Record, Unreadable
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.fairground import Fairground, identity_of
from tests.unit.town import SERVICES, Told, Town

REUSED: Code = "event.id_reused"
JUMP_MS = 10_000  # between two steps of the clock everybody has come to rest


class Tape:
    """entries: in the order of writing. dice: how unruly the broker's times are; None: one after the other."""

    def __init__(self, dice: random.Random | None) -> None:
        self.entries: list[Entry] = []
        self.dice = dice
        self.now_ms = 0
        self.refs: defaultdict[str, list[str]] = defaultdict(list)  # of each telling of an id
        self._offsets: defaultdict[str, int] = defaultdict(int)

    def write(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> Entry:
        offset = self._offsets[topic]
        self._offsets[topic] += 1
        self.now_ms += 1 if self.dice is None else self.dice.random() < 0.1
        at = self.now_ms + (self.dice.randrange(20) if self.dice is not None else 0)
        number = {"x-sequence" if topic.endswith(".parked.v1") else "ce_sequence": str(offset + 1).encode()} if TOPICS[topic].own else {}
        self.entries.append(entry_of(Record(topic, 0, offset, key, value, (*headers, *number.items()), at)))
        return self.entries[-1]

    def hear(self, identity: str, event: Message) -> None:
        """Of an app."""
        headers = attributes(identity, source_of(event), event.type)
        self.refs[identity].append(self.write(event.topic.name, event.key.encode(), event.to_json(), headers).ref)


def attributes(identity: str, source: str, kind: str) -> Headers:
    texts = {"ce_specversion": "1.0", "ce_id": identity, "ce_source": source, "ce_type": kind}
    return tuple((name, text.encode()) for name, text in texts.items())


def source_of(event: Message) -> str:
    return f"laotie/{event.topic.writers[0]}" if event.topic.own else event.topic.writers[0]


class Taped(Told):
    """Decides as in any town; what it takes from itself and what it writes is on the tape, under the sources of the real ones."""

    def __init__(self, name: str, policies: Policies, tape: Tape) -> None:
        super().__init__(name, policies)
        self.tape = tape
        self.places: dict[str, str] = {}
        self._told: Counter[str] = Counter()
        self._bodies: dict[str, bool] = {}  # of what was taken: whether it was the other one of its id
        self._other = ""  # the place of what is looked at, if it is an id's other body

    def send(self, event: Message, id: str = "") -> tuple[Message, ...]:
        if event.topic.name == f"{self.service.name}.timer.v1":
            self.tape.write(event.topic.name, event.key.encode(), event.to_json(), attributes(id, source_of(event), event.type))
        if not event.topic.own:
            ref = self.places[f"{event.topic.name}/0/{self._count + 1}"] = self._other or self.tape.refs[id][self._told[id]]
            self._told[id] += not self._other
            if id in self._seen and self._bodies[id] != bool(self._other):
                topic, _, offset = ref.split("/")
                self.refuse(Record(topic, 0, int(offset), event.key.encode(), event.to_json(), attributes(id, "", event.type)), REUSED)
            self._bodies.setdefault(id, bool(self._other))
        return super().send(event, id)

    def look(self, record: Record, read: Incoming) -> list[tuple[str, Message]]:
        """At another body of an id; the facts."""
        self._other, before = record.ref, len(self.out)
        self.send(read.event, read.envelope.id)
        self._other = ""
        return self.out[before:]

    def refuse(self, record: Record, code: Code) -> None:
        self.tape.write(f"{self.service.name}.parked.v1", record.key, record.value, copy_headers(record, code, "", 1))

    def _fold(self, incoming: Incoming) -> tuple[Message, ...]:
        named = replace(incoming, envelope=replace(incoming.envelope, source=source_of(incoming.event)))
        self._items[incoming.record.ref] = named
        return super()._fold(named)

    def _keep(self, effects: Effects, key: str, fold: Fold) -> tuple[Message, ...]:
        for out in effects.facts:
            headers = dict(out.headers)
            if "x-reason" in headers:
                place = "/".join((headers[f"x-original-{part}"] or b"").decode() for part in ("topic", "partition", "offset"))
                identity = self.ids[place]
                self._seen.discard(identity)  # as behind the inbox: a copy of what was refused is looked at again
                self._bodies.pop(identity, None)
                topic, _, offset = self.places.get(place, place).split("/")
                headers |= {"ce_id": identity.encode(), "x-original-topic": topic.encode(), "x-original-offset": offset.encode()}
            self.tape.write(out.topic, out.key, out.value, tuple(headers.items()))
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

    def past(self, *, whole: bool = False) -> Past:
        return gather(self.tape.entries, whole=whole)

    def live(self, *told: tuple[Iterable[Message], str]) -> TapedTown:
        """Steps: what is told, then how far the clock goes."""
        for step, (events, until) in enumerate(told):
            self.tell((f"{step}-{nth}", event) for nth, event in enumerate(events))
            self.advance(b.at(until))
        return self


class TapedFairground(Fairground, TapedTown):
    """The simulated market, its topics readable again, with what no service could read."""

    def __init__(self, market: Market, shuffle: int | None = None, dice: random.Random | None = None) -> None:
        super().__init__(market, shuffle)
        self.tape = Tape(dice)
        self.taped = {name: Taped(name, newrules.policies(), self.tape) for name in SERVICES}
        self.services = {**self.taped}

    def hear(self, wave: Iterable[Sent], now: datetime) -> None:
        """Spoilt variants come before what they are made of, another body under a known id behind it."""
        spoilt = [one for one in wave if one.refused.startswith("event.")]
        for one in spoilt:
            if one.early:
                self._spoilt(one, now)
        super().hear(wave, now)
        for one in spoilt:
            if not one.early:
                self._spoilt(one, now)

    def _spoilt(self, one: Sent, now: datetime) -> None:
        """Each service looks for itself; one that can read it after all takes it, unless it knows the id with another body."""
        named = {"ce_id": identity_of(one), "ce_source": TOPICS[one.topic].writers[0]}
        headers = tuple((name, named[name].encode() if name in named else value) for name, value in one.headers)
        entry = self.tape.write(one.topic, one.key.encode(), one.value, headers)
        record = Record(entry.topic, 0, entry.offset, entry.key, entry.value, headers)
        for name in TOPICS[one.topic].readers:
            service = self.taped[name]
            read = decode(record, TOPICS, name, frozenset(service.service.input_types()), now)
            if isinstance(read, Unreadable):
                service.refuse(record, read.code)
            elif read is not None:
                self._publish(service.look(record, read))
        self.tell(())
