"""Journeys in the words of sellers: silence, partial returns, and money that the provider could not pay."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def test_a_seller_silent_for_48_hours_has_agreed_exactly_then(town: Town) -> None:
    """R4.3, R1.2: at 48 h and its grace the deadline decides; an answer that happened later is too late."""
    deal = Deal(town, "silent")
    deal.delivered(line(1, 60_00), due=60_00)
    asked = town.now
    deal.asked_back("unanswered")
    town.until(timedelta(hours=48, seconds=4))
    assert deal.types("refund.v1")[-1] == "case.opened"
    town.until(timedelta(seconds=1))
    approved = deal.fact("refund.v1", "case.approved")
    assert (approved["by"], approved["state"]) == ("silence", 30)
    assert approved["occurred_at"] == (asked + timedelta(hours=48)).isoformat().replace("+00:00", "Z")
    deal.accepted("unanswered")
    town.idle()
    assert deal.refused() == ["case.wrong_state"]


def test_three_announced_two_accepted_two_refunded(town: Town) -> None:
    """R4.4, R1.4: a unit of three for 100.00 is 33.33, two are 66.66; the third settles with the seller."""
    deal = Deal(town, "partial", copies=2)
    deal.placed(
        line(1, 33_34, quantity=3), due=100_00, coupons=[{"coupon_id": "c", "funder": "seller", "amount_minor": 2, "line_nos": [1]}]
    )
    deal.paid(100_00)
    town.idle()
    deal.shipped()
    deal.signed()
    town.idle()
    deal.asked_back("three", quantity=3)
    town.idle()
    deal.accepted("three")
    town.idle()
    deal.posted("three")
    town.idle()
    deal.inspected("three", 2)
    town.idle()
    deal.provider_pays()
    assert deal.fact("payment.v1", "refund.done")["amount_minor"] == 66_66
    assert deal.fact("order.v1", "line.freed")["refunded_quantity"] == 2
    deal.confirmed()
    town.until(timedelta(days=8))
    settled = deal.fact("payment.v1", "line.settled")
    assert (settled["seller_minor"], settled["platform_minor"]) == (31_68, 1_66)


def test_a_refund_that_the_provider_cannot_pay_waits_for_a_person(town: Town) -> None:
    """R3.5: failed is failed; the reservation is lifted, nothing is paid, and the books still agree."""
    deal = Deal(town, "failed")
    deal.delivered(line(1, 60_00), due=60_00)
    deal.returned("unpaid")
    refund = deal.fact("payment.v1", "refund.instructed")["refund_id"]
    town.send("psp", "refund.failed", deal.order, {"order_id": deal.order, "refund_id": refund, "reason": "account closed"})
    town.idle()
    assert deal.fact("refund.v1", "refund.stuck")["turn"] == "platform"
    assert "refund.done" not in deal.types("payment.v1")
