"""Money that is granted and not paid yet: units that never left do not leave meanwhile, whatever the provider does. Source: R4.8, R2.5."""

from __future__ import annotations

import json
import random
from collections import Counter

import pytest

from services.payment.model import PAYMENT
from services.refund.model import PURCHASE, Purchase
from shared.contracts.refund import WITHOUT_RETURN
from shared.contracts.storefront import CaseKind, Ground
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_cases_together import Street, case_of, street, told
from tests.unit.test_lost_after_money import line_of
from tests.unit.test_refund_or_goods import FINE, at_once, end, fine, left_and_paid
from tests.unit.test_shuffled_lives import mixed
from tests.unit.town import Town

ONE_AWAY = (b.placed(b.cart(quantity=2)), b.succeeded(200_00), b.shipped("w1", {1: 1}))
ASKED = l.requested(kind="refund_only", ground="not_received", quantity=1, when="06-03 10:00")
MONEY = l.accepted(when="06-03 12:00")
REST = b.shipped("w2", {1: 1}, "06-04 10:00")
OTHERS = (b.placed(), b.succeeded(), l.requested(kind="resend", ground="negotiated", quantity=1, when="06-03 10:00"), MONEY)
DUE = "06-05 12:00:05"  # two days after the seller agreed to send others, with the grace


def test_a_unit_that_was_never_sent_does_not_leave_while_its_money_is_on_its_way_r4_8_r3_5() -> None:
    town = street(*ONE_AWAY, ASKED, MONEY, REST, failures=1)
    assert (told(town)[-1], case_of(town).stuck, left_and_paid(town)) == ("parcel.intercepted", True, (1, 1))
    town.tell([("r", a.ruled(when="06-06 10:00")), ("w3", b.shipped("w3", {1: 1}, "06-06 11:00"))])
    assert (told(town).count("parcel.intercepted"), end(town)[0], left_and_paid(town), fine(town)) == (2, 60, (1, 1), FINE)


def test_it_leaves_again_once_that_money_is_given_up_r4_8_r3_5() -> None:
    town = street(*ONE_AWAY, ASKED, MONEY, REST, a.ruled(upheld=False, when="06-06 10:00"), failures=1)
    town.tell([("w3", b.shipped("w3", {1: 1}, "06-06 11:00"))])
    assert (told(town)[-2], end(town)[0], left_and_paid(town), fine(town)) == ("order.shipped", 70, (2, 0), FINE)


def test_what_left_before_the_order_heard_of_the_grant_is_paid_for_as_what_was_on_its_way_r4_8() -> None:
    """It was another unit that did not arrive. Whichever is heard first, the parcel is told as sent or as stopped, and the money comes."""
    ends = Counter[tuple[int, int]]()
    for seed in range(30):
        town = at_once(seed, (*ONE_AWAY, ASKED), MONEY, REST)
        ends[left_and_paid(town)] += 1
        assert (end(town)[0], fine(town)) == (60, FINE)
        assert told(town).count("parcel.intercepted") == 2 - left_and_paid(town)[0]
    assert ends.keys() == {(1, 1), (2, 1)}


def test_others_that_were_agreed_on_and_not_sent_are_paid_for_once_the_order_keeps_back_what_never_left_r4_8_r4_10() -> None:
    """Two days pass; in the same moment the first goods leave, and the refund service has not heard of it."""
    for sent in (False, True):
        town = street(*OTHERS)
        order, refund = town.services["order"], town.services["refund"]
        before, passed = len(order.out), len(refund.out)
        if sent:
            order.send(b.shipped(when="06-05 11:59"), "w1")
            town.sent.append(("w1", b.shipped(when="06-05 11:59")))
        refund.advance(b.at(DUE))
        assert "refund.granted" not in [fact.type for _, fact in refund.out], "not before the order's word"
        town._publish(refund.out[passed:])
        town._publish(order.out[before:])
        town.tell([] if sent else [("w1", b.shipped(when="06-05 11:59"))])
        expected = ((1, 0), (60, "case.sent_again", "resent")) if sent else ((0, 1), (60, "case.refunded", "refunded"))
        assert (left_and_paid(town), end(town), fine(town)) == (*expected, FINE)


@pytest.mark.parametrize("lost", [False, True])
def test_others_that_were_agreed_on_and_left_as_any_parcel_are_not_paid_for_too_r4_10_r4_8(lost: bool) -> None:
    """Nor are they those that another unit of the line, which had arrived, is to be replaced by."""
    first = (b.shipped("w0", {1: 1}, "06-02 10:00"), b.parcel_lost("w0", when="06-03 09:00")) if lost else ()
    town = street(*OTHERS[:2], *first, *OTHERS[2:], b.shipped("w1", when="06-04 10:00"), DUE)
    assert (left_and_paid(town), end(town), fine(town)) == ((1, 0), (60, "case.sent_again", "resent"), FINE)
    asked = l.requested(kind="resend", ground="negotiated", quantity=1, when="06-03 10:00")
    town = street(*ONE_AWAY, b.signed("w1", when="06-03 09:00"), asked, MONEY, REST)
    assert (case_of(town).state, case_of(town).sending, fine(town)) == (40, True, FINE)


def test_a_voucher_is_not_used_while_money_for_it_is_on_its_way_r4_8_r2_5() -> None:
    vouchers = (b.placed(b.cart(kind="virtual", quantity=2)), b.succeeded(200_00))
    asked = l.requested(kind="refund_only", ground="negotiated", quantity=1, when="06-03 10:00")
    for upheld in (True, False):
        town = street(*vouchers, asked, MONEY, b.redeemed(when="06-04 10:00"), b.redeemed("use2", when="06-04 11:00"), failures=1)
        assert (town.refused(), line_of(town).used) == ([("voucher.redeemed", "redemption.kept_back")], 1)
        town.tell([("r", a.ruled(upheld, when="06-06 10:00"))])
        town.tell([("u", b.redeemed("use3", when="06-06 11:00"))])
        assert line_of(town).used == (1 if upheld else 2)
        assert fine(town)[1:] == ([], [])


@pytest.mark.parametrize("seed", range(20))
def test_a_unit_cancelled_while_all_of_its_line_is_being_refunded_is_paid_back_if_that_fails_r3_5_r2_1(seed: int) -> None:
    """All three are told in one moment. The seller had agreed to money alone for both units, which the provider failed and a person gave
    up: the unit that was cancelled meanwhile had been refused its own, and the seller was paid for both.
    """
    money = l.requested(kind="refund_only", ground="negotiated", quantity=2, when="06-04 13:00").model_copy(update={"amount_minor": 200_00})
    cancelled = b.seller_cancels({1: 1}, payment_id=b.PAYMENT_ID, when="06-04 13:00")
    town = Street(b.POLICIES, random.Random(seed))
    town.tell((one.type, one) for one in (*ONE_AWAY, b.signed("w1")))
    town.failures = 1
    town.tell((one.type, one) for one in (money, l.accepted(when="06-04 13:00"), cancelled))
    town.tell([("r", a.ruled(upheld=False, when="06-06 10:00"))])
    town.advance(b.at("09-01 00:00"))
    refunds = town.entity("payment", PAYMENT, b.ORDER).refunds.values()
    back = sum(one.buyer_minor for one in refunds if one.counts or (one.waits and one.cancelled))
    assert back >= line_of(town).cancelled * 100_00
    assert fine(town)[2] == []


BACK = l.requested(ground="negotiated", quantity=1, when="06-04 12:00")
CONFIRMED = (l.accepted(when="06-04 13:00"), l.posted(when="06-05 10:00"), l.confirmed(quantity=1, when="06-06 10:00"))


@pytest.mark.parametrize("lost", [False, True])
def test_one_that_came_back_and_was_paid_for_is_no_reason_to_keep_another_that_is_still_to_come_r4_4_r4_8(lost: bool) -> None:
    """That never left, or was lost: it was neither sent nor paid for, and its line was settled."""
    other = (b.shipped("w2", {1: 1}, "06-04 10:00"), b.parcel_lost("w2", when="06-04 11:00")) if lost else ()
    town = street(*ONE_AWAY, b.signed("w1", when="06-04 09:00"), *other, BACK, *CONFIRMED)
    assert (end(town)[0], line_of(town).state, missing(town), fine(town)) == (60, "paid", 0, FINE)
    town.tell([("w3", b.shipped("w3", {1: 1}, "06-07 10:00")), ("s3", b.signed("w3", when="06-09 10:00"))])
    assert (line_of(town).state, left_and_paid(town), fine(town)) == ("delivered", (2, 1), FINE)


def test_what_the_carrier_brought_back_and_the_seller_confirmed_is_not_sent_again_r4_4_r2_5() -> None:
    one = (b.placed(), b.succeeded(), b.shipped("w1", {1: 1}), BACK, CONFIRMED[0], b.parcel_refused("w1", when="06-04 14:00"))
    town = street(*one, *CONFIRMED[1:], b.shipped("w2", {1: 1}, "06-07 10:00"))
    assert (end(town)[0], left_and_paid(town), town.refused()) == (60, (0, 1), [("parcel.shipped", "parcel.exceeds_ordered")])


def test_what_is_to_come_back_has_left_or_its_claim_waits_for_that_r4_4_r2_1() -> None:
    town = street(b.placed(), b.succeeded(), BACK)
    assert (town.waiting(), told(town).count("case.opened")) == (["case.before_shipping"], 0)
    town.tell([("w1", b.shipped("w1", {1: 1}, "06-04 11:00"))])
    assert (case_of(town).state, town.waiting()) == (10, [])


KINDS: tuple[tuple[CaseKind, Ground], ...] = (
    ("refund_only", "not_received"),
    ("refund_only", "negotiated"),
    ("refund_only", "not_shipped"),
    ("resend", "not_received"),
    ("resend", "negotiated"),
    ("return_and_refund", "negotiated"),
    ("exchange", "negotiated"),
    ("refund_only", "quality"),
    ("resend", "damaged"),
)


@pytest.mark.parametrize("seed", range(50))
def test_whatever_is_asked_answered_ruled_and_failed_no_unit_is_paid_for_and_leaves_later_r4_8_r2_5(seed: int) -> None:
    """Random lives, each step told in any order. Without a grant no more units are both paid back and sent than before; a grant is for
    units that had left, as far as was known, or that the order kept back. No unit is given up for nothing.
    """
    dice = random.Random(seed)
    quantity, price = dice.randint(1, 4), dice.choice((100_00, 400_00))
    town = Street(b.POLICIES, dice)
    town.failures = 3 * (seed % 2)
    town.tell([("p", b.placed(b.cart(quantity=quantity, unit_price_minor=price))), ("q", b.succeeded(quantity * price))])
    for step in range(3, 27):
        before, granted = excess(town), told(town).count("refund.granted")
        town.tell(mixed([(f"{step}-{n}", one) for n, one in enumerate(steps(dice, quantity, step))], dice))
        town.advance(b.at(f"06-{step:02} 12:00"))
        assert excess(town) <= before or told(town).count("refund.granted") > granted, f"step {step}"
    assert (unfounded(town), missing(town)) == ([], 0)
    assert fine(town)[2] == []


def bought(town: Town) -> Purchase:
    found: Purchase = town.entity("refund", PURCHASE, b.ORDER)
    return found


def excess(town: Town) -> int:
    """Units for which the buyer has money and nothing came back, though they are there or on their way."""
    line, purchase = line_of(town), bought(town)
    paid = sum(one.granted_quantity for one in purchase.cases.values() if one.kind in WITHOUT_RETURN)
    return max(0, line.sent + paid + line.cancelled - line.line.quantity)


def missing(town: Town) -> int:
    """Units that are not to leave any more, though they neither left nor were paid back nor cancelled; money alone left aside."""
    line, cases = line_of(town), bought(town).cases.values()
    paid = sum(one.granted_quantity for one in cases if one.kind in WITHOUT_RETURN)
    back = sum(one.granted_quantity for one in cases if one.kind not in WITHOUT_RETURN)
    return max(0, line.line.quantity - line.unsent - paid - line.cancelled - max(line.sent, back))


def unfounded(town: Town) -> list[str]:
    """Cases that were granted without a return more units than had left then, and were not kept back for it."""
    purchase = bought(town)
    away, found, kept = 0, [], Counter[str]()
    for _, kind, value in town.facts:
        fact = json.loads(value)
        if kind == "parcel.noted" and fact["how"] == "sent":
            away += sum(one["quantity"] for one in fact["units"])
        if kind == "replacement.noted":
            away += fact["units_sent"]
        if kind == "shipment_hold.granted" and not fact.get("standing"):
            kept[fact["case_id"]] = fact["quantity"]
        if kind == "refund.granted" and purchase.cases[fact["case_id"]].kind in WITHOUT_RETURN:
            found += [fact["case_id"]] if fact["quantity"] > away + kept[fact["case_id"]] else []
    return found


def steps(dice: random.Random, quantity: int, step: int) -> list[Message]:
    when = f"06-{step:02} 10:00"
    parcel, case = f"w{dice.randint(3, step)}", f"c{dice.randint(3, step)}"
    kind, ground = dice.choice(KINDS)
    acts: list[Message] = [
        b.shipped(f"w{step}", {1: dice.randint(1, quantity)}, when),
        b.shipped(f"w{step}", {1: 1}, when),
        l.requested(f"c{step}", kind="refund_only", ground="not_received", quantity=1, when=when),
        l.requested(f"c{step}", kind="resend", ground="negotiated", quantity=1, when=when),
        b.signed(parcel, when=when),
        b.parcel_lost(parcel, when=when),
        b.parcel_lost(f"r{case}", when=when),
        b.signed(f"r{case}", when=when),
        l.requested(f"c{step}", kind=kind, ground=ground, quantity=dice.randint(1, quantity), when=when),
        l.accepted(case, when=when),
        l.accepted(case, when=when),
        l.declined(case, when=when),
        l.withdrawn(case, when=when),
        l.posted(case, waybill=f"b{step}", when=when),
        l.confirmed(case, 1, when=when),
        a.replaced(case, f"r{case}", f"x{step}", when=when),
        a.disputed(case, when=when),
        a.ruled(dice.random() < 0.7, f"r{step}", case, when=when),
        a.appealed(case, when=when),
        a.appeal_ruled(ruling_id=f"a{step}", case_id=case, when=when),
        b.cancel({1: 1}, b.PAYMENT_ID, when=when, cancel_id=f"x{step}"),
    ]
    return dice.sample(acts, dice.randint(0, 7))
