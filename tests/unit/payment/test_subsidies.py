"""A promoter's subsidies: prefunded, advanced where that falls short, given back to where they came from. Source: R3.1, R3.4, R3.6-R3.8."""

from __future__ import annotations

import pytest

from services.payment.model.account import ASKED_KEPT
from shared.contracts.payment import EscrowFunded, PayoutInstructed
from shared.contracts.subsidy import SubsidyCharged, SubsidyDrawn, SubsidyReturned
from shared.contracts.types import Line
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import (
    CASH,
    GIVEN,
    OWED,
    PREFUNDED,
    PROMOTER,
    account,
    balances,
    bank,
    check,
    codes,
    hand_over,
)
from tests.unit.payment.disputes import closed, opened


def line(**fields: int) -> Line:
    """Paid 100, subsidy 20 of the promoter, commission 20%, fee 5%, two units."""
    return b.line(1, 100_00, 2, {"promoter": 20_00}, **fields)


def subsidised(*before: Message) -> Memory:
    memory = bank(*before, policies=b.with_policy("payment", statement_days=0, put_in_statement_days=0, sweep=False))
    hand_over(memory, memory.when(b.order_paid(line())))
    return memory


def settled(*before: Message) -> Memory:
    """Seller 95, promoter 20, platform 5."""
    memory = subsidised(*before)
    memory.when(b.order_completed())
    hand_over(memory, memory.advance(b.at("06-12 00:01")))
    return memory


def refunded(memory: Memory, amount: int, units: int = 1, when: str = "06-02 10:00", refund_id: str = "r1") -> tuple[Message, ...]:
    memory.when(b.granted(refund_id, amount, units, when=when))
    return hand_over(memory, memory.when(b.refund_paid(refund_id, when=when)))


def held(memory: Memory) -> tuple[int, int, int]:
    """Prefunded, owed, given and not taken yet."""
    check(memory.rows["posting"])
    return balances(memory).get(PREFUNDED, 0), -balances(memory).get(OWED, 0), -balances(memory).get(GIVEN, 0)


def test_the_promoters_subsidy_comes_from_what_it_prefunded_r3_1() -> None:
    memory = subsidised(asks.prefunded(50_00))
    assert held(memory) == (30_00, 0, 0)
    assert account(memory, b.PROMOTER).purses["CNY"].prefunded_minor == 30_00
    assert balances(memory)[CASH] == -150_00


def test_a_shortfall_is_a_platform_advance_that_the_promoter_owes_r3_1() -> None:
    memory = subsidised(asks.prefunded(15_00))
    assert held(memory) == (0, 5_00, 0)
    (drawn,) = [fact for fact in memory.facts if isinstance(fact, SubsidyDrawn)]
    assert (drawn.from_prefunded_minor, drawn.as_debt_minor, drawn.debt_minor, drawn.prefunded_minor) == (15_00, 5_00, 5_00, 0)


def test_a_payment_waits_for_no_promoter_its_escrow_is_full_before_the_account_is_asked_r3_1_r3_2() -> None:
    memory = bank()
    facts = memory.when(b.order_paid(line()))
    assert b.types(facts) == ["escrow.funded", "subsidy.charged"]
    assert (balances(memory)[f"escrow:{b.ORDER}"], held(memory)) == (120_00, (0, 0, 20_00))
    assert ("account", b.PROMOTER) not in memory.entities


def test_an_order_asks_each_promoter_once_for_all_its_lines_r3_1() -> None:
    lines = (
        b.line(1, subsidies={"promoter": 3_00}),
        b.line(2, subsidies={"promoter": 4_00}),
        b.line(3, promoter_id="k2", subsidies={"promoter": 5_00}),
        b.line(4, promoter_id="k3", subsidies={"platform": 5_00}),
    )
    asked = [fact for fact in bank().when(b.order_paid(*lines)) if isinstance(fact, SubsidyCharged)]
    assert [(one.party, one.amount_minor) for one in asked] == [(b.PROMOTER, 7_00), ("k2", 5_00)]
    assert len({one.charge_id for one in asked}) == 2


def test_new_income_repays_the_advance_first_r3_7() -> None:
    memory = settled(asks.prefunded(5_00))
    assert (held(memory), balances(memory)[PROMOTER]) == ((0, 0, 0), 5_00)
    assert [fact.type for fact in memory.facts if getattr(fact, "party", "") == b.PROMOTER and fact.topic.name == "party.v1"] == [
        "prefund.received",
        "subsidy.drawn",
        "balance.credited",
        "debt.repaid",
    ]


def test_an_older_balance_is_not_taken_for_a_subsidy_it_waits_until_the_debt_is_repaid_r3_1_r3_7() -> None:
    memory = settled(asks.prefunded(20_00))
    hand_over(memory, memory.when(b.order_paid(line()).model_copy(update={"order_id": "o2", "payment_id": "pay-o2"})))
    assert (held(memory), balances(memory)[PROMOTER]) == ((0, 20_00, 0), 20_00)
    wish = asks.withdrawal(1_00, when="06-13 10:00").model_copy(update={"seller_id": b.PROMOTER})
    assert [getattr(fact, "code", None) for fact in memory.when(wish)] == ["withdrawal.debt_open"]
    assert b.types(memory.when(asks.prefunded(30_00, "p2", "06-13 11:00"))) == ["prefund.received", "debt.repaid"]
    assert held(memory) == (10_00, 0, 0)
    assert b.types(memory.when(wish.model_copy(update={"occurred_at": b.at("06-13 12:00")}))) == ["payout.instructed"]


def test_while_an_advance_is_owed_nothing_is_swept_and_the_next_midnight_after_it_is_repaid_all_is_r3_7() -> None:
    memory = bank(b.credited(20_00, party=b.PROMOTER, when="06-01 09:00"))
    hand_over(memory, memory.when(b.order_paid(line())))
    assert [fact for fact in memory.advance(b.at("06-05 00:01")) if isinstance(fact, PayoutInstructed)] == []
    memory.when(asks.prefunded(20_00, when="06-05 10:00"))
    (swept,) = [fact for fact in memory.advance(b.at("06-07 00:01")) if isinstance(fact, PayoutInstructed)]
    assert (swept.occurred_at, swept.amount_minor, swept.party) == (b.at("06-06 00:00"), 20_00, b.PROMOTER)


@pytest.mark.parametrize(("prefunded", "left"), [(50_00, (40_00, 0, 0)), (5_00, (0, 5_00, 0)), (15_00, (5_00, 0, 0))])
def test_a_refund_before_settlement_gives_the_promoters_part_back_to_where_it_came_from_r3_4(
    prefunded: int, left: tuple[int, int, int]
) -> None:
    """Half of 20: what was advanced for it is repaid first, the rest is prefunded again. Never the buyer's."""
    memory = subsidised(asks.prefunded(prefunded))
    facts = refunded(memory, 50_00)
    assert (facts[0].type, held(memory)) == ("subsidy.restored", left)
    assert balances(memory)[CASH] == -prefunded - 50_00


def test_of_a_cancelled_order_all_of_the_subsidy_is_the_promoters_again_r3_4() -> None:
    memory = subsidised(asks.prefunded(20_00))
    refunded(memory, 50_00)
    refunded(memory, 50_00, refund_id="r2")
    assert balances(memory) == {CASH: -20_00, PREFUNDED: 20_00}


def test_a_refund_that_the_provider_did_not_pay_gives_nothing_back_r3_4_r3_5() -> None:
    memory = subsidised(asks.prefunded(20_00))
    memory.when(b.granted("r1", 50_00, 1))
    assert hand_over(memory, memory.when(b.refund_failed("r1"))) == ()
    assert held(memory) == (0, 0, 0)


def test_after_settlement_the_subsidys_part_is_fronted_and_back_with_the_promoter_r3_6() -> None:
    """Refund 40: the seller 38, the promoter 8 of its commission, the platform 2 give the buyer 40 and the promoter 8 of its subsidy."""
    memory = settled(asks.prefunded(20_00))
    memory.when(b.granted("r1", 40_00, 1, when="06-13 10:00"))
    facts = memory.when(b.refund_paid("r1", when="06-13 11:00"))
    assert {f"{fact.type} {fact.party}": fact.amount_minor for fact in facts[1:]} == {  # type: ignore[attr-defined]
        "account.charged s1": 38_00,
        "account.charged k1": 8_00,
        "subsidy.returned k1": 8_00,
    }
    hand_over(memory, facts)
    assert (held(memory), balances(memory)[PROMOTER]) == ((8_00, 0, 0), 12_00)


def test_a_lost_chargeback_gives_the_subsidys_part_back_to_the_promoter_r3_8() -> None:
    memory = subsidised(asks.prefunded(20_00))
    memory.when(opened(50_00))
    facts = memory.when(closed("lost"))
    (back,) = [fact for fact in facts if isinstance(fact, SubsidyReturned)]
    hand_over(memory, facts)
    assert (back.amount_minor, held(memory)) == (10_00, (10_00, 0, 0))


def test_an_order_paid_before_promoters_were_asked_is_refunded_as_it_was_booked_r3_4() -> None:
    """Old facts fold for ever: what is given for the promoter of such an order stays booked there, and comes back there."""
    funded = next(fact for fact in bank().when(b.order_paid(line())) if isinstance(fact, EscrowFunded))
    memory = bank().given(funded.model_copy(update={"prefunded": False}))
    memory.when(b.granted("r1", 50_00, 1))
    facts = memory.when(b.refund_paid("r1"))
    assert b.types(facts) == ["refund.done"]
    assert balances(memory)[GIVEN] == 10_00


def test_money_for_subsidies_counts_once_r3_1() -> None:
    memory = bank(asks.prefunded(20_00))
    assert memory.when(asks.prefunded(20_00, when="05-03 10:00")) == ()
    assert codes(memory) == ["prefund.known"]
    memory.when(*(asks.prefunded(1, f"n{number}", "05-04 10:00") for number in range(ASKED_KEPT)))
    assert memory.when(asks.prefunded(20_00)) == ()
    assert codes(memory)[-1] == "seller.request_too_old"
    assert balances(memory)[PREFUNDED] == 20_00 + ASKED_KEPT


def test_what_is_prefunded_in_one_currency_covers_no_other_r3_1() -> None:
    memory = bank(asks.prefunded(50_00, currency="HKD"))
    hand_over(memory, memory.when(b.order_paid(line())))
    assert (balances(memory)[PREFUNDED], balances(memory)[OWED]) == (50_00, -20_00)
