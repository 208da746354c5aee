"""What `laotie standing` shows of a seller, from its standing as stored. Source: R6.1, R6.2."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

from deploy.cli.standing import data, lines
from services.trust.handlers import SERVICE
from services.trust.model import STANDING
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.trust.rulebook import SUBJECT, appeal, lesson, standing, violation, void


def stored(memory: Memory) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(STANDING.dump(standing(memory)))
    return body


def test_violations_points_study_suspensions_and_appeals_are_shown_r6_1_r6_2() -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(violation(level=2), violation("v2", 10, when="06-02 10:00"), lesson(points=5, when="06-02 11:00"), appeal(), void())
    memory.when(appeal("v2", "06-03 10:00"))
    shown = list(lines(data(SUBJECT, stored(memory), 3, b.at("06-06 10:00"), b.POLICIES), ZoneInfo(b.ZONE)))
    assert shown == [
        "seller:s1: free, times in Asia/Shanghai",
        "5 points: 10 of violations, less 5 of study [R6.1]",
        "2026-06-01 10:00:00  violation v1, off_platform, 20 points, level 2, void, appeal won",
        "2026-06-02 10:00:00  violation v2, off_platform, 10 points, level 0, appeal open",
        "2026-06-02 11:00:00  study l1, 5 points",
        "2026-06-01 10:10:00  suspended, level 2, until 2026-07-01 10:10:00, for violation v1, lifted at 2026-06-05 10:00:00 [R6.2]",
        "3 votes in all [R6.3]",
    ]


def test_a_suspension_is_in_force_from_its_beginning_to_before_its_end_r6_2() -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(violation(level=1))
    times = ("06-01 10:09:59", "06-01 10:10", "06-08 10:09:59", "06-08 10:10")
    assert [data(SUBJECT, stored(memory), None, b.at(at), b.POLICIES)["suspended"] for at in times] == [False, True, True, False]


def test_a_removal_names_the_violation_that_brought_it_r6_1() -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(violation(points=100))
    first, *_, last = lines(data(SUBJECT, stored(memory), None, b.at("06-06 10:00"), b.POLICIES), ZoneInfo(b.ZONE))
    assert first == "seller:s1: removed since 2026-06-01 10:00:00, times in Asia/Shanghai"
    assert last == "2026-06-01 10:10:00  suspended, level 5, for good, for points, brought there by v1, in force [R6.2]"


def test_who_is_free_again_is_shown_as_removed_no_more_r6_2() -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(violation(points=100), void())
    first, *_, last = lines(data(SUBJECT, stored(memory), None, b.at("06-06 10:00"), b.POLICIES), ZoneInfo(b.ZONE))
    assert first == "seller:s1: free, times in Asia/Shanghai"
    assert last.endswith("for points, brought there by v1, lifted at 2026-06-05 10:00:00 [R6.2]")


def test_who_is_suspended_reads_until_when_first_r6_2() -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(violation(level=1), violation("v2", 10, level=2, when="06-02 10:00"))
    first, *_ = lines(data(SUBJECT, stored(memory), None, b.at("06-03 10:00"), b.POLICIES), ZoneInfo(b.ZONE))
    assert first == "seller:s1: suspended until 2026-07-02 10:10:00, times in Asia/Shanghai"


def test_a_violation_says_until_when_it_can_be_appealed_and_no_longer_r6_2() -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(violation())
    told = [
        list(lines(data(SUBJECT, stored(memory), None, b.at(at), b.POLICIES), ZoneInfo(b.ZONE))) for at in ("06-08 09:59:59", "06-08 10:00")
    ]
    assert told[0][2].endswith(", can be appealed until 2026-06-08 10:00:00")
    assert "appealed" not in told[1][2]


def test_a_void_of_what_nobody_recorded_is_shown_so_that_a_wrong_id_is_seen_r6_2() -> None:
    """It may come before its violation; of a slip of the pen it never comes, and the right one stays in force."""
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(violation(level=2), void("v11"))
    now = b.at("06-06 10:00")
    told = data(SUBJECT, stored(memory), None, now, b.POLICIES)
    assert (told["suspended"], told["voids_ahead"]) == (True, ["v11"])
    assert "void of violation v11, which was not recorded here so far [R6.2]" in list(lines(told, ZoneInfo(b.ZONE)))
    memory.when(violation("v11"))
    told = data(SUBJECT, stored(memory), None, now, b.POLICIES)
    assert (told["voids_ahead"], [one["voided"] for one in told["violations"]]) == ([], [False, True])
