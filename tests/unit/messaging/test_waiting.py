"""How long an event waits for its cause, and what a person may do about it: F3, F4."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.messaging.fold import OFFER, WAIT_MAX, WAIT_OVER, WAITING_MAX
from tests.unit.messaging.trade import MEND, NOON, Desk


def test_f4_a_wait_that_is_over_blocks_nothing_and_can_be_redriven(desk: Desk) -> None:
    late = desk.coin("a", 2)
    desk.all(late)
    place = (WAIT_OVER, late.record.ref)
    assert desk.armed[place] == NOON + WAIT_MAX
    desk.wait_over(late, NOON + WAIT_MAX)
    assert desk.states("a") == ["expired"]
    assert desk.copies == [("a", "wait.over")]
    assert place not in desk.armed
    desk.all(desk.coin("a", 1))
    assert desk.coins("a") == (1,)
    assert desk.redrive("a")
    desk.turns()
    assert desk.coins("a") == (1, 2)


def test_a_wait_over_that_comes_late_does_nothing(desk: Desk) -> None:
    late = desk.coin("a", 2)
    desk.all(late, desk.coin("a", 1))
    desk.wait_over(late, NOON + WAIT_MAX)
    assert (desk.states("a"), desk.copies) == ([], [])


def test_f4_a_wait_is_measured_from_when_the_event_was_first_held_however_often_the_engine_offers_it(desk: Desk) -> None:
    late, later = desk.coin("a", 3), desk.coin("a", 4)
    desk.all(late, later)
    desk.now += WAIT_MAX / 2
    fold = desk.fold(["a"], [(first := desk.coin("a", 1)).event], careful=True)  # so each has a turn of its own
    assert fold.offer(first)
    desk.keep(fold)
    desk.turns()
    assert (desk.coins("a"), desk.states("a")) == ((1,), ["waiting", "waiting"])
    assert {desk.armed[(WAIT_OVER, item.record.ref)] for item in (late, later)} == {NOON + WAIT_MAX}


@pytest.mark.parametrize("state", ["expired", "parked"])
def test_f4_what_a_person_lets_go_on_may_wait_as_long_again(desk: Desk, state: str) -> None:
    """Whatever it was held back for before; and its old deadline, still on its way, means nothing any more."""
    late, old = desk.coin("a", 3), NOON + WAIT_MAX
    desk.all(late) if state == "expired" else desk.all(desk.coin("a", 1, "boom"), late)
    if state == "expired":
        desk.wait_over(late, old)
    desk.now = again = old + timedelta(days=3)
    MEND.add("boom")
    assert desk.states("a")[-1] == state
    assert desk.redrive("a")
    desk.turns()
    assert desk.states("a") == ["waiting"]
    assert desk.armed[(WAIT_OVER, late.record.ref)] == again + WAIT_MAX
    desk.wait_over(late, old)
    assert desk.states("a") == ["waiting"]
    desk.wait_over(late, again + WAIT_MAX)
    assert desk.states("a") == ["expired"]


def test_f3_a_discard_leaves_what_expired_where_it_is_and_the_key_flows(desk: Desk) -> None:
    late, bad = desk.coin("a", 3), desk.coin("a", 1, "boom")
    desk.all(late)
    desk.wait_over(late, NOON + WAIT_MAX)
    desk.all(bad)
    assert desk.discard("a", bad.record.ref)
    desk.turns()
    desk.all(desk.coin("a", 1))
    assert (desk.coins("a"), desk.states("a")) == ((1,), ["expired"])


def test_f3_no_event_of_a_key_is_forgotten_however_many_wait_again(desk: Desk) -> None:
    """More than the store loads of a key at once: those beyond the bound are a person's again, and none is left ready for nobody."""
    many = 3 * WAITING_MAX
    for first in range(0, many, WAITING_MAX):
        late = [desk.coin("a", many + 1 - n) for n in range(first, first + WAITING_MAX)]
        desk.all(*late)
        for item in late:
            desk.wait_over(item, NOON + WAIT_MAX)
    assert desk.states("a") == ["expired"] * many
    assert desk.redrive("a")
    desk.turns()
    states = desk.states("a")
    assert {state: states.count(state) for state in states} == {"waiting": WAITING_MAX, "expired": many - WAITING_MAX}
    assert desk.copies[many:] == [("a", "wait.too_many")] * (many - WAITING_MAX)
    assert (OFFER, "a") not in desk.armed
    desk.all(desk.coin("a", 1))
    while desk.redrive("a"):
        desk.turns()
    assert desk.coins("a") == tuple(range(1, many + 2))


def test_f4_what_one_of_our_services_told_is_not_lost_because_an_app_sent_so_much_that_waits(desk: Desk) -> None:
    """An app may send it again; a service tells it once."""
    desk.all(*[desk.coin("a", n) for n in range(WAITING_MAX + 1, 1, -1)])
    theirs, ours = desk.coin("a", WAITING_MAX + 2), replace(desk.coin("a", WAITING_MAX + 3), upstream=False)
    desk.all(theirs, ours)
    assert [row.ref for row in desk.held if row.state == "expired"] == [ours.record.ref]
    assert desk.copies == [("a", "wait.too_many")] * 2
    desk.all(desk.coin("a", 1), replace(theirs, record=replace(theirs.record, offset=1_000)))
    assert desk.redrive("a")
    desk.turns()
    assert (desk.coins("a"), desk.states("a")) == (tuple(range(1, WAITING_MAX + 4)), [])


def test_f3_a_ready_event_stands_behind_a_waiting_one_that_raised(desk: Desk) -> None:
    desk.all(desk.coin("a", 2, "boom"))
    desk.all(wrong := desk.coin("a", 1, "plan"), desk.coin("a", 1), desk.coin("a", 2))
    assert desk.states("a") == ["waiting", "parked", "parked", "parked"]
    assert desk.discard("a", wrong.record.ref)
    desk.turns()
    assert (desk.coins("a"), desk.states("a")) == ((1,), ["parked", "parked"])
    MEND.add("boom")
    assert desk.redrive("a")
    desk.turns()
    assert (desk.states("a"), desk.coins("a")[:2]) == ([], (1, 2))


def test_f4_of_several_that_wait_only_that_one_expires_whose_wait_is_over(desk: Desk) -> None:
    first, second = desk.coin("a", 3), desk.coin("a", 2)
    desk.all(first, second)
    desk.wait_over(second, NOON + WAIT_MAX)
    assert desk.states("a") == ["waiting", "expired"]


def test_f4_what_is_to_be_offered_again_does_not_expire_before_its_turn(desk: Desk) -> None:
    late = desk.coin("a", 2)
    desk.all(late)
    fold = desk.fold(["a"], [(first := desk.coin("a", 1)).event], careful=True)
    assert fold.offer(first)
    desk.keep(fold)
    assert desk.states("a") == ["ready"]
    desk.wait_over(late, NOON + WAIT_MAX)
    assert desk.states("a") == ["ready"]


def test_f4_a_turn_offers_nothing_of_what_a_person_is_to_look_at(desk: Desk) -> None:
    late, bad = desk.coin("a", 2), desk.coin("a", 1, "boom")
    desk.all(late)
    desk.wait_over(late, NOON + WAIT_MAX)
    desk.all(bad, desk.coin("a", 1))
    assert desk.discard("a", bad.record.ref)
    desk.turns()
    assert (desk.coins("a"), desk.states("a")) == ((1,), ["expired"])


def test_c3_what_waited_is_known_once_it_is_done(desk: Desk) -> None:
    desk.all(desk.coin("a", 2, id="late"), desk.coin("a", 1))
    assert desk.coins("a") == (1, 2)
    assert "late" in desk.inbox, "a copy of it takes no effect"


def test_f5_what_waits_and_is_found_to_be_another_services_is_let_go_and_remembered_nowhere(desk: Desk) -> None:
    desk.all(late := desk.coin("a", 2, id="late"))
    desk.items[late.record.ref] = replace(late, event=late.event.model_copy(update={"what": "theirs"}))
    desk.all(desk.coin("a", 1))
    assert (desk.coins("a"), desk.states("a"), desk.copies) == ((1,), [], [])
    assert "late" not in desk.inbox


def test_l1_a_careful_batch_leaves_those_that_wait_alone_beside_what_expired_too(desk: Desk) -> None:
    gone = desk.coin("a", 9)
    desk.all(gone, desk.coin("a", 2), desk.coin("a", 3))
    desk.wait_over(gone, NOON + WAIT_MAX)
    fold = desk.fold(["a"], [(first := desk.coin("a", 1)).event], careful=True)
    assert fold.offer(first)
    desk.keep(fold)
    assert (desk.coins("a"), desk.states("a")) == ((1,), ["expired", "ready", "ready"])
