"""What a state machine of the bank may hear of payouts, in any order: answers of the provider, what a person found. Source: R3.1, R3.5."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.payment.model import ACCOUNT
from shared.contracts.handling import Handled, HandlingNoted, PayoutSettled
from shared.contracts.payment import (
    CompensationContradicted,
    CompensationInstructed,
    PayoutContradicted,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundContradicted,
    RefundInstructed,
)
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import CASH
from tests.unit.payment.test_handling import handled

PARTIES = st.sampled_from(["s1", "s2", b.PROMOTER])
FOUND: st.SearchStrategy[Literal["paid", "not_paid"]] = st.sampled_from(["paid", "not_paid"])


def place(fact: RefundInstructed | CompensationInstructed | RefundContradicted | CompensationContradicted) -> tuple[Handled, str]:
    if isinstance(fact, RefundInstructed | RefundContradicted):
        return "refund", fact.refund_id
    return "compensation", fact.compensation_id


class Bouncing(RuleBasedStateMachine):
    """A payout, a refund, a compensation may be said to be paid, to have come back, or both, and a person settles it, or says so."""

    memory: Memory

    def tell(self, event: Message) -> None:
        raise NotImplementedError

    def any_payout(self, data: st.DataObject) -> tuple[str, str]:
        """Its id and its party; or one that does not belong together."""
        known = [(fact.payout_id, fact.party) for fact in self.memory.facts if isinstance(fact, PayoutInstructed)]
        return data.draw(st.sampled_from([*known, ("unknown", b.SELLER)]))

    @rule(data=st.data(), paid=st.booleans())
    def provider_answers_a_payout(self, data: st.DataObject, paid: bool) -> None:
        self.tell((b.payout_paid if paid else b.payout_failed)(*self.any_payout(data)))

    @rule(data=st.data(), party=PARTIES, paid=st.booleans())
    def provider_answers_a_payout_of_anybody(self, data: st.DataObject, party: str, paid: bool) -> None:
        self.tell((b.payout_paid if paid else b.payout_failed)(self.any_payout(data)[0], party))

    @rule(data=st.data(), how=st.sampled_from(["paid", "unclaimed", "arrived"]), number=st.integers(5, 8))
    def a_person_settles_what_the_provider_did_not_pay(self, data: st.DataObject, how: str, number: int) -> None:
        asked = [place(fact) for fact in self.memory.facts if isinstance(fact, RefundInstructed | CompensationInstructed)]
        of, item = data.draw(st.sampled_from([*asked, ("refund", "unknown")]))
        self.tell(handled(item, of, f"h{number}", how=how))

    @invariant()
    def money_that_came_back_is_booked_once_as_a_person_said_r3_5(self) -> None:
        """It is told before, once, and moves what was instructed, once."""
        told = Counter(place(fact) for fact in self.memory.facts if isinstance(fact, RefundContradicted | CompensationContradicted))
        amounts = {
            place(fact): fact.amount_minor for fact in self.memory.facts if isinstance(fact, RefundInstructed | CompensationInstructed)
        }
        noted = [fact for fact in self.memory.facts if isinstance(fact, HandlingNoted)]
        assert all(times == 1 for times in told.values())
        assert len({(fact.of, fact.item_id) for fact in noted}) == len(noted)
        for fact in noted:
            moved = {one.account: one.amount_minor for one in fact.moves.postings} if fact.moves is not None else {}
            assert not moved or moved[CASH] == -amounts[fact.of, fact.item_id]
            assert (fact.of, fact.item_id) in told or not (moved or fact.how == "arrived")

    @rule(data=st.data(), how=FOUND, number=st.integers(1, 4))
    def a_person_finds_which_holds(self, data: st.DataObject, how: Literal["paid", "not_paid"], number: int) -> None:
        payout_id, party = self.any_payout(data)
        self.tell(asks.payout_handled(payout_id, how, f"h{number}").model_copy(update={"party": party}))

    @invariant()
    def a_payout_is_paid_by_the_provider_once_or_not_at_all_r3_1_r3_5(self) -> None:
        """As its state says; what it is contradicted in and settled by is told once, and between the two it waits."""
        paid, told, settled, cash = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
        amounts = {fact.payout_id: fact.amount_minor for fact in self.memory.facts if isinstance(fact, PayoutInstructed)}
        for fact in self.memory.facts:
            if isinstance(fact, PayoutDone | PayoutReturned | PayoutSettled) and fact.moves is not None:
                cash[fact.payout_id] += sum(one.amount_minor for one in fact.moves.postings if one.account == CASH)
            paid[fact.payout_id if isinstance(fact, PayoutDone) else ""] += 1
            told[fact.payout_id if isinstance(fact, PayoutContradicted) else ""] += 1
            settled[fact.payout_id if isinstance(fact, PayoutSettled) else ""] += 1
        accounts = [entity for (kind, _), (_, entity) in self.memory.entities.items() if kind == ACCOUNT.name]
        for payout_id, one in [(payout_id, one) for known in accounts for payout_id, one in known.payouts.items()]:
            assert cash[payout_id] == (amounts[payout_id] if one.state in ("done", "bounced") else 0)
            assert settled[payout_id] <= told[payout_id] <= 1 >= paid[payout_id]
            assert one.waits == (told[payout_id] > settled[payout_id])
