"""The fold's invariants F1 to F8, event by event."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest

from shared.messaging.fold import OFFER, OFFERS_MAX, WAIT_OVER, WAITING_MAX, Fold, fact_id
from shared.messaging.record import Incoming, Record, Unreadable
from shared.messaging.shape import Kind, Outcome, Service, Touch, both, on
from tests.unit.messaging.trade import JAR, MEND, NOON, SHELF, Closed, Coin, Desk, Jar, Lid, Shelf, Versions, evolve


def test_f1_versions_are_dense_for_each_entity(desk: Desk) -> None:
    desk.all(desk.coin("a", 1), desk.coin("b", 1), desk.coin("a", 2))
    desk.all(desk.coin("a", 3))
    versions = [(json.loads(value).get("jar"), headers["ce_type"], headers["ce_entityversion"]) for _, value, headers in desk.facts]
    assert [v for jar, type, v in versions if (jar, type) == ("a", "taken")] == ["1", "2", "3"]
    assert [v for _, type, v in versions if type == "shelved"] == ["1", "2", "3", "4"]
    assert {v for _, type, v in versions if type == "told"} == {"0"}, "a message that changes no entity"
    assert desk.entities[("jar", "a")][0] == 3


def test_f1_facts_ids_are_spelled_from_their_cause(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, id="cause"))
    again = Desk()
    again.now += timedelta(days=1)
    again.all(again.coin("zero", 1), again.coin("a", 1, id="cause"))
    assert [h["ce_id"] for _, _, h in desk.facts] == [h["ce_id"] for _, _, h in again.facts][3:]
    assert [h["ce_id"] for _, _, h in desk.facts] == [fact_id("laotie/pantry", "shop", "cause", n) for n in range(3)]
    assert {h["ce_causationid"] for _, _, h in desk.facts} == {"cause"}
    assert {h["ce_policyversion"] for _, _, h in desk.facts} == {"7"}


def test_f1_ids_of_different_causes_differ() -> None:
    assert fact_id("s", "a", "b|c", 0) != fact_id("s", "a|b", "c", 0)
    ids = {fact_id("s", "a", "b", n) for n in range(100)}
    assert ids == {str(uuid.uuid5(uuid.NAMESPACE_URL, f"s\na\nb\n{n}")) for n in range(100)}
    assert len(ids) == 100


def test_f1_of_two_facts_about_one_entity_the_second_builds_on_the_first(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "twice"))
    assert desk.coins("a") == (1, 1)
    assert [h["ce_entityversion"] for _, _, h in desk.facts] == ["1", "2"]


@pytest.mark.parametrize("what", ["boom", "half", "stray", "alien", "big", "plan", "touch"])
def test_f2_f8_an_event_whose_fold_raises_leaves_no_trace_but_the_parked_event(desk: Desk, what: str) -> None:
    """boom: decide raises; half: its second fact is about what is not touched; alien: its fact is of no kind of this service; big:
    what could not be sent; plan: handle raises; touch: what it touches cannot be computed."""
    desk.all(desk.coin("a", 1), desk.coin("b", 1), desk.coin("a", 2, what), desk.coin("b", 2))
    assert desk.coins("a") == (1,)
    assert desk.coins("b") == (1, 2), "other keys go on"
    assert [(row.state, row.reason) for row in desk.held] == [("parked", "parked.raised")]
    assert desk.copies == [("a", "parked.raised")]
    assert [json.loads(value).get("n") for _, value, h in desk.facts if h["ce_type"] == "taken"] == [1, 1, 2]
    assert desk.entities[("shelf", "s")][1].count == 3


def test_f3_events_queue_behind_a_parked_one_and_are_done_in_order_after_redrive(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"), desk.coin("a", 1), desk.coin("a", 2))
    assert desk.states("a") == ["parked"] * 3
    assert desk.copies == [("a", "parked.raised")], "what only queues is not copied"
    MEND.add("boom")
    assert desk.redrive("a")
    desk.all(desk.coin("a", 3))
    assert desk.states("a") == ["ready"] * 4, "behind ready ones it queues too"
    assert desk.coins("a") == ()
    desk.turns()
    assert desk.coins("a")[:2] == (1, 1)
    assert desk.states("a") == []


def test_f3_what_still_raises_is_parked_again_and_holds_the_rest(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"), desk.coin("a", 1), desk.coin("a", 2))
    desk.redrive("a")
    desk.turns()
    assert desk.states("a") == ["parked"] * 3
    assert [row.attempts for row in desk.held] == [2, 1, 1]
    assert (OFFER, "a") not in desk.armed


def test_f3_discard_frees_what_stood_behind(desk: Desk) -> None:
    bad = desk.coin("a", 1, "boom")
    desk.all(bad, desk.coin("a", 1), desk.coin("a", 2))
    assert not desk.discard("a", "shop.v1/0/999")
    assert desk.discard("a", bad.record.ref)
    desk.turns()
    assert desk.coins("a") == (1, 2)
    assert bad.envelope.id in desk.inbox, "a late copy of it takes no effect"


def test_redrive_of_nothing_says_so(desk: Desk) -> None:
    desk.all(desk.coin("a", 2))
    assert not desk.redrive("a"), "what waits is not parked"
    assert not desk.redrive("b")


def test_f3_a_turn_offers_a_bounded_chunk_and_arms_the_next(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"), *[desk.coin("a", n) for n in range(2, OFFERS_MAX * 2 + 2)])
    MEND.add("boom")
    desk.redrive("a")
    desk.turn("a")
    assert len(desk.coins("a")) == OFFERS_MAX
    assert desk.armed[(OFFER, "a")] < desk.now
    desk.turns()
    assert desk.coins("a") == tuple(range(1, OFFERS_MAX * 2 + 2))
    assert (OFFER, "a") not in desk.armed


def test_l1_a_careful_turn_offers_one_and_parks_that_one(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"), desk.coin("a", 2), desk.coin("a", 3))
    MEND.add("boom")
    desk.redrive("a")
    desk.turn("a", careful=True)
    assert desk.coins("a") == (1,)
    fold = desk.fold(["a"], [], careful=True)
    fold.park_ready("a", "parked.raised", "the database said no")
    desk.keep(fold)
    assert [(row.state, row.error) for row in desk.held] == [("parked", "the database said no"), ("parked", "")]


def test_l1_a_careful_batch_leaves_the_waiting_ones_to_turns_of_their_own(desk: Desk) -> None:
    desk.all(desk.coin("a", 3), desk.coin("a", 2))
    first = desk.coin("a", 1)
    fold = desk.fold(["a"], [first.event], careful=True)
    assert fold.offer(first)
    desk.keep(fold)
    assert desk.coins("a") == (1,)
    assert desk.states("a") == ["ready", "ready"]
    desk.turns()
    assert desk.coins("a") == (1, 2, 3)


def test_f4_waiting_events_are_done_once_their_cause_has_come(desk: Desk) -> None:
    desk.all(desk.coin("a", 3), desk.coin("a", 2), desk.coin("b", 1))
    assert desk.states("a") == ["waiting", "waiting"]
    desk.all(desk.coin("a", 1))
    assert desk.coins("a") == (1, 2, 3)
    assert desk.held == []
    assert not [place for place in desk.armed if place[0] == WAIT_OVER]


def test_f4_events_of_one_batch_wait_for_each_other_too(desk: Desk) -> None:
    desk.all(desk.coin("a", 4), desk.coin("a", 2), desk.coin("a", 3), desk.coin("a", 1), desk.coin("a", 5))
    assert desk.coins("a") == (1, 2, 3, 4, 5)
    assert desk.held == []


def test_f4_each_change_begins_the_round_again(desk: Desk) -> None:
    desk.all(desk.coin("a", 3), desk.coin("a", 2), desk.coin("a", 9), desk.coin("a", 1))
    assert (desk.coins("a"), desk.states("a")) == ((1, 2, 3), ["waiting"])


def test_f4_no_more_than_a_bound_may_wait(desk: Desk) -> None:
    desk.all(*[desk.coin("a", n) for n in range(3, WAITING_MAX + 4)])
    assert desk.states("a") == ["waiting"] * WAITING_MAX
    assert desk.copies == [("a", "wait.too_many")]
    desk.all(desk.coin("a", 1))
    assert desk.states("a") == ["waiting"] * WAITING_MAX, "those that wait already, and still do, are no more than before"


def test_f5_a_rejected_event_leaves_no_inbox_row(desk: Desk) -> None:
    bad, good = desk.coin("a", 1, "no"), desk.coin("a", 1)
    desk.all(bad, good)
    assert desk.copies == [("a", "order.closed")]
    assert desk.inbox == {good.envelope.id}


def test_f5_a_waiting_event_that_is_rejected_at_last_leaves_none_either(desk: Desk) -> None:
    desk.all(desk.coin("a", 2, id="w"))
    assert desk.inbox == {"w"}
    item = desk.items["shop.v1/0/1"]
    desk.items["shop.v1/0/1"] = Incoming(item.record, item.envelope, item.event.model_copy(update={"what": "no"}), item.key, True, b"h")
    desk.all(desk.coin("a", 1, id="x"))
    assert desk.inbox == {"x"}
    assert desk.held == []


def test_f5_one_that_waits_and_is_rejected_in_one_batch_leaves_none(desk: Desk) -> None:
    desk.all(desk.coin("a", 2, "never", id="w"), desk.coin("a", 1, id="x"))
    assert (desk.copies, desk.inbox) == ([("a", "order.closed")], {"x"})


def test_f5_what_is_another_services_is_remembered_nowhere_though_the_key_is_parked(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "theirs", id="x"), desk.coin("a", 1, "boom"), desk.coin("a", 2, "theirs", id="y"))
    assert (desk.states("a"), {"x", "y"} & desk.inbox) == (["parked"], set())
    assert desk.copies == [("a", "parked.raised")]


def test_f5_unreadable_records_are_copied_with_their_code(desk: Desk) -> None:
    desk.batch(Unreadable(Record("shop.v1", 2, 9, b"k", b"\xff"), "event.not_json", "byte 0"))
    assert desk.copies == [("k", "event.not_json")]


def test_f6_a_timer_that_no_longer_stands_is_dropped(desk: Desk) -> None:
    desk.all(desk.coin("a", 1))
    stale = desk.incoming(Lid(jar="a", occurred_at=NOON))
    never = desk.incoming(Lid(jar="nobody", occurred_at=NOON))
    before = list(desk.facts)
    desk.all(stale, never)
    assert desk.facts == before
    assert desk.held == []


def test_f6_a_timer_that_still_stands_after_its_decision_is_a_bug(desk: Desk) -> None:
    desk.all(*[desk.coin("a", n) for n in range(1, 6)])
    desk.all(desk.incoming(Lid(jar="a", occurred_at=NOON + timedelta(hours=1))))
    assert desk.states("a") == ["parked"]
    assert desk.held[0].error.startswith("StillDue")


def test_f7_the_timers_armed_are_those_that_due_names(desk: Desk) -> None:
    desk.all(desk.coin("a", 1))
    assert desk.armed == {("lid", "a"): NOON + timedelta(hours=1)}
    desk.all(desk.incoming(Lid(jar="a", occurred_at=NOON + timedelta(hours=1))))
    assert desk.armed == {}


def test_f2_a_touch_that_grew_begins_the_next_batch(desk: Desk) -> None:
    """The first coin moves the jar to another shelf, which nobody had loaded for the second."""
    items = [desk.coin("a", 1, "far"), desk.coin("a", 2), desk.coin("b", 1)]
    assert desk.batch(*items) == 1
    assert desk.coins("a") == (1,)
    assert desk.batch(*items[1:]) == 2
    assert desk.coins("a") == (1, 2)
    assert desk.entities[("shelf", "far")] == (1, desk.entities[("shelf", "far")][1])


def test_f4_a_waiting_event_whose_touch_grew_is_ready_for_the_next_turn(desk: Desk) -> None:
    desk.all(desk.coin("a", 2))
    desk.all(desk.coin("a", 1, "far"))
    assert desk.coins("a") == (1,)
    assert desk.states("a") == ["ready"]
    desk.turns()
    assert desk.coins("a") == (1, 2)


def test_a_ready_event_held_in_this_very_batch_is_offered_too(desk: Desk) -> None:
    desk.all(desk.coin("a", 1, "boom"))
    MEND.add("boom")
    desk.redrive("a")
    later = desk.coin("a", 2)
    fold = desk.fold(["a"], [later.event])
    assert fold.offer(later)
    fold.offer_ready("a")
    desk.keep(fold)
    assert desk.coins("a") == (1, 2)


def test_an_event_without_facts_takes_effect_once_and_wakes_nobody(desk: Desk) -> None:
    desk.all(desk.coin("a", 2), desk.coin("a", 1, "mute", id="m"))
    assert "m" in desk.inbox
    assert desk.states("a") == ["waiting"]


def test_f7_a_deadline_that_moved_is_armed_again(desk: Desk) -> None:
    desk.all(desk.coin("a", 1))
    later = desk.coin("a", 2)
    moved = later.event.model_copy(update={"occurred_at": NOON + timedelta(minutes=10)})
    desk.all(desk.incoming(moved))
    assert desk.armed == {("lid", "a"): NOON + timedelta(hours=1, minutes=10)}


def test_a_touch_computed_from_both_of_two_is_wanted_once_the_later_kind_is_in(desk: Desk) -> None:
    """Law 5 of shape.py."""
    seen: list[object] = []

    def decide(_: Coin, known: tuple[Jar | None, Shelf | None], last: Jar | None) -> Outcome:
        seen.append((known, last))
        return ()

    last: Kind[Jar, Closed] = Kind("last", Closed, lambda fact: fact.jar, evolve)

    def of(known: tuple[Jar | None, Shelf | None]) -> Touch[Jar | None]:
        jar, shelf = known
        return last.one(f"{jar.shelf if jar else ''}-{shelf.count if shelf else 0}")

    plan = both(JAR.one("a"), SHELF.one("s"))
    fold = Fold(Service("pantry", Coin, lambda event, _: on(event, decide, plan, of), (JAR, SHELF, last)), Versions(), NOON)
    coin = desk.coin("a", 1)
    fold.expect(coin.event)
    assert fold.wanted(JAR) == ["a"]
    fold.put(JAR, {"a": (1, Jar("a", shelf="far"))})
    assert fold.wanted(SHELF) == ["s"]
    fold.put(SHELF, {"s": (1, Shelf(2))})
    assert fold.wanted(last) == ["far-2"]
    fold.put(last, {})
    assert fold.offer(coin)
    assert seen == [((Jar("a", shelf="far"), Shelf(2)), None)]
