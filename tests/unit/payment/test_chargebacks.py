"""Chargebacks: money freezes at once, what the buyer has already is contested, and it ends either way. Source: R3.8, R2.6."""

from __future__ import annotations

import pytest

from services.payment.decide.chargebacks import CHARGEBACKS_MAX
from shared.contracts.chargeback import ChargebackContested, ChargebackDebited, ChargebackEnded, ChargebackReceived
from shared.contracts.payment import LineSettled, RefundInstructed
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import CASH, ESCROW, SUBSIDY, balances, bank, check, codes, confirmed, example, funded, payment, waiting
from tests.unit.payment.disputes import CONTESTED, closed, opened


def lines_of(fact: Message) -> dict[int, int]:
    assert isinstance(fact, ChargebackReceived | ChargebackEnded)
    return {line.line_no: line.amount_minor for line in fact.lines}


def test_an_opened_chargeback_moves_no_money_and_says_whom_it_is_about_r3_8() -> None:
    memory = funded(b.line(1), b.line(2, 50_00))
    before = balances(memory)
    received: ChargebackReceived = b.only(memory.when(opened(30_00)))
    assert (received.payment_id, received.amount_minor, received.reason) == (b.PAYMENT_ID, 30_00, "10.4")
    assert [(line.seller_id, line.promoter_id) for line in received.lines] == [(b.SELLER, b.PROMOTER)] * 2
    assert balances(memory) == before


def test_it_lies_on_the_lines_by_largest_remainder_over_what_is_left_of_them_r3_8() -> None:
    """Of 100.00, 50.00 and 50.00, the first refunded by 50.00: thirds of 10.00, the odd fen to the first."""
    memory = funded(b.line(1), b.line(2, 50_00), b.line(3, 50_00))
    memory.when(b.granted(amount_minor=50_00), b.refund_paid())
    assert lines_of(b.only(memory.when(opened(10_00)))) == {1: 3_34, 2: 3_33, 3: 3_33}


def test_a_refund_granted_meanwhile_is_held_and_not_submitted_r3_8() -> None:
    memory = funded()
    memory.when(opened(60_00))
    held = b.only(memory.when(b.granted(when="06-09 09:00", applied="06-08 09:00")))
    assert (held.type, held.amount_minor, held.applied_at) == ("refund.held", 40_00, b.at("06-08 09:00"))
    assert not [fact for fact in memory.facts if isinstance(fact, RefundInstructed)]
    memory.when(b.granted(when="06-09 09:01"), b.refund_paid(), b.refund_failed())
    assert codes(memory) == ["refund.known", "refund.unknown", "refund.unknown"]


def test_so_are_cancelled_units_r3_8() -> None:
    memory = funded()
    assert b.types(memory.when(opened(60_00), b.units_cancelled())) == ["chargeback.received", "refund.held"]


SPENT = (opened(1, when="06-01 10:15"), closed("lost", when="06-01 10:16"))
ALL_BUT = {  # a bank takes a fen before all units of a line are cancelled, or while what was paid for them is held
    "before": (*SPENT, b.units_cancelled((1, 2, 100_00))),
    "meanwhile": (opened(1, when="06-01 10:15"), b.units_cancelled((1, 2, 100_00)), closed("lost")),
    "before, and disputes more": (*SPENT, opened(1, "cb2"), b.units_cancelled((1, 2, 100_00)), closed("won", "cb2")),
    "before, unit by unit": (
        *SPENT,
        b.units_cancelled((1, 1, 50_00)),
        b.units_cancelled((1, 1, 50_00), refund_id="y"),
        b.refund_paid("y1"),
    ),
}


@pytest.mark.parametrize("what", ALL_BUT)
def test_of_cancelled_units_goes_back_what_a_bank_left_of_their_part_and_escrow_is_empty_r1_4_r3_2_r3_8(what: str) -> None:
    """No case asks for it, and nothing will be settled: else it stays in escrow for ever."""
    memory = funded(b.line(quantity=2, subsidies={"platform": 20_00}))
    memory.when(*ALL_BUT[what], b.refund_paid("x1"))
    assert balances(memory) == {}
    assert sum(fact.amount_minor for fact in memory.facts if fact.type == "refund.done") == 99_99  # type: ignore[attr-defined]


def test_of_cancelled_units_of_which_a_bank_left_nothing_or_a_refund_has_them_nothing_goes_back_r3_5_r3_8() -> None:
    spent, refunded = funded(), funded()
    spent.when(opened(), closed("lost"))
    refunded.when(*SPENT, b.granted(amount_minor=99_99), b.refund_paid("r1"))
    for memory in (spent, refunded):
        refused = b.only(memory.when(b.units_cancelled()))
        assert (refused.type, refused.code) == ("refund.refused", "refund.exceeds_paid")


def test_what_could_never_be_refunded_is_refused_at_once() -> None:
    memory = funded()
    memory.when(opened())
    refused = b.only(memory.when(b.granted(amount_minor=100_01)))
    assert (refused.type, refused.code) == ("refund.refused", "refund.exceeds_paid")


def test_won_everything_unfreezes_held_refunds_in_the_order_of_their_application_r3_8() -> None:
    """30.00 twice on 40.00: the buyer who asked first has it, whichever was granted first."""
    memory = funded(b.line(paid_minor=40_00, quantity=2))
    memory.when(opened(40_00), b.granted("r1", 30_00, applied="06-07 10:00"), b.granted("r2", 30_00, applied="06-06 10:00"))
    ended, *rest = memory.when(closed("won"))
    assert isinstance(ended, ChargebackEnded)
    assert (ended.outcome, ended.taken_minor, ended.buyer_id, lines_of(ended)) == ("won", 0, b.BUYER, {1: 40_00})
    assert b.types(rest) == ["refund.reserved", "refund.instructed", "refund.refused"]
    assert [fact.refund_id for fact in rest] == ["r2", "r2", "r1"]  # type: ignore[attr-defined]
    assert b.types(memory.when(b.refund_paid("r2", when="07-21 10:00"))) == ["refund.done"]


def test_lost_before_settlement_it_comes_from_escrow_and_the_subsidies_part_goes_back_r3_8_r3_4() -> None:
    memory = funded(example())
    ended, debited = memory.when(opened(), closed("lost"))[1:]
    assert isinstance(ended, ChargebackEnded)
    assert (ended.outcome, ended.disputed_minor, ended.taken_minor, lines_of(ended)) == ("lost", 100_00, 100_00, {1: 100_00})
    assert isinstance(debited, ChargebackDebited)
    assert (debited.amount_minor, debited.excess_minor) == (100_00, 0)
    assert balances(memory) == {}
    check(memory.rows["posting"])


def test_a_partial_one_leaves_the_rest_to_be_refunded_and_settled_r3_8() -> None:
    """40 of R3.3's example: what a refund of 40 leaves: commission 12, fee 3, seller 57, subsidy back 8."""
    memory = confirmed(example())
    memory.when(opened(40_00, when="06-06 10:00"), closed("lost", when="06-07 10:00"))
    assert balances(memory) == {CASH: -60_00, ESCROW: 72_00, SUBSIDY: -12_00}
    assert b.types(memory.when(b.granted("r1", 100_01), b.granted("r2", 60_00), b.refund_failed("r2")))[0] == "refund.refused"
    (settled, *_) = memory.advance(b.at("06-12 00:01"))
    assert isinstance(settled, LineSettled)
    assert (settled.seller_minor, settled.promoter_minor, settled.platform_minor) == (57_00, 12_00, 3_00)


def test_submitted_refunds_count_and_the_excess_is_contested_r3_8() -> None:
    """Paid 100.00, 40.00 under way: of 100.00 disputed 40.00 are contested."""
    memory = funded()
    memory.when(b.granted())
    received, contested = memory.when(opened())
    assert lines_of(received) == {1: 60_00}
    assert isinstance(contested, ChargebackContested)
    assert (contested.amount_minor, contested.paid_minor, contested.returned_minor) == (40_00, 100_00, 40_00)
    assert b.types(memory.when(b.refund_paid())) == ["refund.done"]
    memory.when(closed("lost", amount_minor=60_00))
    assert balances(memory) == {}


def test_what_was_contested_in_vain_is_asked_back_from_the_provider_and_charged_to_nobody_r3_8() -> None:
    memory = funded()
    memory.when(b.granted(), b.refund_paid(), opened(), closed("lost"))
    assert balances(memory) == {CASH: 40_00, CONTESTED: -40_00}
    check(memory.rows["posting"])


def test_a_refund_that_was_not_paid_after_all_covers_what_was_taken_beyond_r3_8() -> None:
    """Contested for its sake, 40.00 were taken all the same: the buyer has them once, from the bank."""
    memory = confirmed()
    memory.when(b.granted(), opened(), closed("lost"))
    assert balances(memory) == {ESCROW: 40_00, CONTESTED: -40_00}
    facts = memory.when(b.refund_failed(when="07-21 10:00"))
    assert b.types(facts) == ["refund.not_paid", "chargeback.debited", "line.settled"]
    assert balances(memory) == {}
    assert payment(memory).chargebacks["cb1"].excess_minor == 0


def test_units_that_were_cancelled_meanwhile_come_before_what_a_case_asked_for_r3_8_r3_5() -> None:
    """Nobody asks for their money again: had the provider failed the case's refund, and a person given it up, the seller would have it."""
    memory = funded(b.line(quantity=2))
    memory.when(opened(when="06-01 12:00"), b.case_opened(), b.granted("r1", 100_00), b.units_cancelled((1, 1, 50_00), when="06-09 09:00"))
    facts = memory.when(closed("won"))
    assert [(fact.type, fact.refund_id) for fact in facts[1:]] == [  # type: ignore[attr-defined]
        ("refund.reserved", "x1"),
        ("refund.instructed", "x1"),
        ("refund.refused", "r1"),
    ]


def test_settlement_is_held_while_one_is_open_and_happens_when_it_was_won_r2_6_r3_8() -> None:
    memory = confirmed()
    memory.when(opened(10_00, when="06-08 12:00"))
    assert memory.advance(b.at("07-19 00:00")) == ()
    assert b.types(memory.when(closed("won"))) == ["chargeback.ended", "line.settled", "account.credited", "account.credited"]
    (settled,) = (fact for fact in memory.facts if isinstance(fact, LineSettled))
    assert (settled.occurred_at, settled.seller_minor) == (b.at("07-20 10:00"), 75_00)


def test_a_line_that_it_does_not_lie_on_is_settled_in_time_r2_6() -> None:
    """Refunded lines are left out; one that was paid with subsidies alone is not disputed."""
    memory = confirmed(b.line(1), b.line(2, 0, subsidies={"platform": 10_00}))
    memory.when(opened(when="06-08 12:00"))
    assert [fact.line_no for fact in memory.advance(b.at("06-13 00:00")) if isinstance(fact, LineSettled)] == [2]


def test_one_that_was_opened_at_the_settlement_or_later_does_not_hold_it_r1_1() -> None:
    memory = confirmed()
    memory.when(opened(when="06-12 00:00"))
    assert b.types(memory.advance(b.at("06-12 00:01")))[0] == "line.settled"


def test_one_that_came_after_the_line_was_due_and_ended_before_the_timer_moves_nothing_r2_6_r1_2() -> None:
    memory = confirmed()
    memory.when(opened(when="06-12 10:00"), closed("won", when="06-13 10:00"))
    (fact,) = (fact for fact in memory.advance(b.at("08-01 00:00")) if isinstance(fact, LineSettled))
    assert fact.occurred_at == b.at("06-12 00:00")


def test_a_line_charged_back_in_full_is_settled_with_nothing_so_that_its_order_ends_r2_1() -> None:
    memory = confirmed(example())
    settled = memory.when(opened(), closed("lost"))[-1]
    assert isinstance(settled, LineSettled)
    assert (settled.seller_minor, settled.promoter_minor, settled.platform_minor, settled.moves) == (0, 0, 0, None)


def test_two_at_once_share_what_is_left_and_only_the_last_end_unfreezes_r3_8() -> None:
    memory = confirmed()
    memory.when(opened(60_00, "cb1"), b.granted("r1", 30_00))
    received, contested = memory.when(opened(60_00, "cb2"))
    assert (lines_of(received), contested.amount_minor) == ({1: 40_00}, 20_00)  # type: ignore[attr-defined]
    assert b.types(memory.when(closed("lost", "cb2"))) == ["chargeback.ended", "chargeback.debited"]
    _, debited, refused, settled = memory.when(closed("lost", "cb1", when="07-21 10:00"))
    assert (debited.amount_minor, debited.excess_minor) == (40_00, 20_00)  # type: ignore[attr-defined]
    assert (refused.code, settled.type) == ("refund.exceeds_paid", "line.settled")  # type: ignore[attr-defined]
    assert balances(memory) == {CASH: 20_00, CONTESTED: -20_00}


REFUSED = {
    "opened twice": ((opened(), opened(when="06-08 13:00")), "chargeback.known"),
    "opened again with another amount": ((opened(), opened(50_00)), "chargeback.contradicted"),
    "in another currency": ((opened(currency="USD"),), "chargeback.currency_differs"),
    "beyond what was paid": ((opened(100_01),), "chargeback.exceeds_paid"),
    "lost twice": ((opened(), closed("lost"), closed("lost", when="07-21 10:00")), "chargeback.ended"),
    "won twice": ((opened(), closed("won"), closed("won", when="07-21 10:00")), "chargeback.ended"),
    "lost after it was won": ((opened(), closed("won"), closed("lost")), "chargeback.contradicted"),
    "won after it was lost": ((opened(), closed("lost"), closed("won")), "chargeback.contradicted"),
    "lost again with another amount": ((opened(), closed("lost"), closed("lost", amount_minor=1)), "chargeback.contradicted"),
    "lost with more than was disputed": ((opened(50_00), closed("lost", amount_minor=50_01)), "chargeback.amount_differs"),
    "won with an amount": ((opened(), closed("won", amount_minor=1)), "chargeback.amount_differs"),
    "of more than any order has": (tuple(opened(1, f"n{number}") for number in range(CHARGEBACKS_MAX + 1)), "chargeback.too_many"),
}


@pytest.mark.parametrize(("events", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_said_twice_or_cannot_be_changes_nothing_and_has_a_code_r3_8(events: tuple[Message, ...], code: str) -> None:
    memory = funded()
    memory.when(*events[:-1])
    before = balances(memory), payment(memory)
    assert memory.when(events[-1]) == ()
    assert (codes(memory), (balances(memory), payment(memory))) == ([code], before)


def test_one_that_comes_before_its_payment_and_an_end_before_its_opening_wait_r2_1() -> None:
    memory = bank(closed("lost"), opened())
    assert waiting(memory) == ["chargeback.before_opened", "chargeback.before_payment"]
    in_order = funded()
    in_order.when(opened(), closed("lost"))
    facts = memory.when(b.order_paid())
    assert b.types(facts) == ["escrow.funded", "chargeback.received", "chargeback.ended", "chargeback.debited"]
    assert (payment(memory), balances(memory)) == (payment(in_order), balances(in_order))


def test_an_unknown_payment_may_be_one_whose_news_has_not_come_so_it_waits() -> None:
    memory = funded()
    memory.when(opened(30_00, payment_id="pay2"))
    assert waiting(memory) == ["chargeback.before_payment"]
    assert "chargeback.contested" in b.types(memory.when(b.payment_unwanted("pay2", 30_00)))


def test_shown_by_the_provider_s_statement_at_the_opening_or_at_the_end_r3_9() -> None:
    for stated_at in ("06-09 01:00", "07-21 01:00"):
        memory: Memory = bank(b.order_paid(), b.stated(), policies=b.POLICIES)
        line = b.stated("l2", "cb1", 60_00, "chargeback", when=stated_at, day=f"2026-{stated_at[:5]}")
        steps = sorted((opened(60_00), closed("lost"), line), key=lambda event: event.occurred_at)
        for event in steps:
            memory.advance(event.occurred_at)
            memory.when(event)
        memory.advance(b.at("09-01 00:00"))
        assert not [fact for fact in memory.facts if fact.type.startswith("break")]


def test_one_that_the_statement_never_shows_or_shows_though_it_was_won_is_a_break_r3_9() -> None:
    unseen: Memory = bank(b.order_paid(), b.stated(), opened(60_00), closed("lost"), policies=b.POLICIES)
    unseen.advance(b.at("09-01 00:00"))
    assert [fact.break_kind for fact in unseen.facts if fact.type == "break.found"] == ["missing_there"]  # type: ignore[attr-defined]
    kept: Memory = bank(b.order_paid(), b.stated(), opened(60_00), policies=b.POLICIES)
    kept.when(b.stated("l2", "cb1", 60_00, "chargeback", when="06-09 01:00"), closed("won"))
    assert [fact.break_kind for fact in kept.facts if fact.type == "break.found"] == ["missing_here"]  # type: ignore[attr-defined]
    kept.when(b.stated("l2", "cb1", 0, "chargeback", when="07-21 01:00"))
    assert kept.facts[-1].type == "break.explained"


@pytest.mark.parametrize(
    ("took", "back", "left"),
    [(150_00, 0, (1, 2, 3)), (149_99, 0, (2,)), (149_99, 100_00, (2, 3)), (100_00, 50_00, (1, 2, 3)), (60_00, 0, ()), (0, 0, None)],
)
def test_the_end_tells_of_which_lines_it_took_the_last_r3_8(took: int, back: int, left: tuple[int, ...] | None) -> None:
    """Of 100.00, of which a refund may have gone before, and 50.00; a free line goes with the last of them."""
    memory = funded(b.line(1), b.line(2, 50_00), b.line(3, 0))
    memory.when(*([b.granted(amount_minor=back), b.refund_paid()] if back else []))
    memory.when(opened(150_00), closed("lost" if took else "won", amount_minor=took or None))
    assert [fact.nothing_left for fact in memory.facts if isinstance(fact, ChargebackEnded)] == [left]
