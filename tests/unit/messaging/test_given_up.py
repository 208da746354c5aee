"""Events that are given up from outside, for they killed the process or the database refused them, among others of their key: F3."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from shared.messaging.fold import OFFER, WAIT_MAX
from shared.settings import Settings
from tests.unit.messaging.trade import MEND, NOON, Desk, Lid


def test_f3_ready_ones_stand_still_once_a_later_one_is_given_up(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"), desk.coin("a", 2))
    desk.redrive("a")
    killer = desk.coin("a", 3)
    fold = desk.fold(["a"], [])
    fold.park(killer, "parked.killed_the_process", "begun 3 times and never ended")
    desk.keep(fold)
    assert desk.states("a") == ["parked"] * 3
    assert (OFFER, "a") not in desk.armed
    MEND.add("boom")
    assert desk.redrive("a")
    desk.turns()
    assert desk.coins("a") == (1, 2, 3)


def test_f3_a_turn_that_is_given_up_gives_up_the_ready_one_and_none_that_waits(desk: Desk) -> None:
    desk.all(desk.coin("a", 3), desk.coin("a", 1, "boom"))
    desk.redrive("a")
    assert desk.states("a") == ["waiting", "ready"]
    for states in (["waiting", "parked"], ["waiting", "parked"]):  # the turn comes once more, and there is none
        fold = desk.fold(["a"], [], careful=True)
        fold.park_ready("a", "parked.raised", "the database said no")
        desk.keep(fold)
        assert desk.states("a") == states
    assert [row.attempts for row in desk.held] == [1, 2]


def test_f3_a_turn_is_due_at_once_whatever_the_grace_with_a_clock_that_stands_still_too(desk: Desk) -> None:
    longest = Settings(clock="manual", grace_s=3_599).grace_s
    with pytest.raises(ValidationError):
        Settings(grace_s=3_600)
    desk.all(desk.coin("a", 1, "boom"))
    desk.redrive("a")
    assert desk.armed[(OFFER, "a")] <= desk.now - timedelta(seconds=longest)


def test_f3_a_ready_one_whose_touch_grew_keeps_its_place_for_the_next_turn(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"), desk.coin("a", 1, "far"), desk.coin("a", 2), desk.coin("a", 3))
    desk.discard("a", desk.held[0].ref)
    desk.turn("a")
    assert (desk.coins("a"), desk.states("a")) == ((1,), ["ready", "ready"])
    assert (OFFER, "a") in desk.armed
    desk.turns()
    assert (desk.coins("a"), desk.states("a")) == ((1, 2, 3), [])


def test_f3_nothing_overtakes_a_ready_one_whose_touch_grew(desk: Desk) -> None:
    """The lid behind it looks at nothing but the jar, which is there."""
    desk.all(desk.coin("a", 1, "boom"), desk.coin("a", 1, "far"), desk.coin("a", 2))
    desk.all(desk.incoming(Lid(jar="a", occurred_at=NOON + timedelta(hours=1))))
    desk.discard("a", desk.held[0].ref)
    desk.turns()
    assert [headers["ce_type"] for _, _, headers in desk.facts if headers["ce_type"] in ("taken", "closed")] == ["taken", "taken", "closed"]


def test_f3_what_is_held_and_let_go_on_in_one_batch_is_ready_with_the_rest(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"))
    MEND.add("boom")
    fold = desk.fold(["a"], [(behind := desk.coin("a", 2)).event])
    assert fold.offer(behind)
    assert fold.redrive("a")
    desk.keep(fold)
    assert desk.states("a") == ["ready", "ready"]
    desk.turns()
    assert desk.coins("a") == (1, 2)


def test_f4_what_raises_once_more_and_is_let_go_on_in_one_batch_may_wait_from_then_on(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"))
    desk.redrive("a")
    desk.now += timedelta(days=3)
    fold = desk.fold(["a"], [])
    fold.offer_ready("a")
    assert fold.redrive("a")
    desk.keep(fold)
    assert [(row.state, row.at) for row in desk.held] == [("ready", desk.now)]


def test_what_became_of_each_event_is_told_once(desk: Desk) -> None:
    desk.all(desk.coin("b", 1), desk.coin("d", 2))
    items = [
        desk.coin("a", 1), desk.coin("a", 3), desk.coin("a", 2, "no"), desk.coin("b", 2, "boom"), desk.coin("b", 3),
        desk.coin("c", 1, "theirs"), desk.incoming(Lid(jar="c", occurred_at=NOON)),
    ]  # fmt: skip
    fold = desk.fold(["a", "b", "c", "d"], [item.event for item in items])
    for item in items:
        assert fold.offer(item)
    fold.drop(items[0].record, "duplicate")
    fold.wait_over("d", desk.held[0].ref, (NOON + WAIT_MAX).isoformat())
    assert [(told.outcome, told.code, told.record.offset - items[0].record.offset) for told in fold.take().told] == [
        ("handled", "coin", 0), ("waiting", "payment.before_order", 1), ("rejected", "order.closed", 2), ("parked", "parked.raised", 3),
        ("parked", "parked.behind", 4), ("not_ours", "", 5), ("stale_timer", "lid", 6), ("duplicate", "", 0), ("parked", "wait.over", -1),
    ]  # fmt: skip
    assert [row.reason for row in fold.effects.held.values() if row.state == "expired"] == ["wait.over"]
