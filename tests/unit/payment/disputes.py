"""Chargebacks, valid by default; and what a state machine of the bank may do with them. Times: Shanghai, 2026."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Literal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared.contracts.chargeback import ChargebackEnded, ChargebackReceived
from shared.contracts.psp import ChargebackClosed, ChargebackOpened
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import balances, payment

DISPUTE, CONTESTED = "cb1", "psp:contested"
DISPUTES, PAYMENTS = st.sampled_from(["cb1", "cb2", "cb3"]), st.sampled_from([b.PAYMENT_ID, "pay2"])


def opened(
    amount_minor: int = 100_00,
    chargeback_id: str = DISPUTE,
    when: str | datetime = "06-08 12:00",
    payment_id: str = b.PAYMENT_ID,
    currency: str = "CNY",
) -> ChargebackOpened:
    return ChargebackOpened(
        order_id=b.ORDER,
        chargeback_id=chargeback_id,
        payment_id=payment_id,
        amount_minor=amount_minor,
        currency=currency,
        reason="10.4",
        occurred_at=b.at(when) if isinstance(when, str) else when,
    )


def closed(
    outcome: Literal["won", "lost"], chargeback_id: str = DISPUTE, when: str = "07-20 10:00", amount_minor: int | None = None
) -> ChargebackClosed:
    return ChargebackClosed(
        order_id=b.ORDER, chargeback_id=chargeback_id, outcome=outcome, amount_minor=amount_minor, occurred_at=b.at(when)
    )


class Disputes(RuleBasedStateMachine):
    """What a bank may do to one order at any moment: several disputes, of its payment or of an unwanted one, ended either way."""

    memory: Memory

    def tell(self, event: Message) -> None:
        raise NotImplementedError

    @rule(chargeback_id=DISPUTES, amount=st.integers(1, 150_00), payment_id=PAYMENTS)
    def bank_disputes(self, chargeback_id: str, amount: int, payment_id: str) -> None:
        self.tell(opened(amount, chargeback_id, payment_id=payment_id))

    @rule(chargeback_id=DISPUTES)
    def bank_disputes_all(self, chargeback_id: str) -> None:
        found = payment(self.memory)
        paid = sum(line.paid_minor for line in found.lines.values()) if found is not None else 0
        self.tell(opened(max(1, paid), chargeback_id))

    @rule(chargeback_id=DISPUTES, outcome=st.sampled_from(["won", "lost"]), amount=st.none() | st.integers(1, 150_00))
    def bank_decides(self, chargeback_id: str, outcome: Literal["won", "lost"], amount: int | None) -> None:
        self.tell(closed(outcome, chargeback_id, amount_minor=amount))

    def bank_ends_all(self, outcome: Literal["won", "lost"]) -> None:
        for chargeback_id in [name for name, one in payment(self.memory).chargebacks.items() if one.state == "open"]:
            self.tell(closed(outcome, chargeback_id))

    @invariant()
    def a_chargeback_is_received_and_ends_once_r3_8(self) -> None:
        for kind in (ChargebackReceived, ChargebackEnded):
            ids = Counter(fact.chargeback_id for fact in self.memory.facts if isinstance(fact, kind))
            assert all(times == 1 for times in ids.values()), (kind, ids)

    @invariant()
    def what_was_taken_is_debited_or_asked_back_and_nothing_else_is_r3_8(self) -> None:
        found = payment(self.memory)
        ended = found.chargebacks.values() if found is not None else ()
        for one in ended:
            assert sum(part.buyer_minor for part in one.debited) + one.excess_minor == one.taken_minor
        assert balances(self.memory).get(CONTESTED, 0) == -sum(one.excess_minor for one in ended)

    @invariant()
    def nothing_of_a_frozen_order_is_submitted_and_nothing_is_held_without_a_chargeback_r3_8(self) -> None:
        """Refunds that were told to the provider before go on; their number cannot grow."""
        found = payment(self.memory)
        if found is not None:
            held = [refund for refund in found.refunds.values() if refund.state == "held" and not found.frozen]
            under_way = {refund.line_no for refund in found.refunds.values() if refund.state == "reserved"}
            assert all(refund.cancelled and refund.line_no in under_way for refund in held)
        submitted = frozen = 0
        open_ids: set[str] = set()
        for fact in self.memory.facts:
            if isinstance(fact, ChargebackReceived) and fact.payment_id == b.PAYMENT_ID:
                open_ids.add(fact.chargeback_id)
            if isinstance(fact, ChargebackEnded):
                open_ids.discard(fact.chargeback_id)
            submitted += fact.type == "refund.reserved"
            frozen += fact.type == "refund.reserved" and bool(open_ids)
        assert frozen == 0, submitted
