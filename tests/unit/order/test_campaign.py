"""Campaign orders: reviewed, allotted, within the limit; what is given up can be sold again, once. Source: R2.7."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.order.decide import campaign
from services.order.model import ALLOTMENT, REVIEWS_MAX
from shared.contracts.storefront import OrderPlaced
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import accepted, allotment, allotted, counted, fair, rejected, reviewed, wanted
from tests.unit.order.shop import codes, shop, state


def test_an_accepted_order_takes_its_units_and_says_what_is_left_r2_7() -> None:
    memory = fair(units=10, limit=3)
    accepted, taken = memory.when(wanted(quantity=3))
    assert (accepted.type, taken.type, taken.units, taken.left) == ("order.accepted", "allotment.taken", 3, 7)  # type: ignore[attr-defined]
    assert (allotment(memory).taken, counted(memory), state(memory)) == (3, 3, "accepted")


@pytest.mark.parametrize(
    ("before", "order", "code"),
    [
        ([allotted()], wanted(), "campaign.not_reviewed"),
        ([reviewed(approved=False), allotted()], wanted(), "campaign.not_reviewed"),
        ([reviewed(), reviewed(approved=False, when="05-30 10:00"), allotted()], wanted(), "campaign.not_reviewed"),
        ([reviewed(when="06-01 10:00:01"), allotted()], wanted(), "campaign.not_reviewed"),
        ([reviewed(campaign_id="c1111"), allotted()], wanted(), "campaign.not_reviewed"),
        ([reviewed()], wanted(), "campaign.no_allotment"),
        ([reviewed(), allotted(2)], wanted(quantity=3), "campaign.sold_out"),
        ([reviewed(), allotted(0)], wanted(), "campaign.sold_out"),
        ([reviewed(), allotted(9, limit=2)], wanted(quantity=3), "campaign.limit_reached"),
        ([reviewed(), allotted(9, limit=2), wanted("o0", quantity=2)], wanted(), "campaign.limit_reached"),
    ],
)
def test_each_refusal_has_its_code_and_takes_nothing_r2_7(before: list[Message], order: OrderPlaced, code: str) -> None:
    memory = shop(*before)
    held = allotment(memory)
    fact = b.only(memory.when(order))
    assert (fact.type, fact.code, state(memory), memory.armed.keys() & {("payment_window.over", b.ORDER)}) == (
        "order.rejected",
        code,
        "rejected",
        set(),
    )
    assert allotment(memory) == held


def test_an_approval_counts_from_its_moment_until_it_is_taken_back_r2_7() -> None:
    events = reviewed(when="06-01 10:00"), allotted(), reviewed(approved=False, when="06-01 11:00")
    memory = shop(*events)
    times = {"early": "06-01 09:59:59", "first": "06-01 10:00", "last": "06-01 10:59:59", "late": "06-01 11:00"}
    memory.when(*(wanted(order_id, when=when) for order_id, when in times.items()))
    assert accepted(memory) == ["first", "last"]
    memory.when(reviewed(when="06-01 12:00"), wanted("again", when="06-01 12:00"))
    assert accepted(memory)[-1] == "again"


@pytest.mark.parametrize("told", list(permutations(range(3))))
def test_each_order_goes_by_what_was_said_of_its_moment_in_whatever_order_it_is_told_r2_7(told: Sequence[int]) -> None:
    """Approved, revoked, approved again, all of it known before any order is: the pre-review is that of the moment of placement."""
    said = (reviewed(when="06-01 10:00"), reviewed(approved=False, when="06-01 11:00"), reviewed(when="06-01 12:00"))
    memory = shop(allotted(), *(said[nth] for nth in told))
    times = {"never": "06-01 09:59:59", "first": "06-01 10:30", "revoked": "06-01 11:00", "still": "06-01 11:59:59", "again": "06-01 12:00"}
    memory.when(*(wanted(order_id, when=when) for order_id, when in times.items()))
    assert (accepted(memory), codes(memory)) == (["first", "again"], [])
    assert rejected(memory) == [(order_id, "campaign.not_reviewed") for order_id in ("never", "revoked", "still")]


def test_an_order_placed_again_is_known_and_takes_nothing_more_r2_1_r2_7() -> None:
    memory = fair(wanted(), wanted())
    assert (codes(memory), allotment(memory).taken, counted(memory)) == (["order.exists"], 1, 1)


def test_so_many_reviews_of_a_product_are_remembered_r2_7() -> None:
    start = reviewed().occurred_at
    later = [
        reviewed(approved=bool(n % 2)).model_copy(update={"occurred_at": start + timedelta(minutes=n)}) for n in range(REVIEWS_MAX + 1)
    ]
    memory = shop(*later, reviewed())
    assert ([one.at for one in allotment(memory).reviews], codes(memory)) == ([one.occurred_at for one in later[1:]], ["campaign.outdated"])


def test_one_rejected_line_rejects_the_order_and_nothing_is_taken_r2_7() -> None:
    memory = fair(reviewed("sku2"), allotted(1, sku="sku2"), units=10)
    memory.when(wanted("o1", b.BUYER, 1, b.cart(2, 1_00, 2)))
    assert rejected(memory) == [("o1", "campaign.sold_out")]
    assert (allotment(memory).taken, allotment(memory, "sku2").taken, counted(memory)) == (0, 0, 0)


def test_two_lines_of_one_product_count_together_r2_7() -> None:
    again = b.cart(2, 1_00, 2).model_copy(update={"sku": "sku1"})
    memory = fair(units=3)
    memory.when(wanted("o1", b.BUYER, 2, again))
    assert rejected(memory) == [("o1", "campaign.sold_out")]
    memory.when(wanted("o2", b.BUYER, 1, again))
    assert (accepted(memory), allotment(memory).taken) == (["o2"], 3)
    memory.advance(b.at("06-01 11:00"))
    assert [(fact.units, fact.left) for fact in memory.facts if fact.type == "allotment.released"] == [(3, 3)]  # type: ignore[attr-defined]


def test_freight_is_no_product_r2_7() -> None:
    order = wanted("o1", b.BUYER, 2, b.cart(2, 6_00, kind="freight"))
    assert campaign.wanted(order) == {"sku1": 2}


def test_an_order_that_is_no_campaigns_touches_no_allotment() -> None:
    memory = fair(units=1)
    memory.when(b.placed(b.cart(quantity=5)))
    assert (state(memory), allotment(memory).taken) == ("accepted", 0)


def test_a_thousand_orders_for_one_unit_give_one_acceptance_and_the_row_stays_small_r2_7() -> None:
    memory = fair(units=1, limit=1)
    row = len(ALLOTMENT.body.dump_json(allotment(memory)))
    memory.when(*(wanted(f"o{n}", f"b{n}") for n in range(1000)))
    assert accepted(memory) == ["o0"]
    assert rejected(memory) == [(f"o{n}", "campaign.sold_out") for n in range(1, 1000)]
    assert len(ALLOTMENT.body.dump_json(allotment(memory))) == row


def test_expiry_brings_units_and_limit_back_once_r2_7_r2_2() -> None:
    memory = fair(wanted(quantity=2), units=2, limit=2)
    facts = memory.advance(b.at("06-01 10:30:05"))
    assert b.types(facts) == ["order.expired", "allotment.released"]
    assert (allotment(memory).taken, counted(memory)) == (0, 0)
    assert memory.advance(b.at("07-01 00:00")) == ()
    memory.when(wanted("o2", quantity=2, when="06-02 10:00"))
    assert accepted(memory) == ["o1", "o2"]


def test_an_unpaid_order_that_is_cancelled_brings_everything_back_once_r2_7_r2_1() -> None:
    for event in (b.cancel(), b.seller_cancels()):
        memory = fair(wanted(quantity=2), units=2, limit=2)
        assert b.types(memory.when(event)) == ["order.cancelled", "allotment.released"]
        assert (allotment(memory).taken, counted(memory)) == (0, 0)
        assert memory.when(event) == ()


def test_cancelled_units_of_a_paid_order_can_be_sold_again_one_by_one_r2_7() -> None:
    memory = fair(wanted(quantity=3), b.succeeded(3_00), b.shipped(units={1: 1}), units=3, limit=3)
    assert b.types(memory.when(b.cancel({1: 1}, when="06-02 11:00"))) == ["units.cancelled", "allotment.released"]
    assert (allotment(memory).taken, counted(memory)) == (2, 2)
    memory.when(b.parcel_lost(), b.seller_cancels({1: 2}, when="06-05 11:00"))
    assert (allotment(memory).taken, counted(memory), state(memory)) == (0, 0, "cancelled")


def test_a_payment_keeps_the_units_r2_7() -> None:
    memory = fair(wanted(quantity=2), b.succeeded(2_00), units=2)
    memory.advance(b.at("08-01 00:00"))
    assert (state(memory), allotment(memory).taken) == ("paid", 2)


def test_units_refunded_before_they_were_sent_come_back_and_sent_ones_do_not_r2_7() -> None:
    memory = fair(wanted(quantity=5), b.succeeded(5_00), b.shipped(units={1: 2}), units=5, limit=5)
    facts = memory.when(b.case_opened(), b.case_closed(quantity=2, amount_minor=2_00, kind="refund_only"))
    assert b.types(facts) == ["line.held", "line.freed", "allotment.released"]
    assert (allotment(memory).taken, counted(memory)) == (3, 3)
    memory.when(b.case_opened("c2", when="06-10 10:00"), b.case_closed("c2", 1, 2, 2_00, "06-10 11:00", kind="refund_only"))
    assert (allotment(memory).taken, counted(memory)) == (2, 2), "one of the two was unsent still, the other had been sent"
    memory.when(b.case_opened("c3", when="06-11 10:00"), b.case_closed("c3", 1, 1, 1_00, "06-11 11:00", kind="refund_only"))
    assert (allotment(memory).taken, counted(memory), state(memory)) == (2, 2, "closed")


def test_what_was_paid_back_in_full_with_money_alone_does_not_leave_so_its_units_come_back_once_r2_7() -> None:
    """Of three units one has left; once all that was paid is back, the other two will not."""
    memory = fair(wanted(quantity=3), b.succeeded(3_00), b.shipped(units={1: 1}), units=3, limit=3)
    memory.when(b.case_opened(), b.case_closed(amount_minor=1_00))
    assert (allotment(memory).taken, counted(memory)) == (3, 3)
    memory.when(b.case_opened("c2", when="06-10 10:00"), b.case_closed("c2", amount_minor=2_00, when="06-10 11:00"))
    assert (state(memory), allotment(memory).taken, counted(memory)) == ("closed", 1, 1)
    memory.when(b.cancel({1: 1}, b.PAYMENT_ID), b.seller_cancels(payment_id=b.PAYMENT_ID), b.shipped("p2"))
    assert (allotment(memory).taken, counted(memory)) == (1, 1)


def test_so_they_do_where_the_last_money_goes_back_for_a_cancelled_unit_r2_7_r1_4() -> None:
    memory = fair(wanted(quantity=2), b.succeeded(2_00), units=2, limit=2)
    memory.when(b.case_opened(when="06-01 10:15"), b.case_closed(amount_minor=1_00, when="06-01 10:16"), b.cancel({1: 1}, b.PAYMENT_ID))
    assert (state(memory), allotment(memory).taken, counted(memory)) == ("closed", 0, 0)


def test_a_case_that_ends_without_money_gives_nothing_back() -> None:
    memory = fair(wanted(), b.succeeded(1_00), b.case_opened(), b.case_closed(), units=1)
    assert allotment(memory).taken == 1


def test_an_order_of_which_nothing_is_due_takes_its_units_too_r2_7() -> None:
    memory = fair(units=1)
    facts = memory.when(wanted(coupons=[b.coupon(1_00)]))
    assert b.types(facts) == ["order.accepted", "order.paid", "allotment.taken"]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (allotted(1, when="05-22 10:00"), "campaign.below_taken"),
        (allotted(9, when="05-21 10:00"), "campaign.outdated"),
        (allotted(9, when="05-20 23:00"), "campaign.outdated"),
        (reviewed(approved=False, when="05-20 10:00"), "campaign.outdated"),
    ],
)
def test_what_cannot_be_or_is_outdated_is_refused_and_changes_nothing_r2_7(event: Message, code: str) -> None:
    memory = fair(wanted(quantity=2), units=5)
    before = allotment(memory)
    memory.when(event)
    assert (codes(memory), allotment(memory)) == ([code], before)


def test_an_allotment_can_shrink_to_what_is_taken_and_grow_again_r2_7() -> None:
    memory = fair(wanted(quantity=2), units=5)
    memory.when(allotted(2, when="06-01 10:05"), wanted("o2"))
    assert rejected(memory) == [("o2", "campaign.sold_out")]
    memory.when(allotted(3, limit=1, when="06-01 10:06"), wanted("o3", "b3", when="06-01 10:07"))
    assert (accepted(memory), allotment(memory).left) == (["o1", "o3"], 0)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 12),
    st.one_of(st.none(), st.integers(1, 4)),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2)), max_size=20),
    st.randoms(),
)
def test_taken_is_what_accepted_orders_hold_and_never_more_than_allotted_r2_7(
    units: int, limit: int | None, orders: list[tuple[int, int]], chance: Random
) -> None:
    """Orders of three buyers, some paid, some refunded before shipping, the rest expired; in any order, each told up to three times."""
    memory = fair(units=units, limit=limit)
    for number, (quantity, fate) in enumerate(orders):
        order_id, buyer_id = f"o{number}", f"b{chance.randrange(3)}"
        life: list[Message] = [wanted(order_id, buyer_id, quantity)]
        if fate:
            life.append(b.succeeded(quantity * 1_00, f"pay{number}").model_copy(update={"order_id": order_id}))
        if fate == 2:
            life += [
                b.case_opened(f"c{number}").model_copy(update={"order_id": order_id}),
                b.case_closed(f"c{number}", quantity=quantity, amount_minor=quantity * 1_00).model_copy(update={"order_id": order_id}),
            ]
        for nth, event in enumerate(life):
            for _ in range(chance.randint(1, 3)):
                memory.send(event, f"{order_id}/{nth}")
        assert 0 <= allotment(memory).taken <= units
        if chance.random() < 0.2:
            memory.advance(b.at("06-01 10:31"))
    memory.advance(b.at("06-01 10:31"))
    held = sum(quantity for number, (quantity, fate) in enumerate(orders) if fate == 1 and f"o{number}" in accepted(memory))
    assert allotment(memory).taken == held == sum(counted(memory, f"b{n}") for n in range(3))
    assert all(counted(memory, f"b{n}") <= (limit or units) for n in range(3))
    replayed = Memory(memory.service, memory.policies).given(*memory.facts)
    assert replayed.entities == memory.entities


def test_what_was_refused_below_what_is_taken_is_taken_when_told_again_after_a_release_r2_7() -> None:
    memory = fair(wanted(quantity=3))
    lower = allotted(1, when="06-01 11:00")
    memory.when(lower, b.window_over(), lower)
    assert (codes(memory), allotment(memory).units, allotment(memory).left) == (["campaign.below_taken"], 1, 1)


def test_an_allotment_can_be_raised_while_it_is_sold_out_r2_7() -> None:
    memory = fair(wanted("o1"), wanted("o2", "b2"), units=1)
    memory.when(allotted(2, when="06-01 11:00"), wanted("o3", "b3", when="06-01 11:00"), wanted("o4", "b4", when="06-01 11:00"))
    assert (accepted(memory), rejected(memory)) == (["o1", "o3"], [("o2", "campaign.sold_out"), ("o4", "campaign.sold_out")])


@settings(deadline=None)
@given(data=st.data())
def test_reviews_and_allotments_come_to_the_same_in_any_order_and_however_often_r2_7(data: st.DataObject) -> None:
    """The latest word of each decides, by when it was said."""
    said: list[Message] = [reviewed(approved=bool(number % 2), when=f"05-2{number} 10:00") for number in range(1, 6)]
    said += [allotted(number, when=f"05-2{number} 11:00") for number in range(1, 6)]
    told = data.draw(st.permutations(said)) + data.draw(st.lists(st.sampled_from(said), max_size=4))
    memory = shop(*told, wanted())
    assert accepted(memory) == [b.ORDER]
    assert (allotment(memory).units, allotment(memory).left) == (5, 4)
    assert set(codes(memory)) <= {"campaign.outdated"}
