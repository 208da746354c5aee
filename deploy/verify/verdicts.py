"""Every step of every case, judged again: by the certificate, by what was said, by how long each side had. Source: R4.1-R4.11.

Written from the rules' text and shares no code with the services. All facts of an order lie in one lane of the refund service.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts import dispute, exchange, logistics, merchant, refund, ruling, storefront
from shared.contracts.certificate import CertificateIssued, Guarantee
from shared.contracts.first_order import ClaimWaitsForFund
from shared.contracts.order import ParcelFailed
from shared.messaging.message import Message

GUARANTEES = {"trust_card": "refund_without_return", "counterfeit": "authenticity"}  # where it is not named as the ground
BY_KIND = {("no_reason", "exchange"): "exchange", ("not_received", "resend"): "resend"}
BEFORE_SIGNING = ("not_shipped", "not_received", "negotiated")  # may be claimed before the goods are there
AT_DEADLINE = {"case.not_posted", "case.refusal_over", "case.replacement_presumed"}  # ends that only time brings
FROM: dict[type[Message], frozenset[int]] = {  # states in which a step may be taken
    refund.CaseApproved: frozenset({10, 20, 40, 45, 50}),
    refund.CaseDeclined: frozenset({10, 40}),
    refund.CaseReturned: frozenset({30}),
    exchange.CaseReceived: frozenset({40}),
    exchange.CaseExchanging: frozenset({10, 20, 40}),
    exchange.CaseReplaced: frozenset({40}),
    refund.RefundGranted: frozenset({10, 20, 40, 45, 50}),
    refund.RefundStuck: frozenset({50}),
    refund.CaseClosed: frozenset({10, 12, 20, 30, 40, 45, 50}),
    dispute.CaseDisputed: frozenset({10, 12, 40}),
    dispute.CaseHeard: frozenset({20}),
    dispute.CaseRuled: frozenset({10, 20, 50}),
    dispute.CaseAppealed: frozenset({10, 12, 20, 30, 40, 45, 50, 60, 70}),  # beside the case, wherever it went since the ruling
    dispute.CaseAppealEnded: frozenset({10, 12, 20, 30, 40, 45, 50, 60, 70}),
    dispute.CaseReopened: frozenset({70}),
    dispute.EvidenceNoted: frozenset({10, 12, 20, 30, 40}),
    ClaimWaitsForFund: frozenset({10}),
}
SAID: dict[tuple[type[Message], str], tuple[type[Message], ...]] = {  # by whom or why: what was said for it
    (refund.CaseOpened, ""): (storefront.RefundRequested,),
    (refund.CaseApproved, "seller"): (merchant.CaseAccepted,),
    (refund.CaseDeclined, ""): (merchant.CaseRefused, merchant.ReturnConfirmed),
    (refund.CaseReturned, ""): (storefront.ReturnPosted,),
    (exchange.CaseReceived, ""): (logistics.ReturnSigned,),
    (exchange.CaseReplaced, ""): (merchant.ReplacementSent,),
    (dispute.CaseDisputed, "buyer"): (storefront.DisputeRaised,),
    (dispute.CaseDisputed, "seller"): (merchant.SellerDisputeRaised, merchant.ReturnDisputed),
    (dispute.CaseRuled, "ruling"): (ruling.RulingMade,),
    (dispute.CaseAppealed, ""): (storefront.DisputeAppealed, merchant.SellerDisputeAppealed),
    (dispute.CaseAppealEnded, "ruling"): (ruling.RulingMade,),
    (dispute.EvidenceNoted, ""): (storefront.EvidenceSubmitted, merchant.SellerEvidenceSubmitted),
}


@dataclass(slots=True)
class Case:
    """As it stands. since: its last step. ruled: for whom, until when the loser may appeal. appeal: until when it is ruled on."""

    line_no: int
    ground: str
    kind: str
    state: int
    turn: str
    deadline: datetime | None
    since: datetime
    ruled: str = ""
    appeal_until: datetime | None = None
    appeal: datetime | None = None


@dataclass(slots=True)
class Order:
    """signed: by line, the signing that its windows run from; first: the first one. lost: lines of which a parcel failed: it
    can be asked for whatever else of them came.
    """

    certificate: CertificateIssued
    signed: dict[int, datetime] = field(default_factory=dict)
    first: dict[int, datetime] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)
    cases: dict[str, Case] = field(default_factory=dict)


def checks(log: Log) -> Iterator[Check]:
    opened = Check("cases: each was promised, asked for within its window, alone on its line, within its attempts")
    steps = Check("cases: each step follows from what was said, in a state that allows it; silence decides exactly at the deadline")
    terms = Check("cases: each deadline is the step before it and the term that the certificate gives")
    kinds = sorted({kind for kinds in SAID.values() for kind in kinds}, key=lambda kind: (kind.topic.name, kind.type))
    bodies = {kind: log.bodies(kind, "refund") for kind in kinds}
    orders: dict[str, Order] = {}
    lost = {(fact.order_id, one.line_no) for _, fact in log.of(ParcelFailed) for one in fact.units}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            orders[fact.order_id] = Order(fact, lost={line.line_no for line in fact.lines if (fact.order_id, line.line_no) in lost})
        elif isinstance(fact, refund.WindowOpened) and fact.order_id in orders:
            for line_no in fact.line_nos:
                orders[fact.order_id].signed[line_no] = fact.signed_at
                if not fact.restarted or line_no not in orders[fact.order_id].first:
                    orders[fact.order_id].first[line_no] = fact.signed_at
        elif isinstance(fact, refund.CaseFact):
            order = orders.get(fact.order_id)
            if order is None:
                steps.that(any(log.starts.values()), f"{entry}: order {fact.order_id} has no certificate")
                continue
            _said(steps, entry, fact, bodies)
            if isinstance(fact, refund.CaseOpened):
                _open(opened, terms, entry, fact, order)
            elif fact.case_id in order.cases:
                _step(steps, terms, entry, fact, order, order.cases[fact.case_id])
            else:
                steps.that(any(log.starts.values()), f"{entry}: case {fact.case_id} was not opened")
    yield opened
    yield steps
    yield terms


def guarantee(certificate: CertificateIssued, line_no: int, ground: str, kind: str) -> Guarantee | None:
    name = BY_KIND.get((ground, kind)) or GUARANTEES.get(ground, ground)
    return next((one for one in certificate.each() if (one.line_no, one.guarantee) == (line_no, name)), None)


def end(promised: Guarantee, signed_at: datetime, zone: str) -> datetime:
    """Days from 00:00 of the day after signing, hours from signing. Source: R1.3."""
    if not promised.days:
        return signed_at.astimezone(UTC) + timedelta(hours=promised.hours)
    after = signed_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    midnight = datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC) + timedelta(days=promised.days)


def _open(check: Check, terms: Check, entry: Entry, fact: refund.CaseOpened, order: Order) -> None:
    limits, others = order.certificate.terms, [one for one in order.cases.values() if one.line_no == fact.line_no]
    promised = guarantee(order.certificate, fact.line_no, fact.ground, fact.kind)
    check.that(promised is not None and promised.granted, f"{entry}: {fact.ground} by {fact.kind} is not promised for line {fact.line_no}")
    signed = (order.first if fact.ground == "first_order" else order.signed).get(fact.line_no)
    if signed is None:
        check.that(fact.ground in BEFORE_SIGNING, f"{entry}: line {fact.line_no} was not signed for")
    elif promised is not None and fact.ground != "not_shipped" and (fact.ground != "not_received" or fact.line_no not in order.lost):
        over = end(promised, signed, limits.zone)
        within = fact.occurred_at < over and (fact.ground in BEFORE_SIGNING or signed <= fact.occurred_at)
        check.that(within, f"{entry}: {fact.ground} could be asked for from {signed} to {over}, it was at {fact.occurred_at}")
    check.that(all(one.state in (60, 70) for one in others), f"{entry}: line {fact.line_no} has an open case")
    check.that(len(others) < limits.attempts_max, f"{entry}: case {len(others) + 1} of line {fact.line_no}, {limits.attempts_max} may be")
    check.that(fact.case_id not in order.cases, f"{entry}: case {fact.case_id} is opened again")
    order.cases[fact.case_id] = case = Case(fact.line_no, fact.ground, fact.kind, fact.state, fact.turn, fact.deadline, fact.occurred_at)
    days = limits.claim_answer_days if fact.evidence_ids else limits.claim_evidence_days
    span = timedelta(days=days) if fact.kind == "claim" else timedelta(hours=limits.answer_hours)
    _deadline(terms, entry, fact, None if case.turn == "nobody" else fact.occurred_at + span)


def _step(check: Check, terms: Check, entry: Entry, fact: Any, order: Order, case: Case) -> None:
    allowed = FROM.get(type(fact))
    check.that(allowed is not None and case.state in allowed, f"{entry}: case {fact.case_id} was in state {case.state}")
    by_time = _by_time(fact, case)
    if by_time and isinstance(fact, dispute.CaseAppealEnded):
        check.that(fact.occurred_at == case.appeal, f"{entry}: the appeal's time was over at {case.appeal}, not at {fact.occurred_at}")
    elif by_time and case.deadline is not None:
        check.that(fact.occurred_at == case.deadline, f"{entry}: silence decides at {case.deadline}, not at {fact.occurred_at}")
    elif case.deadline is not None and _by_somebody(fact):
        check.that(fact.occurred_at < case.deadline, f"{entry}: told for {fact.occurred_at}, the deadline was {case.deadline}")
    if isinstance(fact, dispute.CaseAppealed):
        lost = case.ruled and case.ruled != fact.side and case.appeal_until is not None and fact.occurred_at < case.appeal_until
        check.that(bool(lost), f"{entry}: {fact.side} did not lose, or not until {case.appeal_until}")
        terms.same(f"{entry}: until when it is ruled on", _later(fact, case, days=order.certificate.terms.appeal_days), fact.appeal_until)
        case.appeal = fact.appeal_until
    if isinstance(fact, dispute.CaseRuled):
        until = None if case.state != 20 else fact.occurred_at + timedelta(days=order.certificate.terms.appeal_days)
        terms.same(f"{entry}: until when the loser appeals", until, fact.appeal_until)
        if fact.appeal_until is not None:  # else it is no dispute: who lost one before may appeal as before
            case.ruled, case.appeal_until = "buyer" if fact.upheld else "seller", fact.appeal_until
    _deadline(terms, entry, fact, _due(fact, case, order.certificate.terms))
    if (fact.state, fact.turn, fact.deadline) != (case.state, case.turn, case.deadline):
        case.since = max(case.since, fact.occurred_at)
    case.state, case.turn, case.deadline = fact.state, fact.turn, fact.deadline


def _due(fact: Any, case: Case, terms: refund.CaseTerms) -> datetime | None:
    """Until when who has the turn now has it; None: nobody's time runs."""
    match fact:
        case refund.CaseApproved():
            return _later(fact, case, days=terms.post_days) if fact.state == 30 else None
        case refund.CaseDeclined():
            return _for_evidence(case, _later(fact, case, days=terms.refused_days))
        case refund.CaseReturned():
            return _later(fact, case, days=terms.inspect_days)
        case exchange.CaseExchanging():
            return _later(fact, case, hours=terms.replace_hours)
        case exchange.CaseReplaced():
            return _later(fact, case, days=terms.replaced_days)
        case dispute.CaseDisputed():
            return _for_evidence(case, _later(fact, case, hours=terms.evidence_hours))
        case dispute.CaseHeard():
            return _later(fact, case, days=terms.ruling_days)
        case dispute.EvidenceNoted() if (case.kind, case.turn, fact.side, case.state) == ("claim", "buyer", "buyer", 10):
            return _later(fact, case, days=terms.claim_answer_days)
        case dispute.EvidenceNoted() | exchange.CaseReceived() | dispute.CaseAppealed() | dispute.CaseAppealEnded():
            return case.deadline
        case _:
            return None


def _for_evidence(case: Case, until: datetime) -> datetime:
    """Whatever its seller says before the buyer of a claim showed evidence leaves the buyer its days for that. Source: R4.9."""
    awaited = (case.kind, case.state, case.turn) == ("claim", 10, "buyer")
    return max(until, case.deadline) if awaited and case.deadline is not None else until


def _later(fact: Any, case: Case, days: int = 0, hours: int = 0) -> datetime:
    """Nobody's time runs before the step that it follows."""
    moment: datetime = max(fact.occurred_at, case.since)
    return moment.astimezone(UTC) + timedelta(days=days, hours=hours)


def _deadline(check: Check, entry: Entry, fact: Any, expected: datetime | None) -> None:
    check.that(fact.deadline == expected, f"{entry}: case {fact.case_id} is due {expected}, told was {fact.deadline}")


def _by_time(fact: Any, case: Case) -> bool:
    """Nobody said anything: it is so because time passed. What was agreed by silence before the order answered is granted later."""
    if isinstance(fact, refund.CaseClosed):
        return fact.code in AT_DEADLINE
    by = getattr(fact, "by", "")
    return isinstance(fact, dispute.CaseHeard) or (by in ("silence", "default") and not _repeated(fact, case))


def _repeated(fact: Any, case: Case) -> bool:
    """A default judgment's own consequences come with it, and have no deadline of their own."""
    return isinstance(fact, refund.RefundGranted | refund.CaseApproved | exchange.CaseExchanging) and case.deadline is None


def _by_somebody(fact: Any) -> bool:
    """It was said by one of them in time, or refused."""
    if isinstance(fact, refund.CaseClosed):
        return bool(fact.code == "case.withdrawn")
    if isinstance(fact, refund.RefundGranted | refund.CaseApproved):
        return bool(fact.by == "seller")
    return not isinstance(fact, refund.RefundStuck | dispute.CaseReopened | ClaimWaitsForFund)


def _said(check: Check, entry: Entry, fact: Any, bodies: dict[type[Message], Any]) -> None:
    """The event that it names as its cause says the same."""
    kinds = SAID.get((type(fact), getattr(fact, "by", ""))) or SAID.get((type(fact), ""))
    if kinds is None or (isinstance(fact, refund.CaseApproved) and fact.by != "seller"):
        return
    found: Any = next((one for kind in kinds if (one := cause(bodies[kind], entry)) is not None), None)
    if found is None:
        check.that(False, f"{entry}: nobody said that of case {fact.case_id}")
        return
    names = {"case_id", "kind", "ground", "quantity", "amount_minor", "evidence_id", "waybill", "parcel_id", "reason"}
    names = names if not isinstance(fact, dispute.CaseRuled) else {"case_id", "ruling_id", "upheld", "reason"}
    shared = [name for name in sorted(names) if hasattr(fact, name) and hasattr(found, name)]
    wrong = {name: (getattr(found, name), getattr(fact, name)) for name in shared if getattr(found, name) != getattr(fact, name)}
    if isinstance(fact, dispute.CaseDisputed) and fact.claimed != (claimed := getattr(found, "finding", "none")):
        wrong["claimed"] = claimed, fact.claimed
    check.that(not wrong, f"{entry}: said and told of case {fact.case_id} are {wrong}")
