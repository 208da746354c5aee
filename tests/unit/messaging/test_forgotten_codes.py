"""Events that wait under a code which this version does not know any more: they are taken, or a person looks at them, as ever. F3, F4."""

from __future__ import annotations

from dataclasses import replace

from shared.errors import CATALOGUE
from shared.messaging.fold import WAIT_MAX
from shared.messaging.record import Incoming
from tests.unit.messaging.trade import NOON, Desk

GONE = "cancel.before_answer"


def waiting(desk: Desk) -> Incoming:
    """The second of two, held by a version before this one."""
    assert GONE not in CATALOGUE
    desk.all(late := desk.coin("a", 2))
    desk.held = [replace(row, reason=GONE) for row in desk.held]
    return late


def test_f4_it_is_taken_when_its_cause_comes(desk: Desk) -> None:
    waiting(desk)
    desk.all(desk.coin("a", 1))
    assert (desk.coins("a"), desk.states("a"), desk.copies) == ((1, 2), [], [])


def test_f4_once_its_time_is_over_a_person_lets_it_wait_again_for_what_it_waits_for_now(desk: Desk) -> None:
    late = waiting(desk)
    desk.wait_over(late, NOON + WAIT_MAX)
    assert (desk.states("a"), desk.copies) == (["expired"], [("a", "wait.over")])
    assert desk.redrive("a")
    desk.turns()
    assert [(row.state, row.reason) for row in desk.held] == [("waiting", "payment.before_order")]


def test_f3_it_can_be_discarded(desk: Desk) -> None:
    late = waiting(desk)
    assert desk.discard("a", late.record.ref)
    assert desk.states("a") == []
