"""Authenticity: who sells a counterfeit pays a multiple of it. The law's floors hold without any card or tag. Source: R4.9."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from services.refund.rules.claim import Bought, Offered, not_goods
from shared.contracts.certificate import Condition, Guarantee
from shared.policy import RefundPolicy

TAG = re.compile(r"authentic_x(\d{1,2})")
FOOD = frozenset({"food", "fresh"})


def promise(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Every line of goods has the law's multiple; the seller's tag together with the buyer's card has the seller's, if it is higher.
    cap_minor: of the refund; the multiple comes beside it. Source: R4.9, R4.7."""
    withheld, terms = not_goods(line), policy.guarantees.authenticity
    offered = max((int(found[1]) for tag in line.tags if (found := TAG.fullmatch(tag))), default=0)
    promised = max(terms.fraud_multiple, 0 if bought.no_card else offered)
    conditions: tuple[Condition, ...] = ("buyer_evidence", "ruling")
    return Guarantee(
        line_no=line.line_no,
        guarantee="authenticity",
        granted=not withheld,
        withheld=withheld,
        days=terms.days,
        cap_minor=line.paid_minor,
        funder="seller",
        conditions=(*conditions, "trust_card") if promised > terms.fraud_multiple else conditions,
        multiple=promised,
        multiple_by_law=terms.fraud_multiple,
        at_least_minor=terms.fraud_min_minor.get(bought.currency, 0),
        rule="R4.9",
    )


def food_safety(line: Offered, bought: Bought, policy: RefundPolicy) -> Guarantee:
    """Unsafe food, fresh goods among it. Claimed as a counterfeit; the ruling says what it is. Source: R4.9."""
    terms = policy.guarantees.authenticity
    withheld = not_goods(line) or ("" if line.category in FOOD else "promise.not_food")
    return Guarantee(
        line_no=line.line_no,
        guarantee="food_safety",
        granted=not withheld,
        withheld=withheld,
        days=terms.days,
        cap_minor=line.paid_minor,
        funder="seller",
        conditions=("buyer_evidence", "ruling"),
        multiple=terms.food_multiple,
        multiple_by_law=terms.food_multiple,
        at_least_minor=terms.food_min_minor.get(bought.currency, 0),
        rule="R4.9",
    )


@dataclass(frozen=True, slots=True)
class Fake:
    """Goods of a line that were no genuine ones, and what was paid for them. food: unsafe food was found. card: it counts for them."""

    paid_minor: int
    food: bool = False
    card: bool = False


def multiple(genuine: Guarantee | None, food: Guarantee | None, fakes: Iterable[Fake]) -> tuple[bool, int]:
    """What all of them are owed beside their refunds, and whether it is more than the law's by the card. genuine, food: the line's
    promises; the highest that is of the goods counts. The law's floor is one of the purchase, however many claims it takes. Source: R4.9.
    """
    by_law = most = floor = 0
    for fake in fakes:
        granted = [one for one in (genuine, food if fake.food else None) if one is not None and one.granted]
        law = max((one.multiple_by_law * fake.paid_minor for one in granted), default=0)
        card = max((one.multiple * fake.paid_minor for one in granted), default=0) if fake.card else 0
        by_law, most = by_law + law, most + max(law, card)
        floor = max(floor, *(one.at_least_minor for one in granted), 0)
    by_law = max(by_law, floor)
    return most > by_law, max(most, by_law)
