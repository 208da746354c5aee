"""A line of which one part arrived and the other is waited for no more has arrived: its windows open. Source: R2.5, R1.3, R4.1."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.verify.parcels import checks
from services.order.model import ORDER
from services.refund.model import PURCHASE
from shared.contracts.order import OrderCompleted, ParcelDelivered
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts
from tests.unit.refund import life as l
from tests.unit.test_cases_together import street
from tests.unit.test_refund_or_goods import FINE, fine
from tests.unit.town import Town
from tests.unit.verify.recorded import log_of

BOTH = (b.placed(b.cart(quantity=2)), b.succeeded(200_00), b.shipped("w1", {1: 1}))
SIGNED = b.signed("w1", when="06-03 10:00")
CANCELLED = b.cancel({1: 1}, b.PAYMENT_ID, when="06-04 10:00")
UNSHIPPED = l.requested(kind="refund_only", ground="not_shipped", quantity=1, when="06-04 10:00")
ON_ITS_WAY = b.shipped("w2", {1: 1})
NEGOTIATED = (l.requested(kind="refund_only", ground="negotiated", quantity=1, when="06-03 11:00"), l.accepted(when="06-03 12:00"))
LOST = b.parcel_lost("w2", when="06-04 10:00")
CLAIM = l.requested("c2", ground="quality", quantity=1, when="06-05 10:00")

WAYS: dict[str, tuple[Message, ...]] = {
    "the buyer cancels the rest": (SIGNED, CANCELLED),
    "the seller gives the rest up": (SIGNED, b.seller_cancels({1: 1}, when="06-04 10:00")),
    "the rest is refunded as not sent": (SIGNED, UNSHIPPED),
    "the rest is paid back on its way and lost": (ON_ITS_WAY, SIGNED, *NEGOTIATED, LOST),
    "the rest is cancelled before": (b.cancel({1: 1}, b.PAYMENT_ID, when="06-02 11:00"), SIGNED),
}


def arrivals(town: Town) -> list[ParcelDelivered]:
    return [fact for _, fact in town.services["order"].out if isinstance(fact, ParcelDelivered) and fact.delivered]


@pytest.mark.parametrize("way", WAYS)
def test_what_arrived_can_be_claimed_once_the_rest_is_waited_for_no_more_r1_3_r2_5(way: str) -> None:
    town = street(*BOTH, *WAYS[way], CLAIM)
    (told,) = arrivals(town)
    case = town.entity("refund", PURCHASE, b.ORDER).cases["c2"]
    assert (told.parcel_id, told.delivered, case.state, town.waiting(), fine(town)) == ("w1", (1,), 10, [], FINE)


def test_its_windows_run_from_the_moment_when_nothing_was_missing_and_the_parcels_signature_stays_r1_3() -> None:
    town = street(*BOTH, SIGNED, CANCELLED)
    order = town.entity("order", ORDER, b.ORDER)
    bought = town.entity("refund", PURCHASE, b.ORDER).lines[1]
    assert (order.parcels["w1"].signed_at, bought.signed_at) == (SIGNED.occurred_at, CANCELLED.occurred_at)


def test_of_a_unit_paid_back_on_its_way_and_lost_long_after_the_line_arrived_when_it_was_lost_r1_3_r2_5() -> None:
    """Its windows would be over before they began, and time would have confirmed it before it was known to have arrived."""
    lost = b.parcel_lost("w2", when="06-25 10:00")
    town = street(*BOTH, ON_ITS_WAY, SIGNED, *NEGOTIATED, lost, l.requested("c2", ground="no_reason", quantity=1, when="06-26 10:00"))
    (told,) = arrivals(town)
    case = town.entity("refund", PURCHASE, b.ORDER).cases["c2"]
    assert (told.signed_at, case.state, town.refused(), fine(town)) == (lost.occurred_at, 10, [], FINE)
    quiet = street(*BOTH, ON_ITS_WAY, SIGNED, *NEGOTIATED, lost)
    quiet.advance(b.at("08-01 10:00"))
    (done,) = [fact for _, fact in quiet.services["order"].out if isinstance(fact, OrderCompleted)]
    assert (done.occurred_at, fine(quiet)) == (b.at("07-05 10:00"), FINE)


@pytest.mark.parametrize(("signed_at", "right"), [("06-03 12:00", True), ("06-04 10:00", True), ("06-03 13:00", False)])
def test_what_an_older_release_told_of_it_stands_r1_3(signed_at: str, *, right: bool) -> None:
    """That it had arrived when the other unit was paid back."""
    log = log_of(street(*BOTH, *WAYS["the rest is paid back on its way and lost"]))
    for entry, fact in list(log.of(ParcelDelivered)):
        if fact.delivered:
            lane = log.lanes[(entry.topic, entry.partition)]
            lane[lane.index(entry)] = replace(entry, event=fact.model_copy(update={"signed_at": b.at(signed_at)}))
    assert all(check.holds for check in checks(log)) is right


def test_the_rest_of_a_line_has_its_window_though_what_was_sent_anew_came_first_r1_3_r4_10() -> None:
    lost = (*BOTH[:2], b.shipped("w1", {1: 1}), b.parcel_lost("w1", when="06-04 10:00"))
    anew = (l.requested(kind="resend", ground="not_received", quantity=1, when="06-04 11:00"), l.accepted(when="06-04 12:00"))
    came = (acts.replaced(when="06-05 10:00"), b.signed("r1", when="06-06 10:00"))
    rest = (b.shipped("w2", {1: 1}, when="06-20 10:00"), b.signed("w2", when="06-22 10:00"))
    town = street(*lost, *anew, *came, *rest, l.requested("c2", quantity=1, when="06-23 10:00"))
    bought = town.entity("refund", PURCHASE, b.ORDER)
    assert (bought.cases["c1"].state, bought.cases["c2"].state, bought.lines[1].signed_at) == (60, 10, rest[1].occurred_at)
    assert (town.refused(), town.waiting(), fine(town)) == ([], [], FINE)


def test_of_what_all_went_back_or_never_came_nothing_is_told_r2_5() -> None:
    everything = b.cancel({1: 2}, b.PAYMENT_ID, when="06-04 10:00")
    assert arrivals(street(*BOTH[:2], everything)) == []
    part = street(*BOTH, CANCELLED)
    assert arrivals(part) == [], "the other is still on its way"
    part.tell([("signed", SIGNED), ("again", CANCELLED.model_copy(update={"cancel_id": "x2"}))])
    assert len(arrivals(part)) == 1
