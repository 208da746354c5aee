"""A unit that is signed for after the windows of its line began with other goods, by signature or by time alone, has its own.

Source: R1.3, R4.2, R4.10, R4.6, R2.5.
"""

from __future__ import annotations

import pytest

from services.refund.model import PURCHASE, BoughtLine
from shared.contracts.order import ParcelDelivered
from shared.contracts.storefront import CaseKind
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_cases_together import street
from tests.unit.test_refund_or_goods import FINE, fine
from tests.unit.town import Town

BOUGHT = (b.placed(b.cart(quantity=3)), b.succeeded(300_00))
LOST = (*BOUGHT, b.shipped("w2", {1: 1}), b.parcel_lost("w2", when="06-04 10:00"))
RESENT = (
    l.requested(kind="resend", ground="not_received", quantity=1, when="06-05 10:00"),
    l.accepted(when="06-05 11:00"),
    a.replaced(when="06-06 10:00"),
)
PRESUMED = "07-06 10:00:05"
AWAY: dict[str, tuple[Message | str, ...]] = {  # the other two are signed for on 07-15, as w1
    "on their way": (*BOUGHT, b.shipped("w1", {1: 2}), *LOST[2:], *RESENT, PRESUMED),
    "not sent yet": (*LOST, *RESENT, PRESUMED, b.shipped("w1", {1: 2}, "07-10 10:00")),
    "one of them arrived": (*LOST, b.shipped("w3", {1: 1}), b.shipped("w1", {1: 1}), *RESENT, b.signed("w3"), PRESUMED),
}
SIGNED = b.signed("w1", when="07-15 10:00")
ON_TOP = (
    *BOUGHT,
    b.shipped("w1", {1: 1}),
    b.shipped("w2", {1: 2}),
    b.signed("w1", when="06-03 10:00"),
    l.requested(kind="resend", ground="not_received", quantity=1, when="06-05 10:00"),
    l.accepted(when="06-05 11:00"),
    a.replaced(when="06-06 10:00"),
    b.signed("r1", when="06-08 10:00"),
)


def bought(town: Town) -> BoughtLine:
    line: BoughtLine = town.entity("refund", PURCHASE, b.ORDER).lines[1]
    return line


def returned(town: Town, when: str) -> bool:
    """A return without a reason could be asked for then."""
    town.tell([("c2", l.requested("c2", quantity=1, when=when))])
    return "c2" in town.entity("refund", PURCHASE, b.ORDER).cases


@pytest.mark.parametrize("way", AWAY)
def test_units_signed_for_after_time_said_that_others_came_have_their_windows_r1_3_r4_2(way: str) -> None:
    town = street(*AWAY[way])
    assert bought(town).signed_at == b.at("07-06 10:00")
    town.tell([("w1", SIGNED)])
    assert (bought(town).signed_at, bought(town).first_signed_at) == (SIGNED.occurred_at, SIGNED.occurred_at)
    assert (returned(town, "07-22 23:59:59"), fine(town)) == (True, FINE)


def test_they_end_as_every_window_does_r1_3() -> None:
    assert not returned(street(*AWAY["on their way"], SIGNED), "07-23 00:00:00")


def test_a_signature_told_late_of_units_that_came_before_that_begins_none_r1_2() -> None:
    town = street(*AWAY["on their way"], b.signed("w1", when="07-01 10:00"))
    assert (bought(town).signed_at, fine(town)) == (b.at("07-06 10:00"), FINE)


def test_units_on_their_way_when_others_came_on_top_have_their_windows_too_r4_10_r1_3() -> None:
    town = street(*ON_TOP)
    assert bought(town).signed_at == b.at("06-08 10:00")
    town.tell([("w2", b.signed("w2", when="06-20 10:00"))])
    assert (bought(town).signed_at, bought(town).first_signed_at) == (b.at("06-20 10:00"), b.at("06-20 10:00"))
    assert (returned(town, "06-27 10:00"), fine(town)) == (True, FINE)


def test_part_of_a_line_opens_none_where_none_ran_and_the_order_says_of_which_it_is_a_part_r1_3() -> None:
    town = street(*BOUGHT, b.shipped("w1", {1: 2}), b.shipped("w2", {1: 1}), b.signed("w1"))
    assert bought(town).signed_at is None
    town.tell([("w2", b.signed("w2", when="06-09 10:00"))])
    told = [fact for _, fact in town.services["order"].out if isinstance(fact, ParcelDelivered)]
    assert [(one.delivered, one.part_of) for one in told] == [((), (1,)), ((1,), ())]
    assert (bought(town).signed_at, fine(town)) == (b.at("06-09 10:00"), FINE)


@pytest.mark.parametrize("kind", ["refund_only", "resend"])
@pytest.mark.parametrize("way", ["on their way", "not sent yet"])
def test_units_lost_after_the_windows_of_their_line_ended_can_be_claimed_r2_5_r4_2(way: str, kind: CaseKind) -> None:
    """Of those that left after others came the seller is asked: units are counted, not told apart."""
    town = street(*AWAY[way], b.parcel_lost("w1", when="07-16 10:00"))
    town.tell([("c2", l.requested("c2", kind=kind, ground="not_received", quantity=2, when="07-17 10:00"))])
    case = town.entity("refund", PURCHASE, b.ORDER).cases["c2"]
    at_once = (kind, way) == ("refund_only", "on their way")
    assert (case.state, case.granted_quantity, fine(town)) == ((60, 2, FINE) if at_once else (10, 0, FINE))
    if not at_once:
        town.tell([("a", l.accepted("c2", when="07-17 11:00"))])
    town.advance(b.at("07-19 11:00:05"))
    assert (town.entity("refund", PURCHASE, b.ORDER).cases["c2"].granted_quantity, fine(town)) == (2, FINE)


def test_what_time_says_arrived_can_be_claimed_within_its_days_only_r4_2() -> None:
    town = street(*AWAY["on their way"], l.requested("c2", kind="refund_only", ground="not_received", quantity=2, when="07-17 10:00"))
    assert town.refused() == [("refund.requested", "claim.window_over")]


@pytest.mark.parametrize("way", ["on their way", "not sent yet"])
def test_those_that_arrived_and_whose_days_are_over_are_not_claimed_with_them_r4_2(way: str) -> None:
    town = street(*AWAY[way], b.parcel_lost("w1", when="07-16 10:00"))
    town.tell([("c2", l.requested("c2", kind="refund_only", ground="not_received", quantity=3, when="07-17 10:00"))])
    assert town.refused() == [("refund.requested", "claim.window_over")]
