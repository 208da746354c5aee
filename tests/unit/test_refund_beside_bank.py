"""A case whose buyer's bank took a part meanwhile, through all four services: the rest at once, told as it is. Source: R1.4, R3.8."""

from __future__ import annotations

from typing import Any

import pytest

from services.order.model import ORDER
from services.payment.model import PAYMENT
from services.refund.model import PURCHASE
from shared.contracts.refund import CaseClosed
from shared.texts import numbers_in, sentence
from tests.unit import builders as b
from tests.unit.payment.disputes import closed, opened
from tests.unit.payment.test_handling import handled
from tests.unit.refund import life as l
from tests.unit.test_cases_together import BOUGHT, street, told
from tests.unit.test_refund_or_goods import FINE, fine
from tests.unit.town import Town

TAKEN = (opened(40_00, when="06-05 12:00"), closed("lost", when="06-06 09:00"))
CLAIM = (l.requested(kind="refund_only", ground="quality", quantity=1, when="06-06 10:00"), l.accepted(when="06-06 11:00"))


def ends(town: Town) -> list[CaseClosed]:
    return [fact for _, fact in town.services["refund"].out if isinstance(fact, CaseClosed)]


def money(town: Town) -> dict[str, int]:
    """By account; those of the order and the provider."""
    found: dict[str, int] = {}
    for row in town.services["payment"].rows["posting"]:
        found[row[2]] = found.get(row[2], 0) + row[4]
    return {name: minor for name, minor in found.items() if minor}


@pytest.mark.parametrize("order", ["bank first", "granted while it was open"])
def test_the_buyer_has_what_the_bank_left_and_case_order_and_trust_say_so_r3_8(order: str) -> None:
    events = (*TAKEN, *CLAIM) if order == "bank first" else (TAKEN[0], *CLAIM, closed("lost", when="06-07 09:00"))
    town = street(*BOUGHT, *events, "07-20 00:00")
    (end,) = ends(town)
    assert (end.state, end.code, end.outcome) == (60, "case.refunded_beside_bank", "refunded")
    assert (end.refunded_minor, end.bank_minor, end.refunded_quantity, end.line_refunded) == (60_00, 40_00, 1, True)
    line = town.entity("order", ORDER, b.ORDER).lines[1]
    assert (line.state, line.refunded_minor) == ("closed", 100_00)
    assert (money(town), fine(town)) == ({}, FINE)
    left = town.entity("refund", PURCHASE, b.ORDER).lines[1]
    assert (left.left, left.left_minor) == (0, 0)


def test_it_is_told_in_words_r4_2() -> None:
    (end,) = ends(street(*BOUGHT, *TAKEN, *CLAIM))
    said = [sentence(end.code, numbers_in(end), "en", reader, currency="CNY") for reader in ("buyer", "seller")]
    assert said == [
        "The refund is done: 60.00 CNY. Your bank had given you the other 40.00 CNY before.",
        "The refund is done: 60.00 CNY. The buyer's bank had given back the other 40.00 CNY before.",
    ]


def test_of_goods_that_never_left_the_line_is_over_and_its_freight_goes_back_r3_10_r3_8() -> None:
    bought = b.placed(b.cart(1, 100_00), b.cart(2, 10_00, kind="freight", promoter_id=None, commission_bp=0))
    early = (opened(40_00, when="06-01 11:00"), closed("lost", when="06-01 12:00"))
    wish = l.requested(kind="refund_only", ground="not_shipped", quantity=1, when="06-01 13:00")
    town = street(bought, b.succeeded(110_00), *early, wish, "07-20 00:00")
    (end,) = ends(town)
    assert (end.state, end.refunded_minor + end.bank_minor) == (60, 100_00)
    assert (money(town), fine(town)) == ({}, FINE)
    assert told(town).count("units.cancelled") == 1


def test_where_the_bank_left_nothing_the_case_ends_with_its_code_r3_8() -> None:
    town = street(*BOUGHT, opened(when="06-05 12:00"), closed("lost", when="06-06 09:00"), *CLAIM, "07-20 00:00")
    assert [(end.state, end.code, end.bank_minor) for end in ends(town)] == [(70, "refund.exceeds_paid", 0)]
    assert (money(town), fine(town)) == ({}, FINE)


def test_of_units_claimed_one_by_one_the_bank_took_of_the_last_r1_4_r3_8() -> None:
    """Of 100 for two the bank took 70: 30 for the first, and nothing is left for the second."""
    two = (b.placed(b.cart(1, 50_00, 2)), b.succeeded(), b.shipped(units={1: 2}), b.signed(when="06-05 10:00"))
    taken = (opened(70_00, when="06-05 12:00"), closed("lost", when="06-06 09:00"))
    more: dict[str, Any] = {"kind": "refund_only", "ground": "quality", "quantity": 1}
    second = (l.requested("c2", when="06-06 12:00", **more), l.accepted("c2", when="06-06 13:00"))
    town = street(*two, *taken, *CLAIM, *second, "07-20 00:00")
    assert [(end.state, end.refunded_minor, end.bank_minor) for end in ends(town)] == [(60, 30_00, 20_00), (70, 0, 0)]
    assert (money(town), fine(town)) == ({}, FINE)


def test_a_refund_of_cancelled_units_that_failed_and_a_bank_took_leaves_the_list_by_a_word_r3_5_r3_8() -> None:
    failed = (b.placed(), b.succeeded(), b.succeeded(payment_id="pay2"), b.cancel(payment_id=b.PAYMENT_ID))
    taken = [(opened(chargeback_id=f"cb-{name}", payment_id=name), closed("lost", f"cb-{name}")) for name in (b.PAYMENT_ID, "pay2")]
    town = street(*failed, *taken[0], *taken[1], failures=2)
    waiting = [name for name, one in town.entity("payment", PAYMENT, b.ORDER).refunds.items() if one.waits]
    for item in waiting:
        town.tell([(f"h-{item}", handled(item, handling_id=f"h-{item}", how="unclaimed"))])
    assert len(waiting) == 2
    assert not any(one.waits for one in town.entity("payment", PAYMENT, b.ORDER).refunds.values())
    assert (money(town), fine(town)) == ({}, FINE)
