"""What a state machine of the bank may do with units that the guarantee fund pays for, and that are cancelled. Source: R4.6, R3.2."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.contracts.types import Line
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.money import unit_slice
from tests.unit import builders as b
from tests.unit.payment.bank import balances, payment

FUND = "platform:guarantee_fund"


class Restoring(RuleBasedStateMachine):
    """At any moment, beside whatever cases and banks do."""

    memory: Memory
    lines: dict[int, Line]

    def tell(self, event: Message) -> None:
        raise NotImplementedError

    @rule(
        refund_id=st.sampled_from([f"r{number}" for number in range(8)]),
        line_no=st.integers(1, 2),
        amount=st.integers(0, 120_00),
        quantity=st.integers(0, 5),
    )
    def the_fund_grants(self, refund_id: str, line_no: int, amount: int, quantity: int) -> None:
        self.tell(b.granted(refund_id, amount, quantity, line_no).model_copy(update={"funder": "platform"}))

    @rule(refund_id=st.sampled_from(["x", "y"]), line_no=st.integers(1, 2), data=st.data())
    def units_are_cancelled(self, refund_id: str, line_no: int, data: st.DataObject) -> None:
        line = self.lines[line_no]
        units = data.draw(st.integers(1, line.quantity))
        self.tell(b.units_cancelled((line_no, units, unit_slice(line.paid_minor, line.quantity, 0, units)), refund_id=refund_id))

    @invariant()
    def the_fund_has_back_at_most_what_it_paid_r4_6(self) -> None:
        found = payment(self.memory)
        paid = [one for one in found.refunds.values() if one.state == "done" and one.funder == "platform"] if found is not None else []
        restored = sum(line.restored_minor for line in found.lines.values()) if found is not None else 0
        assert balances(self.memory).get(FUND, 0) == restored - sum(one.buyer_minor for one in paid) <= 0
