"""The clocks of a claim of counterfeits, which stand in the place of the seller's 48 hours. Source: R4.9."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from deploy.verify import verdicts
from shared.contracts.dispute import CaseDisputed, EvidenceNoted
from shared.contracts.owed import CompensationGranted
from shared.contracts.refund import CaseClosed, CaseDeclined, CaseOpened, RefundGranted
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.builders import at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.refund.matrix import CLAIM, shop
from tests.unit.test_cases_together import street
from tests.unit.verify.recorded import index, log_of

SHOWN = (*l.SIGNED, CLAIM, a.shown(when="06-20 10:00"))


def test_the_buyer_shows_evidence_within_14_days_of_applying_r4_9() -> None:
    memory = shop(*l.SIGNED, CLAIM)
    opened = memory.facts[-1]
    assert isinstance(opened, CaseOpened)
    assert (opened.turn, opened.deadline) == ("buyer", at("07-01 10:00"))
    memory.send(a.shown(when="07-01 09:59:59"))
    noted = memory.facts[-1]
    assert isinstance(noted, EvidenceNoted)
    assert (noted.state, noted.turn, noted.deadline) == (10, "seller", at("07-08 09:59:59"))


def test_evidence_that_came_with_the_claim_gives_the_seller_its_seven_days_at_once_r4_9() -> None:
    opened = shop(*l.SIGNED, CLAIM.model_copy(update={"evidence_ids": ("ev1",)})).facts[-1]
    assert isinstance(opened, CaseOpened)
    assert (opened.turn, opened.deadline, opened.evidence_ids) == ("seller", at("06-24 10:00"), ("ev1",))


@pytest.mark.parametrize(("told", "when", "answer"), [((*l.SIGNED, CLAIM), "07-01 10:00", ""), (SHOWN, "06-27 10:00", "silence")])
def test_silence_of_either_side_goes_to_a_ruling_and_never_approves_r4_9(told: tuple[Message, ...], when: str, answer: str) -> None:
    memory = shop(*told)
    deadline = at(when)
    (fact,) = memory.advance(at(f"{when}:05"))
    assert isinstance(fact, CaseDisputed)
    assert (fact.by, fact.turn, fact.occurred_at, fact.rule) == ("silence", "both", deadline, "R4.9")
    assert l.case_of(memory).answer == answer  # a buyer's silence is not held against the seller


@pytest.mark.parametrize(
    ("refused", "until"),
    [("06-17 11:00", "07-01 10:00"), ("06-24 10:00", "07-01 10:00"), ("06-24 10:00:01", "07-01 10:00:01"), ("06-30 10:00", "07-07 10:00")],
)
def test_a_refusal_before_the_evidence_leaves_the_buyer_its_14_days_or_seven_from_then_r4_9_r4_11(refused: str, until: str) -> None:
    """Of a claim of 06-17 10:00. At the deadline it is too late, a second before it is not."""
    told = (*l.SIGNED, CLAIM, l.declined(when=refused))
    memory = shop(*told)
    case = l.case_of(memory)
    assert (case.state, case.turn, case.deadline) == (12, "buyer", at(until))
    assert l.codes(l.shop(*told, a.disputed(when=at(until)))) == ["case.too_late"]
    memory.send(a.disputed(when=at(until) - timedelta(seconds=1)))
    assert (l.case_of(memory).state, memory.refused) == (20, [])
    gone = shop(*told).advance(at(until) + timedelta(seconds=5))
    assert isinstance(gone[0], CaseClosed)
    assert (gone[0].code, gone[0].occurred_at) == ("case.refusal_over", at(until))


def test_evidence_after_such_a_refusal_is_taken_and_leaves_the_buyer_to_dispute_r4_9_r4_11() -> None:
    memory = shop(*l.SIGNED, CLAIM, l.declined(when="06-17 11:00"), a.shown(when="07-01 09:59:58"))
    noted = memory.facts[-1]
    assert isinstance(noted, EvidenceNoted)
    assert (noted.state, noted.turn, noted.deadline) == (12, "buyer", at("07-01 10:00"))
    memory.send(a.disputed(when="07-01 09:59:59"))
    assert (l.case_of(memory).state, l.case_of(memory).deadline) == (20, at("07-03 09:59:59"))


def test_a_refusal_after_the_evidence_has_its_seven_days_r4_11() -> None:
    assert l.case_of(shop(*SHOWN, l.declined(when="06-20 11:00"))).deadline == at("06-27 11:00")
    assert l.case_of(l.shop(*l.DECLINED)).deadline == at("06-25 10:00")


@pytest.mark.parametrize(("raised", "until"), [("06-17 11:00", "07-01 10:00"), ("06-30 10:00", "07-02 10:00")])
def test_a_seller_that_disputes_before_the_evidence_leaves_the_buyer_its_14_days_r4_9(raised: str, until: str) -> None:
    memory = shop(*l.SIGNED, CLAIM, a.escalated(when=raised))
    assert (l.case_of(memory).state, l.case_of(memory).deadline) == (20, at(until))
    memory.send(a.shown(when=at(until) - timedelta(seconds=1)))
    assert memory.refused == []
    assert l.codes(l.shop(*l.SIGNED, CLAIM, a.escalated(when=raised), a.shown(when=at(until)))) == ["evidence.too_late"]


def test_verify_computes_the_deadline_of_an_early_refusal_and_names_another_r4_9() -> None:
    bought = (b.placed(), b.succeeded(), b.shipped(), b.signed(when="06-05 10:00"))
    claim = l.requested(kind="claim", ground="counterfeit", quantity=1, when="06-06 10:00")
    for early in (l.declined(when="06-06 11:00"), a.escalated(when="06-06 11:00")):
        log = log_of(street(*bought, claim, early))
        assert [check.first for check in verdicts.checks(log) if not check.holds] == []
        for facts in log.lanes.values():
            for number, entry in enumerate(facts):
                if isinstance(entry.event, CaseDeclined | CaseDisputed):
                    facts[number] = replace(entry, event=entry.event.model_copy(update={"deadline": at("06-13 11:00")}))
        index(log)
        (named,) = (str(check.first) for check in verdicts.checks(log) if not check.holds)
        assert "is due 2026-06-20 02:00:00+00:00" in named


def test_further_evidence_does_not_move_the_sellers_deadline_r4_9() -> None:
    memory = shop(*SHOWN, a.shown("ev2", when="06-22 10:00"), a.shown_by_seller(when="06-22 11:00"))
    assert (l.case_of(memory).turn, l.case_of(memory).deadline) == ("seller", at("06-27 10:00"))


def test_a_seller_that_admits_it_refunds_and_owes_the_multiple_r4_9() -> None:
    memory = shop(*SHOWN, l.accepted(when="06-21 10:00"))
    grant = memory.facts[-1]
    assert isinstance(grant, RefundGranted)
    assert (grant.by, grant.amount_minor) == ("seller", 100_00)
    memory.send(l.done(when="06-21 10:01"))
    end = next(fact for fact in memory.facts if isinstance(fact, CaseClosed))
    assert (end.outcome, end.fault, end.answer) == ("refunded", "seller", "seller")
    (owed,) = [fact for fact in memory.facts if isinstance(fact, CompensationGranted)]
    assert (owed.why, owed.amount_minor) == ("statutory", 500_00)  # three times 100.00 is less than the law's least


def test_what_the_ruling_found_is_in_the_end_of_the_case_r4_9() -> None:
    memory = shop(*SHOWN, l.declined(when="06-21 10:00"), a.disputed(when="06-21 11:00"), "06-23 11:00:05")
    memory.when(a.ruled(finding="counterfeit", fault="seller", appraisal_minor=80_00, when="06-24 10:00"), l.done(when="06-24 10:01"))
    end = next(fact for fact in memory.facts if isinstance(fact, CaseClosed))
    assert (end.finding, end.fault, end.ruled, end.outcome) == ("counterfeit", "seller", "buyer", "refunded")
    owed = [(fact.why, fact.amount_minor) for fact in memory.facts if isinstance(fact, CompensationGranted)]
    assert owed == [("statutory", 500_00), ("appraisal", 80_00)]
