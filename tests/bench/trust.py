"""What evidence costs in memory: records decoded, states parsed, folded, dumped and packed, as the engine does between its servers.

python -m tests.bench.trust [--items N ...] [--subjects N] [--batch N]

One process, CPU time. `by history`: an item of a subject that has had so many, one record a batch, so that every state is read and
written for each; `shared`: the same where every buyer came twelve times, so that each has a group of its own. `spread`, `hot`: batches
of many subjects, and with nine of ten items about one. `pass`: looks of a day's beginning, each of another subject.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from services.trust.handlers import SERVICE
from services.trust.rules.tier import look_on
from shared.contracts import topics
from shared.contracts.explained import ScoreExplanationRequested
from shared.contracts.trust import EvidenceFound
from shared.days import local_date
from shared.messaging.envelope import decode
from shared.messaging.fold import Fold, timer_id
from shared.messaging.message import Message
from shared.messaging.record import Armed, Incoming, Record, Unreadable, pack
from shared.policy import Policies

BEGAN = datetime(2026, 6, 1, 2, tzinfo=UTC)
YEARS_DAYS = 1095  # over which a history is spread
BATCH = 200  # records
SHARED_MAX = 10_000  # what it costs to come there grows with its square
MEASURED = 300  # items, at the end of each history
NOW = BEGAN + timedelta(days=2)
TOPICS = {topic.name: topic for topic in topics.ALL}
POLICY = Path(__file__).parents[2] / "deploy" / "policy.yaml"
INPUTS = frozenset(SERVICE.input_types())


class Desk:
    """The trust service with its rows as text, as they are stored."""

    def __init__(self) -> None:
        self.policies = Policies.load(POLICY)
        self.rows: dict[tuple[str, str], tuple[int, str]] = {}
        self.armed: dict[tuple[str, str], Armed] = {}
        self.said: Counter[str] = Counter()
        self._count = 0

    def take(self, records: Iterable[Record]) -> None:
        """One batch, and another for what a touch that grew has put off."""
        items = [decode(record, TOPICS, SERVICE.name, INPUTS, NOW) for record in records]
        while items:
            items = items[self._fold(items) :]

    def _fold(self, items: list[Incoming | Unreadable | None]) -> int:
        """How many were taken."""
        fold = Fold(SERVICE, self.policies, NOW)
        for item in items:
            assert isinstance(item, Incoming), item
            fold.expect(item.event)
        for kind in SERVICE.kinds:
            keys = fold.wanted(kind)
            places = [(key, self.rows[kind.name, key]) for key in keys if (kind.name, key) in self.rows]
            fold.put(kind, {key: (version, kind.parse(text)) for key, (version, text) in places})
        taken = next((place for place, item in enumerate(items) if not fold.offer(cast("Incoming", item))), len(items))
        effects = fold.take()
        for (kind, key), changed in effects.entities.items():
            self.rows[kind.name, key] = (changed.version, kind.dump(changed.after))
        for out in effects.facts:
            pack(out.headers)
            self.said[dict(out.headers).get("ce_type", b"refused").decode()] += 1
        for place in effects.disarmed:
            self.armed.pop(place, None)
        self.armed.update(effects.armed)
        return taken

    def spent(self, batches: Iterable[Iterable[Message]]) -> float:
        """Seconds of CPU for all of them; the clock is asked twice only, as asking is dear where it is virtual."""
        prepared = [[self.record(event) for event in batch] for batch in batches]
        began = time.process_time()
        for records in prepared:
            self.take(records)
        return time.process_time() - began

    def record(self, event: Message, identity: str = "") -> Record:
        self._count += 1
        headers = {"ce_specversion": "1.0", "ce_id": identity or f"e{self._count}", "ce_source": "laotie/trust", "ce_type": event.type}
        own = {"ce_sequence": str(self._count)} if event.topic.own else {}
        pairs = tuple((name, text.encode()) for name, text in {**headers, **own}.items())
        return Record(event.topic.name, 0, self._count, event.key.encode(), event.to_json(), pairs)


def item(subject: str, number: int, at: datetime, counterparty: str) -> EvidenceFound:
    """Of eleven, ten lines completed and a deadline missed."""
    bad = number % 11 == 10
    return EvidenceFound(
        subject_id=subject,
        evidence_id=f"{subject}/{'late' if bad else 'completed'}/order-{number:09}/1",
        kind="late" if bad else "completed",
        dimensions=("logistics",) if bad else ("goods",),
        weight=-2 if bad else 1,
        counterparty=counterparty,
        zone="Asia/Shanghai",
        policy_version="1",
        grave=False,
        event_id="3f685708-30ba-53fc-b2aa-a3795bf39b3c",
        occurred_at=at,
    )


def by_history(items: int, each: int) -> dict[str, float]:
    """µs an item behind that history, and an explanation. each: items a counterparty; the history itself is folded in large batches."""
    desk, subject = Desk(), "seller:hot"
    whole = items + MEASURED

    def at(number: int) -> datetime:
        return BEGAN - timedelta(days=YEARS_DAYS * (whole - number) // whole, seconds=-number % 60)

    history = [item(subject, number, at(number), f"b{number // each % max(1, items // each)}") for number in range(items)]
    for start in range(0, items, 5_000):
        desk.spent([history[start : start + 5_000]])
    later = [[item(subject, number, at(items), f"b{number * 7919 % max(1, items // each)}")] for number in range(items, whole)]
    spent = desk.spent(later)
    ask = ScoreExplanationRequested(subject_id=subject, request_id="q", occurred_at=BEGAN)
    asked = desk.spent([[ask]] * 10)
    assert desk.said["evidence.counted"] == whole
    stored = len(desk.rows["score", subject][1])
    return {"us_an_item": 1e6 * spent / MEASURED, "us_an_explanation": 1e5 * asked, "score_bytes": stored}


def rate(subjects: int, items: int, batch: int, hot_of_ten: int) -> dict[str, float]:
    """Evidence and score updates a second of one process; hot_of_ten: so many of ten items are about one subject."""
    desk = Desk()

    def whose(number: int) -> str:
        return "seller:hot" if number % 10 < hot_of_ten else f"seller:s{number * 7919 % subjects}"

    events = [item(whose(number), number, BEGAN + timedelta(seconds=number), f"b{number * 31 % 50_000}") for number in range(items)]
    desk.spent([events[:batch]])
    spent = desk.spent(events[start : start + batch] for start in range(batch, items, batch))
    return {"evidence_per_s": (items - batch) / spent, "score_updates_per_s": (items - batch) / spent}


def daily_pass(subjects: int, batch: int) -> dict[str, float]:
    """Every subject has ten items and is looked at on the day after; how the looks lie in the pass, and what one costs."""
    desk = Desk()
    for start in range(0, subjects, batch):
        names = [f"seller:s{number}" for number in range(start, min(subjects, start + batch))]
        desk.spent([[item(name, n, BEGAN, f"b{n}") for name in names for n in range(10)]])
    policy = desk.policies.at(BEGAN)
    day = local_date(BEGAN + timedelta(days=1), policy.zone)
    due = sorted(desk.armed.values(), key=lambda timer: timer.due_at)
    assert len(due) == subjects
    assert {timer.due_at for timer in due} == {look_on(f"seller:s{number}", day, policy) for number in range(subjects)}
    seconds = Counter(timer.due_at for timer in due)
    kind = next(one for one in SERVICE.input_types() if one.type == "score.due")
    looks = [desk.record(kind.from_json(timer.body), timer_id(timer.kind, timer.subject, timer.due_at)) for timer in due]
    began = time.process_time()
    for start in range(0, subjects, batch):
        desk.take(looks[start : start + batch])
    spent = time.process_time() - began
    return {
        "us_a_subject": 1e6 * spent / subjects,
        "seconds": len(seconds),
        "most_in_a_second": max(seconds.values()),
        "told_pct": 100 * (desk.said["score.changed"] - 10 * subjects) / subjects,
    }


def report(items: Iterable[int], subjects: int, batch: int, say: Callable[[str], None] = print) -> dict[str, Any]:
    found: dict[str, Any] = {"by_history": {}, "shared": {}}
    for count in items:
        found["by_history"][str(count)] = by_history(count, 1)
        say(f"{count:,} items: {_line(found['by_history'][str(count)])}")
    for count in [count for count in items if count <= SHARED_MAX]:
        found["shared"][str(count)] = by_history(count, 12)
        say(f"{count:,} items, twelve a buyer: {_line(found['shared'][str(count)])}")
    found["spread"], found["hot"] = rate(2_000, 20_000, batch, 0), rate(2_000, 20_000, batch, 9)
    found["hot_to_spread"] = found["hot"]["evidence_per_s"] / found["spread"]["evidence_per_s"]
    say(f"spread {_line(found['spread'])}; nine of ten about one {_line(found['hot'])}; ratio {found['hot_to_spread']:.2f}")
    found["pass"] = daily_pass(subjects, batch)
    say(f"the pass of a day, {subjects:,} subjects: {_line(found['pass'])}")
    return found


def _line(found: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:,.0f}" for name, value in found.items())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.trust", description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="histories; in full 1000000 too")
    parser.add_argument("--subjects", type=int, default=10_000, help="of the pass")
    parser.add_argument("--batch", type=int, default=BATCH)
    options = parser.parse_args()
    report(options.items, options.subjects, options.batch)


if __name__ == "__main__":
    main()
