"""Whole cases through all four services in memory: what order, refund and payment tell each other. Source: R4.10, R4.11, R3.5, R2.5."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from services.order.model import ORDER
from services.payment.model.payment import PAYMENT
from services.refund.model import PURCHASE, Case
from shared.contracts.owed import CompensationGranted
from shared.contracts.payment import RefundInstructed
from shared.contracts.psp import ChargebackOpened, RefundFailed, RefundSucceeded
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong

BOUGHT = (b.placed(), b.succeeded(), b.shipped(), b.signed(when="06-05 10:00"))
EXCHANGE = (
    l.requested(kind="exchange", quantity=1, when="06-06 10:00"),
    l.accepted(when="06-06 11:00"),
    l.posted(when="06-06 12:00"),
    l.confirmed(quantity=1, when="06-07 10:00"),
    a.replaced(when="06-08 10:00"),
)
LOST = (l.requested(quantity=1, when="06-06 10:00"), l.declined(when="06-06 11:00"), a.disputed(when="06-06 12:00"))


class Street(Town):
    """A town whose provider fails the first so many refunds."""

    failures = 0

    def provider(self, fact: Message) -> Iterable[Message]:
        if isinstance(fact, RefundInstructed) and self.failures:
            self.failures -= 1
            yield RefundFailed(order_id=fact.order_id, refund_id=fact.refund_id, reason="account closed", occurred_at=fact.occurred_at)
        elif isinstance(fact, RefundInstructed):
            yield RefundSucceeded(order_id=fact.order_id, refund_id=fact.refund_id, occurred_at=fact.occurred_at)
        else:
            yield from super().provider(fact)


def street(*told: Message | str, failures: int = 0) -> Town:
    """Events, and times to which the clock is moved."""
    town, count = Street(b.POLICIES), itertools.count()
    town.failures = failures
    for one in told:
        if isinstance(one, str):
            town.advance(b.at(one))
        else:
            town.tell([(f"e{next(count)}", one)])
    return town


def case_of(town: Town) -> Case:
    found: Case = town.entity("refund", PURCHASE, b.ORDER).cases[b.CASE]
    return found


def told(town: Town) -> list[str]:
    return [kind for _, kind, _ in town.facts]


def test_an_exchange_ends_with_the_replacement_and_confirmation_begins_anew_at_its_shipping_r4_10() -> None:
    town = street(*BOUGHT, *EXCHANGE, b.signed("r1", when="06-10 10:00"))
    assert (case_of(town).state, town.refused(), town.waiting()) == (60, [], [])
    line = town.entity("order", ORDER, b.ORDER).lines[1]
    assert (line.again_at, line.again_signed_at, line.state, dict(line.cases)) == (
        b.at("06-08 10:00"),
        b.at("06-10 10:00"),
        "delivered",
        {},
    )
    town.advance(b.at("06-18 10:00:04"))
    assert "order.completed" not in told(town)  # ten days after the first shipping have passed
    town.advance(b.at("06-18 10:00:05"))
    assert told(town).count("order.completed") == 1
    assert "refund.instructed" not in told(town)


def test_a_replacement_that_is_lost_pays_the_original_back_once_r4_10() -> None:
    town = street(*BOUGHT, *EXCHANGE, b.parcel_lost("r1", when="06-09 10:00"))
    assert (case_of(town).state, told(town).count("refund.instructed"), town.refused()) == (60, 1, [])
    assert town.entity("order", ORDER, b.ORDER).state == "closed"


def test_a_carrier_that_tells_of_the_replacement_before_the_seller_waits_for_it_r2_1() -> None:
    town = street(*BOUGHT, *EXCHANGE[:-1], b.signed("r1", when="06-10 10:00"), EXCHANGE[-1])
    assert (case_of(town).state, town.refused(), town.waiting()) == (60, [], [])


def test_what_was_lost_and_is_sent_again_counts_as_the_lines_own_units_r4_2_r2_5() -> None:
    lost = (*BOUGHT[:3], b.parcel_lost(when="06-04 10:00"))
    resend = l.requested(kind="resend", ground="not_received", quantity=1, when="06-05 10:00")
    town = street(*lost, resend, l.accepted(when="06-05 11:00"), a.replaced(when="06-06 10:00"), b.signed("r1", when="06-08 10:00"))
    line = town.entity("order", ORDER, b.ORDER).lines[1]
    assert (case_of(town).state, line.state, line.sent, line.sent_at) == (60, "delivered", 1, b.at("06-06 10:00"))
    assert (town.refused(), town.waiting()) == ([], [])


RESENT = (
    *BOUGHT[:3],
    b.parcel_lost(when="06-04 10:00"),
    l.requested(kind="resend", ground="not_received", quantity=1, when="06-05 10:00"),
    l.accepted(when="06-05 11:00"),
    a.replaced(when="06-06 10:00"),
    b.signed("r1", when="06-08 10:00"),
)


def test_what_was_lost_and_sent_again_is_not_refunded_by_the_carriers_word_too_r2_5_r4_2() -> None:
    town = street(*RESENT, l.requested("c2", kind="refund_only", ground="not_received", quantity=1, when="06-09 10:00"))
    again = town.entity("refund", PURCHASE, b.ORDER).cases["c2"]
    assert (again.state, again.turn, told(town).count("refund.granted")) == (10, "seller", 0)


def test_what_was_lost_and_sent_again_has_left_so_money_agreed_on_for_it_is_paid_r4_8_r4_2() -> None:
    asked = l.requested("c2", kind="refund_only", ground="negotiated", quantity=1, when="06-09 10:00")
    town = street(*RESENT, asked, l.accepted("c2", when="06-09 11:00"))
    again = town.entity("refund", PURCHASE, b.ORDER).cases["c2"]
    assert (again.state, again.granted_minor, town.refused(), town.waiting()) == (60, 100_00, [], [])


def test_what_was_lost_is_refunded_or_cancelled_and_never_both_r2_5_r4_8() -> None:
    """Four units in two parcels, one is lost; the buyer asks for its money and takes its units back in the same moment."""
    bought = (b.placed(b.cart(quantity=4)), b.succeeded(400_00), b.shipped("w1", {1: 2}), b.shipped("w2", {1: 2}))
    asked = l.requested(kind="refund_only", ground="not_received", quantity=2, when="06-06 10:00")
    for at_once in ([asked, b.cancel({1: 2}, b.PAYMENT_ID, when="06-06 10:00")], [asked, b.shipped("w3", {1: 2}, "06-06 10:00")]):
        town = street(*bought, b.parcel_lost("w1", when="06-04 10:00"), b.signed("w2", when="06-05 10:00"))
        town.tell((f"x{number}", event) for number, event in enumerate(at_once))
        refunds = town.entity("payment", PAYMENT, b.ORDER).refunds.values()
        line = town.entity("refund", PURCHASE, b.ORDER).lines[1]
        back = sum(one.buyer_minor for one in refunds if one.state == "done")
        assert (line.granted_quantity, back) in ((2, 200_00), (0, 0))
        assert (line.granted_quantity == 2) == ("units.cancelled" in told(town)), "what was sent again is not refunded"
        assert (town.refused(), town.waiting()) == ([], [])


def test_what_was_lost_and_cancelled_is_not_sent_again_nor_refunded_for_another_unit_r2_5_r1_4() -> None:
    """The two that arrived are not paid for because nobody sent the two again that the buyer took back in the same moment."""
    bought = (b.placed(b.cart(quantity=4)), b.succeeded(400_00), b.shipped("w1", {1: 2}), b.shipped("w2", {1: 2}))
    town = street(*bought, b.parcel_lost("w1", when="06-04 10:00"), b.signed("w2", when="06-05 10:00"))
    asked = l.requested(kind="resend", ground="not_received", quantity=2, when="06-06 10:00")
    town.tell([("x1", asked), ("x2", b.cancel({1: 2}, b.PAYMENT_ID, when="06-06 10:00"))])
    town.advance(b.at("06-12 10:00"))
    assert (case_of(town).state, told(town).count("refund.done"), told(town).count("refund.granted")) == (70, 1, 0)
    assert (town.refused(), town.waiting()) == ([], [])


def test_a_case_that_a_buyer_wins_on_appeal_holds_order_and_money_again_until_it_is_paid_r4_11() -> None:
    lost = (*BOUGHT, *LOST, "06-08 12:00:05", a.ruled(upheld=False, when="06-09 10:00"))
    town = street(*lost, a.appealed(when="06-10 10:00"), failures=1)
    assert dict(town.entity("order", ORDER, b.ORDER).lines[1].cases) == {}
    town.tell([("r1", a.appeal_ruled(when="06-11 10:00"))])
    assert (case_of(town).state, case_of(town).stuck) == (50, True)  # the provider failed it
    assert list(town.entity("order", ORDER, b.ORDER).lines[1].cases) == [b.CASE]
    assert list(town.entity("payment", PAYMENT, b.ORDER).lines[1].cases) == [b.CASE]
    town.tell([("r2", a.ruled(ruling_id="rl5", when="06-12 10:00"))])
    assert (case_of(town).state, told(town).count("refund.instructed"), told(town).count("refund.done")) == (60, 2, 1)
    assert dict(town.entity("order", ORDER, b.ORDER).lines[1].cases) == {}
    assert town.refused() == []


def test_a_refund_that_failed_is_paid_under_its_next_id_by_a_ruling_and_only_once_r3_5() -> None:
    back = (l.requested(quantity=1, when="06-06 10:00"), l.accepted(when="06-06 11:00"), l.posted(when="06-06 12:00"))
    town = street(*BOUGHT, *back, l.confirmed(quantity=1, when="06-07 10:00"), a.ruled(when="06-08 10:00"), failures=1)
    assert (case_of(town).state, case_of(town).attempts) == (60, 2)
    refunds = town.entity("payment", PAYMENT, b.ORDER).refunds
    assert {refund_id: one.state for refund_id, one in refunds.items()} == {a.refund_id(): "failed", a.refund_id(attempt=2): "done"}


def test_a_ruling_on_a_refund_that_failed_takes_no_appeal_from_who_lost_the_dispute_before_r4_11_r3_5() -> None:
    """It is no dispute, and verify takes it for none."""
    lost = (*BOUGHT, *LOST, "06-08 12:00:05", a.ruled(remedy="refund_only", when="06-09 10:00"))
    town = street(*lost, a.ruled(ruling_id="rl2", when="06-10 10:00"), a.appealed_by_seller(when="06-11 10:00"), failures=1)
    assert (case_of(town).state, case_of(town).attempts, case_of(town).appealing) == (60, 2, True)
    assert (town.refused(), wrong(checked(town))) == ([], [])


def test_money_alone_is_paid_of_no_units_and_the_line_is_settled_with_the_rest_r1_4() -> None:
    asked = l.requested(kind="refund_only", ground="quality", quantity=1, when="06-06 10:00").model_copy(update={"amount_minor": 40_00})
    town = street(*BOUGHT, asked, l.accepted(when="06-06 11:00"), "08-01 00:00")
    assert case_of(town).state == 60
    payment = town.entity("payment", PAYMENT, b.ORDER)
    assert [(one.quantity, one.buyer_minor, one.state) for one in payment.refunds.values()] == [(0, 40_00, "done")]
    assert payment.lines[1].settled
    assert town.entity("order", ORDER, b.ORDER).state == "settled"


def test_a_chargeback_while_a_case_is_open_holds_its_refund_and_the_case_goes_on_r3_8() -> None:
    chargeback = ChargebackOpened(
        order_id=b.ORDER,
        chargeback_id="cb1",
        payment_id=b.PAYMENT_ID,
        amount_minor=100_00,
        currency="CNY",
        reason="unknown",
        occurred_at=b.at("06-06 12:00"),
    )
    back = (l.requested(quantity=1, when="06-06 10:00"), l.accepted(when="06-06 11:00"), chargeback, l.posted(when="06-06 13:00"))
    town = street(*BOUGHT, *back, l.confirmed(quantity=1, when="06-07 10:00"))
    assert (case_of(town).state, "refund.held" in told(town), "refund.instructed" in told(town)) == (50, True, False)


def test_a_fantastic_freight_back_in_a_currency_without_a_bound_costs_the_seller_no_more_than_its_line_r4_9() -> None:
    bought = (b.placed(currency="KWD"), b.succeeded(currency="KWD"), *BOUGHT[2:])
    asked = (l.requested(ground="quality", quantity=1, when="06-06 10:00"), l.accepted(when="06-06 11:00"))
    back = l.posted(when="06-06 12:00").model_copy(update={"freight_minor": 10**12})
    town = street(*bought, *asked, back, l.confirmed(quantity=1, when="06-07 10:00"))
    (owed,) = [fact for _, fact in town.services["refund"].out if isinstance(fact, CompensationGranted)]
    assert (owed.why, owed.amount_minor, owed.currency) == ("return_freight", 100_00, "KWD")
    assert wrong(checked(town)) == []
