"""Suspended sellers and promoters: no new orders; those that were accepted too soon are closed if unpaid, else listed. Source: R2.8."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.order.decide.suspension import SECONDS_MAX, seconds_sought
from services.order.handlers import SERVICE
from services.order.model import PARTY, second_of
from shared.contracts.order import OrderRejected
from shared.contracts.standing import SubjectReinstated
from shared.contracts.storefront import OrderPlaced
from shared.contracts.suspension import (
    OrderAttributed,
    OrderClosed,
    OrdersReached,
    OrdersSought,
    OrderUnderSuspension,
    SuspensionFound,
    SuspensionLifted,
)
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.order.fair import allotment, counted, fair, wanted
from tests.unit.order.shop import POLICIES, codes, order, shop, state
from tests.unit.order.test_attribution import visit
from tests.unit.order.test_identity import Late


def placed(order_id: str = b.ORDER, when: str = b.PLACED, **fields: Any) -> OrderPlaced:
    return b.placed(b.cart(**fields), order_id=order_id, when=when)


def closed(memory: Memory) -> dict[str, str]:
    return {fact.order_id: fact.code for fact in memory.facts if isinstance(fact, OrderClosed)}


def listed(memory: Memory) -> dict[str, str]:
    return {fact.order_id: fact.subject_id for fact in memory.facts if isinstance(fact, OrderUnderSuspension)}


@pytest.mark.parametrize(("subject", "code"), [("seller:s1", "order.seller_suspended"), ("promoter:k1", "order.promoter_suspended")])
def test_an_order_with_a_suspended_party_is_rejected_r2_8(subject: str, code: str) -> None:
    memory = shop(b.subject_suspended(subject))
    fact: OrderRejected = b.only(memory.when(b.placed(b.cart(1), b.cart(2, seller_id="s9", promoter_id=None))))
    assert (fact.code, fact.detail, state(memory)) == (code, subject, "rejected")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("06-01 08:59:59", "accepted"),
        ("06-01 09:00", "rejected"),
        ("06-08 08:59:59", "rejected"),
        ("06-08 09:00", "accepted"),
    ],
)
def test_a_suspension_holds_from_its_beginning_to_before_its_end_r2_8(when: str, expected: str) -> None:
    assert state(shop(b.subject_suspended(), b.placed(when=when))) == expected


def test_a_suspension_for_good_has_no_end() -> None:
    assert state(shop(b.subject_suspended(until=None), b.placed(when="12-31 10:00"))) == "rejected"


def test_the_promoter_who_is_attributed_must_not_be_suspended_and_another_may_r2_8_r2_9() -> None:
    visits = (visit("06-01 09:10", "k2"), visit("06-01 09:20", "k3"))
    for subject, expected in [("promoter:k3", "rejected"), ("promoter:k2", "accepted"), (f"promoter:{b.PROMOTER}", "accepted")]:
        memory = shop(b.subject_suspended(subject), b.placed(visits=visits))
        assert state(memory) == expected


def test_others_sell_on_r2_8() -> None:
    assert state(shop(b.subject_suspended("seller:s2"), b.subject_suspended("promoter:s1", violation_id="v2"), b.placed())) == "accepted"


def test_earlier_orders_stand_r2_8() -> None:
    memory = shop(b.placed(when="06-01 08:59:59"), b.subject_suspended())
    assert (state(memory), closed(memory), listed(memory)) == ("accepted", {}, {})


def test_found_late_unpaid_orders_are_closed_and_a_payment_goes_back_r2_8() -> None:
    memory = shop(b.placed())
    fact: OrderClosed = b.only(memory.when(b.subject_suspended()))
    assert (fact.code, fact.subject_id, fact.violation_id, state(memory)) == ("order.seller_suspended", "seller:s1", "v1", "closed")
    assert fact.occurred_at == b.at(b.PLACED), "never before the order itself"
    assert memory.armed == {}
    assert b.only(memory.when(b.succeeded())).reason == "order.closed"


def test_found_late_paid_orders_stand_and_are_listed_once_for_each_party_r2_8() -> None:
    memory = shop(b.placed(), b.succeeded())
    fact: OrderUnderSuspension = b.only(memory.when(b.subject_suspended()))
    assert (fact.subject_id, fact.violation_id, state(memory)) == ("seller:s1", "v1", "paid")
    assert memory.when(b.subject_suspended(violation_id="v2")) == ()
    assert b.only(memory.when(b.subject_suspended("promoter:k1", violation_id="v3"))).subject_id == "promoter:k1"
    assert order(memory).suspended == ("seller:s1", "promoter:k1")


def test_found_late_only_orders_placed_within_it_are_met_r2_8() -> None:
    memory = shop()
    times = {"before": "06-01 08:59:59", "first": "06-01 09:00", "last": "06-01 11:59:59", "after": "06-01 12:00"}
    memory.when(*(placed(order_id, when) for order_id, when in times.items()))
    memory.when(placed("others", "06-01 10:00", seller_id="s2"))
    memory.when(b.subject_suspended(until="06-01 12:00"))
    assert sorted(closed(memory)) == ["first", "last"]


def test_found_late_orders_that_were_placed_after_it_was_lifted_stand_r2_8_r6_2() -> None:
    """It and its end are told one after the other, and so is an order of later, before anybody looks back."""
    memory = Memory(SERVICE, POLICIES)
    accepted = memory.when(placed("in", "06-01 09:29:59"))
    memory.when(*(fact for fact in accepted if isinstance(fact, OrderAttributed)))
    queue = [fact for fact in memory.when(b.subject_suspended(until=None)) if isinstance(fact, OrdersSought | SuspensionFound)]
    memory.when(SubjectReinstated(subject_id="seller:s1", violation_id="v1", occurred_at=b.at("06-01 09:30")))
    accepted = memory.when(placed("out", "06-01 09:30"))
    memory.when(*(fact for fact in accepted if isinstance(fact, OrderAttributed)))
    while queue:
        queue += [fact for fact in memory.when(queue.pop()) if isinstance(fact, OrdersSought | SuspensionFound)]
    assert sorted(closed(memory)) == ["in"]


def test_a_closed_order_of_a_campaign_gives_back_what_it_took_r2_8_r2_7() -> None:
    memory = fair(wanted(quantity=2), units=2, limit=2)
    assert b.types(memory.when(b.subject_suspended())) == ["order.closed", "allotment.released"]
    assert (allotment(memory).taken, counted(memory)) == (0, 0)


def test_an_order_that_expired_meanwhile_needs_nothing() -> None:
    memory = shop(b.placed())
    memory.advance(b.at("06-01 10:31"))
    assert memory.when(b.subject_suspended()) == ()
    assert (state(memory), codes(memory)) == ("expired", [])


def test_however_late_it_is_found_all_orders_are_met_step_by_step_r2_8() -> None:
    """To the end of the last hour of which it has an order, here far beyond the hours of the policy; and there it ends."""
    memory = shop(placed("near", "06-01 10:00"), placed("paid", "06-09 12:00"), placed("far", "06-09 09:01"))
    memory.when(b.succeeded(when="06-09 12:10").model_copy(update={"order_id": "paid"}))
    memory.when(b.subject_suspended(until=None))
    assert sorted(closed(memory)) == ["far", "near"]
    assert listed(memory) == {"paid": "seller:s1"}
    steps = [fact for fact in memory.facts if isinstance(fact, OrdersSought)]
    ends = second_of(b.at("06-09 13:00"))
    assert (len(steps), steps[-1].second_last) == (-(-(ends - second_of(b.at("06-01 09:00"))) // SECONDS_MAX), ends - 1)


def test_the_last_step_ends_with_the_last_second_r2_8() -> None:
    memory = shop(policies=b.POLICIES)
    memory.when(b.subject_suspended(until="06-01 09:00:02"))
    (sought,) = (fact for fact in memory.facts if isinstance(fact, OrdersSought))
    assert len(list(seconds_sought(sought))) == 3


def test_an_hour_is_noted_once_and_the_last_one_counts_r2_8() -> None:
    memory = shop(*(placed(f"o{n}", when) for n, when in enumerate(["06-03 10:00", "06-03 10:59", "06-02 10:00", "06-05 11:00"])))
    hours = [fact.second for fact in memory.facts if isinstance(fact, OrdersReached) and fact.subject_id == "seller:s1"]
    assert hours == [second_of(b.at(end)) - 1 for end in ("06-03 11:00", "06-05 12:00")]


def test_who_has_no_order_that_late_is_looked_for_in_the_hours_of_the_policy_r2_8() -> None:
    """In steps of so many seconds; and no further than the suspension goes."""
    for hours, until in ((72, None), (24, "06-02 09:00")):
        memory = shop(placed("near", "06-01 10:00"), policies=b.POLICIES)
        memory.when(b.subject_suspended(until=until))
        steps = [fact for fact in memory.facts if isinstance(fact, OrdersSought)]
        assert len(steps) == -(-(hours * 3_600 + 1) // SECONDS_MAX)


def test_a_row_of_before_hours_were_noted_is_read_r2_8() -> None:
    assert PARTY.parse('{"known": {}, "escrow": []}').reached == 0


def test_the_same_suspension_told_again_is_refused() -> None:
    memory = shop(b.subject_suspended(), b.subject_suspended(since="06-02 09:00"))
    assert codes(memory) == ["suspension.known"]
    assert state(memory) == "none"


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 180), st.booleans()), max_size=12), st.integers(0, 90), st.integers(1, 90), st.randoms())
def test_whatever_overtakes_what_no_order_slips_through_r2_8(
    orders: list[tuple[int, bool]], since: int, minutes: int, chance: Random
) -> None:
    """Orders, payments, a suspension and the messages between them in any order: within it all are rejected, closed or listed.

    An order whose placement saw no suspension may be told to its parties after the look back has ended. One step or two of it.
    """
    start = b.at("06-01 08:00")
    begins, ends = start + timedelta(minutes=since), start + timedelta(minutes=since + minutes)
    suspension = b.subject_suspended(when="06-01 07:00").model_copy(update={"effective_from": begins, "until": ends})
    late, told, times = Late(chance, "order.attributed"), chance.randrange(len(orders) + 1), {}
    for number, (minute, pays) in enumerate([*orders, (0, False)]):
        if number == told:
            late.send(suspension)
        if number == len(orders):
            break
        order_id = f"o{number}"
        times[order_id] = start + timedelta(minutes=minute)
        late.send(b.placed(order_id=order_id).model_copy(update={"occurred_at": times[order_id]}))
        late.deliver(chance.randrange(3))
        if pays:
            late.send(b.succeeded(payment_id=f"pay{number}").model_copy(update={"order_id": order_id, "occurred_at": times[order_id]}))
    late.deliver()
    rejected = {fact.order_id for fact in late.memory.facts if isinstance(fact, OrderRejected)}
    paid = {fact.order_id for fact in late.memory.facts if fact.type == "order.paid"}  # type: ignore[attr-defined]
    assert rejected | closed(late.memory).keys() | listed(late.memory).keys() == {
        order_id for order_id, when in times.items() if begins <= when < ends
    }
    assert closed(late.memory).keys() & paid == set()
    assert listed(late.memory).keys() <= paid


@pytest.mark.parametrize(("when", "expected"), [("06-01 11:59", "rejected"), ("06-01 12:00", "accepted")])
def test_who_is_reinstated_sells_on_from_then_r6_2(when: str, expected: str) -> None:
    suspension = b.subject_suspended(until=None)
    said: dict[str, Any] = {"subject_id": suspension.subject_id, "violation_id": suspension.violation_id}
    back = SubjectReinstated(**said, occurred_at=b.at("06-01 12:00"))
    assert state(shop(suspension, back, back, b.placed(when=when))) == expected
    assert state(shop(back, b.placed(when=when))) == "accepted"


@pytest.mark.parametrize(("when", "lifted"), [("06-08 08:59:59", 1), ("06-08 09:00", 0), ("06-20 10:00", 0)])
def test_of_a_suspension_that_is_over_nothing_is_lifted_r6_2(when: str, lifted: int) -> None:
    """It ends on 06-08 at 9."""
    memory = Memory(SERVICE, POLICIES)
    memory.when(b.subject_suspended())
    back = SubjectReinstated(subject_id="seller:s1", violation_id="v1", occurred_at=b.at(when))
    assert [type(fact) for fact in memory.when(back, back)] == [SuspensionLifted] * lifted
