"""Events held back that this version of the service cannot read any more: F3, F4, F5."""

from __future__ import annotations

from shared.messaging.fold import OFFER
from tests.unit.messaging.trade import Desk


def test_f5_a_waiting_one_is_refused_when_its_cause_comes_and_a_corrected_one_is_welcome(desk: Desk) -> None:
    desk.all(gone := desk.coin("a", 2, id="two"), desk.coin("a", 3))
    desk.forget(gone)
    desk.all(desk.coin("a", 1))
    assert (desk.coins("a"), desk.states("a"), desk.copies) == ((1,), ["waiting"], [("a", "event.invalid")])
    assert "two" not in desk.inbox
    desk.all(desk.coin("a", 2, id="two"))
    assert (desk.coins("a"), desk.states("a")) == ((1, 2, 3), [])


def test_f5_a_ready_one_is_refused_and_what_stood_behind_it_goes_on_in_the_same_turn(desk: Desk) -> None:
    desk.all(gone := desk.coin("a", 1, "boom", id="one"), desk.coin("a", 1), desk.coin("a", 2))
    desk.forget(gone)
    assert desk.redrive("a")
    desk.turn("a")
    assert (desk.coins("a"), desk.states("a")) == ((1, 2), [])
    assert desk.copies == [("a", "parked.raised"), ("a", "event.invalid")]
    assert "one" not in desk.inbox
    assert (OFFER, "a") not in desk.armed


def test_f3_one_that_the_database_refuses_too_is_given_up_and_the_next_has_its_turn(desk: Desk) -> None:
    desk.all(gone := desk.coin("a", 1, "boom"), desk.coin("a", 1), desk.coin("a", 2))
    desk.forget(gone)
    desk.redrive("a")
    fold = desk.fold(["a"], [], careful=True)
    fold.park_ready("a", "parked.raised", "the database said no")
    desk.keep(fold)
    assert desk.states("a") == ["ready", "ready"]
    assert desk.copies[1:] == [("a", "event.invalid")]
    assert (OFFER, "a") in desk.armed
    desk.turns()
    assert (desk.coins("a"), desk.states("a")) == ((1, 2), [])
