"""What is found to be no genuine goods is the seller's fault, whatever the buyer had said and whoever forgot to name it.

Source: R4.9, R3.10, R4.11.
"""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.order import UnitsCancelled
from shared.contracts.refund import CaseClosed, RefundGranted
from shared.contracts.ruling import Fault, Finding
from shared.contracts.types import FreeShipping
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_made_good import Bank, tell
from tests.unit.verify.recorded import checked, wrong

FEES: dict[str, Any] = {"promoter_id": None, "commission_bp": 0, "fee_bp": 0}
WAIVED = FreeShipping(seller_id=b.SELLER, threshold_minor=99_00, freight_minor=10_00)


def bought() -> list[Message]:
    """60 and 50 without freight, which is 10 below 99."""
    placed = b.placed(b.cart(1, 60_00, **FEES), b.cart(2, 50_00, **FEES), free_shipping=(WAIVED,))
    return [placed, b.succeeded(110_00), b.shipped(units={1: 1, 2: 1}), b.signed(when="06-05 10:00")]


def contested(**ruled: Any) -> list[Message]:
    """The second goes back without a reason, and the seller says that it is another."""
    steps = [l.requested(quantity=1, line_no=2, when="06-06 10:00"), l.accepted(when="06-06 11:00"), l.posted(when="06-06 12:00")]
    return [*steps, a.contested(when="06-07 10:00"), a.ruled(when="06-10 10:00", **ruled)]


def played(*told: Message) -> Bank:
    town = Bank(b.POLICIES)
    tell(town, *told)
    return town


def facts(town: Bank, kind: type[Any]) -> list[Any]:
    return [fact for service in town.services.values() for _, fact in service.out if isinstance(fact, kind)]


@pytest.mark.parametrize(
    ("finding", "fault", "blamed", "minor"),
    [
        ("counterfeit", "nobody", "seller", 50_00),
        ("unsafe_food", "nobody", "seller", 50_00),
        ("counterfeit", "buyer", "buyer", 40_00),  # a person said so
        ("none", "nobody", "nobody", 40_00),
    ],
)
def test_a_return_without_a_reason_that_proves_no_genuine_goods_r4_9_r3_10(finding: Finding, fault: Fault, blamed: str, minor: int) -> None:
    town = played(*bought(), *contested(finding=finding, fault=fault))
    (granted,), (closed,) = facts(town, RefundGranted), facts(town, CaseClosed)
    assert (facts(town, CaseRuled)[0].fault, granted.amount_minor, closed.seller_at_fault) == (blamed, minor, blamed == "seller")
    assert wrong(checked(town)) == []


def test_so_it_does_on_appeal_r4_9_r4_11() -> None:
    appeal = a.appealed(when="06-11 10:00"), a.appeal_ruled(when="06-12 10:00", finding="counterfeit")
    town = played(*bought(), *contested(upheld=False), *appeal)
    assert [one.fault for one in facts(town, CaseAppealEnded)] == ["seller"]
    assert ([one.amount_minor for one in facts(town, RefundGranted)], wrong(checked(town))) == ([50_00], [])


def test_what_is_not_upheld_blames_nobody_r4_9() -> None:
    town = played(*bought(), *contested(upheld=False, finding="counterfeit"))
    assert ([one.fault for one in facts(town, CaseRuled)], wrong(checked(town))) == (["nobody"], [])


@pytest.mark.parametrize(("finding", "back"), [("counterfeit", [8_00]), ("none", [])])
def test_outbound_freight_goes_back_with_it_r3_10(finding: Finding, back: list[int]) -> None:
    placed = b.placed(b.cart(2, 50_00, **FEES), b.cart(9, 8_00, kind="freight", **FEES))
    parcel = b.shipped(units={2: 1}), b.signed(when="06-05 10:00")
    town = played(placed, b.succeeded(58_00), *parcel, *contested(finding=finding))
    assert ([fact.lines[0].amount_minor for fact in facts(town, UnitsCancelled)], wrong(checked(town))) == (back, [])
