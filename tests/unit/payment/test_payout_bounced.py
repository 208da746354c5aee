"""A payout that the provider said it paid, and that came back to it since: not paid twice, for a person to find out. R3.5, R3.1."""

from __future__ import annotations

from typing import Any

import pytest

from services.payment.model.payout import ANSWERED_KEPT
from shared.contracts.handling import PayoutHandled, PayoutSettled
from shared.contracts.payment import PayoutContradicted
from shared.contracts.stated import PayoutBreakFound
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.asks import payout_handled as handled
from tests.unit.payment.bank import CASH, DEPOSIT, SELLER, account, balances, bank, check, codes, postings
from tests.unit.payment.test_contradicted import waits
from tests.unit.payment.test_deposit_withdrawn import lowered, paid_out
from tests.unit.payment.test_payout_contradicted import MANUAL, purse
from tests.unit.payment.test_payouts import LATE, instructed, payouts, swept
from tests.unit.payment.test_payouts_stated import open_breaks

SETTLED_ON = "06-20 12:00"  # when a person's word comes, unless said otherwise


def done(*more: Any, currency: str = "CNY", **policies: Any) -> tuple[Memory, str]:
    """75.00 were swept on 06-13 00:00 and paid at 09:00."""
    memory = bank(b.credited(75_00, currency=currency), **policies)
    payout = b.only(instructed(memory.advance(b.at("06-13 00:01"))))
    memory.when(b.payout_paid(payout.payout_id, when="06-13 09:00"), *more)
    return memory, payout.payout_id


def bounced(*more: Any, currency: str = "CNY", **policies: Any) -> tuple[Memory, str]:
    memory, payout_id = done(currency=currency, **policies)
    memory.when(b.payout_failed(payout_id, when="06-15 12:00"), *more)
    return memory, payout_id


def test_it_is_told_once_waits_for_a_person_and_moves_nothing_r3_5() -> None:
    memory, payout_id = done()
    before = balances(memory)
    fact = b.only(memory.when(b.payout_failed(payout_id, when="06-15 12:00")))
    assert isinstance(fact, PayoutContradicted)
    assert (fact.payout_id, fact.amount_minor, fact.held_minor, fact.bounced, fact.reason) == (payout_id, 75_00, 0, True, "account closed")
    assert (balances(memory), waits(memory), codes(memory)) == (before, {payout_id: "contradicted"}, [])
    assert memory.when(b.payout_failed(payout_id, when="06-16 10:00"), b.payout_paid(payout_id, when="06-16 11:00")) == ()
    assert (codes(memory), waits(memory)) == (["payout.contradicted", "payout.closed"], {payout_id: "contradicted"})


def test_what_comes_in_meanwhile_is_swept_as_ever_r3_1() -> None:
    memory, _ = bounced(b.credited(5_00, when="06-15 13:00", order_id="o2"))
    assert payouts(memory.advance(LATE)) == [(b.at("06-16 00:00"), 5_00)]


def test_found_paid_nothing_moves_and_it_waits_no_more_r3_5() -> None:
    memory, payout_id = bounced()
    before = balances(memory)
    fact = b.only(memory.when(handled(payout_id, when=SETTLED_ON)))
    assert isinstance(fact, PayoutSettled)
    assert (fact.how, fact.amount_minor, fact.moves, fact.sweep_at, fact.stated_by) == ("paid", 75_00, None, None, None)
    assert (balances(memory), waits(memory), payouts(memory.advance(LATE))) == (before, {}, [])
    memory.when(b.payout_failed(payout_id, when="08-02 11:00"), b.payout_paid(payout_id, when="08-02 12:00"))
    assert (codes(memory), payout_id in waits(memory)) == (["payout.contradicted", "payout.closed"], False)


def test_found_not_paid_it_is_in_the_balance_again_and_swept_at_the_next_midnight_r3_1_r3_5() -> None:
    memory, payout_id = swept()
    memory.when(b.payout_paid(payout_id, when="06-13 09:00"), b.payout_failed(payout_id, when="06-15 12:00"))
    fact = b.only(memory.when(handled(payout_id, "not_paid", reference="", when=SETTLED_ON)))
    assert isinstance(fact, PayoutSettled)
    assert (postings(fact.moves), fact.sweep_at) == ({CASH: -75_00, SELLER: 75_00}, b.at("06-21 00:00"))
    assert (fact.to_balance_minor, fact.to_deposit_minor, purse(memory).available_minor, waits(memory)) == (75_00, 0, 75_00, {})
    again = b.only(fact for fact in instructed(memory.advance(LATE)) if fact.party == b.SELLER)
    assert (again.occurred_at, again.amount_minor, again.payout_id == payout_id) == (b.at("06-21 00:00"), 75_00, False)
    memory.when(b.payout_paid(again.payout_id, when="08-02 10:00"), b.payout_failed(again.payout_id, when="08-03 10:00"))
    assert waits(memory)[again.payout_id] == "contradicted"
    memory.when(b.payout_paid(payout_id, when="08-04 10:00"), b.payout_failed(payout_id, when="08-04 11:00"))
    assert codes(memory) == ["payout.contradicted", "payout.closed"]
    check(memory.rows["posting"])


def test_what_was_withdrawn_stays_in_the_balance_where_there_is_no_sweep_r3_1() -> None:
    memory = bank(b.credited(75_00), asks.withdrawal(75_00, when="06-12 09:00"), policies=MANUAL)
    payout = b.only(instructed(memory.facts))
    memory.when(b.payout_paid(payout.payout_id, when="06-13 09:00"), b.payout_failed(payout.payout_id, when="06-15 12:00"))
    fact = b.only(memory.when(handled(payout.payout_id, "not_paid", when=SETTLED_ON)))
    assert (fact.sweep_at, purse(memory).sweeps, purse(memory).free_minor) == (None, {}, 75_00)
    memory.when(asks.withdrawal(75_00, "w2", when="06-20 13:00"))
    assert [one.amount_minor for one in instructed(memory.facts)] == [75_00, 75_00]


def test_a_debt_is_repaid_and_the_deposit_filled_before_the_party_has_the_rest_r3_7() -> None:
    memory, payout_id = bounced(asks.charged(30_00, when="06-16 10:00"), asks.registered(20_00, when="06-16 11:00"))
    facts = memory.when(handled(payout_id, "not_paid", when=SETTLED_ON))
    assert b.types(facts) == ["payout.settled", "debt.repaid", "deposit.filled"]
    assert (purse(memory).debt_minor, purse(memory).deposit_minor, purse(memory).available_minor) == (0, 20_00, 25_00)
    assert payouts(memory.advance(LATE)) == [(b.at("06-21 00:00"), 25_00)]


def test_what_was_of_a_deposit_is_there_again_and_repays_a_debt_from_there_r3_6_r3_7() -> None:
    memory = lowered()
    (payout,) = paid_out(memory)
    memory.when(b.payout_paid(payout.payout_id, when="06-12 12:00"), b.payout_failed(payout.payout_id, when="06-15 12:00"))
    there = purse(memory).deposit_minor
    memory.when(asks.charged(there + 1_00, when="06-16 10:00"))
    facts = memory.when(handled(payout.payout_id, "not_paid", when=SETTLED_ON))
    assert b.types(facts) == ["payout.settled", "debt.repaid"]
    settled = facts[0]
    assert isinstance(settled, PayoutSettled)
    assert (postings(settled.moves), settled.sweep_at) == ({CASH: -30_00, DEPOSIT: 30_00}, None)
    assert (purse(memory).deposit_minor, purse(memory).debt_minor) == (29_00, 0)


def test_it_is_of_its_own_currency_r3_1() -> None:
    memory, payout_id = bounced(b.credited(1_00, when="06-15 13:00", order_id="o2"), currency="USD")
    fact = b.only(memory.when(handled(payout_id, "not_paid", when="06-15 14:00")))
    assert (fact.currency, fact.moves.currency) == ("USD", "USD")
    paid = {(one.currency, one.amount_minor) for one in instructed(memory.advance(LATE))}
    assert paid == {("USD", 75_00), ("CNY", 1_00)}


def test_another_payout_in_between_is_not_touched_r3_1() -> None:
    memory, first = done(b.credited(5_00, when="06-13 10:00", order_id="o2"))
    second = b.only(instructed(memory.advance(b.at("06-14 00:01"))))
    memory.when(b.payout_failed(first, when="06-15 12:00"), handled(first, "not_paid", when="06-15 13:00"))
    memory.when(b.payout_paid(second.payout_id, when="06-15 14:00"))
    assert payouts(memory.advance(LATE)) == [(b.at("06-16 00:00"), 75_00)]
    assert codes(memory) == []


@pytest.mark.parametrize("how", ["paid", "not_paid"])
@pytest.mark.parametrize(("again", "code"), [(("paid", "h1"), "handling.known"), (("not_paid", "h2"), "handling.not_contradicted")])
def test_it_is_settled_once_r3_5(how: str, again: tuple[str, str], code: str) -> None:
    memory, payout_id = bounced()
    memory.when(handled(payout_id, how, when=SETTLED_ON))
    before = balances(memory), account(memory)
    assert memory.when(handled(payout_id, *again, when="06-20 13:00")) == ()
    assert ((balances(memory), account(memory)), codes(memory)) == (before, [code])


def test_a_persons_word_before_the_provider_said_both_is_refused_r3_5() -> None:
    memory, payout_id = done(handled("po1"))
    memory.when(handled(payout_id, "not_paid", "h2"), b.payout_failed(payout_id, when="06-21 12:00"))
    assert (codes(memory), waits(memory)) == (["handling.unknown", "handling.not_contradicted"], {payout_id: "contradicted"})


def test_what_came_back_before_it_was_said_to_be_paid_may_not_bounce_again_r3_5() -> None:
    """Found paid, and it came back all the same: once is all, a person books nothing."""
    memory = bank(b.credited(75_00))
    payout = b.only(instructed(memory.advance(b.at("06-13 00:01"))))
    memory.when(b.payout_failed(payout.payout_id, when="06-13 09:00"), b.payout_paid(payout.payout_id, when="06-13 12:00"))
    memory.when(handled(payout.payout_id, when=SETTLED_ON), b.payout_failed(payout.payout_id, when="06-22 09:00"))
    assert (codes(memory), waits(memory)) == (["payout.contradicted"], {})


def many(memory: Memory) -> None:
    for number in range(ANSWERED_KEPT + 2):
        when = f"06-16 {10 + number // 60}:{number % 60:02}"
        memory.when(b.credited(1, when=when, order_id=f"n{number}"), asks.withdrawal(1, f"w{number}", when=when))
        memory.when(b.payout_paid(instructed(memory.facts)[-1].payout_id, when=when))


def test_it_is_not_forgotten_while_it_waits_r3_5() -> None:
    memory, payout_id = bounced()
    many(memory)
    assert memory.when(handled(payout_id, "not_paid", when=SETTLED_ON)) != ()
    assert codes(memory) == []


def test_once_forgotten_the_refusal_says_so_r3_5() -> None:
    memory, payout_id = done()
    many(memory)
    assert memory.when(b.payout_failed(payout_id, when="06-20 09:00"), b.payout_paid(payout_id, when="06-20 10:00")) == ()
    memory.when(b.payout_failed("never", when="06-20 11:00"))
    assert codes(memory) == ["payout.too_old", "payout.too_old", "payout.unknown"]


def told(memory: Memory, *events: Any) -> list[list[str]]:
    """The breaks that stand after each, and long after the last."""
    found = []
    for event in sorted(events, key=lambda one: one.occurred_at):
        memory.advance(event.occurred_at)
        memory.when(event)
        found.append(open_breaks(memory))
    memory.advance(LATE)
    return [*found, open_breaks(memory)]


def test_its_line_taken_back_is_no_break_once_it_is_found_not_paid_r3_9() -> None:
    """Taken back before, it is a break as long as it counts as paid; never stated at all, likewise."""
    for stated in ({"06-14 10:00": 75_00, "06-16 10:00": 0}, {}):
        memory, payout_id = done(policies=b.POLICIES)
        lines = [b.payout_stated("l1", payout_id, amount, when=when) for when, amount in stated.items()]
        bounces, word = b.payout_failed(payout_id, when="06-15 12:00"), handled(payout_id, "not_paid", when="06-25 12:00")
        assert told(memory, *lines, bounces, word)[-2:] == [[], []]
        kinds = {fact.break_kind for fact in memory.facts if isinstance(fact, PayoutBreakFound)}
        assert kinds == {"missing_there"}


def test_its_line_that_stands_is_a_break_once_it_is_found_not_paid_until_it_is_taken_back_r3_9() -> None:
    memory, payout_id = done(policies=b.POLICIES)
    line = b.payout_stated("l1", payout_id, when="06-14 10:00")
    back = b.payout_stated("l1", payout_id, amount_minor=0, when="06-28 10:00")
    bounces, word = b.payout_failed(payout_id, when="06-15 12:00"), handled(payout_id, "not_paid", when=SETTLED_ON)
    assert told(memory, line, bounces, word, back) == [[], [], [f"missing_here {payout_id}"], [], []]


@pytest.mark.parametrize("stated", ["06-14 10:00", "06-16 10:00", "06-22 10:00"])
def test_found_paid_its_line_is_no_break_whenever_it_comes_r3_9(stated: str) -> None:
    memory, payout_id = done(policies=b.POLICIES)
    line = b.payout_stated("l1", payout_id, when=stated)
    word: PayoutHandled = handled(payout_id, when="06-17 12:00")
    breaks = told(memory, line, b.payout_failed(payout_id, when="06-15 12:00"), word)
    assert breaks[-1] == []


def test_found_paid_and_never_stated_it_is_a_break_as_before_r3_9() -> None:
    memory, payout_id = bounced(policies=b.POLICIES)
    memory.when(handled(payout_id, when="06-16 12:00"))
    memory.advance(LATE)
    assert open_breaks(memory) == [f"missing_there {payout_id}"]


def test_the_states_are_what_the_facts_fold_to() -> None:
    for how in ("paid", "not_paid"):
        memory, payout_id = bounced(policies=b.POLICIES)
        memory.when(handled(payout_id, how, when=SETTLED_ON))
        assert Memory(memory.service, b.POLICIES).given(*memory.facts).entities == memory.entities
