"""A parcel that is lost after time confirmed its line: its buyer has nothing, and has the money back. Source: R2.5, R4.2, R3.6."""

from __future__ import annotations

import pytest

from services.order.model import ORDER
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_cases_together import street, told
from tests.unit.test_refund_or_goods import FINE, end, fine, left_and_paid

BOUGHT = (b.placed(), b.succeeded(), b.shipped())
CONFIRMED, SETTLED = "07-02 10:00:05", "07-12 00:00"
LOST = b.parcel_lost(when="07-12 10:00")
CLAIM = l.requested(kind="refund_only", ground="not_received", quantity=1, when="07-13 10:00")


@pytest.mark.parametrize("till", [CONFIRMED, SETTLED])
def test_by_the_carriers_word_at_once_also_once_it_is_settled_r2_5_r3_6(till: str) -> None:
    town = street(*BOUGHT, till, LOST, CLAIM)
    assert told(town).count("order.completed") == 1
    assert (end(town), left_and_paid(town), fine(town)) == ((60, "case.refunded", "refunded"), (0, 1), FINE)
    assert town.entity("order", ORDER, b.ORDER).state == ("settled" if till == SETTLED else "closed")


def test_while_it_is_asked_for_on_its_way_too_r4_2() -> None:
    asked = CLAIM.model_copy(update={"occurred_at": b.at("07-11 10:00")})
    town = street(*BOUGHT, CONFIRMED, asked, LOST)
    assert told(town).count("shipment_hold.granted") == 1
    town.tell([("a", l.accepted(when="07-12 12:00"))])
    assert (end(town), left_and_paid(town), fine(town)) == ((60, "case.refunded", "refunded"), (0, 1), FINE)


def test_others_that_are_not_sent_are_paid_for_r4_2_r4_10() -> None:
    resend = l.requested(kind="resend", ground="not_received", quantity=1, when="07-13 10:00")
    town = street(*BOUGHT, SETTLED, LOST, resend, l.accepted(when="07-13 11:00"), "07-15 11:00:05")
    assert (end(town), left_and_paid(town), fine(town)) == ((60, "case.refunded", "refunded"), (0, 1), FINE)


def test_others_that_are_sent_come_in_their_place_r4_2_r4_10() -> None:
    resend = l.requested(kind="resend", ground="not_received", quantity=1, when="07-13 10:00")
    sent = (l.accepted(when="07-13 11:00"), a.replaced(when="07-14 10:00"), b.signed("r1", when="07-16 10:00"))
    town = street(*BOUGHT, SETTLED, LOST, resend, *sent)
    assert (end(town), left_and_paid(town), fine(town)) == ((60, "case.replacement_arrived", "resent"), (1, 0), FINE)


def test_what_leaves_again_is_stopped_and_what_was_paid_is_not_asked_for_again_r4_8() -> None:
    town = street(*BOUGHT, SETTLED, LOST, CLAIM, b.shipped("w2", when="07-14 10:00"))
    assert (told(town)[-1], left_and_paid(town), fine(town)) == ("parcel.intercepted", (0, 1), FINE)
