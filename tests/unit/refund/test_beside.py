"""What comes beside a refund: compensations of a case, a reimbursement, coupons. Source: R4.7, R4.9, R4.11-R4.13."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.refund.decide.beside import upheld
from services.refund.decide.compensation import Upheld, owed, reimbursed
from services.refund.model import Purchase, evolve
from shared.contracts.owed import CompensationGranted, CouponRestored
from shared.contracts.types import Coupon
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.refund import life
from tests.unit.refund.life import line, paid, purchase_of, shop

AT = b.at("06-25 12:00")
EXPIRES = datetime(2026, 6, 30, 16, tzinfo=UTC)
TAGS = ("return_freight", "authentic_x9")


def purchase(card: str | None = "card1", **fields: Any) -> Purchase:
    bought = line(1, 2, 200_00).model_copy(update={"tags": TAGS, **fields})
    return purchase_of(shop(paid(bought).model_copy(update={"trust_card_id": card})))


def parts(bought: Purchase, **fields: Any) -> dict[str, int]:
    found = owed(bought, Upheld("c1", 1, **{"quantity": 1, **fields}), AT)
    assert {(one.payee, one.payer, one.currency, one.occurred_at) for one in found} <= {(b.BUYER, b.SELLER, "CNY", AT)}
    return {one.why: one.amount_minor for one in found}


def test_a_counterfeit_costs_a_multiple_of_the_claimed_units_the_appraisal_and_the_way_back_r4_9() -> None:
    spent = {"counterfeit": True, "appraisal_minor": 60_00, "freight_minor": 35_00, "confirmed": True}
    assert parts(purchase(), card=True, **spent) == {"authentic": 900_00, "appraisal": 60_00, "return_freight": 35_00}
    assert parts(purchase(), card=False, **spent) == {"statutory": 500_00, "appraisal": 60_00, "return_freight": 35_00}
    assert parts(purchase(card=None), card=True, quantity=2, counterfeit=True) == {"statutory": 600_00}


def test_unsafe_food_costs_ten_times_and_at_least_a_thousand_r4_9() -> None:
    food = purchase(category="food")
    assert parts(food, unsafe_food=True) == {"statutory": 1_000_00}
    assert parts(food, unsafe_food=True, quantity=2) == {"statutory": 2_000_00}
    assert parts(purchase(), unsafe_food=True) == {"statutory": 500_00}  # no food: a fraud all the same


def test_the_way_back_is_owed_once_the_seller_confirmed_the_goods_r4_7() -> None:
    assert parts(purchase(), card=True, freight_minor=25_00, confirmed=True) == {"return_freight": 20_00}
    assert parts(purchase(), card=True, freight_minor=25_00) == {}
    assert parts(purchase(), card=False, freight_minor=25_00, confirmed=True) == {}
    assert parts(purchase(), seller_at_fault=True, freight_minor=25_00, confirmed=True) == {"return_freight": 25_00}


def test_a_way_back_of_which_the_buyer_says_no_cost_owes_none_r4_7() -> None:
    for spent in (None, 1):
        memory = shop(paid(), life.delivered(), life.requested(ground="quality"), life.accepted())
        memory.when(life.posted().model_copy(update={"freight_minor": spent}), life.confirmed(), life.done())
        assert [one.amount_minor for one in memory.facts if isinstance(one, CompensationGranted)] == ([] if spent is None else [spent])


def test_each_is_owed_once_a_case_r4_12() -> None:
    bought, upheld = purchase(), Upheld("c1", 1, 1, counterfeit=True, appraisal_minor=1_00)
    first = owed(bought, upheld, AT)
    for one in first:
        bought = evolve(bought, one)
    assert owed(bought, upheld, AT) == ()
    other = owed(bought, Upheld("c2", 1, 1, counterfeit=True), AT)
    assert len({one.compensation_id for one in (*first, *other)}) == 3


def test_a_certificate_from_before_it_was_promised_owes_nothing_r4_1() -> None:
    old = replace(purchase(), currency="")
    assert owed(old, Upheld("c1", 1, 1, counterfeit=True), AT) == ()


def test_a_seller_that_won_on_appeal_has_back_what_the_case_cost_once_r4_11() -> None:
    bought = purchase()
    for one in owed(bought, Upheld("c1", 1, 1, counterfeit=True), AT):
        bought = evolve(bought, one)
    (fact,) = reimbursed(bought, "c1", 1, "r1", AT)
    assert (fact.seller_id, fact.refund_id, fact.compensation_ids) == (b.SELLER, "r1", bought.compensations)
    assert reimbursed(evolve(bought, fact), "c1", 1, "r1", AT) == ()
    assert reimbursed(bought, "c2", 1, None, AT) == ()  # it cost nothing


# coupons (R4.13)


def coupon(*line_nos: int, name: str = "cp1", **fields: Any) -> Coupon:
    return Coupon(**{"coupon_id": name, "funder": "platform", "amount_minor": 10_00, "line_nos": line_nos or (1,),
                     "expires_at": EXPIRES, **fields})  # fmt: skip


def used(*coupons: Coupon) -> Memory:
    order = paid(line(1, 3, 100_00), line(2, 1, 50_00)).model_copy(update={"coupons": coupons})
    return shop(order, life.delivered(1, 2))


def refunded(memory: Memory, line_no: int, quantity: int, case_id: str = "c1") -> None:
    memory.when(
        life.requested(case_id, line_no=line_no, quantity=quantity),
        life.accepted(case_id),
        life.posted(case_id),
        life.confirmed(case_id, quantity),
        life.done(case_id),
    )


def back(memory: Memory) -> list[tuple[str, datetime | None]]:
    return [(fact.coupon_id, fact.expires_at) for fact in memory.facts if isinstance(fact, CouponRestored)]


def test_a_full_refund_restores_a_platform_coupon_with_its_first_expiry_once_r4_13() -> None:
    memory = used(coupon(1))
    refunded(memory, 1, 2)
    assert back(memory) == []  # partial does not
    refunded(memory, 1, 1, "c2")
    assert back(memory) == [("cp1", EXPIRES)]
    refunded(memory, 2, 1, "c3")
    assert len(back(memory)) == 1


def test_a_coupon_comes_back_when_all_lines_that_it_covers_are_refunded_r4_13() -> None:
    memory = used(coupon(1, 2))
    refunded(memory, 1, 3)
    assert back(memory) == []
    refunded(memory, 2, 1, "c2")
    assert back(memory) == [("cp1", EXPIRES)]


@pytest.mark.parametrize("covered", [(1, 2), (2,)])
def test_a_gift_goes_back_with_its_line_and_so_does_a_coupon_that_covers_both_r4_13_r4_5(covered: tuple[int, ...]) -> None:
    gift = b.line(2, 0, subsidies={"seller": 30_00}, gift_of=1)
    memory = shop(paid(line(1, 3, 100_00), gift).model_copy(update={"coupons": (coupon(*covered),)}), life.delivered(1, 2))
    refunded(memory, 1, 2)
    assert back(memory) == []
    refunded(memory, 1, 1, "c2")
    assert back(memory) == [("cp1", EXPIRES)]


def test_a_gift_of_which_a_case_ends_with_nothing_keeps_the_coupon_no_longer_r4_13_r4_5() -> None:
    """Its line went back while the case was open."""
    gift = b.line(2, 0, subsidies={"seller": 30_00}, gift_of=1)
    memory = shop(paid(line(1, 3, 100_00), gift).model_copy(update={"coupons": (coupon(1, 2),)}), life.delivered(1, 2))
    memory.when(life.requested("c2", line_no=2, quantity=1, ground="quality"))
    refunded(memory, 1, 3)
    assert back(memory) == []
    memory.when(life.withdrawn("c2"))
    assert back(memory) == [("cp1", EXPIRES)]


@pytest.mark.parametrize(("last_minor", "expected"), [(80_00, [("cp1", EXPIRES)]), (79_99, [])])
def test_a_line_of_which_every_fen_went_back_is_refunded_in_full_though_its_goods_are_kept_r4_13(
    last_minor: int, expected: list[tuple[str, datetime]]
) -> None:
    memory = used(coupon(1))
    for name, minor in (("c1", 20_00), ("c2", last_minor)):
        wish = life.requested(name, kind="refund_only", ground="quality").model_copy(update={"amount_minor": minor})
        memory.when(wish, life.accepted(name), life.done(name, minor))
    assert back(memory) == expected


def test_a_cancellation_before_shipping_counts_r4_13() -> None:
    memory = used(coupon(1, 2, expires_at=None))
    refunded(memory, 2, 1)
    memory.when(b.units_cancelled((1, 2, 66_66), refund_id="x"))
    assert back(memory) == []
    memory.when(b.units_cancelled((1, 1, 33_34), refund_id="y"))
    assert back(memory) == [("cp1", None)]


@pytest.mark.parametrize("fields", [{"new_user": True}, {"funder": "seller"}, {"funder": "promoter"}])
def test_a_new_users_coupon_and_others_coupons_never_come_back_r4_13(fields: Any) -> None:
    memory = used(coupon(1, **fields))
    refunded(memory, 1, 3)
    assert back(memory) == []


def test_a_refund_that_was_not_paid_restores_nothing_r4_13() -> None:
    memory = used(coupon(1))
    memory.when(life.requested(), life.accepted(), life.posted(), life.confirmed(), life.money_refused())
    assert back(memory) == []


def test_the_facts_fold_for_good() -> None:
    """Each of them changes the purchase and nothing of its cases."""
    bought = purchase()
    (fact, *_) = owed(bought, Upheld("c1", 1, 1, counterfeit=True), AT)
    assert isinstance(fact, CompensationGranted)
    assert evolve(bought, fact).compensations == (fact.compensation_id,)


# through the machine


def test_a_counterfeit_that_the_seller_admits_brings_money_and_multiple_once_r4_9_r4_12() -> None:
    memory = shop(paid(line(1, 2, 200_00)), life.delivered(1))
    claim = life.requested(quantity=1, kind="claim", ground="counterfeit")
    facts = memory.when(claim, life.accepted(), life.done(amount_minor=100_00), life.done(amount_minor=100_00, when="06-23 10:00"))
    assert [(one.why, one.amount_minor, one.rule) for one in facts if isinstance(one, CompensationGranted)] == [
        ("statutory", 500_00, "R4.9")
    ]
    assert facts.index(next(one for one in facts if isinstance(one, CompensationGranted))) > b.types(facts).index("case.closed")


def test_the_card_of_the_case_raises_it_r4_7_r4_9() -> None:
    memory = shop(paid(line(1, 1, 100_00)), life.delivered(1), life.requested(quantity=1, kind="claim", ground="counterfeit"))
    case = purchase_of(memory).cases["c1"]
    assert [upheld(replace(case, card=card)).card for card in (None, False, True)] == [False, False, True]


def test_the_way_back_is_paid_after_the_refund_is_done_and_by_nobody_without_card_or_fault_r4_7() -> None:
    life_of = [life.accepted(), life.posted().model_copy(update={"freight_minor": 12_00}), life.confirmed()]
    for ground, owed_minor in (("quality", [12_00]), ("no_reason", [])):
        memory = shop(paid(line()), life.delivered(1), life.requested(ground=ground), *life_of)  # type: ignore[arg-type]
        assert not any(isinstance(one, CompensationGranted) for one in memory.facts)
        memory.when(life.done())
        assert [one.amount_minor for one in memory.facts if isinstance(one, CompensationGranted)] == owed_minor
