"""A payout that the provider returned and then says it paid: not paid a second time, and for a person to find out. Source: R3.5, R3.1."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from services.payment.model.payout import ANSWERED_KEPT
from services.payment.model.purse import Purse, moved
from shared.contracts.handling import PayoutHandled, PayoutSettled
from shared.contracts.payment import PaidOf, PayoutContradicted, PayoutInstructed, WithdrawalRefused
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.asks import payout_handled as handled
from tests.unit.payment.bank import CASH, DEBT, DEPOSIT, SELLER, account, balances, bank, check, codes, postings
from tests.unit.payment.test_contradicted import waits
from tests.unit.payment.test_deposit_withdrawn import lowered, paid_out, refusals, wants
from tests.unit.payment.test_payouts import LATE, instructed, payouts, swept
from tests.unit.payment.test_payouts_stated import open_breaks

MANUAL = b.with_policy("payment", sweep=False)


def returned(*more: Any, **policies: Any) -> tuple[Memory, str]:
    """75.00 were swept on 06-13 00:00 and came back at 09:00, to be swept again on 06-14 00:00."""
    memory = bank(b.credited(75_00), **policies)
    payout = b.only(instructed(memory.advance(b.at("06-13 00:01"))))
    memory.when(b.payout_failed(payout.payout_id, when="06-13 09:00"), *more)
    return memory, payout.payout_id


def contradicted(*more: Any, **policies: Any) -> tuple[Memory, str]:
    memory, payout_id = returned(**policies)
    memory.when(b.payout_paid(payout_id, when="06-13 12:00"), *more)
    return memory, payout_id


def purse(memory: Memory, currency: str = "CNY") -> Any:
    return account(memory).purses[currency]


def test_it_is_told_once_waits_for_a_person_and_moves_nothing_r3_5() -> None:
    memory, payout_id = returned()
    before = balances(memory)
    fact = b.only(memory.when(b.payout_paid(payout_id, when="06-13 12:00")))
    assert isinstance(fact, PayoutContradicted)
    assert (fact.payout_id, fact.currency, fact.amount_minor, fact.held_minor) == (payout_id, "CNY", 75_00, 75_00)
    assert (balances(memory), waits(memory), codes(memory)) == (before, {payout_id: "contradicted"}, [])
    assert memory.when(b.payout_paid(payout_id, when="06-14 10:00"), b.payout_failed(payout_id, when="06-14 11:00")) == ()
    assert (codes(memory), waits(memory)) == (["payout.contradicted", "payout.closed"], {payout_id: "contradicted"})


def test_the_next_sweep_does_not_pay_it_again_but_what_comes_in_r3_1_r3_5() -> None:
    memory, _ = contradicted(b.credited(5_00, when="06-15 10:00", order_id="o2"))
    assert payouts(memory.advance(LATE)) == [(b.at("06-16 00:00"), 5_00)]
    assert (purse(memory).available_minor, purse(memory).sweeps) == (75_00, {})


def test_told_after_the_next_sweep_nothing_is_there_to_be_held_and_a_person_is_told_all_the_same_r3_5() -> None:
    memory, payout_id = returned()
    again = b.only(instructed(memory.advance(b.at("06-14 00:01"))))
    fact = b.only(memory.when(b.payout_paid(payout_id, when="06-14 09:00")))
    assert (fact.held_minor, waits(memory)) == (0, {payout_id: "contradicted"})
    memory.when(b.payout_paid(again.payout_id, when="06-14 10:00"), b.credited(5_00, when="06-15 10:00", order_id="o2"))
    assert payouts(memory.advance(LATE)) == [(b.at("06-16 00:00"), 5_00)]


def test_of_what_is_left_so_much_is_held_as_is_there_r3_5() -> None:
    memory, payout_id = returned(asks.charged(70_00, when="06-13 10:00"))
    fact = b.only(memory.when(b.payout_paid(payout_id, when="06-13 12:00")))
    assert fact.held_minor == 5_00
    memory.when(asks.charged(2_00, charge_id="c2", when="06-13 13:00"), b.credited(9_00, when="06-15 10:00", order_id="o2"))
    assert (purse(memory).held, payouts(memory.advance(LATE))) == ({payout_id: 3_00}, [(b.at("06-16 00:00"), 9_00)])


@pytest.mark.parametrize("of", [None, "deposit"])
def test_several_are_held_beside_each_other_r3_5(of: PaidOf) -> None:
    found = Purse(available_minor=100_00, deposit_minor=100_00)
    for payout_id, minor in (("p1", 30_00), ("p2", 50_00)):
        what: dict[str, Any] = {"party": b.SELLER, "payout_id": payout_id, "currency": "CNY", "amount_minor": minor, "held_minor": minor}
        found = moved(found, PayoutContradicted(**what, of=of, occurred_at=b.at("06-13 10:00")))
    assert (found.free_minor, found.free_surplus_minor) == ((20_00, 100_00) if of is None else (100_00, 20_00))


def test_a_withdrawal_does_not_give_it_out_r3_1_r3_5() -> None:
    memory, _ = contradicted(b.credited(5_00, when="06-13 13:00", order_id="o2"), policies=b.POLICIES)
    memory.when(asks.withdrawal(5_01, when="06-13 14:00"), asks.withdrawal(5_00, "w2", when="06-13 14:00"))
    refused = [fact.code for fact in memory.facts if isinstance(fact, WithdrawalRefused)]
    paid = [fact.amount_minor for fact in memory.facts if isinstance(fact, PayoutInstructed)]
    assert (refused, paid) == (["withdrawal.payout_contradicted"], [75_00, 5_00])
    memory.when(asks.withdrawal(80_01, "w3", when="06-13 15:00"))
    assert isinstance(memory.facts[-1], WithdrawalRefused)
    assert memory.facts[-1].code == "withdrawal.exceeds_balance"


def test_another_currency_goes_as_before_r3_1() -> None:
    memory, _ = contradicted(b.credited(1, currency="USD", when="06-14 10:00"))
    assert [(fact.currency, fact.amount_minor) for fact in instructed(memory.advance(LATE))] == [("USD", 1)]


def test_found_paid_it_is_booked_as_done_after_all_and_waits_no_more_r3_5() -> None:
    memory, payout_id = swept()
    memory.when(b.payout_failed(payout_id, when="06-13 09:00"), b.payout_paid(payout_id, when="06-13 12:00"))
    assert balances(memory)[SELLER] == 75_00
    fact = b.only(memory.when(handled(payout_id)))
    assert isinstance(fact, PayoutSettled)
    assert (fact.handling_id, fact.how, fact.by, fact.reference) == ("h1", "paid", "ops-7", "psp-17")
    assert (fact.from_balance_minor, fact.as_debt_minor, postings(fact.moves)) == (75_00, 0, {SELLER: -75_00, CASH: 75_00})
    assert (balances(memory).get(SELLER), waits(memory), purse(memory).held) == (None, {}, {})
    assert [fact for fact in instructed(memory.advance(LATE)) if fact.party == b.SELLER] == []
    check(memory.rows["posting"])
    memory.when(b.payout_paid(payout_id, when="06-21 10:00"), b.payout_failed(payout_id, when="06-21 11:00"))
    assert codes(memory) == ["payout.closed", "payout.contradicted"]


def test_found_not_paid_it_is_swept_at_the_next_midnight_r3_5_r3_1() -> None:
    memory, payout_id = contradicted()
    before = balances(memory)
    fact = b.only(memory.when(handled(payout_id, "not_paid", reference="")))
    assert isinstance(fact, PayoutSettled)
    assert (fact.moves, fact.sweep_at, balances(memory), waits(memory)) == (None, b.at("06-21 00:00"), before, {})
    assert payouts(memory.advance(LATE)) == [(b.at("06-21 00:00"), 75_00)]
    memory.when(b.payout_paid(payout_id, when="08-02 10:00"))
    assert (codes(memory), payout_id in waits(memory)) == (["payout.contradicted"], False)


def test_found_not_paid_what_was_withdrawn_stays_where_there_is_no_sweep_r3_1() -> None:
    memory = bank(b.credited(75_00), asks.withdrawal(75_00, when="06-12 09:00"), policies=MANUAL)
    payout = b.only(instructed(memory.facts))
    memory.when(b.payout_failed(payout.payout_id, when="06-13 09:00"), b.payout_paid(payout.payout_id, when="06-13 12:00"))
    fact = b.only(memory.when(handled(payout.payout_id, "not_paid")))
    assert (fact.sweep_at, purse(memory).sweeps, purse(memory).free_minor) == (None, {}, 75_00)


def test_of_what_was_paid_twice_the_deposit_gives_what_it_has_and_the_rest_is_owed_r3_6() -> None:
    memory, payout_id = returned(asks.registered(20_00, when="06-13 09:00"), asks.topped_up(20_00, when="06-13 09:30"))
    again = b.only(instructed(memory.advance(b.at("06-14 00:01"))))
    memory.when(b.payout_paid(again.payout_id, when="06-14 09:00"), b.payout_paid(payout_id, when="06-14 09:00"))
    memory.when(b.credited(5_00, when="06-20 09:00", order_id="o2"))
    fact = b.only(memory.when(handled(payout_id)))
    assert isinstance(fact, PayoutSettled)
    assert postings(fact.moves) == {SELLER: -5_00, DEPOSIT: -20_00, DEBT: -50_00, CASH: 75_00}
    assert (fact.debt_minor, purse(memory).debt_minor, purse(memory).hindrance) == (50_00, 50_00, "withdrawal.debt_open")


def test_what_is_back_in_a_deposit_is_held_there_r3_7() -> None:
    memory = lowered()
    (payout,) = paid_out(memory)
    memory.when(b.payout_failed(payout.payout_id, when="06-12 12:00"), b.payout_paid(payout.payout_id, when="06-12 13:00"))
    assert paid_out(memory, wants(1, "w2", when="06-12 14:00")) == []
    assert (refusals(memory), waits(memory)) == (["withdrawal.payout_contradicted"], {payout.payout_id: "contradicted"})
    fact = b.only(memory.when(handled(payout.payout_id)))
    assert postings(fact.moves) == {DEPOSIT: -30_00, CASH: 30_00}
    assert (purse(memory).held_deposit, purse(memory).deposit_minor) == ({}, 20_00)


@pytest.mark.parametrize("stated", ["06-13 10:00", "06-15 10:00", "06-22 10:00"])
def test_its_line_on_the_statement_is_no_break_once_it_is_found_paid_r3_9(stated: str) -> None:
    memory, payout_id = returned(policies=b.POLICIES)
    steps = [b.payout_paid(payout_id, when="06-13 12:00"), handled(payout_id), b.payout_stated("l1", payout_id, when=stated)]
    for event in sorted(steps, key=lambda event: event.occurred_at):
        memory.advance(event.occurred_at)
        if isinstance(event, PayoutHandled):
            assert open_breaks(memory) == ([f"missing_here {payout_id}"] if stated < "06-20" else [])
        memory.when(event)
    memory.advance(LATE)
    assert open_breaks(memory) == []


def test_found_paid_and_never_stated_it_is_a_break_r3_9() -> None:
    memory, payout_id = contradicted(policies=b.POLICIES)
    memory.when(handled(payout_id))
    memory.advance(LATE)
    assert open_breaks(memory) == [f"missing_there {payout_id}"]


REFUSED = {
    "said twice": (("paid", "h1"), "handling.known"),
    "settled before, under another id": (("not_paid", "h2"), "handling.not_contradicted"),
}


@pytest.mark.parametrize("first", ["paid", "not_paid"])
@pytest.mark.parametrize(("second", "code"), REFUSED.values(), ids=REFUSED)
def test_it_is_settled_once_r3_5(first: str, second: tuple[str, str], code: str) -> None:
    memory, payout_id = contradicted()
    memory.when(handled(payout_id, first))
    before = balances(memory), account(memory)
    assert memory.when(handled(payout_id, *second)) == ()
    assert ((balances(memory), account(memory)), codes(memory)) == (before, [code])


def test_what_nobody_contradicted_is_not_a_persons_to_settle_r3_5() -> None:
    memory, payout_id = returned()
    assert memory.when(handled(payout_id), handled("po9"), handled(payout_id).model_copy(update={"party": "nobody"})) == ()
    assert codes(memory) == ["handling.not_contradicted", "handling.unknown", "handling.unknown"]


def test_what_was_paid_is_shown_by_something() -> None:
    with pytest.raises(ValidationError):
        handled("po1", reference="")


def test_it_is_not_forgotten_while_it_waits_r3_5() -> None:
    memory, payout_id = contradicted()
    for number in range(ANSWERED_KEPT + 2):
        when = f"06-14 {10 + number // 60}:{number % 60:02}"
        memory.when(b.credited(1, when=when, order_id=f"n{number}"), asks.withdrawal(1, f"w{number}", when=when))
        memory.when(b.payout_paid(instructed(memory.facts)[-1].payout_id, when=when))
    assert memory.when(handled(payout_id)) != ()
    assert codes(memory) == []
