"""The guarantee fund's refund is given up after units were cancelled whose money the buyer was to have from it. Source: R4.6, R3.5."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deploy.verify import handled as by_hand
from deploy.verify import owed, splits
from deploy.verify.report import Check
from shared.contracts.payment import LineSettled, RefundReserved
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment import disputes
from tests.unit.payment.bank import CASH, ESCROW, balances, check, codes, confirmed, funded, payment
from tests.unit.payment.test_fund_restored import cancelled
from tests.unit.payment.test_guarantee_fund import FUND, by_fund, settled
from tests.unit.payment.test_handling import handled
from tests.unit.payment.test_verified import Bank, Told, log_of


def given_up(units: int = 2, fund_minor: int = 40_00) -> Memory:
    """The fund's refund is under way when units are cancelled; then the provider refuses it, and a ruling gives it up."""
    memory = funded(b.line(quantity=2)) if units == 2 else confirmed(b.line(quantity=2))
    memory.when(b.case_opened(), by_fund("f1", fund_minor, 0), cancelled(units, units * 50_00), b.refund_paid("x1"), b.refund_failed("f1"))
    memory.when(b.case_closed(when="06-09 11:00").model_copy(update={"given_up": "f1"}))
    return memory


def test_what_the_buyer_was_to_have_from_a_refund_of_the_fund_that_is_given_up_waits_for_a_person_r4_6_r3_5() -> None:
    """60 came, 40 were the fund's to pay: they lie in escrow, and are the buyer's, as the order gave the units back."""
    memory = given_up()
    assert ("refund.decided" in b.types(memory.facts), payment(memory).refunds["f1"].waits, balances(memory)[ESCROW]) == (
        False,
        True,
        40_00,
    )
    facts = memory.when(handled("f1"))
    assert b.types(facts) == ["handling.noted", "refund.reserved", "refund.done"]
    assert facts[2].restored_minor == 40_00  # type: ignore[attr-defined]
    assert (payment(memory).refunds["f1"].waits, balances(memory)) == (False, {CASH: -40_00, "platform:by_hand": 40_00})
    check(memory.rows["posting"])


def test_what_else_the_fund_paid_makes_nothing_rest_on_a_refund_that_is_given_up_r3_5_r2_6() -> None:
    """40 it paid, 20 more failed: no unit was cancelled, so that nobody waits for these, and the line is settled in time."""
    memory = confirmed(b.line(quantity=2))
    memory.when(b.case_opened(), by_fund("f1", 40_00, 0), b.refund_paid("f1"), by_fund("f2", 20_00, 0), b.refund_failed("f2"))
    memory.when(b.case_closed(when="06-09 11:00").model_copy(update={"given_up": "f2"}))
    memory.advance(b.at("06-13 00:00"))
    assert (payment(memory).refunds["f2"].waits, len(settled(memory))) == (False, 1)


def test_a_line_is_not_settled_before_that_is_paid_and_then_without_it_r4_6_r2_6() -> None:
    """80 by the fund, one of two cancelled: 20 came, 30 were the fund's to pay, and 50 are settled."""
    memory = given_up(1, 80_00)
    memory.advance(b.at("07-20 00:00"))
    assert (settled(memory), memory.refused) == ([], [])
    memory.when(handled("f1"))
    (line,) = settled(memory)
    assert line.seller_minor + line.promoter_minor + line.platform_minor == 50_00
    assert (balances(memory).get(ESCROW, 0), balances(memory).get(FUND, 0)) == (0, 0)


def test_where_a_bank_has_taken_all_of_it_the_line_is_settled_when_a_person_says_so_and_not_as_of_before_r2_6_r3_8() -> None:
    """Of 100 the bank took the 80 that were left: that nobody could be paid 30 of them held the settlement until then."""
    memory = given_up(1, 80_00)
    memory.when(disputes.opened(when="06-10 10:00"), disputes.closed("lost", when="07-10 10:00"))
    memory.advance(b.at("07-25 10:00"))
    assert settled(memory) == []
    assert b.types(memory.when(handled("f1", how="unclaimed", when="07-25 10:00"))) == ["handling.noted", "line.settled"]
    assert ([one.occurred_at for one in settled(memory)], memory.armed) == ([b.at("07-25 10:00")], {})


def test_while_its_case_may_grant_it_again_nobody_settles_it_by_hand_r3_5() -> None:
    memory = funded(b.line(quantity=2))
    memory.when(b.case_opened(), by_fund("f1", 40_00, 0), cancelled(2, 100_00), b.refund_paid("x1"), b.refund_failed("f1"))
    assert (memory.when(handled("f1")), codes(memory)) == ((), ["handling.of_case"])


def test_granted_again_and_refused_it_waits_all_the_same_and_paid_by_another_it_does_not_r3_5_r4_6() -> None:
    refused_again, paid = (funded(b.line(quantity=2)) for _ in range(2))
    for memory, amount in ((refused_again, 140_00), (paid, 40_00)):
        memory.when(b.case_opened(), by_fund("f1", 40_00, 0), cancelled(2, 100_00), b.refund_paid("x1"), b.refund_failed("f1"))
        memory.when(by_fund("f2", amount, 0).model_copy(update={"again_of": "f1", "attempt": 2}))
    paid.when(b.refund_paid("f2"))
    assert [payment(memory).refunds["f1"].waits for memory in (refused_again, paid)] == [True, False]
    assert balances(paid) == {}
    refused_again.when(b.case_closed(when="06-09 11:00"), handled("f1"))
    assert balances(refused_again).get(ESCROW, 0) == 0


def test_of_two_that_rest_a_person_settles_each_for_its_own_part_r3_5_r4_6() -> None:
    memory = funded(b.line(quantity=2))
    memory.when(by_fund("f1", 40_00, 0), by_fund("f2", 30_00, 0), cancelled(2, 100_00), b.refund_paid("x1"))
    memory.when(b.refund_failed("f1"), b.refund_failed("f2"), handled("f1"))
    assert balances(memory)[ESCROW] == 30_00
    memory.when(handled("f2", handling_id="h2"))
    assert balances(memory) == {CASH: -70_00, "platform:by_hand": 70_00}


def test_of_two_that_rest_each_is_of_its_own_units_r3_5_r4_6() -> None:
    memory = funded(b.line(paid_minor=150_00, quantity=3))
    memory.when(by_fund("f1", 50_00, 1), by_fund("f2", 50_00, 1), cancelled(3, 150_00), b.refund_paid("x1"))
    memory.when(b.refund_failed("f1"), b.refund_failed("f2"), handled("f1"), handled("f2", handling_id="h2"))
    by_hand = [(fact.buyer_minor, fact.quantity) for fact in memory.facts if isinstance(fact, RefundReserved) and fact.again_of]
    assert (by_hand, balances(memory)) == ([(50_00, 1), (50_00, 1)], {CASH: -100_00, "platform:by_hand": 100_00})


def test_given_up_where_no_unit_was_cancelled_it_waits_for_nobody_r3_5() -> None:
    memory = funded()
    memory.when(b.case_opened(), by_fund("f1"), b.refund_failed("f1"))
    facts = memory.when(b.case_closed(when="06-09 11:00").model_copy(update={"given_up": "f1"}))
    assert (b.types(facts)[0], payment(memory).refunds["f1"].waits) == ("refund.decided", False)


def life() -> Bank:
    """Of three units one is settled; of the other two 20 came, and 80 were the fund's to pay, 110 in all."""
    made = Bank()
    made.tell(b.succeeded(150_00), b.order_paid(b.line(paid_minor=150_00, quantity=3)), b.order_completed(), b.case_opened())
    made.tell(by_fund("f1", 130_00, 2), cancelled(2, 100_00), b.refund_paid("x1"), b.refund_failed("f1"))
    made.tell(b.case_closed(when="06-09 11:00").model_copy(update={"given_up": "f1"}))
    made.until("07-20 00:00")
    made.tell(handled("f1"))
    made.until("08-20 00:00")
    return made


def wrong(told: list[Told]) -> list[str]:
    log = log_of(told)
    found: list[Check] = [*by_hand.checks(log), *owed.checks(log), *splits.checks(log, b.POLICIES)]
    return [str(one.first) for one in found if not one.holds]


def test_verify_comes_to_the_same_r4_6_r3_5() -> None:
    made = life()
    (again,) = (fact for _, _, fact in made.told if isinstance(fact, RefundReserved) and fact.again_of is not None)
    assert (again.buyer_minor, again.quantity, again.funder, again.asked_minor) == (80_00, 1, "platform", None)
    assert (wrong(made.told), balances(made.memory).get(ESCROW, 0)) == ([], 0)


def early(told: list[Told]) -> None:
    """The line is settled before the person's word."""
    (place,) = (place for place, (_, _, fact) in enumerate(told) if isinstance(fact, LineSettled))
    (word,) = (place for place, (_, _, fact) in enumerate(told) if fact.type == "money.handled")
    told.insert(word, told.pop(place))


def more(told: list[Told]) -> None:
    """All of it is paid by hand."""
    for place, (identity, cause, fact) in enumerate(told):
        if isinstance(fact, RefundReserved) and fact.again_of is not None:
            told[place] = identity, cause, fact.model_copy(update={"buyer_minor": 130_00})


@pytest.mark.parametrize(("damage", "named"), [(early, "may still be paid back"), (more, "is set aside")])
def test_verify_names_a_settlement_before_it_and_too_much_of_it_r4_6_r3_5(damage: Callable[[list[Told]], None], named: str) -> None:
    told = life().told
    damage(told)
    assert any(named in one for one in wrong(told)), wrong(told)
