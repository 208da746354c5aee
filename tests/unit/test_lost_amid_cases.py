"""Goods or money where parcels are lost while a case about them goes on: through all four services. Source: R4.8, R4.10, R2.5."""

from __future__ import annotations

import pytest

from deploy.verify import holds
from services.refund.model import PURCHASE, Purchase
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRequested
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_cases_together import BOUGHT, EXCHANGE, street, told
from tests.unit.test_refund_or_goods import FINE, LOST, SENDING, at_once, end, fine, left_and_paid
from tests.unit.verify.recorded import index, log_of

Told = tuple[Message | str, ...]
Acts = tuple[Message, ...]
IN_TRANSIT = (
    b.placed(),
    b.succeeded(),
    b.shipped(),
    l.requested(kind="refund_only", ground="not_received", quantity=1, when="06-03 10:00"),
)
AGREED = l.accepted(when="06-04 12:00")
MONEY_INSTEAD = (  # asked for others, has the money by a ruling
    *LOST[:3],
    l.requested(kind="resend", ground="not_received", quantity=1, when="06-03 10:00"),
    l.declined(when="06-03 11:00"),
    a.disputed(when="06-03 12:00"),
    b.parcel_lost(when="06-04 10:00"),
    "06-05 12:00:05",
)
RULED = a.ruled(remedy="refund_only", when="06-06 10:00")
RESENT = (*SENDING, a.replaced(when="06-06 10:00"))
AGAIN = b.parcel_lost("r1", when="06-07 10:00")


@pytest.mark.parametrize(
    ("before", "last", "late"),
    [
        ((*IN_TRANSIT, b.parcel_lost(when="06-04 10:00")), AGREED, "06-04 11:00"),
        ((*IN_TRANSIT, b.parcel_lost(when="06-04 10:00")), "06-05 10:00:05", "06-04 11:00"),
        (MONEY_INSTEAD, RULED, "06-06 09:00"),
        (RESENT, AGAIN, "06-07 11:00"),
    ],
)
def test_what_is_lost_while_its_case_is_open_is_kept_back_before_it_is_paid_r4_8_r2_5_r4_10(
    before: Told, last: Message | str, late: str
) -> None:
    """A parcel that is told of later is stopped, whenever it left."""
    town = street(*before, last)
    assert (left_and_paid(town), end(town), fine(town)) == ((0, 1), (60, "case.refunded", "refunded"), FINE)
    assert told(town).count("shipment_hold.granted") == 1
    town.tell([("late", b.shipped("w2", when=late))])
    assert (told(town)[-1], left_and_paid(town), fine(town)) == ("parcel.intercepted", (0, 1), FINE)


def test_what_left_again_before_the_case_went_on_is_not_paid_r4_8() -> None:
    again = b.shipped("w2", when="06-04 11:00")
    town = street(*IN_TRANSIT, b.parcel_lost(when="06-04 10:00"), again, AGREED)
    assert (told(town).count("parcel.intercepted"), left_and_paid(town)) == (1, (0, 1)), "the case had asked when it was lost"
    assert fine(town) == FINE


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize(
    ("before", "events", "last"),
    [
        (IN_TRANSIT, (b.parcel_lost(when="06-04 10:00"), b.shipped("w2", when="06-04 10:00")), AGREED),
        (MONEY_INSTEAD, (RULED, b.shipped("w2", when="06-06 10:00")), None),
        (RESENT, (AGAIN, b.shipped("w2", when="06-07 10:00")), None),
    ],
)
def test_goods_or_money_where_lost_units_leave_again_while_their_case_goes_on_r4_8_r4_10(
    before: Told, events: Acts, last: Message | None, seed: int
) -> None:
    """In whatever order the services hear of it. Whoever speaks of a case that is over by then is told so."""
    town = at_once(seed, before, *events)
    town.tell([("last", last)] if last is not None else [])
    assert sum(left_and_paid(town)) == 1
    assert {code for _, code in town.refused()} <= {"case.closed"}
    assert fine(town)[1:] == FINE[1:]


@pytest.mark.parametrize("seed", range(24))
def test_goods_or_money_where_what_is_left_of_a_line_is_lost_parcel_by_parcel_r4_8_r2_5(seed: int) -> None:
    """Two parcels of one case are lost, each time the order is asked to keep more, and another leaves amid that."""
    before = (
        b.placed(b.cart(quantity=3)),
        b.succeeded(300_00),
        b.shipped("w1", {1: 1}),
        b.shipped("w2", {1: 2}),
        l.requested(kind="refund_only", ground="not_received", quantity=3, when="06-03 10:00"),
    )
    lost = b.parcel_lost("w1", when="06-04 10:00"), b.parcel_lost("w2", when="06-04 10:00")
    town = at_once(seed, before, *lost, b.shipped("w3", {1: 1}, "06-04 10:00"))
    town.tell([("last", AGREED)])
    assert left_and_paid(town) in ((0, 3), (1, 0))
    assert fine(town)[1:] == FINE[1:]
    assert left_and_paid(street(*before, *lost, AGREED)) == (0, 3)


def test_the_orders_word_on_fewer_units_is_no_answer_to_what_was_asked_for_since_r4_8() -> None:
    memory = l.shop(l.paid(), a.sent("w1", quantity=1), a.sent("w2", quantity=2))
    memory.when(l.requested(kind="refund_only", ground="not_received"), a.failed("w1", quantity=1), a.failed("w2", quantity=2))
    memory.when(l.accepted(), a.kept(quantity=1))
    assert (l.case_of(memory).state, l.case_of(memory).hold, l.case_of(memory).held) == (10, "asked", 3)
    assert [fact.quantity for fact in memory.facts if isinstance(fact, ShipmentHoldRequested)] == [1, 3]
    memory.send(a.kept(quantity=3))
    assert (memory.facts[-1].type, memory.refused) == ("refund.granted", [])


def test_an_exchange_whose_replacement_is_lost_pays_and_nothing_more_can_leave_r4_10_r4_8() -> None:
    town = street(*BOUGHT, *EXCHANGE, b.parcel_lost("r1", when="06-09 10:00"))
    assert (end(town), "shipment_hold.requested" in told(town)) == ((60, "case.refunded", "refunded"), False)
    for quantity in (1, 2):
        bought = (b.placed(b.cart(quantity=quantity)), b.succeeded(quantity * 100_00), b.shipped(units={1: quantity}), BOUGHT[-1])
        town = street(*bought, *EXCHANGE, b.parcel_lost("r1", when="06-09 10:00"), b.shipped("w9", when="06-09 11:00"))
        assert town.refused() == [("parcel.shipped", "parcel.exceeds_ordered")]


def test_what_a_lost_replacement_was_for_is_counted_once_r4_10_r2_5() -> None:
    """Of three two are on their way when the replacement of the third is lost and paid for: they can be claimed as ever."""
    three = (b.placed(b.cart(quantity=3)), b.succeeded(300_00), b.shipped("w1", {1: 1}), b.shipped("w2", {1: 2}))
    lost = b.parcel_lost("w1", when="06-04 10:00")
    town = street(*three, lost, *RESENT[4:], AGAIN)
    assert (left_and_paid(town), fine(town)) == ((2, 1), FINE)
    purchase: Purchase = town.entity("refund", PURCHASE, b.ORDER)
    assert (purchase.lines[1].sent, purchase.lost(1), purchase.unsent(1)) == (2, 0, 0)
    town.tell([("c2", l.requested("c2", kind="refund_only", ground="not_received", quantity=1, when="06-09 10:00"))])
    assert (town.entity("refund", PURCHASE, b.ORDER).cases["c2"].state, fine(town)) == (10, FINE)


def test_verify_names_a_lost_replacement_that_is_paid_for_and_not_kept_back_r4_10_r4_8() -> None:
    log = log_of(street(*RESENT, AGAIN))
    assert [check.first for check in holds.checks(log) if not check.holds] == []
    for facts in log.lanes.values():
        facts[:] = [entry for entry in facts if not isinstance(entry.event, ShipmentHoldGranted | ShipmentHoldRequested)]
    index(log)
    (named,) = (check.first for check in holds.checks(log) if not check.holds)
    assert str(named).endswith("1 units are to be kept, 0 were")
