"""A case is disputed twice where goods that a ruling had let come back are contested. Source: R4.11, R5.1."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.dispute import CaseRuled
from shared.contracts.ruling import Finding
from shared.contracts.trust import EvidenceFound, EvidenceVoided
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_made_good import Bank, tell
from tests.unit.verify.recorded import checked, wrong


def twice(first: Finding, second: Finding, upheld: bool = True) -> list[Message]:
    placed = b.placed(b.cart(1, 60_00, promoter_id=None, commission_bp=0))
    arrived = b.succeeded(60_00), b.shipped(units={1: 1}), b.signed(when="06-05 10:00")
    asked = l.requested(quantity=1, ground="quality", when="06-06 10:00"), l.declined(when="06-06 11:00"), a.disputed(when="06-06 12:00")
    back = a.ruled(when="06-09 10:00", finding=first), l.posted(when="06-09 11:00"), a.contested(when="06-10 10:00")
    return [placed, *arrived, *asked, *back, a.ruled(upheld, "rl2", when="06-13 10:00", finding=second)]


def played(*told: Message) -> Bank:
    town = Bank(b.POLICIES)
    tell(town, *told)
    return town


def against(town: Bank) -> list[str]:
    """What stands against the seller of disputes and findings."""
    out = [fact for _, fact in town.services["trust"].out]
    void = {fact.evidence_id for fact in out if isinstance(fact, EvidenceVoided)}
    items: list[Any] = [one for one in out if isinstance(one, EvidenceFound) and one.subject_id == f"seller:{b.SELLER}"]
    return sorted({one.kind for one in items if one.kind in ("dispute_lost", "counterfeit") and one.evidence_id not in void})


@pytest.mark.parametrize(
    ("first", "second", "upheld", "stands"),
    [
        ("none", "counterfeit", True, ["counterfeit"]),
        ("counterfeit", "none", True, ["counterfeit"]),
        ("none", "none", True, ["dispute_lost"]),
        ("none", "swapped_parcel", False, ["dispute_lost"]),  # the first is lost all the same
    ],
)
def test_one_item_of_a_case_that_its_seller_lost_counts_the_gravest_r5_1(
    first: Finding, second: Finding, upheld: bool, stands: list[str]
) -> None:
    town = played(*twice(first, second, upheld))
    rulings = [fact for _, fact in town.services["refund"].out if isinstance(fact, CaseRuled)]
    assert [(one.finding, one.found_before) for one in rulings] == [(first, None), (second, first)]
    assert (against(town), wrong(checked(town))) == (stands, [])


def test_a_seller_that_wins_on_appeal_after_both_has_neither_against_it_r4_11() -> None:
    appeal = a.appealed_by_seller(when="06-14 10:00"), a.appeal_ruled(when="06-15 10:00", ruling_id="rl3")
    town = played(*twice("none", "counterfeit"), *appeal)
    assert (against(town), wrong(checked(town))) == ([], [])


@pytest.mark.parametrize(
    ("first", "on_appeal", "stands"),
    [
        ("none", "none", ["dispute_lost"]),
        ("none", "counterfeit", ["counterfeit"]),
        ("counterfeit", "none", ["counterfeit"]),
        ("counterfeit", "counterfeit", ["counterfeit"]),
    ],
)
def test_so_it_is_where_its_buyer_wins_the_second_on_appeal_r5_1_r4_11(first: Finding, on_appeal: Finding, stands: list[str]) -> None:
    appeal = a.appealed(when="06-14 10:00"), a.appeal_ruled(when="06-15 10:00", ruling_id="rl3", finding=on_appeal)
    town = played(*twice(first, "none", False), *appeal)
    assert (against(town), wrong(checked(town))) == (stands, [])
