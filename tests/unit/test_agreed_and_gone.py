"""What buyer and seller agree on of goods that had left when it was asked for, where the refund service hears of the parcel too late.

Source: R1.2, R2.1, R4.2, R4.8.
"""

from __future__ import annotations

import random

import pytest

from deploy.verify import holds
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRefused
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import life as l
from tests.unit.test_cases_together import Street, case_of, told
from tests.unit.test_refund_or_goods import FINE, end, fine, left_and_paid
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, index, log_of, wrong

ASKED = l.requested(kind="refund_only", ground="negotiated", quantity=1, when="06-06 10:00")
LIFE = (b.placed(), b.succeeded(), b.shipped(), b.signed(when="06-05 10:00"), ASKED)
MONEY = l.accepted(when="06-06 12:00")


def behind(*events: Message, seed: int | None = None) -> Town:
    """All that is told at once: without dice the claim overtakes the parcel."""
    town = Street(b.POLICIES, None if seed is None else random.Random(seed))
    town.tell([(f"e{number}", event) for number, event in enumerate(events)])
    return town


def refusals(town: Town) -> int:
    return sum(isinstance(fact, ShipmentHoldRefused) for _, fact in town.services["order"].out)


@pytest.mark.parametrize("arrived", [True, False])
def test_buyer_and_seller_may_still_agree_where_the_parcel_had_left_before_r4_2_r1_2(arrived: bool) -> None:
    town = behind(*(one for one in LIFE if arrived or one is not LIFE[3]))
    case = case_of(town)
    assert (refusals(town), case.state, case.turn, case.hold, case.deadline) == (1, 10, "seller", "left", b.at("06-08 10:00"))
    town.tell([("a", MONEY)])
    assert (end(town), left_and_paid(town), fine(town)) == ((60, "case.refunded", "refunded"), (1, 1), FINE)


def test_what_the_seller_had_agreed_to_before_the_orders_word_follows_r4_8() -> None:
    town = behind(*LIFE, MONEY)
    assert (refusals(town), end(town), left_and_paid(town), fine(town)) == (1, (60, "case.refunded", "refunded"), (1, 1), FINE)


def test_money_for_what_is_on_its_way_is_kept_back_by_the_order_as_ever_r4_8() -> None:
    town = behind(*LIFE[:3], ASKED)
    town.tell([("a", MONEY)])
    assert told(town).count("shipment_hold.granted") == 1


def test_whatever_is_heard_first_the_claim_comes_to_the_same_r1_2() -> None:
    """Where the order heard of it before the parcel, that is stopped."""
    ways = set()
    for seed in range(40):
        town = behind(*LIFE, MONEY, seed=seed)
        assert (end(town), wrong(checked(town))) == ((60, "case.refunded", "refunded"), [])
        ways.add((refusals(town), *left_and_paid(town)))
    assert ways == {(0, 0, 1), (0, 1, 1), (1, 1, 1)}


def test_what_is_lost_on_its_way_then_is_kept_back_and_paid_for_r4_8_r2_5() -> None:
    town = behind(*LIFE[:3], ASKED)
    town.tell([("lost", b.parcel_lost(when="06-06 11:00"))])
    assert (case_of(town).hold, told(town).count("shipment_hold.granted")) == ("granted", 1)
    town.tell([("a", MONEY)])
    assert (end(town), left_and_paid(town), fine(town)) == ((60, "case.refunded", "refunded"), (0, 1), FINE)


@pytest.mark.parametrize("left", ["06-06 10:00", "06-06 10:01"])
def test_what_left_while_it_was_asked_for_ends_the_claim_r4_8(left: str) -> None:
    town = behind(*LIFE[:2], b.shipped(when=left), ASKED)
    assert (refusals(town), end(town), fine(town)) == (1, (70, "case.shipped", "rejected"), FINE)


SOME = (b.placed(b.cart(quantity=3)), b.succeeded(300_00), b.shipped("w1", {1: 2}))
ALL = l.requested(kind="refund_only", ground="negotiated", quantity=3, when="06-03 11:00")
AGREED = l.accepted(when="06-03 12:00")


def test_of_a_line_of_which_some_had_left_the_rest_is_kept_back_and_all_can_be_agreed_on_r4_2_r4_8_r1_2() -> None:
    town = behind(*SOME, ALL)
    case = case_of(town)
    assert (refusals(town), case.state, case.turn, case.hold, case.held, case.deadline) == (
        1,
        10,
        "seller",
        "granted",
        1,
        b.at("06-05 11:00"),
    )
    town.tell([("late", b.shipped("w2", {1: 1}, "06-03 12:00"))])
    assert told(town)[-1] == "parcel.intercepted"
    town.tell([("a", AGREED)])
    assert (end(town), left_and_paid(town), fine(town)) == ((60, "case.refunded", "refunded"), (2, 3), FINE)


def test_of_a_line_of_which_some_had_left_what_was_agreed_to_before_the_orders_word_follows_r4_2_r4_8() -> None:
    town = behind(*SOME, ALL, AGREED)
    assert (refusals(town), end(town), left_and_paid(town), fine(town)) == (1, (60, "case.refunded", "refunded"), (2, 3), FINE)


def test_each_parcel_that_left_before_is_heard_of_and_the_rest_is_asked_for_anew_r1_2() -> None:
    """However much of it had left: what the order refuses it is never asked for again."""
    ways = set()
    more = (b.shipped("w2", {1: 1}, "06-02 11:00"), ALL, AGREED)
    for seed in range(60):
        town = behind(*SOME[:2], b.shipped("w1", {1: 1}), *more, seed=seed)
        assert (end(town), town.waiting(), wrong(checked(town))) == ((60, "case.refunded", "refunded"), [], [])
        ways.add((refusals(town), *left_and_paid(town)))
    assert {(1, 1, 3), (2, 2, 3)} <= ways, ways


def test_the_rest_that_left_while_all_was_asked_for_ends_the_claim_as_ever_or_is_heard_of_first_or_stopped_r4_8() -> None:
    ways = set()
    for seed in range(60):
        town = behind(*SOME, b.shipped("w2", {1: 1}, "06-03 11:30"), ALL, AGREED, seed=seed)
        assert wrong(checked(town)) == []
        ways.add((end(town)[:2], *left_and_paid(town)))
    paid = (60, "case.refunded")
    assert ways == {((70, "case.shipped"), 3, 0), (paid, 3, 3), (paid, 2, 3), (paid, 0, 3)}


def test_verify_names_money_for_the_rest_that_was_not_kept_back_r4_8() -> None:
    log = log_of(behind(*SOME, ALL, AGREED))
    assert [check.first for check in holds.checks(log) if not check.holds] == []
    for facts in log.lanes.values():
        facts[:] = [entry for entry in facts if not isinstance(entry.event, ShipmentHoldGranted) or entry.event.standing]
    index(log)
    (named,) = (check.first for check in holds.checks(log) if not check.holds)
    assert str(named).endswith("1 units are to be kept, 0 were")


def test_a_claim_beyond_its_days_goes_on_no_more_than_it_would_be_opened_r4_2() -> None:
    late = ASKED.model_copy(update={"occurred_at": b.at("06-30 10:00")})
    town = behind(*LIFE[:4], late)
    assert end(town) == (70, "case.shipped", "rejected")
