"""What a state machine of a promoter may do, and what holds of its subsidies at any moment. Source: R3.1."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.contracts.subsidy import SubsidyCharged, SubsidyDrawn, SubsidyReturned
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import balances


class Promoting(RuleBasedStateMachine):
    """untold: messages to accounts that have not come yet."""

    memory: Memory
    untold: list[Message]

    def tell(self, event: Message) -> None:
        raise NotImplementedError

    @rule(amount=st.integers(1, 60_00), number=st.integers(1, 4))
    def promoter_prefunds(self, amount: int, number: int) -> None:
        self.tell(asks.prefunded(amount, f"p{number}"))

    @invariant()
    def what_is_given_for_a_promoter_is_what_its_account_was_not_told_of_yet_r3_1(self) -> None:
        charges = sum(one.amount_minor for one in self.untold if isinstance(one, SubsidyCharged))
        returns = sum(one.amount_minor for one in self.untold if isinstance(one, SubsidyReturned))
        assert balances(self.memory).get(f"promoter_subsidy:{b.PROMOTER}", 0) == returns - charges

    @invariant()
    def a_subsidy_takes_all_that_was_prefunded_before_it_is_owed_r3_1(self) -> None:
        drawn = [fact for fact in self.memory.facts if isinstance(fact, SubsidyDrawn)]
        assert all(fact.prefunded_minor == 0 for fact in drawn if fact.as_debt_minor)
        assert all(fact.from_prefunded_minor + fact.as_debt_minor == fact.amount_minor for fact in drawn)
