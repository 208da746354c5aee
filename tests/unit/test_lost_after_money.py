"""Money that was agreed on while the goods were on their way, and they are lost afterwards: they do not leave again. Source: R4.8, R2.5."""

from __future__ import annotations

import random

import pytest

from services.order.model import ORDER, OrderLine
from services.refund.model import PURCHASE, Case, Purchase
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_cases_together import Street, street, told
from tests.unit.test_refund_or_goods import FINE, fine, left_and_paid
from tests.unit.test_shuffled_lives import mixed
from tests.unit.town import Town

BOTH = (b.placed(b.cart(quantity=2)), b.succeeded(200_00), b.shipped("w1", {1: 1}), b.shipped("w2", {1: 1}))
ASKED = l.requested(kind="refund_only", ground="not_received", quantity=1, when="06-03 10:00")
AGREED = ASKED.model_copy(update={"ground": "negotiated"})
MONEY = l.accepted(when="06-03 12:00")
LOST = b.parcel_lost("w1", when="06-04 10:00")
AGAIN = b.shipped("w3", {1: 1}, "06-05 10:00")


def line_of(town: Town) -> OrderLine:
    line: OrderLine = town.entity("order", ORDER, b.ORDER).lines[1]
    return line


def case_of(town: Town, case_id: str = b.CASE) -> Case:
    purchase: Purchase = town.entity("refund", PURCHASE, b.ORDER)
    return purchase.cases[case_id]


@pytest.mark.parametrize("asked", [ASKED, AGREED])
def test_a_unit_that_was_refunded_on_its_way_and_is_lost_then_does_not_leave_again_r4_8_r2_5(asked: Message) -> None:
    town = street(*BOTH, asked, MONEY, LOST, AGAIN)
    assert (told(town)[-1], left_and_paid(town), fine(town)) == ("parcel.intercepted", (1, 1), FINE)
    town.tell([("c", b.cancel({1: 1}, b.PAYMENT_ID, when="06-06 10:00"))])
    assert town.refused() == [("order.cancel_requested", "cancel.exceeds_unsent")]


def test_the_other_units_of_the_line_leave_again_where_they_are_lost_too_r2_5() -> None:
    town = street(*BOTH, ASKED, MONEY, LOST, b.parcel_lost("w2", when="06-04 11:00"), AGAIN)
    assert (told(town)[-2:], left_and_paid(town), fine(town)) == (["order.shipped", "parcel.noted"], (1, 1), FINE)
    town.tell([("more", b.shipped("w4", {1: 1}, "06-05 11:00"))])
    assert (told(town)[-1], left_and_paid(town), fine(town)) == ("parcel.intercepted", (1, 1), FINE)


def test_what_comes_back_is_no_reason_to_keep_what_is_lost_r2_5_r4_4() -> None:
    """One has arrived and goes back for its money by agreement; the other is lost and leaves again."""
    back = (l.requested(ground="negotiated", quantity=1, when="06-04 12:00"), l.accepted(when="06-04 13:00"))
    returned = (l.posted(when="06-05 10:00"), l.confirmed(quantity=1, when="06-06 10:00"))
    town = street(*BOTH, b.signed("w1", when="06-04 11:00"), *back, *returned, b.parcel_lost("w2", when="06-06 11:00"))
    town.tell([("w3", b.shipped("w3", {1: 1}, "06-06 12:00"))])
    assert (case_of(town).state, left_and_paid(town), fine(town)) == (60, (2, 1), FINE)


def test_the_carriers_word_on_a_refunded_unit_pays_for_no_other_r2_5_r4_2() -> None:
    """Two are on their way, one is paid for by agreement, one is lost: the other may be asked for, and the seller answers."""
    more = l.requested("c2", kind="refund_only", ground="not_received", quantity=1, when="06-05 10:00")
    town = street(*BOTH, AGREED, MONEY, LOST, more)
    case = case_of(town, "c2")
    assert (case.state, case.turn, left_and_paid(town), fine(town)) == (10, "seller", (1, 1), FINE)


def test_the_clock_of_a_line_runs_from_its_last_parcel_though_a_unit_was_refunded_since_r2_5() -> None:
    """Once that unit is lost it is given up, no sooner: until then it may still come."""
    town = street(*BOTH, ASKED, MONEY)
    assert line_of(town).sent_at == b.at("06-02 10:00")
    town.tell([("lost", LOST)])
    assert (line_of(town).sent_at, line_of(town).state) == (LOST.occurred_at, "shipped")
    town.tell([("s", b.signed("w2", when="06-04 12:00"))])
    assert (line_of(town).state, fine(town)) == ("delivered", FINE)
    town.advance(b.at("07-20 10:00"))
    assert (line_of(town).state, fine(town)) == ("settled", FINE)


def test_a_line_of_which_nothing_is_left_but_money_is_settled_once_its_parcel_is_lost_r2_6() -> None:
    """Others were to be sent, or less than was paid to be given; the first goods are lost after that."""
    asked = l.requested(kind="resend", ground="not_received", quantity=1, when="06-03 10:00")
    ruled = a.ruled(amount_minor=60_00, when="06-05 14:00")
    dispute = (l.declined(when="06-03 11:00"), a.disputed(when="06-03 12:00"), "06-05 12:00:05", ruled, "06-08 14:00:05")
    town = street(b.placed(), b.succeeded(), b.shipped(), asked, *dispute)
    assert (case_of(town).state, case_of(town).granted_minor, line_of(town).state) == (60, 60_00, "shipped")
    town.tell([("lost", b.parcel_lost(when="06-09 10:00"))])
    assert (told(town).count("order.completed"), line_of(town).state, fine(town)) == (1, "completed", FINE)
    town.tell([("w3", b.shipped("w3", {1: 1}, "06-09 11:00"))])
    assert (told(town)[-1], fine(town)) == ("parcel.intercepted", FINE)


WAITS = (  # the provider does not pay; a person looks at it
    ((b.shipped("w3", {1: 1}, "06-05 10:00"),), (1, 1)),
    ((b.parcel_lost("w2", when="06-04 11:00"), b.shipped("w3", {1: 1}, "06-05 10:00")), (1, 1)),
    ((b.parcel_lost("w2", when="06-04 11:00"), b.shipped("w3", {1: 2}, "06-05 10:00")), (0, 1)),
)


@pytest.mark.parametrize(("then", "end"), WAITS)
def test_what_is_lost_while_its_money_is_on_its_way_is_kept_back_r4_8_r3_5(then: tuple[Message, ...], end: tuple[int, int]) -> None:
    town = street(*BOTH, ASKED, MONEY, LOST, *then, failures=1)
    assert (case_of(town).state, case_of(town).hold, case_of(town).held, left_and_paid(town)) == (50, "granted", 1, end)
    town.tell([("r", a.ruled(when="06-06 10:00"))])
    assert (case_of(town).state, left_and_paid(town), fine(town)) == (60, end, FINE)


def test_what_is_kept_back_for_money_that_never_comes_is_free_when_it_is_given_up_r4_8_r3_5() -> None:
    town = street(*BOTH, ASKED, MONEY, LOST, a.ruled(upheld=False, when="06-06 10:00"), failures=1)
    town.tell([("w3", b.shipped("w3", {1: 1}, "06-06 11:00"))])
    assert (case_of(town).state, left_and_paid(town), fine(town)) == (70, (2, 0), FINE)


def test_money_that_was_granted_stands_where_the_lost_left_before_the_order_was_asked_r4_8() -> None:
    """Of three one had not left when the buyer asked for two. The order lets the lost ones leave before it hears of the grant."""
    three = (b.placed(b.cart(quantity=3)), b.succeeded(300_00), b.shipped("w1", {1: 2}))
    asked = l.requested(kind="refund_only", ground="negotiated", quantity=2, when="06-03 10:00")
    town = street(*three, asked, failures=1)
    assert line_of(town).holds == {b.CASE: 1}
    order = town.services["order"]
    before = len(order.out)
    for number, event in enumerate((LOST, b.shipped("w3", {1: 2}, "06-04 10:00"))):
        order.send(event, f"x{number}")
        town.sent.append((f"x{number}", event))
    town.tell([("m", MONEY)])
    town._publish(order.out[before:])
    assert (line_of(town).holds, case_of(town).state) == ({b.CASE: 2}, 50)
    town.tell([("l3", b.parcel_lost("w3", when="06-05 10:00")), ("w4", b.shipped("w4", {1: 2}, "06-05 11:00"))])
    assert "parcel.intercepted" in told(town), "those that come back do not leave again"
    town.tell([("r", a.ruled(when="06-06 10:00")), ("w5", b.shipped("w5", {1: 1}, "06-06 11:00"))])
    assert (case_of(town).state, left_and_paid(town), fine(town)) == (60, (1, 2), FINE)


def excess(town: Town) -> int:
    """Units for which the buyer has money, though they are there or on their way."""
    line = line_of(town)
    purchase: Purchase = town.entity("refund", PURCHASE, b.ORDER)
    paid = sum(one.granted_quantity for one in purchase.cases.values())
    return max(0, line.sent + paid + line.cancelled - line.line.quantity)


@pytest.mark.parametrize("seed", range(60))
def test_no_unit_leaves_once_it_is_paid_back_whatever_is_lost_r4_8_r2_5(seed: int) -> None:
    """Lives in which units are refunded, lost, sent again and cancelled, each step told in any order. Where a step grants nothing, no
    more units are both paid back and sent than before, though the provider did not pay yet.
    """
    dice = random.Random(seed)
    quantity = dice.randint(1, 4)
    town = Street(b.POLICIES, dice)
    town.failures = int(seed % 3 == 0)
    town.tell([("p", b.placed(b.cart(quantity=quantity))), ("q", b.succeeded(quantity * 100_00))])
    for step in range(3, 27):
        before, granted = excess(town), told(town).count("refund.granted")
        town.tell(mixed([(f"{step}-{n}", one) for n, one in enumerate(steps(dice, quantity, step))], dice))
        town.advance(b.at(f"06-{step:02} 12:00"))
        assert excess(town) <= before or told(town).count("refund.granted") > granted, f"step {step}"
    assert fine(town)[2] == []


def steps(dice: random.Random, quantity: int, step: int) -> list[Message]:
    when = f"06-{step:02} 10:00"
    parcel, case = f"w{dice.randint(3, step)}", f"c{dice.randint(3, step)}"
    acts: list[Message] = [
        b.shipped(f"w{step}", {1: dice.randint(1, quantity)}, when),
        b.shipped(f"w{step}", {1: 1}, when),
        b.parcel_lost(parcel, when=when),
        b.parcel_lost(parcel, when=when),
        b.signed(parcel, when=when),
        l.requested(f"c{step}", kind="refund_only", ground=dice.choice(("not_received", "negotiated")), quantity=1, when=when),
        l.requested(f"c{step}", kind="refund_only", ground="not_received", quantity=dice.randint(1, quantity), when=when),
        l.requested(f"c{step}", kind="resend", ground="not_received", quantity=1, when=when),
        l.accepted(case, when=when),
        l.accepted(case, when=when),
        a.ruled(ruling_id=f"r{step}", case_id=case, when=when),
        b.cancel({1: 1}, b.PAYMENT_ID, when=when, cancel_id=f"x{step}"),
    ]
    return dice.sample(acts, dice.randint(0, 4))
