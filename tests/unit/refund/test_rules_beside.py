"""Guarantees that bring something beside a refund, or are never claimed: multiples, late shipping, gifts. Source: R4.5, R4.9, R4.12."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.refund import rules
from services.refund.rules import gifts
from shared.errors import CATALOGUE
from tests.unit import builders as b
from tests.unit.refund.promised import OFFERED, bought, promise

# authenticity (R4.9)


def test_every_line_of_goods_has_the_laws_multiple_and_tag_and_card_raise_it_r4_9() -> None:
    plain = promise("authenticity", b.line(tags=()), bought(card=None))
    assert (plain.granted, plain.multiple, plain.multiple_by_law, plain.at_least_minor) == (True, 3, 3, 500_00)
    assert promise("authenticity").multiple == 9
    assert promise("authenticity", of=bought(card=None)).multiple == 3
    assert promise("authenticity", b.line(tags=("authentic_x3", "authentic_x9"))).multiple == 9
    assert promise("authenticity", b.line(kind="virtual")).withheld == "promise.goods_only"
    for category in ("food", "fresh"):
        food = promise("food_safety", b.line(category=category))
        assert (food.granted, food.multiple, food.at_least_minor) == (True, 10, 1_000_00)
    assert promise("food_safety").withheld == "promise.not_food"


@pytest.mark.parametrize(
    ("paid_minor", "food", "card", "owed"),
    [
        (100_00, False, False, (False, 500_00)),  # 3 x 100 is less than 500
        (166_66, False, False, (False, 500_00)),
        (166_67, False, False, (False, 500_01)),
        (100_00, False, True, (True, 900_00)),  # 9 x 100 by tag and card
        (55_55, False, True, (False, 500_00)),  # 9 x 55.55 is below the law's floor
        (90_00, True, True, (False, 1_000_00)),
        (120_00, True, False, (False, 1_200_00)),  # ten times, unsafe food
    ],
)
def test_a_counterfeit_costs_a_multiple_and_never_less_than_the_law_says_r4_9(paid_minor: int, food: bool, card: bool, owed: Any) -> None:
    line = b.line(paid_minor=paid_minor, tags=OFFERED, category="food")
    safety = promise("food_safety", line) if food else None
    fake = rules.authenticity.Fake(paid_minor, food, card)
    assert rules.authenticity.multiple(promise("authenticity", line), safety, [fake]) == owed


@pytest.mark.parametrize(("tags", "card", "carded"), [(OFFERED, "card1", True), (OFFERED, None, False), ((), "card1", False)])
def test_only_a_multiple_beyond_the_laws_is_conditional_on_the_card_r4_9_r4_7(
    tags: tuple[str, ...], card: str | None, carded: bool
) -> None:
    promised = promise("authenticity", b.line(tags=tags), of=bought(card=card))
    assert (promised.multiple > promised.multiple_by_law, "trust_card" in promised.conditions) == (carded, carded)
    assert promised.conditions[:2] == ("buyer_evidence", "ruling")


def test_goods_that_were_promised_no_multiple_bring_none_r4_9_r4_1() -> None:
    fake = rules.authenticity.Fake(100_00, food=True, card=True)
    voucher = promise("authenticity", b.line(kind="virtual"))
    for genuine, food in ((None, None), (voucher, None), (voucher, promise("food_safety"))):
        assert rules.authenticity.multiple(genuine, food, [fake]) == (False, 0)


# shipping (R4.12), gifts (R4.5), freight


def test_late_and_sham_shipping_are_promises_that_pay_by_themselves_r4_12() -> None:
    late, sham = promise("late_shipping", b.line(tags=("ship_24h",))), promise("sham_shipping")
    assert (late.hours, late.bp, late.at_least_minor, late.cap_minor, late.pays_itself) == (24, 1_000, 5_00, 500_00, True)
    assert (promise("late_shipping").hours, sham.hours, sham.bp, sham.cap_minor) == (48, 24, 3_000, 200_00)
    quick, early = b.line(tags=("ship_24h",)), b.TERMS.model_copy(update={"ship_hours_24h": None})
    assert promise("late_shipping", quick, replace(bought(), terms=early)).hours == 48  # terms from before they had hours of that tag
    assert promise("late_shipping", of=replace(bought(), terms=None)).withheld == "promise.not_offered"


def test_gifts_that_stay_are_deducted_with_the_units_that_they_came_with_r4_5() -> None:
    deducted = gifts.deducted
    assert deducted([30_00], 3, 0, 3, 100_00) == 30_00
    assert [deducted([10_00], 3, before, 1, 100_00) for before in range(3)] == [3_33, 3_33, 3_34]
    assert deducted([30_00, 80_00], 1, 0, 1, 100_00) == 100_00  # never more than the refund
    assert deducted([], 1, 0, 1, 100_00) == 0


@pytest.mark.parametrize("rule", rules.CATALOGUE, ids=lambda rule: rule.name)
def test_freight_has_no_promise_and_each_reason_has_a_text_r3_10(rule: rules.Rule) -> None:
    for line in (b.line(kind="freight"), b.line(kind="virtual"), b.line(category="custom_made")):
        promised = rule.promise(line, bought(card=None), b.POLICY.refund)
        assert promised.granted == (promised.withheld == "")
        assert not promised.withheld or CATALOGUE[promised.withheld].en
    assert not rule.promise(b.line(kind="freight"), bought(), b.POLICY.refund).granted
