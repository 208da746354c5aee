"""Goods that the buyer's bank disputes before they left, in all four services. Paid 06-01 10:10, due 06-03 10:10. Source: R2.4, R3.8."""

from __future__ import annotations

import random

import pytest

from services.order.model import ORDER
from shared.contracts.chargeback import OrderDisputed, OrderUndisputed
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.disputes import closed, opened
from tests.unit.test_cases_together import street
from tests.unit.test_refund_or_goods import FINE, fine
from tests.unit.town import Town

BOUGHT = (b.placed(b.cart(1, 100_00), b.cart(2, 15_00, gift_of=1), coupons=[b.coupon(15_00, 2, funder="seller")]), b.succeeded(100_00))
OPENED = opened(when="06-02 12:00")
IN_TIME, AFTER = "06-03 09:00", "06-05 09:00"
LATE = ["shipping.late", "compensation.instructed"]


def told(town: Town, *kinds: str) -> list[str]:
    return [kind for _, kind, _ in town.facts if kind in (kinds or LATE)]


@pytest.mark.parametrize(
    ("end", "late"),
    [
        (closed("won", when=AFTER), []),
        (closed("won", when=IN_TIME), LATE),
        (closed("lost", when=AFTER), []),
        (closed("lost", when=IN_TIME), []),
        (closed("lost", when=AFTER, amount_minor=60_00), []),
        (closed("lost", when=IN_TIME, amount_minor=60_00), LATE),
        (None, []),
    ],
)
def test_a_seller_who_waits_for_the_bank_owes_nothing_and_what_it_left_is_to_be_sent_r2_4(end: Message | None, late: list[str]) -> None:
    town = street(*BOUGHT, OPENED, *([end] if end is not None else []), "06-30 00:00")
    assert (told(town), fine(town)) == (late, FINE)
    assert told(street(*BOUGHT, "06-30 00:00")) == LATE


def test_it_is_sent_once_the_bank_has_decided_and_ends_as_any_other_r2_6_r3_8() -> None:
    sent = b.shipped(units={1: 1, 2: 1}, when="06-06 10:00"), b.signed(when="06-07 10:00"), b.receipt(when="06-08 10:00")
    town = street(*BOUGHT, OPENED, "06-04 00:00", closed("won", when=AFTER), *sent, "07-20 00:00")
    assert (told(town), fine(town), town.entity("order", ORDER, b.ORDER).state) == ([], FINE, "settled")


def test_it_is_cancelled_once_the_bank_has_its_money_and_nobody_is_paid_twice_r3_8() -> None:
    town = street(*BOUGHT, OPENED, closed("lost", when=AFTER), b.cancel(when="06-06 10:00"), "07-20 00:00")
    assert (told(town, *LATE, "refund.refused"), fine(town)) == (["refund.refused"], FINE)


def test_what_was_told_as_late_before_the_dispute_was_known_stays_told_r2_4() -> None:
    town = street(*BOUGHT, "06-04 00:00", OPENED, closed("lost", when="06-04 10:00"), "07-20 00:00")
    assert (told(town), fine(town)) == (LATE, FINE)


@pytest.mark.parametrize("seed", range(8))
def test_whichever_topic_is_heard_first_it_is_disputed_once_r1_2(seed: int) -> None:
    town = Town(b.POLICIES, random.Random(seed))
    unwanted = b.succeeded(100_00, "again", "06-01 10:20")
    events = (*BOUGHT, unwanted, OPENED, opened(30_00, "cb2", "06-02 13:00", "again"), closed("lost", when=IN_TIME), closed("won", "cb2"))
    town.tell((f"e{number}", event) for number, event in enumerate(events))
    town.advance(b.at("08-01 00:00"))
    noted = [fact for _, fact in town.services["order"].out if isinstance(fact, OrderDisputed | OrderUndisputed)]
    assert [(fact.type, fact.chargeback_id) for fact in noted] == [("order.disputed", "cb1"), ("order.undisputed", "cb1")]
    assert (told(town), fine(town)) == ([], FINE)
