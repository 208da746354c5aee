"""What fell on appeal is the platform's, also where the provider did not pay it and a person settles it by hand. Source: R4.11, R3.5."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from shared.contracts.handling import Handled, MoneyHandled
from shared.contracts.owed import ReimbursementOutstanding, SellerReimbursed
from shared.contracts.payment import AccountCharged, CompensationInstructed, RefundInstructed
from shared.contracts.psp import CompensationFailed, CompensationSucceeded, RefundFailed
from shared.contracts.refund import CaseClosed
from shared.contracts.storefront import CaseKind, Ground
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import balances
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_freight_of_the_fallen import FUND, TEA, bought, freight_refund, lost, won
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong

M = TypeVar("M", bound=Message)
FREIGHT_MINOR, MULTIPLE_MINOR, APPRAISAL_MINOR = 8_00, 500_00, 20_00  # three times what was paid is less than the law's least


class Bank(Town):
    """It refuses what it is told to refuse, by amount."""

    refuses: tuple[int, ...] = ()

    def provider(self, fact: Message) -> Iterable[Message]:
        said: dict[str, Any] = {"order_id": b.ORDER, "occurred_at": fact.occurred_at}
        refused = getattr(fact, "amount_minor", None) in self.refuses
        if isinstance(fact, CompensationInstructed) and refused:
            yield CompensationFailed(**said, compensation_id=fact.compensation_id, reason="account closed")
        elif isinstance(fact, CompensationInstructed):
            yield CompensationSucceeded(**said, compensation_id=fact.compensation_id)
        elif isinstance(fact, RefundInstructed) and refused:
            yield RefundFailed(**said, refund_id=fact.refund_id, reason="account closed")
        else:
            yield from super().provider(fact)


def street(*refuses: int, counterfeit: bool = True, dice: random.Random | None = None) -> Bank:
    """Up to the ruling for the buyer; of it the provider does not pay everything."""
    town = Bank(b.POLICIES, dice)
    town.refuses = refuses
    claim = lost()
    if counterfeit:
        claim[-1] = a.ruled(ruling_id="rl-c1", case_id="c1", when="06-09 10:00", finding="counterfeit", appraisal_minor=APPRAISAL_MINOR)
    tell(town, *bought(TEA), *claim)
    return town


def tell(town: Bank, *told: Message) -> None:
    for event in sorted(told, key=lambda one: one.occurred_at):
        town.advance(event.occurred_at)
        town.tell([(f"e{len(town.sent)}", event)])


def by_hand(item_id: str, of: Handled, day: str, how: str = "paid") -> MoneyHandled:
    said: dict[str, Any] = {"how": how, "by": "ops-7", "reason": "account closed", "reference": "bank-1"}
    return MoneyHandled(order_id=b.ORDER, handling_id=f"h-{item_id}", of=of, item_id=item_id, **said, occurred_at=b.at(f"{day} 10:00"))


def compensation(town: Town, amount_minor: int) -> str:
    (found,) = [fact.compensation_id for fact in told(town, CompensationInstructed) if fact.amount_minor == amount_minor]
    return found


def told(town: Town, kind: type[M]) -> list[M]:
    return [fact for _, fact in town.services["payment"].out if isinstance(fact, kind)]


def back(town: Town) -> list[tuple[int, int]]:
    return [(fact.refund_minor, fact.compensations_minor) for fact in told(town, SellerReimbursed)]


def bears(town: Town) -> int:
    """What the seller was charged for the compensations, less what it has back of them."""
    charged = sum(fact.amount_minor for fact in told(town, AccountCharged) if fact.reason == "compensation")
    return charged - sum(minor for _, minor in back(town))


@pytest.mark.parametrize("how", ["paid", "unclaimed"])
@pytest.mark.parametrize("appealed_first", [True, False])
def test_a_compensation_that_a_person_settles_is_not_the_sellers_whoever_is_told_first_r4_11_r3_5(appealed_first: bool, how: str) -> None:
    town = street(MULTIPLE_MINOR)
    words = by_hand(compensation(town, MULTIPLE_MINOR), "compensation", "06-12" if appealed_first else "06-10", how)
    tell(town, *won(), words)
    assert (bears(town), wrong(checked(town))) == (0, [])
    assert sum(minor for _, minor in back(town)) == MULTIPLE_MINOR + APPRAISAL_MINOR
    assert (balances(town.services["payment"])[FUND], town.waiting()) == (-(57_00 + 7_60 + MULTIPLE_MINOR + APPRAISAL_MINOR), [])


def test_what_nobody_settled_yet_costs_nobody_anything_and_is_said_to_be_outstanding_r4_11() -> None:
    town = street(MULTIPLE_MINOR)
    tell(town, *won())
    (fact,) = told(town, ReimbursementOutstanding)
    assert (fact.case_id, fact.refund_id, fact.compensation_ids) == ("c1", None, (compensation(town, MULTIPLE_MINOR),))
    assert (back(town), bears(town), wrong(checked(town))) == ([(57_00, APPRAISAL_MINOR), (7_60, 0)], 0, [])


def test_of_two_each_is_made_good_when_it_is_settled_r4_11() -> None:
    town = street(MULTIPLE_MINOR, APPRAISAL_MINOR)
    first, second = compensation(town, MULTIPLE_MINOR), compensation(town, APPRAISAL_MINOR)
    tell(town, *won(), by_hand(second, "compensation", "06-12"), by_hand(first, "compensation", "06-13"))
    assert back(town) == [(57_00, 0), (7_60, 0), (0, APPRAISAL_MINOR), (0, MULTIPLE_MINOR)]
    assert len({fact.reimbursement_id for fact in told(town, SellerReimbursed)}) == 4
    assert (bears(town), wrong(checked(town))) == (0, [])


@pytest.mark.parametrize("appealed_first", [True, False])
def test_so_is_freight_that_a_person_settles_r4_11_r3_10(appealed_first: bool) -> None:
    town = street(FREIGHT_MINOR, counterfeit=False)
    tell(town, *won(), by_hand(freight_refund(town), "refund", "06-12" if appealed_first else "06-10"))
    assert (back(town), wrong(checked(town))) == ([(57_00, 0), (7_60, 0)], [])
    assert balances(town.services["payment"])[FUND] == -64_60


def test_of_freight_that_was_settled_before_it_is_what_the_seller_was_charged_r4_11_r3_6() -> None:
    town = Bank(b.POLICIES)
    town.refuses = (FREIGHT_MINOR,)
    later = [one.model_copy(update={"occurred_at": one.occurred_at + timedelta(days=8)}) for one in (*lost(), *won())]
    tell(town, *bought(TEA), b.receipt(when="06-05 12:00"), *later)
    tell(town, by_hand(freight_refund(town), "refund", "06-20"))
    charged = [fact.amount_minor for fact in told(town, AccountCharged) if fact.party == b.SELLER]
    assert (charged, back(town), wrong(checked(town))) == ([57_00, 7_60], [(57_00, 0), (7_60, 0)], [])


def test_an_appeal_that_is_lost_leaves_it_with_the_seller_r4_11_r3_5() -> None:
    town = street(MULTIPLE_MINOR)
    lost_again = a.appeal_ruled(False, "ap", "c1", when="06-11 12:00")
    tell(town, won()[0], lost_again, by_hand(compensation(town, MULTIPLE_MINOR), "compensation", "06-12"))
    assert (back(town), bears(town), wrong(checked(town))) == ([], MULTIPLE_MINOR + APPRAISAL_MINOR, [])


@pytest.mark.parametrize("seed", range(12))
def test_it_is_made_good_once_whatever_comes_in_another_order_r4_11(seed: int) -> None:
    dice = random.Random(seed)
    town = street(MULTIPLE_MINOR, FREIGHT_MINOR, dice=dice)
    words = [by_hand(compensation(town, MULTIPLE_MINOR), "compensation", "06-11"), by_hand(freight_refund(town), "refund", "06-11")]
    events = [(f"m{number}", event) for number, event in enumerate([*won(), *words])]
    town.advance(b.at("06-11 13:00"))
    town.tell([*events, *events])
    assert (bears(town), sum(minor for minor, _ in back(town)), wrong(checked(town))) == (0, 64_60, [])


@pytest.mark.parametrize(
    ("kind", "ground", "codes", "reimbursed"),
    [
        ("resend", "damaged", ["case.appeal_won_by_seller"], []),
        ("exchange", "quality", ["case.refunded"], [(57_00, 0)]),  # the seller has the goods again
    ],
)
def test_a_replacement_lost_after_its_seller_won_is_paid_for_where_the_buyer_has_no_goods_r4_11_r4_10(
    kind: CaseKind, ground: Ground, codes: list[str], reimbursed: list[tuple[int, int]]
) -> None:
    """What is not granted yet is not granted; who sent the first goods back has neither."""
    town = Bank(b.POLICIES)
    asked = l.requested("c1", quantity=1, kind=kind, ground=ground, when="06-06 10:00"), l.declined("c1", when="06-06 11:00")
    ruled = a.disputed("c1", when="06-06 12:00"), a.ruled(case_id="c1", when="06-09 10:00")
    posted = (l.posted("c1", when="06-09 11:00"), l.confirmed("c1", 1, when="06-09 12:00")) if kind == "exchange" else ()
    sent = a.replaced("c1", "r1", "SF9", when="06-10 09:00"), b.parcel_lost("r1", when="06-14 10:00")
    placed = b.placed(b.cart(1, 60_00, promoter_id=None, commission_bp=0))
    arrived = b.succeeded(60_00), b.shipped(units={1: 1}), b.signed(when="06-05 10:00")
    tell(town, placed, *arrived, *asked, *ruled, *posted, *sent, *won())
    closed = [fact.code for _, fact in town.services["refund"].out if isinstance(fact, CaseClosed)]
    assert (closed, back(town), wrong(checked(town))) == (codes, reimbursed, [])
