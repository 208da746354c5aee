"""The rest of the escrow goes to its parties, on the seventh day, unless a case is open. Source: R2.6, R3.3, R3.4."""

from __future__ import annotations

import pytest

from shared.contracts.payment import AccountCredited, LineSettled, SettlementPlanned
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment.bank import (
    CASH,
    COMMISSION,
    ESCROW,
    PROMOTER,
    SELLER,
    SUBSIDY,
    balances,
    bank,
    codes,
    confirmed,
    example,
    funded,
    payment,
    postings,
    waiting,
)

LATE = b.at("08-01 00:00")


def settled(memory: Memory) -> LineSettled:
    (fact,) = [fact for fact in memory.facts if isinstance(fact, LineSettled)]
    return fact


def shares(memory: Memory) -> tuple[int, int, int]:
    fact = settled(memory)
    return fact.seller_minor, fact.promoter_minor, fact.platform_minor


def test_a_confirmed_line_is_settled_on_the_seventh_day_at_midnight_r2_6() -> None:
    memory = funded()
    fact: SettlementPlanned = b.only(memory.when(b.order_completed()))
    assert (fact.line_no, fact.occurred_at, fact.settle_at) == (1, b.at("06-05 09:00"), b.at("06-12 00:00"))
    assert memory.advance(b.at("06-12 00:00:04")) == ()
    assert b.types(memory.advance(b.at("06-12 00:00:05"))) == ["line.settled", "account.credited", "account.credited"]
    assert settled(memory).occurred_at == b.at("06-12 00:00")
    assert memory.armed == {}


def test_paid_100_subsidy_20_commission_20_fee_5_gives_seller_95_promoter_20_platform_5_r3_3() -> None:
    memory = confirmed(example())
    memory.advance(LATE)
    assert shares(memory) == (95_00, 20_00, 5_00)
    assert postings(settled(memory).moves) == {ESCROW: -120_00, SELLER: 95_00, COMMISSION: 5_00, PROMOTER: 20_00}
    assert balances(memory) == {CASH: -100_00, SUBSIDY: -20_00, SELLER: 95_00, COMMISSION: 5_00, PROMOTER: 20_00}


def test_refund_40_of_it_gives_seller_57_promoter_12_platform_3_and_8_back_r3_4() -> None:
    memory = funded(example())
    memory.when(b.granted(), b.refund_paid(), b.order_completed())
    memory.advance(LATE)
    assert shares(memory) == (57_00, 12_00, 3_00)
    assert balances(memory) == {CASH: -60_00, SUBSIDY: -12_00, SELLER: 57_00, COMMISSION: 3_00, PROMOTER: 12_00}


def test_points_are_floored_once_of_what_is_left_r3_3() -> None:
    memory = funded(b.line(paid_minor=99, quantity=3))
    memory.when(b.granted(amount_minor=33), b.refund_paid(), b.order_completed())
    memory.advance(LATE)
    assert shares(memory) == (66 - 13 - 3, 13, 3)


def test_each_party_is_told_its_share_by_its_own_key() -> None:
    memory = confirmed(example())
    credits = [fact for fact in memory.advance(LATE) if isinstance(fact, AccountCredited)]
    assert [(fact.party, fact.key, fact.amount_minor, fact.zone) for fact in credits] == [
        (b.SELLER, b.SELLER, 95_00, b.ZONE),
        (b.PROMOTER, b.PROMOTER, 20_00, b.ZONE),
    ]


def test_who_sells_what_they_promote_gets_one_credit_of_both() -> None:
    memory = confirmed(b.line(promoter_id=b.SELLER))
    credits = [fact for fact in memory.advance(LATE) if isinstance(fact, AccountCredited)]
    assert [(fact.party, fact.amount_minor) for fact in credits] == [(b.SELLER, 95_00)]
    assert balances(memory)[SELLER] == 95_00


def test_without_promoter_the_seller_keeps_the_commission() -> None:
    memory = confirmed(b.line(promoter_id=None, commission_bp=0))
    memory.advance(LATE)
    assert shares(memory) == (95_00, 0, 5_00)


def test_lines_are_settled_one_by_one_r2_6() -> None:
    memory = funded(b.line(1), b.line(2, seller_id="s2"))
    memory.when(b.order_completed(2, when="06-06 09:00"), b.order_completed(1, when="06-05 09:00"))
    facts = [fact for fact in memory.advance(LATE) if isinstance(fact, LineSettled)]
    assert [(fact.line_no, fact.seller_id, fact.occurred_at) for fact in facts] == [
        (1, "s1", b.at("06-12 00:00")),
        (2, "s2", b.at("06-13 00:00")),
    ]
    assert ESCROW not in balances(memory)


def test_an_open_case_holds_the_line_and_not_the_others_r2_6() -> None:
    memory = confirmed(b.line(1), b.line(2))
    assert b.only(memory.when(b.case_opened(line_no=1))).type == "settlement.held"
    assert [fact.line_no for fact in memory.advance(LATE) if isinstance(fact, LineSettled)] == [2]
    assert balances(memory)[ESCROW] == 100_00


def test_a_settlement_that_fell_due_meanwhile_happens_the_moment_the_last_case_ends_r2_6() -> None:
    memory = confirmed()
    memory.when(b.case_opened("c1"), b.case_opened("c2"))
    assert memory.advance(LATE) == ()
    assert b.types(memory.when(b.case_closed("c1", when="06-15 10:00"))) == ["settlement.freed"]
    facts = memory.when(b.case_closed("c2", when="06-16 10:00"))
    assert b.types(facts) == ["settlement.freed", "line.settled", "account.credited", "account.credited"]
    assert {fact.occurred_at for fact in facts} == {b.at("06-16 10:00")}


@pytest.mark.parametrize(("ends", "at_once"), [("06-11 23:59:59", False), ("06-12 00:00", True)])
def test_a_case_that_ends_before_the_day_leaves_it_as_it_was_r2_6(ends: str, at_once: bool) -> None:
    memory = confirmed()
    memory.when(b.case_opened())
    assert ("line.settled" in b.types(memory.when(b.case_closed(when=ends)))) is at_once
    memory.advance(LATE)
    assert settled(memory).occurred_at == b.at("06-12 00:00")


@pytest.mark.parametrize(("opens", "holds"), [("06-11 23:59:59", True), ("06-12 00:00", False)])
def test_only_a_case_opened_before_the_day_holds_it_r1_2(opens: str, holds: bool) -> None:
    memory = confirmed()
    memory.when(b.case_opened(when=opens))
    assert bool(memory.advance(LATE)) is not holds


def test_a_confirmation_told_after_the_case_that_held_it_settles_when_that_ended() -> None:
    memory = funded()
    memory.when(b.case_opened(when="06-11 10:00"), b.case_closed(when="06-20 10:00"), b.order_completed(when="06-05 09:00"))
    memory.advance(LATE)
    assert settled(memory).occurred_at == b.at("06-20 10:00")


@pytest.mark.parametrize("told_first", [True, False])
def test_a_case_that_came_too_late_and_ended_before_the_timer_moves_nothing_whatever_is_told_first_r1_2(told_first: bool) -> None:
    memory, case = funded(), (b.case_opened(when="06-12 10:00"), b.case_closed(when="06-13 10:00"))
    memory.when(*case, b.order_completed()) if told_first else memory.when(b.order_completed(), *case)
    memory.advance(LATE)
    assert settled(memory).occurred_at == b.at("06-12 00:00")


def test_a_case_that_begins_while_another_holds_the_line_holds_it_as_well_whichever_end_is_told_first_r2_6() -> None:
    memory = confirmed()
    memory.when(b.case_opened("c1"), b.case_opened("c2", when="06-13 10:00"))
    memory.when(b.case_closed("c2", when="06-16 10:00"), b.case_closed("c1", when="06-15 10:00"))
    memory.advance(LATE)
    assert settled(memory).occurred_at == b.at("06-16 10:00")


def test_a_case_before_the_confirmation_holds_as_well() -> None:
    memory = funded()
    memory.when(b.case_opened(when="06-04 10:00"), b.order_completed())
    assert memory.advance(LATE) == ()
    assert "line.settled" in b.types(memory.when(b.case_closed(when="07-01 10:00")))


def test_a_refund_under_way_holds_the_line_until_the_provider_answers() -> None:
    memory = confirmed(b.line(quantity=2))
    memory.when(b.granted(amount_minor=50_00))
    assert b.types(memory.advance(LATE)) == ["refund.overdue"]
    facts = memory.when(b.refund_paid(when="06-20 10:00"))
    assert b.types(facts) == ["refund.done", "line.settled", "account.credited", "account.credited"]
    assert (shares(memory), settled(memory).occurred_at) == ((37_50, 10_00, 2_50), b.at("06-20 10:00"))


def test_a_refund_that_failed_frees_the_line_with_all_its_money() -> None:
    memory = confirmed(b.line(quantity=2))
    memory.when(b.granted(amount_minor=50_00))
    assert b.types(memory.when(b.refund_failed(when="06-20 10:00")))[:2] == ["refund.not_paid", "line.settled"]
    assert shares(memory) == (75_00, 20_00, 5_00)


def test_a_line_refunded_in_full_needs_no_settlement_and_leaves_nothing_in_escrow() -> None:
    memory = confirmed(b.line(subsidies={"platform": 20_00, "promoter": 3}))
    memory.when(b.case_opened(), b.granted(amount_minor=100_00), b.refund_paid(), b.case_closed(quantity=1, amount_minor=100_00))
    assert (memory.advance(LATE), balances(memory), memory.armed) == ((), {}, {})


def test_a_line_that_its_seller_paid_for_is_settled_without_money() -> None:
    memory = confirmed(b.line(paid_minor=0, subsidies={"seller": 5_00}))
    assert b.types(memory.advance(LATE)) == ["line.settled"]
    assert (settled(memory).moves, shares(memory)) == (None, (0, 0, 0))


def test_a_line_that_the_platform_paid_for_is_the_sellers_without_points() -> None:
    memory = confirmed(b.line(paid_minor=0, subsidies={"platform": 5_00}))
    memory.advance(LATE)
    assert shares(memory) == (5_00, 0, 0)


def test_the_days_frozen_at_placement_count_r9_1() -> None:
    terms = b.TERMS.model_copy(update={"settle_days": 3, "zone": "America/New_York"})
    memory = bank(b.order_paid(terms=terms), b.order_completed(when="06-05 09:00"))
    memory.advance(LATE)
    assert settled(memory).occurred_at == b.at("06-07 00:00", "America/New_York")  # 06-05 09:00 is 06-04 21:00 there


def test_a_line_is_planned_once_and_only_if_it_exists() -> None:
    memory = confirmed()
    memory.when(b.order_completed(when="06-06 09:00"), b.order_completed(2), b.case_opened(line_no=2))
    assert codes(memory) == ["settlement.known", "line.unknown", "line.unknown"]


def test_what_comes_before_its_escrow_waits_r2_1() -> None:
    memory = bank(b.case_closed(), b.case_opened(), b.order_completed())
    assert waiting(memory) == ["payment.before_escrow", "payment.before_escrow", "settlement.before_escrow"]
    assert b.types(memory.when(b.order_paid())) == ["escrow.funded", "settlement.held", "settlement.freed", "settlement.planned"]


def test_a_case_is_opened_once_and_ends_once() -> None:
    memory = funded()
    memory.when(b.case_opened(), b.case_opened(when="06-06 11:00"), b.case_closed(), b.case_closed(when="06-09 11:00"), b.case_opened())
    assert codes(memory) == ["case.known", "case.closed", "case.known"]
    memory.when(b.case_closed("c9"))
    assert waiting(memory) == ["case.before_opened"]


def test_after_settlement_a_case_changes_nothing() -> None:
    memory = confirmed()
    memory.advance(LATE)
    assert b.types(memory.when(b.case_opened(when="08-02 00:00"), b.case_closed(when="08-03 00:00"))) == [
        "settlement.held",
        "settlement.freed",
    ]
    assert payment(memory).lines[1].settled
