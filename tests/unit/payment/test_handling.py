"""What the provider will not pay and no case can rule on is settled by a person, once, with nothing paid twice. Source: R3.5, R3.1."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.payment.decide.debits import unwanted_refund
from shared.contracts.handling import Handled, HandlingNoted, MoneyHandled
from shared.contracts.payment import RefundReserved
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks, disputes
from tests.unit.payment.bank import balances, bank, codes, confirmed, example, funded, hand_over, payment

HAND, OWED = "platform:by_hand", "platform:unclaimed"
UNWANTED = unwanted_refund(b.ORDER, "again")


def handled(item_id: str, of: Handled = "refund", handling_id: str = "h1", when: str = "07-25 10:00", **more: Any) -> MoneyHandled:
    fields: dict[str, Any] = {"how": "paid", "by": "ops-7", "reason": "account closed", "reference": "bank-991", **more}
    return MoneyHandled(order_id=b.ORDER, handling_id=handling_id, of=of, item_id=item_id, **fields, occurred_at=b.at(when))


def unwanted() -> Memory:
    return bank(b.payment_unwanted(payment_id="again"), b.refund_failed(UNWANTED))


def cancelled(*lines: Any) -> Memory:
    memory = funded(*lines)
    memory.when(b.units_cancelled(), b.refund_failed("x1"))
    return memory


def uncompensated() -> Memory:
    memory = funded()
    memory.when(asks.shipping_late(), asks.compensation_failed())
    return memory


def lists(memory: Memory) -> list[str]:
    """What waits for a person, as the view has it."""
    found = [name for name, one in payment(memory).refunds.items() if one.waits]
    return found + [name for name, one in payment(memory).compensations.items() if one.state == "failed"]


@pytest.mark.parametrize(("how", "account"), [("paid", HAND), ("unclaimed", OWED)])
def test_unwanted_money_goes_to_who_paid_it_in_the_providers_place_or_is_owed_r3_5_r2_2(how: str, account: str) -> None:
    memory = unwanted()
    assert lists(memory) == [UNWANTED]
    noted, done = memory.when(handled(UNWANTED, how=how))
    assert isinstance(noted, HandlingNoted)
    assert (noted.by, noted.reason, noted.reference, noted.how) == ("ops-7", "account closed", "bank-991", how)
    assert (done.type, done.line_no, done.by_hand) == ("refund.done", None, how)  # type: ignore[attr-defined]
    assert (lists(memory), balances(memory)) == ([], {"psp:cash": -100_00, account: 100_00})


def test_cancelled_units_give_each_funder_its_part_back_r3_5_r3_4() -> None:
    memory = cancelled(example())
    noted, reserved, done = memory.when(handled("x1"))
    assert isinstance(reserved, RefundReserved)
    assert (noted.type, reserved.again_of, reserved.buyer_minor, reserved.platform_minor) == ("handling.noted", "x1", 100_00, 20_00)
    assert (done.type, done.refund_id) == ("refund.done", reserved.refund_id)  # type: ignore[attr-defined]
    assert (lists(memory), balances(memory)) == ([], {"psp:cash": -100_00, HAND: 100_00})


def test_units_of_a_line_that_was_settled_before_are_taken_from_its_parties_r3_6() -> None:
    """Told late, one of two units was cancelled after the line was settled: seller, promoter and platform return it."""
    memory = confirmed(b.line(quantity=2))
    hand_over(memory, memory.advance(b.at("06-12 00:05")))
    memory.when(b.units_cancelled((1, 1, 50_00), when="06-12 12:00"), b.refund_failed("x1", when="06-12 13:00"))
    facts = memory.when(handled("x1", when="06-14 10:00"))
    assert b.types(facts)[:3] == ["handling.noted", "refund.reserved", "refund.done"]
    assert facts[1].fronted is True  # type: ignore[attr-defined]
    hand_over(memory, facts[3:])
    assert balances(memory)[HAND] == 50_00
    assert balances(memory).get("platform:advance", 0) == 0


def test_whether_they_return_it_is_judged_by_when_the_units_were_cancelled_and_not_by_the_persons_word_r3_6() -> None:
    memory = confirmed(b.line(quantity=2))
    memory.advance(b.at("06-12 00:05"))
    memory.when(b.units_cancelled((1, 1, 50_00), when="06-20 12:00"), b.refund_failed("x1", when="06-20 13:00"))
    (reserved,) = (fact for fact in memory.when(handled("x1", when="07-25 10:00")) if isinstance(fact, RefundReserved))
    assert (reserved.clawback, reserved.cancelled_at) == (True, b.at("06-20 12:00"))


def test_a_compensation_is_the_sellers_all_the_same_r3_5() -> None:
    memory = uncompensated()
    noted, done, charged = memory.when(handled("late1", "compensation"))
    assert b.types([noted, done, charged]) == ["handling.noted", "compensation.done", "account.charged"]
    assert (charged.party, charged.amount_minor) == (b.SELLER, 10_00)  # type: ignore[attr-defined]
    assert (lists(memory), balances(memory)[HAND], balances(memory)["platform:advance"]) == ([], 10_00, -10_00)


LATER: dict[str, tuple[Memory, MoneyHandled, tuple[Message, ...], str]] = {
    "a refund is paid after all": (unwanted(), handled(UNWANTED), (b.refund_paid(UNWANTED),), "refund.contradicted"),
    "a refund is refused once more": (unwanted(), handled(UNWANTED), (b.refund_failed(UNWANTED),), "refund.ended"),
    "a cancelled unit is paid after all": (cancelled(), handled("x1"), (b.refund_paid("x1"),), "refund.contradicted"),
    "a cancelled unit is refused once more": (cancelled(), handled("x1"), (b.refund_failed("x1"),), "refund.ended"),
    "a compensation is paid after all": (
        uncompensated(), handled("late1", "compensation"), (asks.compensation_paid(),), "compensation.contradicted",
    ),
    "a compensation is refused once more": (
        uncompensated(), handled("late1", "compensation"), (asks.compensation_failed(),), "compensation.ended",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LATER)
def test_what_the_provider_says_after_that_moves_nothing_r3_5(name: str) -> None:
    memory, word, answers, code = LATER[name]
    memory.when(word)
    before = balances(memory)
    assert memory.when(*answers) == ()
    assert (codes(memory), balances(memory)) == ([code], before)


def _both() -> Memory:
    memory = unwanted()
    memory.when(handled(UNWANTED))
    return memory


def _of_case(*more: Message) -> Memory:
    return bank(b.order_paid(), b.case_opened(), b.granted("r1", 40_00), b.refund_failed("r1"), *more)


def _disputed(*more: Message) -> Memory:
    memory = unwanted()
    memory.when(disputes.opened(100_00, payment_id="again", when="06-20 10:00"), *more)
    return memory


def _frozen(*more: Message) -> Memory:
    memory = cancelled()
    memory.when(disputes.opened(when="06-20 10:00"), *more)
    return memory


REFUSED: dict[str, tuple[Memory, MoneyHandled, str]] = {
    "said twice": (_both(), handled(UNWANTED), "handling.known"),
    "settled before, under another id": (_both(), handled(UNWANTED, handling_id="h2"), "handling.not_failed"),
    "of an order that is not known": (bank(), handled("x1"), "handling.unknown"),
    "of a refund that was never instructed": (unwanted(), handled("x9"), "handling.unknown"),
    "of a refund that was refused": (bank(b.order_paid(), b.granted(line_no=9)), handled("r1"), "handling.unknown"),
    "of a compensation that was never instructed": (unwanted(), handled("x9", "compensation"), "handling.unknown"),
    "of a refund that the provider may still pay": (bank(b.payment_unwanted(payment_id="again")), handled(UNWANTED), "handling.not_failed"),
    "of a compensation that it may still pay": (
        bank(b.order_paid(), asks.shipping_late()), handled("late1", "compensation"), "handling.not_failed",
    ),
    "of a refund that a case asks for": (_of_case(), handled("r1"), "handling.of_case"),
    "of money that a bank disputes": (_disputed(), handled(UNWANTED), "handling.disputed"),
    "of money that a bank took": (_disputed(disputes.closed("lost")), handled(UNWANTED), "handling.nothing_left"),
    "of units while a bank disputes the order": (_frozen(), handled("x1"), "handling.disputed"),
    "of units whose money a bank took": (_frozen(disputes.closed("lost")), handled("x1"), "handling.nothing_left"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_a_persons_to_settle_is_refused_with_its_code_and_moves_nothing_r3_5(name: str) -> None:
    memory, word, code = REFUSED[name]
    before = balances(memory)
    assert memory.when(word) == ()
    assert (codes(memory)[-1], balances(memory)) == (code, before)


@pytest.mark.parametrize(("memory", "item"), [(_disputed(disputes.closed("lost")), UNWANTED), (_frozen(disputes.closed("lost")), "x1")])
def test_what_a_bank_took_waits_for_nobody_once_a_person_said_so_r3_5_r3_8(memory: Memory, item: str) -> None:
    """It stayed on the list for ever: nothing was left to be settled, so every word on it was refused."""
    before = balances(memory)
    assert (memory.when(handled(item)), lists(memory)) == ((), [item])  # nobody is paid what the bank has given
    assert b.types(memory.when(handled(item, handling_id="h2", how="unclaimed"))) == ["handling.noted"]
    assert (lists(memory), balances(memory)) == ([], before)
    assert memory.when(b.refund_paid(item), b.refund_failed(item)) == ()
    assert codes(memory)[-2:] == ["refund.contradicted", "refund.ended"]
    again = memory.when(disputes.opened(100_00, "cb2", "08-01 10:00", "again" if item == UNWANTED else b.PAYMENT_ID))
    assert [(one.paid_minor, one.amount_minor) for one in again if one.type == "chargeback.contested"] == [(100_00, 100_00)]  # type: ignore[attr-defined]


def test_nothing_is_left_only_once_every_refund_of_the_line_is_answered_r3_5() -> None:
    """The case's refund that is under way may fail; then the cancelled unit is owed."""
    memory = funded(b.line(quantity=2))
    memory.when(b.units_cancelled((1, 2, 100_00)), b.refund_failed("x1"), b.case_opened(), b.granted("r1", 100_00))
    assert memory.when(handled("x1", how="unclaimed")) == ()
    assert codes(memory) == ["handling.nothing_left"]
    memory.when(b.refund_paid("r1"))
    assert b.types(memory.when(handled("x1", handling_id="h2", how="unclaimed"))) == ["handling.noted"]
    assert lists(memory) == []


def test_cancelled_units_are_not_settled_for_less_while_a_refund_under_way_may_fail_r3_5() -> None:
    """60.00 are there, 100.00 are the buyer's unless the case's 40.00 arrive: paid 60.00, it would have waited for nobody any more."""
    memory = funded(b.line(quantity=2))
    memory.when(b.units_cancelled((1, 2, 100_00)), b.refund_failed("x1"), b.case_opened(), b.granted("r1", 40_00))
    assert (memory.when(handled("x1")), codes(memory), lists(memory)) == ((), ["handling.nothing_left"], ["x1"])
    memory.when(b.refund_failed("r1"), handled("x1", handling_id="h2"))
    assert balances(memory) == {"psp:cash": -100_00, HAND: 100_00}


def test_nobody_is_paid_by_hand_what_only_the_fund_is_to_have_back_r3_5_r4_6() -> None:
    """Of 3 fen a bank took 2, the fund gives 1: the cancelled unit's fen is the fund's. It was noted as paid to the buyer, booked as 0."""
    memory = funded(b.line(paid_minor=3, quantity=2))
    claim = b.granted("r1", 1).model_copy(update={"funder": "platform"})
    memory.when(b.units_cancelled((1, 1, 1)), b.refund_failed("x1"), b.case_opened(), claim, disputes.opened(2), disputes.closed("lost"))
    assert memory.when(handled("x1")) == ()
    assert codes(memory) == ["handling.nothing_left"]
    noted, reserved, done = memory.when(handled("x1", handling_id="h2", how="unclaimed"))
    assert (noted.type, reserved.fund_minor, done.amount_minor) == ("handling.noted", 1, 0)  # type: ignore[attr-defined]
    memory.when(b.refund_paid("r1"))
    assert (lists(memory), balances(memory)) == ([], {})


def test_a_refund_that_was_held_for_a_chargeback_is_known_as_of_cancelled_units_r3_8() -> None:
    memory = funded()
    memory.when(disputes.opened(when="06-01 10:15"), b.units_cancelled(), disputes.closed("won"), b.refund_failed("x1", when="07-21 10:00"))
    assert b.types(memory.when(handled("x1"))) == ["handling.noted", "refund.reserved", "refund.done"]


def test_beside_what_a_bank_left_of_cancelled_units_it_says_what_was_asked_for_r3_8() -> None:
    memory = cancelled()
    memory.when(disputes.opened(30_00, when="06-20 10:00"), disputes.closed("lost"))
    _, reserved, _ = memory.when(handled("x1"))
    assert isinstance(reserved, RefundReserved)
    assert (reserved.buyer_minor, reserved.asked_minor) == (70_00, 100_00)


def test_what_a_bank_took_of_it_before_is_still_of_what_was_paid_r3_8() -> None:
    """Of 100.00 a bank took 40.00 and a person gave the rest: all of a second chargeback is contested, none of it is refused."""
    memory = _disputed(disputes.closed("lost", amount_minor=40_00), handled(UNWANTED))
    received, contested = memory.when(disputes.opened(100_00, "cb2", "08-01 10:00", "again"))
    assert (codes(memory), received.type, contested.type) == ([], "chargeback.received", "chargeback.contested")
    said = (contested.amount_minor, contested.paid_minor, contested.returned_minor)  # type: ignore[attr-defined]
    assert said == (100_00, 100_00, 100_00)
    memory.when(disputes.closed("lost", "cb2", "08-20 10:00"))
    assert balances(memory) == {"psp:cash": 40_00, HAND: 60_00, disputes.CONTESTED: -100_00}


@pytest.mark.parametrize("told", [(), (disputes.closed("lost"),)])
def test_a_dispute_of_the_orders_own_payment_takes_nothing_of_what_was_unwanted_r3_8_r2_2(told: tuple[Message, ...]) -> None:
    memory = funded()
    memory.when(b.payment_unwanted(payment_id="again"), b.refund_failed(UNWANTED), disputes.opened(40_00, when="06-20 10:00"), *told)
    _, done = memory.when(handled(UNWANTED))
    assert (done.amount_minor, balances(memory)[HAND]) == (100_00, 100_00)  # type: ignore[attr-defined]


def test_no_statement_is_expected_of_what_a_person_paid_and_the_providers_is_a_break_r3_9() -> None:
    memory = bank(b.payment_unwanted(payment_id="again"), b.refund_failed(UNWANTED), policies=b.POLICIES)
    memory.when(handled(UNWANTED))
    assert "break.found" not in b.types([fact for fact in memory.advance(b.at("09-01 00:00")) if getattr(fact, "movement", "") == "refund"])
    memory.when(b.stated("l1", UNWANTED, 100_00).model_copy(update={"kind": "refund"}))
    found = [fact for fact in memory.advance(b.at("09-20 00:00")) if fact.type == "break.found"]
    assert [(fact.break_kind, fact.movement) for fact in found] == [("missing_here", "refund")]  # type: ignore[attr-defined]


@pytest.mark.parametrize("bad", [{"reference": ""}, {"reason": ""}, {"how": "given_up"}, {"of": "payout"}])
def test_a_word_without_what_shows_it_is_no_word_r3_5(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MoneyHandled(**(handled("x1").model_dump() | bad))
