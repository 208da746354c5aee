"""One claim: where it stands, whose turn it is and until when, what was ruled and appealed. Source: R4.2-R4.4, R4.9-R4.11."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from shared.contracts.dispute import (
    CaseAppealed,
    CaseAppealEnded,
    CaseDisputed,
    CaseHeard,
    CaseReopened,
    CaseRuled,
    EvidenceNoted,
)
from shared.contracts.exchange import CaseExchanging, CaseReceived, CaseReplaced
from shared.contracts.first_order import ClaimWaitsForFund
from shared.contracts.refund import (
    By,
    CaseApproved,
    CaseClosed,
    CaseDeclined,
    CaseOpened,
    CaseReturned,
    CaseState,
    RefundGranted,
    RefundStuck,
    Side,
)
from shared.contracts.ruling import Fault, Finding
from shared.contracts.storefront import CaseKind, Ground
from shared.contracts.types import Bearer

CaseStep = (
    CaseApproved
    | CaseDeclined
    | CaseReturned
    | CaseReceived
    | CaseExchanging
    | CaseReplaced
    | CaseDisputed
    | EvidenceNoted
    | CaseHeard
    | CaseRuled
    | CaseAppealed
    | CaseAppealEnded
    | CaseReopened
    | ClaimWaitsForFund
    | RefundGranted
    | RefundStuck
    | CaseClosed
)
ENDED: frozenset[CaseState] = frozenset({60, 70})


@dataclass(frozen=True, slots=True)
class Appeal:
    """By whoever lost. until: the platform rules before. won None: still open. at: when it was made; None: not kept."""

    side: Side
    until: datetime
    won: bool | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One claim. quantity: units claimed. deadline None: none runs. since: when its last step happened. granted: 0 until state 50.

    applied_at None: opened before this was kept. amount_minor None: the units' whole share. deducted_minor: waived freight, gifts and what
    a bank gave of the grant; gifts_minor: the gifts of it. attempts: grants so far, more than one where the provider failed. answer: by
    whom or what the request was answered first, empty: not yet; answered_at: when; agreed: by whom it was agreed to. returned: the goods
    were sent back, by this waybill (carrier, number), which cost freight_minor. sending: the seller is to send others. parcel_id: of
    those; astray: they did not arrive, and may leave again as the line's own. card: the order's trust card was valid at placement; None:
    that is not known, or there is none. hold: what the order said of units that have not left, empty: not asked, left: some had before;
    held: for so many; again: once more, after an appeal; late: when the buyer applied they should have left. awarded: the multiple that it
    brought beside its refund, and for what; None: none, or before this was kept. evidence: side/id of all that was shown. ruled: for whom;
    the loser appeals before appeal_until. ruled_at: when; of a ruling that fell, when the appeal was won. rulings: all ids noted. fell:
    whose fault it was by the ruling that a seller's appeal took; empty: none. found: by what its seller lost and that stands, the gravest;
    None: nothing."""

    id: str
    line_no: int
    ground: Ground
    quantity: int
    state: CaseState
    deadline: datetime | None
    turn: str
    since: datetime
    granted_quantity: int = 0
    granted_minor: int = 0
    applied_at: datetime | None = None
    kind: CaseKind = "return_and_refund"
    amount_minor: int | None = None
    deducted_minor: int = 0
    gifts_minor: int = 0
    attempts: int = 0
    answer: By | Literal[""] = ""
    agreed: By | Literal[""] = ""
    returned: tuple[str, str] | None = None
    freight_minor: int = 0
    received: bool = False
    sending: bool = False
    parcel_id: str | None = None
    evidence: tuple[str, ...] = ()
    ruled: Side | Literal[""] = ""
    rulings: tuple[str, ...] = ()
    appeal_until: datetime | None = None
    appeal: Appeal | None = None
    hold: Literal["", "asked", "granted", "left"] = ""
    fault: Fault | Literal[""] = ""
    finding: Finding = "none"
    appraisal_minor: int = 0
    card: bool | None = None
    funder: Bearer = "seller"
    answered_at: datetime | None = None
    ruled_at: datetime | None = None
    late: bool = False
    held: int = 0
    again: bool = False
    awarded: tuple[int, Finding] | None = None
    astray: bool = False
    fell: Fault | Literal[""] = ""
    found: Finding | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def stuck(self) -> bool:
        """The provider did not pay: a person decides. Source: R3.5."""
        return self.state == 50 and self.turn == "platform"

    @property
    def granted(self) -> bool:
        """Its units' money is under way; one that goes on after an appeal is not there yet. Source: R4.8, R4.11."""
        return self.state == 50 and self.granted_quantity > 0

    @property
    def asks_fund(self) -> bool:
        """The platform would pay, and its fund or a person decides: no side has a say. Source: R4.6."""
        return self.state == 10 and self.ground == "first_order"

    @property
    def grants(self) -> int:
        """Refunds that were granted so far; one, where a case was stored before they were counted."""
        return max(self.attempts, int(self.state == 50))

    @property
    def reopened(self) -> bool:
        """It ended before, and its buyer won on appeal. Source: R4.11."""
        return self.appeal is not None and self.appeal.side == "buyer" and self.appeal.won is True

    @property
    def fallen(self) -> bool:
        """Its seller won on appeal. Source: R4.11."""
        return self.appeal is not None and self.appeal.side == "seller" and self.appeal.won is True

    @property
    def found_before(self) -> Finding | None:
        """As `found`, also where it was not kept. Source: R4.11, R5.1."""
        return self.found or (self.finding if self.reopened or (self.ruled == "buyer" and not self.fallen) else None)

    @property
    def appealing(self) -> bool:
        return self.appeal is not None and self.appeal.won is None

    @property
    def may_reopen(self) -> bool:
        """Its buyer's appeal is open; a seller's reopens nothing. Source: R4.11."""
        return self.appeal is not None and self.appeal.side == "buyer" and self.appealing

    @property
    def instant(self) -> bool:
        """Granted at once as soon as the order keeps its units back: nobody is asked meanwhile. Source: R4.8."""
        return self.state == 10 and self.hold == "asked" and self.turn == "nobody" and not self.agreed

    def overdue(self, at: datetime) -> bool:
        """At its deadline or later: what happens then is the deadline's to decide. Source: R1.2."""
        return self.deadline is not None and at >= self.deadline


def opened(fact: CaseOpened) -> Case:
    return Case(
        fact.case_id,
        fact.line_no,
        fact.ground,
        fact.quantity,
        fact.state,
        fact.deadline,
        fact.turn,
        fact.occurred_at,
        applied_at=fact.occurred_at,
        kind=fact.kind,
        amount_minor=fact.amount_minor,
        evidence=tuple(f"buyer/{one}" for one in fact.evidence_ids),
        card=fact.card,
    )


def stepped(case: Case, fact: CaseStep) -> Case:
    """Where it stands now, and what the fact adds to it. What changes neither state nor turn nor deadline is no step: nobody's time
    runs from it, so that evidence told early or late moves no later deadline.
    """
    is_step = (fact.state, fact.turn, fact.deadline) != (case.state, case.turn, case.deadline)
    since, had_turn = max(case.since, fact.occurred_at) if is_step else case.since, case.turn
    after = _told(replace(case, state=fact.state, deadline=fact.deadline, turn=fact.turn, since=since), fact, had_turn)
    return after if case.answer or not after.answer else replace(after, answered_at=fact.occurred_at)


def _told(case: Case, fact: CaseStep, had_turn: str) -> Case:
    """What the fact says beside state, turn and deadline. had_turn: whose it was before."""
    match fact:
        case CaseApproved():
            return replace(case, answer=case.answer or fact.by, agreed=fact.by)
        case CaseDeclined():
            return replace(case, answer=case.answer or "seller")
        case CaseDisputed() if not case.answer and had_turn == "seller" and fact.by != "buyer":
            return replace(case, answer=fact.by)
        case CaseReturned():
            return replace(case, returned=(fact.carrier, fact.waybill), freight_minor=fact.freight_minor)
        case CaseReceived():
            return replace(case, received=True)
        case CaseExchanging():
            return replace(case, sending=True, quantity=fact.quantity, answer=case.answer or fact.by, agreed=fact.by)
        case CaseReplaced():
            return replace(case, sending=False, parcel_id=fact.parcel_id)
        case EvidenceNoted():
            return replace(case, evidence=(*case.evidence, f"{fact.side}/{fact.evidence_id}"))
        case CaseRuled():
            return _ruled(case, fact)
        case CaseAppealed():
            return replace(case, appeal=Appeal(fact.side, fact.appeal_until, at=fact.occurred_at))
        case CaseAppealEnded() if case.appeal is not None:
            ended = replace(case, appeal=replace(case.appeal, won=fact.won), rulings=_noted(case, fact.ruling_id))
            if fact.won:
                found = None if ended.fallen else _gravest(case, fact.finding)
                ended = replace(ended, ruled_at=fact.occurred_at, fell=case.fault if ended.fallen else "", found=found)
            return replace(ended, fault=fact.fault, finding=fact.finding, appraisal_minor=fact.appraisal_minor)
        case CaseReopened():
            return replace(case, kind=fact.kind, quantity=fact.quantity, amount_minor=fact.amount_minor)
        case RefundGranted():
            return replace(case, attempts=fact.attempt, answer=case.answer or fact.by, sending=False, funder=fact.funder)
        case CaseClosed() if fact.card is not None:
            return replace(case, card=fact.card)
        case _:
            return case


def _ruled(case: Case, fact: CaseRuled) -> Case:
    found = _gravest(case, fact.finding) if fact.upheld else case.found_before
    case = replace(
        case,
        kind=fact.kind,
        quantity=fact.quantity,
        amount_minor=fact.amount_minor,
        fault=fact.fault,
        finding=fact.finding,
        appraisal_minor=fact.appraisal_minor,
        rulings=_noted(case, fact.ruling_id),
    )
    if fact.appeal_until is None:
        return case
    side: Side = "buyer" if fact.upheld else "seller"
    return replace(case, ruled=side, appeal_until=fact.appeal_until, ruled_at=fact.occurred_at, found=found)


def _gravest(case: Case, finding: Finding) -> Finding:
    return finding if case.found_before != "counterfeit" else "counterfeit"


def _noted(case: Case, ruling_id: str | None) -> tuple[str, ...]:
    return case.rulings if ruling_id is None else (*case.rulings, ruling_id)
