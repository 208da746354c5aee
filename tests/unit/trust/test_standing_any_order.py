"""The standing follows from the sets of what was told, in any order, each told any number of times. Source: R6.1, R6.2, R5.1.

The naive reckoning below shares no code with the service: it walks minute by minute through what happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.trust.handlers import SERVICE
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.trust.market import changes, feed
from tests.unit.trust.rulebook import in_force, lesson, points, violation, void

DAYS = {1: 7, 2: 30, 3: 120, 4: 360}
LEAD = timedelta(minutes=10)
TIMES = [f"06-{day:02} 1{hour}:00" for day in range(1, 8) for hour in (0, 5)]


@dataclass(frozen=True)
class Told:
    """violations: id, points, level, moment; lessons: id, points, moment; voids: ids."""

    violations: tuple[tuple[str, int, int, str], ...]
    lessons: tuple[tuple[str, int, str], ...]
    voids: tuple[str, ...]

    def events(self) -> list[Message]:
        return [
            *(violation(name, of, level, when) for name, of, level, when in self.violations),
            *(lesson(name, of, when) for name, of, when in self.lessons),
            *(void(name, "06-20 10:00") for name in self.voids),
        ]


def naive(told: Told) -> tuple[tuple[int, int, int, bool], set[tuple[str, int, datetime, datetime | None]]]:
    """What was announced last of the points, and who is suspended, by what, from when until when."""
    stand = [one for one in told.violations if one[0] not in told.voids]

    def balance(when: datetime) -> tuple[int, int]:
        against = [of for _, of, _, at in stand if b.at(at) <= when]
        earned = sum(of for _, of, at in told.lessons if b.at(at) <= when)
        return sum(against), 0 if 100 in against else min(earned, 100)

    against, earned = balance(b.at("06-30 00:00"))
    removed: datetime | None = None
    minute = b.at("06-01 00:00")
    while minute < b.at("06-09 00:00"):
        now = balance(minute)
        if now[0] - now[1] >= 100 and removed is None:
            removed = minute
        minute += timedelta(minutes=30)
    spans: set[tuple[str, int, datetime, datetime | None]] = set()
    for name, _, level, at in stand:
        if level:
            since = b.at(at) + LEAD
            spans.add((name, level, since, since + timedelta(days=DAYS[level]) if level < 5 else None))
    if removed is not None:
        by = min(name for name, of, _, at in stand if of and b.at(at) == removed)
        spans.add((f"points by {by}", 5, removed + LEAD, None))
    return (max(0, against - earned), against, earned, removed is not None), spans


def told_by(memory: Memory) -> set[tuple[str, int, datetime, datetime | None]]:
    return {
        (f"points by {one.brought_by}" if one.cause == "points" else name, one.level, one.effective_from, one.until)
        for name, one in in_force(memory.facts).items()
    }


VIOLATIONS = st.lists(
    st.tuples(st.sampled_from("abcdefghij"), st.sampled_from([0, 5, 10, 20, 20, 20, 100]), st.integers(0, 5), st.sampled_from(TIMES)),
    max_size=9,
    unique_by=lambda one: one[0],
)
LESSONS = st.lists(
    st.tuples(st.sampled_from("xyz"), st.sampled_from([5, 10, 40, 70]), st.sampled_from(TIMES)), max_size=3, unique_by=lambda one: one[0]
)
TOLD = st.builds(
    lambda violations, lessons, voids: Told(tuple(violations), tuple(lessons), tuple(voids)),
    VIOLATIONS,
    LESSONS,
    st.lists(st.sampled_from("abcdefghijk"), max_size=4, unique=True),
)


@settings(max_examples=60, deadline=None)
@given(told=TOLD, data=st.data())
def test_any_order_any_number_of_tellings_one_standing_r6_1_r6_2(told: Told, data: st.DataObject) -> None:
    events = told.events()
    again = data.draw(st.lists(st.sampled_from(events), max_size=5)) if events else []
    orders = [events, data.draw(st.permutations([*events, *again])), [*events[::-1], *events]]
    expected = naive(told)
    scores = set()
    for order in orders:
        memory = Memory(SERVICE, b.POLICIES)
        feed(memory, order)
        assert (points(memory), told_by(memory)) == expected
        scores.add((changes(memory)[-1].score, changes(memory)[-1].items) if changes(memory) else (800, 0))
    assert len(scores) == 1 or not told.violations
