"""What an order's life costs in memory: records decoded, states parsed, folded, dumped and packed, as the engine does between its servers.

python -m tests.bench.folding [--rounds N] [--lives N]

CPU time, medians over the rounds, microseconds. `added`: what the refund service adds to the life on the others, 0.25: a quarter;
`certificates_added`: what its events of an order without a case add, but for the copies of scores.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from shared.contracts import registry, topics
from shared.messaging.envelope import decode
from shared.messaging.fold import Fold, timer_id
from shared.messaging.message import Message
from shared.messaging.record import Armed, Incoming, Record, pack
from shared.messaging.shape import Kind, Service
from shared.policy import Policies
from tests.bench.apps import KINDS, Event, record_of
from tests.bench.psp import answer_to

SERVICES = ("order", "payment", "refund", "trust")
CERTIFIED = ("order.paid", "order.shipped", "order.delivered")
BEGAN = datetime(2026, 6, 1, 2, tzinfo=UTC)
GRACE = timedelta(seconds=5)
TOPICS = {topic.name: topic for topic in topics.ALL}
POLICY = Path(__file__).parents[2] / "deploy" / "policy.yaml"


@dataclass
class Desk:
    """One service: its rows as text, as they would be stored. spent: seconds and events, by input."""

    service: Service
    policies: Policies
    rows: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    armed: dict[tuple[str, str], Armed] = field(default_factory=dict)
    inputs: frozenset[type[Message]] = field(init=False)
    spent: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    written: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.inputs = frozenset(self.service.input_types())

    def take(self, record: Record, now: datetime) -> list[Record]:
        """The facts, as records without their numbers. Raises AssertionError: refused, held or unreadable; no bench does that."""
        began = time.process_time_ns()
        item = decode(record, TOPICS, self.service.name, self.inputs, now)
        if item is None:
            return []
        assert isinstance(item, Incoming), item
        fold = Fold(self.service, self.policies, now)
        fold.expect(item.event)
        for kind in self.service.kinds:
            if keys := fold.wanted(kind):
                fold.put(kind, {key: self._parsed(kind, key) for key in keys if (kind.name, key) in self.rows})
        assert fold.offer(item), item
        effects = fold.take()
        assert not effects.held, (item.event, effects.held)
        for (kind, key), changed in effects.entities.items():
            self.rows[(kind.name, key)] = (changed.version, kind.dump(changed.after))
        facts = [Record(out.topic, 0, 0, out.key, out.value, out.headers) for out in effects.facts]
        for fact in facts:
            pack(fact.headers)
        self.spent[item.event.type] += time.process_time_ns() - began
        self.taken[item.event.type] += 1
        for place in effects.disarmed:
            self.armed.pop(place, None)
        self.armed.update(effects.armed)
        for fact in facts:
            name = dict(fact.headers).get("ce_type", b"refused").decode()
            assert "x-reason" not in dict(fact.headers), (record, fact)
            self.written[name] += len(fact.value or b"")
        return facts

    def due(self, upto: datetime) -> list[Armed]:
        return sorted((timer for timer in self.armed.values() if timer.due_at + GRACE <= upto), key=lambda timer: timer.due_at)

    def _parsed(self, kind: Kind[Any, Any], key: str) -> tuple[int, Any]:
        version, text = self.rows[(kind.name, key)]
        return version, kind.parse(text)


class Side:
    """The services side by side; what one writes the others read at once."""

    def __init__(self, names: Iterable[str], policies: Policies) -> None:
        self.desks = {name: Desk(import_module(f"services.{name}.handlers").SERVICE, policies) for name in names}
        self._takers = {(entry.kind.topic.name, entry.kind.type): entry.consumers for entry in registry.entries()}
        self._waiting: deque[tuple[str, Record]] = deque()
        self._numbers: Counter[str] = Counter()
        self._sent = 0
        self.now = BEGAN

    def live(self, life: Iterable[Event]) -> None:
        for event in life:
            self.now = BEGAN + timedelta(seconds=event[3])
            self._upstream(event)
            self._settle()

    def advance(self, by: timedelta) -> None:
        """Deadline by deadline."""
        end = self.now + by
        while True:
            due = [(timer.due_at, name, timer) for name, desk in self.desks.items() for timer in desk.due(end)]
            if not due:
                break
            at, name, timer = min(due, key=lambda one: one[:2])
            self.now = max(self.now, at + GRACE)
            del self.desks[name].armed[(timer.kind, timer.subject)]
            self._fire(name, timer)
            self._settle()
        self.now = end

    def _fire(self, name: str, timer: Armed) -> None:
        headers = (
            ("ce_specversion", b"1.0"),
            ("ce_id", timer_id(timer.kind, timer.subject, timer.due_at).encode()),
            ("ce_source", f"laotie/{name}".encode()),
            ("ce_type", timer.kind.encode()),
        )
        self._put(name, self._numbered(Record(f"{name}.timer.v1", 0, 0, timer.key.encode(), timer.body, headers)))

    def _upstream(self, event: Event) -> None:
        topic, key, value, headers = record_of(event, BEGAN)
        self._sent += 1
        record = Record(topic, 0, self._sent, key.encode(), value.encode(), tuple((name, text.encode()) for name, text in headers.items()))
        self._publish(record, headers["ce_type"])

    def _publish(self, record: Record, kind: str) -> None:
        for name in self._takers.get((record.topic, kind), ()):
            self._put(name, record)

    def _put(self, name: str, record: Record) -> None:
        if name in self.desks:
            self._waiting.append((name, record))

    def _settle(self) -> None:
        while self._waiting:
            name, record = self._waiting.popleft()
            for fact in self.desks[name].take(record, self.now):
                kind = dict(fact.headers)["ce_type"].decode()
                self._publish(self._numbered(fact), kind)
                answer = answer_to(kind, (fact.key or b"").decode(), fact.value or b"")
                if answer is not None:
                    self._upstream(answer)

    def _numbered(self, record: Record) -> Record:
        self._numbers[record.topic] += 1
        number = self._numbers[record.topic]
        return replace(record, offset=number, headers=(*record.headers, ("ce_sequence", str(number).encode())))


def measured(names: Iterable[str], kind: str, lives: int, policies: Policies) -> dict[str, float]:
    """Microseconds a life in all, by service, and an event by service and type."""
    town = Side(names, policies)
    for n in range(lives):
        town.now = BEGAN
        town.live(KINDS[kind](f"o{n}", f"s{n % 100}", n))
    town.advance(timedelta(days=10))
    found: dict[str, float] = {}
    for name, desk in town.desks.items():
        found[name] = sum(desk.spent.values()) / 1000 / lives
        for type, spent in desk.spent.items():
            found[f"{name} {type}"] = spent / 1000 / desk.taken[type]
    events = sum(sum(desk.taken.values()) for desk in town.desks.values())
    refund = town.desks["refund"]
    found["certificate bytes"] = refund.written["certificate.issued"] / lives
    found["purchase bytes"] = sum(len(text) for (of, _), (_, text) in refund.rows.items() if of == "purchase") / lives
    life = sum(found[name] for name in town.desks)
    others = life - found["refund"]
    certified = sum(town.desks["refund"].spent[type] for type in CERTIFIED) / 1000 / lives
    return found | {"life": life, "events": events / lives, "added": found["refund"] / others, "certificates_added": certified / others}


def report(kinds: Iterable[str], rounds: int, lives: int, say: Callable[[str], None] = print) -> dict[str, dict[str, float]]:
    """By kind of life."""
    policies, runs = Policies.load(POLICY), dict[str, list[dict[str, float]]]()
    for number in range(rounds + 1):
        for kind in kinds:
            found = measured(SERVICES, kind, lives, policies)
            if number:  # the first one warms
                runs.setdefault(kind, []).append(found)
    told = {kind: {key: statistics.median(run[key] for run in found) for key in found[0]} for kind, found in runs.items()}
    for kind, life in told.items():
        say(f"{kind}: {life['life']:.0f} µs a life, {life['events']:.1f} events; the refund service adds {life['added']:.0%}")
    return told


def certificates(rounds: int, lives: int, say: Callable[[str], None]) -> dict[str, Any]:
    """What they add, by kind of life."""
    found = report(("plain", "aftersale"), rounds, lives, say)
    return {kind: {name: life[name] for name in life if " " not in name or name.endswith("bytes")} for kind, life in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.folding", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lives", type=int, default=150)
    parser.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=["plain", "refunds", "aftersale"])
    parser.add_argument("--all", action="store_true", help="each event type too")
    options = parser.parse_args()
    for kind, found in report(options.kinds, options.rounds, options.lives).items():
        for name, value in found.items():
            if options.all or " " not in name or name.endswith("bytes"):
                print(f"  {kind}, {name}: {value:.3f}")


if __name__ == "__main__":
    main()
