"""What stands in a party's purse: which sweep pays what, what is held, when a clawback is tried. Source: R3.1, R3.5-R3.7."""

from __future__ import annotations

from typing import Any

import pytest

from services.payment import ledger
from services.payment.model.purse import CLAWBACKS_KEPT, Purse, moved
from shared.contracts.payment import BalanceDebited, ClawbackDelayed, PayoutContradicted
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import ADVANCE, DEPOSIT, SELLER, account, bank, codes
from tests.unit.payment.test_payout_bounced import bounced
from tests.unit.payment.test_payout_contradicted import contradicted
from tests.unit.payment.test_payouts import LATE, payouts


def purse(memory: Memory) -> Purse:
    found: Purse = account(memory).purses["CNY"]
    return found


@pytest.mark.parametrize(
    ("charged", "paid"), [(5_00, [("06-13", 20_00), ("06-14", 5_00)]), (15_00, [("06-13", 15_00)]), (20_00, [("06-13", 10_00)])]
)
def test_a_charge_is_taken_from_the_latest_sweep_first_whatever_was_told_first_r3_7(charged: int, paid: list[tuple[str, int]]) -> None:
    memory = bank(b.credited(10_00, when="06-13 10:00"), b.credited(20_00, when="06-12 10:00", order_id="o2"))
    memory.when(asks.charged(charged, when="06-12 11:00"))
    assert payouts(memory.advance(LATE)) == [(b.at(f"{day} 00:00"), amount) for day, amount in paid]


@pytest.mark.parametrize("told", [contradicted, bounced])
def test_what_a_person_found_unpaid_joins_the_sweep_of_that_day_and_leaves_later_ones_as_they_are_r3_1_r3_5(told: Any) -> None:
    memory, payout_id = told(b.credited(1_00, when="06-20 09:00", order_id="o2"), b.credited(5_00, when="06-21 10:00", order_id="o3"))
    memory.when(asks.payout_handled(payout_id, "not_paid", when="06-20 10:00"))
    assert payouts(memory.advance(LATE)) == [(b.at("06-21 00:00"), 76_00), (b.at("06-22 00:00"), 5_00)]


def test_what_a_person_found_paid_is_out_of_the_balance_and_only_what_comes_in_later_is_swept_r3_1_r3_5() -> None:
    memory, payout_id = contradicted()
    memory.when(asks.payout_handled(payout_id), b.credited(5_00, when="06-21 10:00", order_id="o2"))
    assert (purse(memory).available_minor, payouts(memory.advance(LATE))) == (5_00, [(b.at("06-22 00:00"), 5_00)])


@pytest.mark.parametrize("of", [None, "deposit"])
def test_of_two_that_are_held_no_more_is_held_than_a_charge_left_the_first_first_r3_5(of: Any) -> None:
    """Held beyond what is there, it would keep back what comes in later."""
    found = Purse(available_minor=100_00, deposit_minor=100_00)
    for payout_id, minor in (("p1", 30_00), ("p2", 50_00)):
        what: dict[str, Any] = {"party": b.SELLER, "payout_id": payout_id, "currency": "CNY", "amount_minor": minor, "held_minor": minor}
        found = moved(found, PayoutContradicted(**what, of=of, occurred_at=b.at("06-13 10:00")))
    balance, deposit = (40_00, 0) if of is None else (0, 40_00)
    parts = {"from_balance_minor": balance, "from_deposit_minor": deposit, "as_debt_minor": 0, "debt_minor": 0, "reason": "refund"}
    said: dict[str, Any] = {"party": b.SELLER, "charge_id": "c1", "currency": "CNY", "amount_minor": 40_00, **parts, "zone": b.ZONE}
    moves = ledger.certain(ledger.moves("CNY", [(SELLER if of is None else DEPOSIT, -40_00), (ADVANCE, 40_00)]))
    found = moved(found, BalanceDebited(**said, order_id=b.ORDER, line_no=1, moves=moves, occurred_at=b.at("06-13 11:00")))
    assert (found.held if of is None else found.held_deposit) == {"p1": 30_00, "p2": 30_00}
    assert (found.free_minor if of is None else found.free_surplus_minor) == 0


def clawback(amount_minor: int, charge_id: str, when: str, zone: str = b.ZONE) -> Any:
    return asks.charged(amount_minor, "clawback", charge_id, when, zone=zone)


def test_a_clawback_that_is_tried_again_is_owed_once_also_where_younger_ones_were_joined_r3_6() -> None:
    memory = bank(*(clawback(10_00, f"ch{number}", "06-15 10:00") for number in range(CLAWBACKS_KEPT + 2)))
    memory.advance(b.at("06-18 00:01"))
    assert [one.amount_minor for one in purse(memory).clawbacks.values()] == [10_00] * (CLAWBACKS_KEPT - 1) + [30_00]


def test_what_is_left_after_an_income_is_tried_again_that_night_r3_6() -> None:
    memory = bank(clawback(10_00, "ch1", "06-15 10:00"), clawback(50_00, "ch2", "06-15 10:00"))
    memory.when(b.credited(20_00, when="06-15 12:00"))
    tried = [(fact.charge_id, fact.occurred_at) for fact in memory.advance(b.at("06-16 00:01")) if isinstance(fact, ClawbackDelayed)]
    assert tried == [("ch2", b.at("06-16 00:00"))]


def test_a_clawback_of_another_zone_does_not_move_the_night_in_which_the_oldest_is_tried_r3_6() -> None:
    memory = bank(clawback(10_00, "ch1", "06-15 10:00"), clawback(10_00, "ch2", "06-15 11:00", "America/Los_Angeles"))
    assert purse(memory).try_at == b.at("06-16 00:00")


@pytest.mark.parametrize("income", ["06-15 11:00", "06-13 10:00"])
def test_one_that_is_told_late_is_tried_in_no_night_before_the_last_word_on_one_r3_6(income: str) -> None:
    memory = bank(clawback(10_00, "ch1", "06-15 10:00"), b.credited(10_00, when=income))
    assert purse(memory).clawbacks == {}
    memory.when(clawback(10_00, "ch2", "06-13 12:00"))
    assert (purse(memory).try_at, codes(memory)) == (b.at("06-16 00:00"), [])
