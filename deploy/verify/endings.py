"""What a case came to, told again from its own steps: who answered it and when, what was ruled and found, whose fault it was.

Written from the rules' text and shares no code with the services. All facts of an order lie in one lane of the refund service, in order.
A field that an older program did not tell is not compared. Sources: R3.5, R3.8, R4.2-R4.6, R4.8-R4.11.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.verify.log import Bodies, Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts import dispute, exchange, refund
from shared.contracts.certificate import CertificateIssued
from shared.contracts.hold import ShipmentHoldGranted
from shared.contracts.merchant import ReturnConfirmed
from shared.contracts.ruling import RulingMade

AT_FAULT = ("quality", "damaged", "wrong_item", "counterfeit", "not_received")  # grounds of which the seller is to blame
FAKES = ("counterfeit", "unsafe_food")  # found, whatever the ground
GIVEN = ("refunded", "exchanged", "resent")


@dataclass(slots=True)
class Case:
    """As it stands. open: since when; fell_at: when its ruling fell on appeal; fell: whose fault it was by it, where the seller
    won that; late: when the buyer applied the units should have left; granted: units, and the refund's id; found: by what the seller
    lost and that stands.
    """

    open: datetime
    kind: str
    ground: str
    quantity: int
    amount_minor: int | None
    turn: str
    state: int
    answer: str = ""
    answered_at: datetime | None = None
    ruled: str = ""
    ruled_at: datetime | None = None
    fell_at: datetime | None = None
    fault: str = ""
    finding: str = "none"
    appraisal_minor: int = 0
    funder: str = "seller"
    late: bool = False
    appeal: str = ""
    fell: str = ""
    reopened: bool = False
    granted: int = 0
    refund_id: str | None = None
    found: str | None = None

    @property
    def to_blame(self) -> bool:
        """The seller, of what is given for this ground."""
        return self.ground in AT_FAULT or (self.ground == "not_shipped" and self.late)


@dataclass(slots=True)
class Line:
    """units: all; cancelled: of them; granted: by case, of those that did not end without."""

    units: int
    cancelled: int = 0
    granted: dict[str, int] = field(default_factory=dict)

    @property
    def spent(self) -> bool:
        return self.cancelled + sum(self.granted.values()) >= self.units


def checks(log: Log) -> Iterator[Check]:
    rulings = Check("cases: what was ruled, of a dispute or of its appeal, is what who ruled said of the claim, for whom and for how much")
    ends = Check("cases: each end tells how and when the case was answered, ruled and found, since when it was open and whose fault it was")
    goods = Check("cases: other goods are sent for what the case was for by then, for so many units as were accepted back or asked for")
    said, inspected = log.bodies(RulingMade, "refund"), log.bodies(ReturnConfirmed, "refund")
    cases: dict[tuple[str, str], Case] = {}
    lines: dict[tuple[str, int], Line] = {}
    late = {(held.order_id, held.case_id) for _, held in log.of(ShipmentHoldGranted) if held.late}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            lines |= {(fact.order_id, one.line_no): Line(one.quantity) for one in fact.lines}
        elif isinstance(fact, refund.LineReduced) and (fact.order_id, fact.line_no) in lines:
            lines[(fact.order_id, fact.line_no)].cancelled += fact.quantity
        elif isinstance(fact, refund.CaseOpened):
            place = fact.order_id, fact.case_id
            of = (fact.occurred_at, fact.kind, fact.ground, fact.quantity, fact.amount_minor, fact.turn, fact.state)
            cases[place] = Case(*of, late=place in late)
        elif isinstance(fact, refund.CaseFact) and (fact.order_id, fact.case_id) in cases:
            case, line = cases[(fact.order_id, fact.case_id)], lines.get((fact.order_id, fact.line_no))
            _judged(rulings, entry, fact, case, said)
            if isinstance(fact, exchange.CaseExchanging | exchange.CaseReplaced):
                _compare(goods, entry, fact, _goods(fact, case, cause(inspected, entry)))
            if isinstance(fact, refund.CaseClosed) and line is not None:
                _ended(ends, entry, fact, case, line)
            _fold(fact, case)
            if isinstance(fact, refund.RefundGranted) and line is not None:
                line.granted[fact.case_id] = fact.quantity
    yield rulings
    yield ends
    yield goods


def _judged(check: Check, entry: Entry, fact: Any, case: Case, said: Bodies[RulingMade]) -> None:
    """A refund that the provider failed, and one that the fund does not pay, is ruled on as it was claimed; so is silence."""
    if isinstance(fact, dispute.CaseRuled):
        ruling = cause(said, entry, ruling_id=fact.ruling_id) if fact.by == "ruling" else None
        right = _ruled(case, ruling, fact.fault) if fact.appeal_until is not None else {}
    elif isinstance(fact, dispute.CaseAppealEnded):
        ruling = cause(said, entry, ruling_id=fact.ruling_id) if fact.by == "ruling" else None
        right = _appeal(case, ruling, fact.fault)
    elif isinstance(fact, dispute.CaseReopened):
        ruling = cause(said, entry)
        right = _again(case, ruling) if ruling is not None else {}
    else:
        return
    _compare(check, entry, fact, right)


def _compare(check: Check, entry: Entry, fact: Any, right: dict[str, Any]) -> None:
    wrong = {name: (value, getattr(fact, name)) for name, value in right.items() if name in fact.model_fields_set}
    wrong = {name: pair for name, pair in wrong.items() if pair[0] != pair[1]}
    check.that(not wrong, f"{entry}: case {fact.case_id} (is, was told) {wrong}")


def _ruled(case: Case, ruling: RulingMade | None, told: str) -> dict[str, Any]:
    """None: by default, for the buyer. A claim that was not upheld stays what it was: an appeal is of all of it."""
    upheld = ruling is None or ruling.upheld
    right: dict[str, Any] = {
        "ruling_id": ruling and ruling.ruling_id,
        "upheld": upheld,
        "kind": case.kind,
        "quantity": case.quantity,
        "amount_minor": case.amount_minor,
    }
    if ruling is not None and upheld:
        right["kind"] = case.kind if ruling.remedy == "as_claimed" else ruling.remedy
        right["quantity"] = ruling.quantity or case.quantity
        right["amount_minor"] = case.amount_minor if ruling.amount_minor is None else ruling.amount_minor
    return right | _found(case, ruling, upheld, told) | {"found_before": case.found, "again": bool(case.appeal)}


def _found(case: Case, ruling: RulingMade | None, for_buyer: bool, told: str) -> dict[str, Any]:
    """Whom nobody blames by name the ground does, where the claim is upheld, or what was found; an older program did not go by that.
    Source: R4.2, R4.9.
    """
    fault = ruling.fault if ruling is not None else "nobody"
    fake = ruling is not None and ruling.finding in FAKES and told == "seller"
    fault = "seller" if fault == "nobody" and for_buyer and (case.to_blame or fake) else fault
    return {
        "fault": fault,
        "finding": ruling.finding if ruling is not None else "none",
        "appraisal_minor": ruling.appraisal_minor if ruling is not None else 0,
    }


def _appeal(case: Case, ruling: RulingMade | None, told: str) -> dict[str, Any]:
    """Not won, or not ruled on in time: the first ruling stands."""
    won = ruling is not None and ruling.upheld
    right: dict[str, Any] = {"ruling_id": ruling and ruling.ruling_id, "won": won, "side": case.appeal}
    if won:
        return right | _found(case, ruling, case.appeal == "buyer", told) | {"found_before": case.found if case.appeal == "buyer" else None}
    return right | {"fault": case.fault or "nobody", "finding": case.finding, "appraisal_minor": case.appraisal_minor}


def _again(case: Case, ruling: RulingMade) -> dict[str, Any]:
    """Money in place of other goods, unless the ruling says what else."""
    kind = "refund_only" if case.kind in ("exchange", "resend") else case.kind
    return {
        "kind": kind if ruling.remedy == "as_claimed" else ruling.remedy,
        "quantity": ruling.quantity or case.quantity,
        "amount_minor": case.amount_minor if ruling.amount_minor is None else ruling.amount_minor,
    }


def _goods(fact: Any, case: Case, inspected: ReturnConfirmed | None) -> dict[str, Any]:
    """Of goods that came back the seller replaces what it accepted. Source: R4.4, R4.10."""
    if isinstance(fact, exchange.CaseReplaced):
        return {"kind": case.kind, "quantity": case.quantity}
    return {"quantity": case.quantity if inspected is None else inspected.accepted_quantity}


def _ended(check: Check, entry: Entry, fact: refund.CaseClosed, case: Case, line: Line) -> None:
    fault = case.fault
    if not fault and fact.outcome in GIVEN:
        fault = "seller" if case.to_blame else "nobody"
    if fact.state == 70:
        line.granted.pop(fact.case_id, None)
    failed = case.state == 50 and case.turn == "platform"
    kept = fact.ruled_at != case.ruled_at  # an older program kept of a ruling that fell when it was made alone
    right: dict[str, Any] = {
        "applied_at": case.open,
        "kind": case.kind,
        "answer": case.answer,
        "answered_at": None if case.reopened else case.answered_at,
        "ruled": case.ruled,
        "ruled_at": case.fell_at or case.ruled_at if kept else case.ruled_at,
        "fault": fault,
        "fell": case.fell if kept or fact.fell else "",
        "finding": case.finding,
        "funder": case.funder,
        "seller_at_fault": fact.outcome == "refunded" and fault == "seller",
        "line_refunded": fact.outcome == "refunded" and case.granted > 0 and line.spent,
        "given_up": case.refund_id if failed else None,
    }
    _compare(check, entry, fact, right)


def _fold(fact: Any, case: Case) -> None:
    before = case.answer
    match fact:
        case refund.CaseApproved() | exchange.CaseExchanging() | refund.RefundGranted():
            case.answer = case.answer or fact.by
        case refund.CaseDeclined():
            case.answer = case.answer or "seller"
        case dispute.CaseDisputed() if case.turn == "seller" and fact.by != "buyer":
            case.answer = case.answer or fact.by
        case dispute.CaseRuled() | dispute.CaseReopened():
            case.kind, case.quantity, case.amount_minor = fact.kind, fact.quantity, fact.amount_minor
        case dispute.CaseAppealed():
            case.appeal = fact.side
    if isinstance(fact, exchange.CaseExchanging):
        case.quantity = fact.quantity
    if isinstance(fact, dispute.CaseReopened):
        case.reopened = True
    if isinstance(fact, dispute.CaseAppealEnded) and fact.won:
        case.fell_at, case.fell = fact.occurred_at, case.fault if case.appeal == "seller" else ""
        case.found = None if case.appeal == "seller" else _gravest(case, fact.finding)
    if isinstance(fact, dispute.CaseRuled | dispute.CaseAppealEnded):
        case.fault, case.finding, case.appraisal_minor = fact.fault, fact.finding, fact.appraisal_minor
    if isinstance(fact, dispute.CaseRuled) and fact.appeal_until is not None:
        case.ruled, case.ruled_at, case.fell_at = "buyer" if fact.upheld else "seller", fact.occurred_at, None
        case.found = _gravest(case, fact.finding) if fact.upheld else case.found
    if isinstance(fact, refund.RefundGranted):
        case.funder, case.refund_id, case.granted = fact.funder, fact.refund_id, fact.quantity
    if case.answer and not before:
        case.answered_at = fact.occurred_at
    case.state, case.turn = fact.state, fact.turn


def _gravest(case: Case, finding: str) -> str:
    """Of what the seller lost in one case. Source: R5.1."""
    return "counterfeit" if case.found == "counterfeit" else finding
