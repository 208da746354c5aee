"""Journeys in the words of buyers: what they may rely on, whatever order and however often the news of it comes."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_whoever_pays_another_amount_gets_it_back_and_may_pay_again(town: Town) -> None:
    """R2.3: one fen too little is refunded in full, once; the order still waits for what is due."""
    deal = Deal(town, "wrong", copies=2)
    deal.placed(line(1, 80_00), due=80_00)
    wrong = deal.paid(79_99)
    town.idle()
    assert deal.fact("order.v1", "payment.unwanted") | {"payment_id": wrong, "reason": "payment.amount_differs"} == deal.fact(
        "order.v1", "payment.unwanted"
    )
    deal.provider_pays()
    assert deal.fact("payment.v1", "refund.done")["amount_minor"] == 79_99
    right = deal.paid(80_00)
    town.idle()
    assert deal.fact("order.v1", "order.paid")["payment_id"] == right


def test_a_second_payment_of_a_paid_order_goes_back(town: Town) -> None:
    """R2.2."""
    deal = Deal(town, "twice")
    deal.placed(line(1, 80_00), due=80_00)
    deal.paid(80_00)
    second = deal.paid(80_00)
    town.idle()
    assert deal.fact("order.v1", "payment.unwanted")["reason"] == "payment.second"
    deal.provider_pays()
    assert deal.fact("payment.v1", "refund.instructed")["payment_id"] == second


def test_news_from_other_topics_may_come_before_their_cause(town: Town) -> None:
    """R2.1: signed before shipped before paid before placed; each waits, none is lost, none is refused."""
    deal = Deal(town, "reversed", copies=2)
    deal.lines = [line(1, 40_00)]
    for step in (deal.confirmed, deal.signed, deal.shipped):
        step()
        town.idle()
    deal.paid(40_00)
    town.idle()
    assert deal.types() == []
    held = town.laotie("parked", "list", "--key", deal.order)
    assert held.count(" waiting ") == 4
    deal.placed(line(1, 40_00), due=40_00)
    town.idle()
    expected = ["order.accepted", "order.paid", "order.shipped", "order.delivered", "order.completed"]
    assert deal.types("order.v1") == expected
    assert deal.refused() == []


def test_a_corrected_order_under_the_same_id_is_welcome_after_a_refusal(town: Town) -> None:
    """An event that does not follow the contract changes nothing and leaves no trace that stops the right one."""
    deal = Deal(town, "corrected")
    body = {"order_id": deal.order, "buyer_id": deal.buyer, "currency": "CNY", "due_minor": 10_00, "lines": []}
    event = town.send("storefront", "order.placed", deal.order, body)
    town.idle()
    assert (deal.types(), deal.refused()) == ([], ["event.invalid"])
    right = {**body, "lines": [{**line(1, 10_00), "seller_id": deal.seller}]}
    town.send("storefront", "order.placed", deal.order, right, event_id=event)
    town.idle()
    assert deal.types() == ["order.accepted"]
    town.send("storefront", "order.placed", deal.order, {**right, "due_minor": 9_00}, event_id=event)
    town.idle()
    assert (deal.types(), deal.refused()) == (["order.accepted"], ["event.invalid", "event.id_reused"])


def test_the_refund_window_ends_to_the_second(town: Town) -> None:
    """R1.3, R4.5: signed on day 0, day 7 23:59:59 is in time, day 8 00:00:00 is not, by when the buyer asked."""
    deal = Deal(town, "edges")
    deal.delivered(line(1, 10_00), line(2, 20_00), due=30_00)
    signed = town.now.astimezone(SHANGHAI)
    end = signed.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=8)
    town.until(end + timedelta(minutes=1))
    deal.asked_back("too-late", 2, occurred_at=end.isoformat())
    deal.asked_back("in-time", 1, occurred_at=(end - timedelta(seconds=1)).isoformat())
    town.idle()
    assert deal.fact("refund.v1", "case.opened")["case_id"] == "in-time"
    assert deal.refused() == ["no_reason.window_over"]


def test_two_requests_for_one_line_pay_once(town: Town) -> None:
    """R3.5, R4.3: the second is refused while the first is open, and when it is paid nothing is left."""
    deal = Deal(town, "greedy", copies=3)
    deal.delivered(line(1, 60_00), due=60_00)
    deal.asked_back("first")
    deal.asked_back("second")
    town.idle()
    opened = deal.fact("refund.v1", "case.opened")["case_id"]
    assert set(deal.refused()) == {"case.line_open"}
    deal.accepted(opened)
    town.idle()
    deal.posted(opened)
    town.idle()
    deal.inspected(opened)
    town.idle()
    deal.provider_pays()
    deal.asked_back("third")
    town.idle()
    assert deal.fact("payment.v1", "refund.done")["amount_minor"] == 60_00
    assert "refund.nothing_left" in deal.refused()


def test_a_buyer_who_never_posts_gets_nothing(town: Town) -> None:
    """R4.4: ten days after the approval the case closes, and the line goes on to its confirmation."""
    deal = Deal(town, "lazy")
    deal.delivered(line(1, 60_00), due=60_00)
    deal.asked_back("unposted")
    town.idle()
    deal.accepted("unposted")
    town.idle()
    town.until(timedelta(days=10))
    assert deal.types("refund.v1")[-1] == "case.approved"
    town.until(timedelta(seconds=5))
    closed = deal.fact("refund.v1", "case.closed")
    assert (closed["state"], closed["code"], closed["refunded_minor"]) == (70, "case.not_posted", 0)
