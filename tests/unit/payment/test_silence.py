"""A provider or a bank that says nothing: announced once, nothing is paid again, a late answer still counts. Source: R3.1, R3.5, R3.8."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest

from shared.contracts.payment import PayoutInstructed, RefundInstructed
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import balances, bank, check, funded, payment
from tests.unit.payment.disputes import closed, opened

LATE = "08-01 00:00"


def refund() -> tuple[Memory, str]:
    memory = funded()
    memory.when(b.granted(when="06-08 09:00"))
    return memory, "r1"


def unwanted() -> tuple[Memory, str]:
    memory = bank(b.payment_unwanted(when="06-08 09:00"))
    return memory, next(fact.refund_id for fact in memory.facts if isinstance(fact, RefundInstructed))


def compensation() -> tuple[Memory, str]:
    memory = funded()
    memory.when(asks.shipping_late(when="06-08 09:00"))
    return memory, "late1"


def payout() -> tuple[Memory, str]:
    memory = bank(b.credited(when="06-07 12:00"), asks.withdrawal(75_00, when="06-08 09:00"))
    return memory, next(fact.payout_id for fact in memory.facts if isinstance(fact, PayoutInstructed))


Answer = Callable[..., Message]
SILENT: dict[str, tuple[Callable[[], tuple[Memory, str]], str, Answer, Answer, str, str]] = {
    "a refund": (refund, "refund.overdue", b.refund_paid, b.refund_failed, "refund.done", "refund.not_paid"),
    "unwanted money": (unwanted, "refund.overdue", b.refund_paid, b.refund_failed, "refund.done", "refund.not_paid"),
    "a compensation": (
        compensation, "compensation.overdue", asks.compensation_paid, asks.compensation_failed,
        "compensation.done", "compensation.not_paid",
    ),
    "a payout": (payout, "payout.overdue", b.payout_paid, b.payout_failed, "payout.done", "payout.returned"),
}  # fmt: skip


@pytest.mark.parametrize(("ask", "overdue", "yes", "no", "done", "failed"), SILENT.values(), ids=SILENT)
def test_its_silence_is_announced_once_at_the_hour(
    ask: Callable[[], tuple[Memory, str]], overdue: str, yes: Answer, no: Answer, done: str, failed: str
) -> None:
    memory, _ = ask()
    before = balances(memory)
    assert memory.advance(b.at("06-11 09:00:04")) == ()
    fact = b.only(memory.advance(b.at("06-11 09:00:05")))
    assert (fact.type, fact.occurred_at, balances(memory)) == (overdue, b.at("06-11 09:00"), before)
    assert memory.advance(b.at(LATE)) == ()


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("ask", "overdue", "yes", "no", "done", "failed"), SILENT.values(), ids=SILENT)
def test_an_answer_counts_before_and_after_that_and_is_the_last_word(
    ask: Callable[[], tuple[Memory, str]], overdue: str, yes: Answer, no: Answer, done: str, failed: str, late: bool
) -> None:
    for answer, other, outcome in ((yes, no, done), (no, yes, failed)):
        memory, instruction = ask()
        if late:
            memory.advance(b.at("06-30 09:00"))
        when = "06-30 10:00" if late else "06-09 10:00"
        assert memory.when(answer(instruction, when=when))[0].type == outcome
        opposite = [fact.type for fact in memory.when(other(instruction, when=when), answer(instruction, when=when))]
        opposite += [code for _, code in memory.refused]
        assert sorted(one.rsplit(".", 1)[1] for one in opposite) in (["contradicted", "ended"], ["closed", "contradicted"])
        later = memory.advance(b.at(LATE))
        assert [fact for fact in later if fact.type == overdue and instruction in fact.model_dump().values()] == []


def test_no_refund_is_instructed_again_after_silence_r3_5() -> None:
    memory, _ = refund()
    memory.advance(b.at("06-30 09:00"))
    memory.when(b.granted(when="06-30 10:00"))
    assert len([fact for fact in memory.facts if isinstance(fact, RefundInstructed)]) == 1
    check(memory.rows["posting"])


def test_how_long_it_may_be_silent_is_policy_r9_1() -> None:
    memory = bank(b.order_paid(), policies=b.with_policy("payment", provider_silent_hours=1))
    memory.when(b.granted(when="06-08 09:00"))
    assert b.only(memory.advance(b.at("06-08 10:00:05"))).type == "refund.overdue"


def disputed() -> Memory:
    """Opened on 06-08 09:00; the policy gives the bank 120 days."""
    memory = bank(b.order_paid(), b.order_completed())
    memory.when(opened(40_00, when="06-08 09:00"), b.granted(when="06-09 09:00"))
    return memory


def test_a_bank_that_never_says_the_end_is_announced_once_at_the_day_and_nothing_is_freed_r3_8() -> None:
    memory = disputed()
    before = balances(memory)
    assert memory.advance(b.at("10-06 09:00:04")) == ()
    fact = b.only(memory.advance(b.at("10-06 09:00:05")))
    assert (fact.type, fact.chargeback_id, fact.occurred_at) == ("chargeback.overdue", "cb1", b.at("10-06 09:00"))
    assert (memory.advance(b.at("12-31 00:00")), balances(memory)) == ((), before)
    assert payment(memory).refunds["r1"].state == "held"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(("outcome", "left"), [("won", "refund.reserved"), ("lost", "chargeback.debited")])
def test_the_banks_word_ends_it_however_late_and_is_not_missed_after_that_r3_8(
    outcome: Literal["won", "lost"], left: str, late: bool
) -> None:
    memory = disputed()
    memory.advance(b.at("11-01 00:00" if late else "07-01 00:00"))
    when = "11-02 10:00" if late else "07-02 10:00"
    facts = memory.when(closed(outcome, when=when))
    assert b.types(facts)[:2] == ["chargeback.ended", left]
    assert "chargeback.overdue" not in b.types(memory.advance(b.at("12-31 00:00")))
    assert memory.when(closed("won" if outcome == "lost" else "lost", when=when)) == ()
    assert [code for _, code in memory.refused] == ["chargeback.contradicted"]
    check(memory.rows["posting"])


def test_how_long_a_bank_may_be_silent_is_policy_r9_1() -> None:
    memory = bank(b.order_paid(), policies=b.with_policy("payment", statement_days=0, chargeback_silent_days=1))
    memory.when(opened(40_00, when="06-08 09:00"))
    assert b.only(memory.advance(b.at("06-09 09:00:05"))).type == "chargeback.overdue"
