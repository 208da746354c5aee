"""A seller wins on appeal while a compensation that the provider refused is with a person: through all services, and looked at again.

Source: R4.11, R3.5.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from shared.contracts.handling import FoundHow, MoneyHandled
from shared.contracts.owed import ReimbursementOutstanding, SellerReimbursed
from shared.contracts.payment import CompensationInstructed, CompensationNotPaid
from shared.contracts.psp import CompensationFailed
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import balances
from tests.unit.refund import acts, life
from tests.unit.verify.market import Market, arrived, bought, of, won
from tests.unit.verify.recorded import checked, wrong

FUND = "platform:guarantee_fund"
STATEMENT = "a seller that won on appeal has what the case cost it, once"


class Refusing(Market):
    """The provider pays no compensation. silent: it does not say so."""

    silent = False

    def provider(self, fact: Message) -> Iterable[Message]:
        if not isinstance(fact, CompensationInstructed):
            yield from super().provider(fact)
        elif not self.silent:
            yield _no(fact)


def _no(fact: CompensationInstructed) -> Message:
    said = {"order_id": fact.order_id, "compensation_id": fact.compensation_id}
    return CompensationFailed.model_validate({**said, "reason": "account closed", "occurred_at": fact.occurred_at})


def appealed(silent: bool = False) -> Refusing:
    """Two compensations are not paid: the multiple of the fake, and its appraisal; the ruling falls."""
    town = Refusing(b.POLICIES)
    town.silent = silent
    town.day("06-02 00:00", *bought("won", won()))
    town.day("06-03 00:00", *arrived("won", {1: 2}))
    case, seller = "case-won", "s6"
    town.day(
        "06-08 00:00",
        *of(
            "won",
            life.requested(case, quantity=2, kind="refund_only", ground="quality", when="06-03 10:00"),
            life.declined(case, seller=seller, when="06-03 12:00"),
            acts.disputed(case, when="06-03 14:00"),
            acts.ruled(case_id=case, when="06-06 10:00", finding="counterfeit", appraisal_minor=5_00),
            acts.appealed_by_seller(case, seller=seller, when="06-07 10:00"),
            acts.appeal_ruled(case_id=case, when="06-07 20:00"),
        ),
    )
    return town


def settled(town: Refusing, how: FoundHow = "paid") -> Refusing:
    refused = [fact for _, fact in town.services["payment"].out if isinstance(fact, CompensationNotPaid)]
    said = {
        "of": "compensation",
        "how": how,
        "by": "ops-7",
        "reason": "asked the provider",
        "reference": "" if how == "unclaimed" else "t7",
    }
    words = [
        MoneyHandled(order_id="won", handling_id=f"h{number}", item_id=fact.compensation_id, occurred_at=b.at("06-10 10:00"), **said)  # type: ignore[arg-type]
        for number, fact in enumerate(refused)
    ]
    town.day("06-20 00:00", *words)
    return town


def told(town: Refusing, kind: type[Message]) -> list[Message]:
    return [fact for _, fact in town.services["payment"].out if isinstance(fact, kind)]


@pytest.mark.parametrize("how", ["paid", "unclaimed"])
def test_what_a_person_settles_then_costs_the_seller_nothing_r4_11_r3_5(how: FoundHow) -> None:
    town = appealed()
    before = balances(town.services["payment"])
    assert [len(fact.compensation_ids) for fact in told(town, ReimbursementOutstanding)] == [2]  # type: ignore[attr-defined]
    settled(town, how)
    after = balances(town.services["payment"])
    paid = after.get(f"platform:{'by_hand' if how == 'paid' else how}", 0)
    assert paid == 500_00 + 5_00
    assert after[FUND] == before[FUND] - paid
    assert "debt:s6" not in after
    assert len(told(town, SellerReimbursed)) == 2 + 2, "the refund, freight, and what was awaited"
    assert wrong(checked(town)) == []


@pytest.mark.parametrize("silent", [False, True])
def test_until_it_is_settled_or_the_provider_has_answered_nothing_is_missing_r4_11(silent: bool) -> None:
    town = appealed(silent)
    assert (town.waiting() == ["reimbursement.before_answer"]) is silent
    assert wrong(checked(town)) == []
