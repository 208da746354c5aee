"""Disputes: who raises them, what both sides show, rulings, default, one appeal, and what it brings each side. Source: R4.11, R3.5."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.contracts.dispute import CaseAppealed, CaseAppealEnded, CaseDisputed, CaseHeard, CaseReopened, CaseRuled, EvidenceNoted
from shared.contracts.owed import ReimbursementGranted
from shared.contracts.refund import CaseApproved, CaseClosed, RefundGranted
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.builders import ORDER, at, types
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.refund.life import codes
from tests.unit.refund.matrix import shop

HEARD = (*a.DISPUTED, a.HEARD)
CONTESTED = (*l.RETURNED, a.contested(), "06-24 11:00:05")  # goods are back, the time for evidence is over
WON = (*CONTESTED, a.ruled(when="06-25 10:00"))
LOST = (*HEARD, a.ruled(upheld=False, fault="buyer", finding="false_claim"))


def facts_of(memory: Memory, *kinds: type[Message]) -> list[Message]:
    return [fact for fact in memory.facts if isinstance(fact, kinds)]


@pytest.mark.parametrize(("when", "state"), [("06-25 09:59:59", 20), ("06-25 10:00:00", 12)])
def test_the_buyer_disputes_a_refusal_within_seven_days_of_it_r4_11(when: str, state: int) -> None:
    memory = l.shop(*l.DECLINED, a.disputed(when=when))
    assert l.case_of(memory).state == state
    if state == 12:
        assert codes(memory) == ["case.too_late"]
        (end,) = memory.advance(at("06-25 10:00:05"))
        assert isinstance(end, CaseClosed)
        assert (end.code, end.outcome, end.fault) == ("case.refusal_over", "rejected", "")


def test_each_side_has_48_hours_for_evidence_and_then_the_platform_seven_days_r4_11() -> None:
    memory = shop(*a.DISPUTED, a.shown(when="06-21 11:59:59"), a.shown_by_seller(when="06-21 11:59:58"))
    raised = facts_of(memory, CaseDisputed)[0]
    assert isinstance(raised, CaseDisputed)
    assert (raised.state, raised.turn, raised.deadline, raised.by) == (20, "both", at("06-21 12:00"), "buyer")
    sides = [(fact.side, fact.turn, fact.deadline) for fact in memory.facts if isinstance(fact, EvidenceNoted)]
    assert sides == [("buyer", "both", at("06-21 12:00")), ("seller", "both", at("06-21 12:00"))]
    (heard,) = memory.advance(at("06-21 12:00:05"))
    assert isinstance(heard, CaseHeard)
    assert (heard.turn, heard.deadline, heard.occurred_at) == ("platform", at("06-28 12:00"), at("06-21 12:00"))


@pytest.mark.parametrize("show", [a.shown, a.shown_by_seller])
def test_evidence_after_its_window_is_refused_and_changes_nothing_r4_11(show: Callable[..., Message]) -> None:
    late = l.shop(*a.DISPUTED, show(when="06-21 12:00:00"))
    assert (codes(late), l.case_of(late).evidence) == (["evidence.too_late"], ())
    heard = shop(*HEARD)
    heard.send(show(when="06-21 11:59:59"))
    assert codes(heard) == ["evidence.too_late"]  # R1.2: once the deadline has fired the decision stands


def test_the_same_evidence_counts_once_and_a_side_shows_no_more_than_twenty_r4_11() -> None:
    memory = l.shop(*a.DISPUTED, *(a.shown(f"ev{number}") for number in range(20)), a.shown("ev3"), a.shown("ev20"))
    assert codes(memory) == ["evidence.known", "evidence.too_many"]
    assert len(l.case_of(memory).evidence) == 20


def test_a_seller_raises_the_dispute_before_its_silence_has_agreed_r4_11_r4_3() -> None:
    assert codes(l.shop(*l.OPEN, a.escalated(when="06-19 09:59:59"))) == []
    assert codes(l.shop(*l.OPEN, a.escalated(when="06-19 10:00:00"))) == ["case.too_late"]  # its silence has agreed (R4.3)


def test_only_the_parties_dispute_show_and_appeal_r4_11() -> None:
    assert codes(l.shop(*l.DECLINED, a.disputed(buyer="b2"))) == ["buyer.differs"]
    assert codes(l.shop(*l.OPEN, a.escalated(seller="s2"))) == ["seller.differs"]
    assert codes(l.shop(*l.RETURNED, a.contested(seller="s2"))) == ["seller.differs"]
    assert codes(l.shop(*a.DISPUTED, a.shown(buyer="b2"), a.shown_by_seller(seller="s2"))) == ["buyer.differs", "seller.differs"]
    memory = shop(*LOST)
    memory.when(a.appealed(buyer="b2"), a.appealed_by_seller(seller="s2"))
    assert codes(memory) == ["buyer.differs", "seller.differs"]


def test_a_ruling_for_the_buyer_brings_the_return_that_was_claimed_r4_11() -> None:
    memory = shop(*HEARD, a.ruled(fault="seller"))
    ruled, approved = memory.facts[-2:]
    assert isinstance(ruled, CaseRuled)
    assert isinstance(approved, CaseApproved)
    assert (ruled.upheld, ruled.by, ruled.fault, ruled.appeal_until) == (True, "ruling", "seller", at("06-30 10:00"))
    assert (approved.state, approved.turn, approved.deadline, approved.by) == (30, "buyer", at("07-03 10:00"), "ruling")


def test_a_ruling_may_give_less_than_was_claimed_and_other_than_was_claimed_r4_11() -> None:
    memory = shop(*HEARD, a.ruled(remedy="refund_only", amount_minor=20_00, quantity=1))
    grant = memory.facts[-1]
    assert isinstance(grant, RefundGranted)
    assert (grant.amount_minor, grant.quantity, grant.by) == (20_00, 0, "ruling")
    more = shop(*HEARD)
    more.when(a.ruled(quantity=4), a.ruled(amount_minor=100_01))
    assert codes(more) == ["ruling.exceeds_claim", "ruling.exceeds_claim"]


def test_a_ruling_for_the_seller_ends_the_case_with_who_was_at_fault_and_what_was_found_r4_11() -> None:
    end = shop(*LOST).facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.state, end.code, end.outcome, end.ruled) == (70, "case.ruled_for_seller", "rejected", "seller")
    assert (end.fault, end.finding, end.kind, end.ground) == ("buyer", "false_claim", "return_and_refund", "no_reason")


@pytest.mark.parametrize(("when", "refused"), [("06-28 11:59:59", []), ("06-28 12:00:00", ["ruling.too_late"])])
def test_the_platform_rules_before_its_days_pass_or_the_buyer_is_right_by_default_r4_11(when: str, refused: list[str]) -> None:
    memory = shop(*HEARD)
    memory.send(a.ruled(upheld=False, when=when))
    assert codes(memory) == refused
    if refused:
        ruled, approved = memory.advance(at("06-28 12:00:05"))
        assert isinstance(ruled, CaseRuled)
        assert (ruled.by, ruled.upheld, ruled.occurred_at) == ("default", True, at("06-28 12:00"))
        assert isinstance(approved, CaseApproved)
        assert approved.by == "default"


def test_a_ruling_waits_for_its_dispute_and_is_refused_before_both_sides_had_their_time_r4_11() -> None:
    memory = l.shop(*l.DECLINED, a.ruled())
    assert [held.reason for held in memory.held(ORDER)] == ["ruling.before_dispute"]
    memory.send(a.disputed())
    assert len(memory.held(ORDER)) == 1  # for the time for evidence to end
    memory.advance(at("06-21 12:00:05"))
    assert (l.case_of(memory).state, memory.held(ORDER)) == (30, [])
    assert codes(l.shop(*a.DISPUTED, a.ruled(when="06-21 11:59:59"))) == ["ruling.too_early"]


def test_a_ruling_for_a_closed_case_and_one_told_twice_are_refused_r4_11() -> None:
    assert codes(l.shop(*l.WITHDRAWN, a.ruled())) == ["case.closed"]
    memory = shop(*LOST)
    memory.when(a.ruled(upheld=False), a.ruled(ruling_id="rl9"))
    assert codes(memory) == ["ruling.known", "case.closed"]


def test_money_is_granted_by_the_ruling_where_the_goods_are_back_r4_11() -> None:
    grant = shop(*WON).facts[-1]
    assert isinstance(grant, RefundGranted)
    assert (grant.state, grant.by, grant.quantity, grant.amount_minor) == (50, "ruling", 3, 100_00)


@pytest.mark.parametrize(("when", "refused"), [("06-30 09:59:59", []), ("06-30 10:00:00", ["appeal.too_late"])])
def test_the_loser_appeals_once_within_seven_days_of_the_ruling_r4_11(when: str, refused: list[str]) -> None:
    memory = shop(*LOST)
    memory.send(a.appealed(when=when))
    assert codes(memory) == refused
    if not refused:
        told = memory.facts[-1]
        assert isinstance(told, CaseAppealed)
        assert (told.side, told.state, told.appeal_until) == ("buyer", 70, at("07-07 09:59:59"))
        memory.when(a.appealed(when=when), a.appealed_by_seller(when=when))
        assert codes(memory) == ["appeal.known", "appeal.not_loser"]


def test_an_appeal_that_nobody_rules_on_in_time_leaves_the_first_ruling_r4_11() -> None:
    memory = shop(*LOST, a.appealed())
    memory.send(a.appeal_ruled(when="07-01 10:00:00"))
    assert codes(memory) == ["ruling.too_late"]
    (over,) = memory.advance(at("07-01 10:00:05"))
    assert isinstance(over, CaseAppealEnded)
    assert (over.won, over.by, over.fault, over.finding, over.occurred_at) == (False, "silence", "buyer", "false_claim", at("07-01 10:00"))
    assert (l.case_of(memory).state, memory.armed) == (70, {})


@pytest.mark.parametrize("first", [a.appeal_ruled(), a.appeal_ruled(upheld=False)])
def test_an_appeal_is_ruled_on_once_r4_11(first: Message) -> None:
    memory = shop(*LOST, a.appealed(), first)
    before = l.case_of(memory)
    assert memory.when(a.appeal_ruled(ruling_id="another")) == ()
    assert (codes(memory), l.case_of(memory)) == (["appeal.ended"], before)


def test_a_buyer_that_wins_on_appeal_is_paid_and_the_line_is_held_again_r4_11() -> None:
    memory = shop(*LOST, a.appealed(), a.appeal_ruled(fault="seller"))
    over, again, grant = memory.facts[-3:]
    assert isinstance(over, CaseAppealEnded)
    assert isinstance(again, CaseReopened)
    assert isinstance(grant, RefundGranted)
    assert (over.won, over.side, over.fault, over.finding) == (True, "buyer", "seller", "none")  # what was said of the buyer falls
    assert (grant.by, grant.amount_minor, l.purchase_of(memory).lines[1].open_case) == ("appeal", 100_00, "c1")
    memory.send(l.done(when="06-26 10:01"))
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.state, end.outcome, end.fault, end.seller_at_fault) == (60, "refunded", "seller", True)


def test_a_lost_claim_is_appealed_as_it_was_whatever_the_ruling_named_beside_r4_11() -> None:
    lost = a.ruled(upheld=False, quantity=1, amount_minor=1_00, remedy="refund_only")
    memory = shop(*HEARD, lost, a.appealed(), a.appeal_ruled())
    grant = memory.facts[-1]
    assert isinstance(grant, RefundGranted)
    assert (grant.quantity, grant.amount_minor, l.case_of(memory).kind) == (3, 100_00, "return_and_refund")


def test_a_lost_appeal_leaves_all_that_the_first_ruling_found_r4_11() -> None:
    memory = shop(*LOST, a.appealed(), a.appeal_ruled(upheld=False, fault="seller", finding="counterfeit", appraisal_minor=9_00))
    over, case = memory.facts[-1], l.case_of(memory)
    assert isinstance(over, CaseAppealEnded)
    for one in (over, case):
        assert (one.fault, one.finding, one.appraisal_minor) == ("buyer", "false_claim", 0)
    assert (over.won, case.state) == (False, 70)


def test_while_an_appeal_may_reopen_a_case_its_line_takes_no_other_and_the_other_way_round_r4_3_r4_11() -> None:
    memory = shop(*LOST, a.appealed())
    memory.send(l.requested("c2", when="06-23 12:00"))
    assert codes(memory) == ["case.line_open"]
    other = shop(*LOST, l.requested("c2", when="06-23 12:00"))
    other.send(a.appealed())
    assert codes(other) == ["case.line_open"]


def test_a_seller_that_wins_on_appeal_is_paid_by_the_platform_and_the_buyer_keeps_what_it_has_r4_11() -> None:
    memory = shop(*WON, l.done(when="06-25 10:01"), a.appealed_by_seller(when="06-26 10:00"), a.appeal_ruled(when="06-27 10:00"))
    over, back = memory.facts[-2:]
    assert isinstance(over, CaseAppealEnded)
    assert isinstance(back, ReimbursementGranted)
    assert (over.side, over.won, back.refund_id, back.seller_id) == ("seller", True, a.refund_id(), "s1")
    assert l.case_of(memory).granted_minor == 100_00


def test_money_under_way_is_paid_back_to_the_winning_seller_once_it_is_done_r4_11() -> None:
    memory = shop(*WON, a.appealed_by_seller(when="06-26 10:00"), a.appeal_ruled(when="06-27 10:00"))
    assert facts_of(memory, ReimbursementGranted) == []
    memory.send(l.done(when="06-27 11:00"))
    assert types(memory.facts[-2:]) == ["case.closed", "reimbursement.granted"]
    failed = shop(*WON, a.appealed_by_seller(when="06-26 10:00"), a.appeal_ruled(when="06-27 10:00"), l.money_refused(when="06-27 11:00"))
    assert facts_of(failed, ReimbursementGranted) == []


def test_a_return_that_is_not_granted_yet_ends_when_the_seller_wins_on_appeal_r4_11() -> None:
    memory = shop(*HEARD, a.ruled(), a.appealed_by_seller(), a.appeal_ruled())
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.state, end.code, end.refunded_minor, memory.armed) == (70, "case.appeal_won_by_seller", 0, {})


def test_goods_sent_back_before_the_seller_wins_on_appeal_are_paid_for_and_the_platform_bears_it_r4_11() -> None:
    """The buyer keeps what it has: it is not left without goods and money."""
    returned = (a.ruled(), l.posted(when="06-24 12:00"), a.appealed_by_seller(when="06-25 10:00"), a.appeal_ruled())
    memory = shop(*HEARD, *returned, l.confirmed(when="06-27 10:00"), l.done(when="06-27 10:01"))
    assert types(memory.facts[-3:]) == ["refund.granted", "case.closed", "reimbursement.granted"]


def test_what_waits_for_the_order_is_not_granted_once_the_seller_wins_on_appeal_r4_11_r4_8() -> None:
    unshipped = (l.paid(l.line(paid_minor=400_00)), l.requested(kind="refund_only", ground="not_shipped", when="06-11 10:00"))
    ruled = (l.declined(when="06-11 11:00"), a.disputed(when="06-11 12:00"), "06-13 12:00:05", a.ruled(when="06-14 10:00"))
    memory = shop(
        *unshipped, *ruled, a.appealed_by_seller(when="06-15 10:00"), a.appeal_ruled(when="06-16 10:00"), a.kept(when="06-17 10:00")
    )
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.code, facts_of(memory, RefundGranted)) == ("case.appeal_won_by_seller", [])


def test_no_multiple_is_owed_for_a_fake_that_was_none_by_the_time_its_refund_is_done_r4_11_r4_9() -> None:
    claim = l.requested(kind="claim", ground="counterfeit").model_copy(update={"evidence_ids": ("e",)})
    fake = (*l.SIGNED, claim, l.declined(), a.disputed(), a.HEARD, a.ruled(finding="counterfeit", when="06-22 10:00"))
    memory = shop(*fake, a.appealed_by_seller(), a.appeal_ruled(), l.done(when="06-27 10:01"))
    assert types(memory.facts[-2:]) == ["case.closed", "reimbursement.granted"]


def test_an_appeal_runs_beside_the_case_which_goes_on_r4_11() -> None:
    memory = shop(*HEARD, a.ruled(), a.appealed_by_seller())
    case = l.case_of(memory)
    assert (case.state, case.turn, case.deadline, len(memory.armed)) == (30, "buyer", at("07-03 10:00"), 2)
    memory.send(l.posted(when="06-25 10:00"))
    assert (l.case_of(memory).state, len(memory.armed)) == (40, 2)


def test_a_refund_that_the_provider_failed_is_granted_again_under_its_next_id_by_a_ruling_r3_5() -> None:
    memory = shop(*l.STUCK, a.ruled())
    grant = memory.facts[-1]
    assert isinstance(grant, RefundGranted)
    assert (grant.refund_id, grant.attempt, grant.amount_minor, grant.quantity) == (a.refund_id(attempt=2), 2, 100_00, 3)
    assert l.purchase_of(memory).lines[1].granted_minor == 100_00  # in the place of the first, not beside it
    memory.send(l.done(when="06-23 10:01"))
    assert codes(memory) == ["case.wrong_state"]  # of the first attempt: out of date
    memory.send(l.done(when="06-23 10:02").model_copy(update={"refund_id": a.refund_id(attempt=2)}))
    assert l.case_of(memory).state == 60
    memory.send(a.appealed_by_seller(when="06-24 10:00"))
    assert codes(memory)[-1] == "case.closed"  # it was no dispute: nobody lost


def test_a_refund_that_the_provider_failed_is_given_up_by_a_ruling_and_its_units_are_free_r3_5() -> None:
    memory = shop(*l.STUCK, a.ruled(upheld=False))
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.state, end.code, l.purchase_of(memory).lines[1].left) == (70, "case.refund_given_up", 3)


def test_evidence_told_before_the_dispute_moves_none_of_its_deadlines_r4_11_r2_1() -> None:
    """The seller's topic was faster than the buyer's."""
    early = shop(*l.DECLINED, a.shown_by_seller(when="06-20 13:00"), a.disputed(when="06-19 12:00"))
    assert l.case_of(early).deadline == l.case_of(shop(*a.DISPUTED)).deadline == at("06-21 12:00")
