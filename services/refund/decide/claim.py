"""The buyer's side: asking for money or goods, and taking that back. Source: R4.2, R4.3, R1.4."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.refund import rules
from services.refund.decide import hold
from services.refund.decide.ask import asked
from services.refund.decide.follow import agreed
from services.refund.decide.step import EVIDENCE_MAX, card_valid, ended, illegal, later
from services.refund.model import BoughtLine, Card, Purchase, evolve
from services.refund.rules.claim import Claim
from shared.contracts.refund import By, CaseOpened, CaseTerms, Turn
from shared.contracts.storefront import RefundRequested, RefundWithdrawn
from shared.errors import numbers
from shared.messaging.shape import Outcome, Reject, Wait

AMOUNTS = ("refund_only", "return_and_refund")  # kinds in which a buyer may ask for less than the units' share


def request(event: RefundRequested, purchase: Purchase | None, card: Card | None) -> Outcome:
    """A case is opened if the certificate promises it and the line has room for it; granted at once where nobody has to answer.

    It may overtake order.paid and order.delivered: it waits for either, and is judged by when the buyer applied.
    Source: R4.1-R4.3, R4.5-R4.9.
    """
    if purchase is None:
        return Wait("case.before_certificate")
    if event.buyer_id != purchase.buyer_id:
        return Reject("buyer.differs")
    if event.case_id in purchase.cases:
        return Reject("case.known")
    line = purchase.lines.get(event.line_no)
    if line is None:
        return Reject("line.unknown")
    rule = rules.find(event.kind, event.ground)
    if rule is None:
        return Reject("claim.kind_not_offered", f"{event.kind} for {event.ground}")
    promised = purchase.promise(event.line_no, rule.name)
    if promised is None:
        return Reject("claim.not_promised", f"{event.ground} is not in the certificate")
    claim = claimed(event, purchase, line, card)
    against = _no_room(event, purchase, line) or rule.judge(promised, claim)
    if against is not None:
        return against
    at_once = rule.at_once(promised, claim)
    opened = _opened(event, purchase, line, rule.source, at_once, claim.card)
    after = evolve(purchase, opened)
    case = after.cases[event.case_id]
    held = asked(after, case, event.occurred_at)
    if held or not at_once:
        return (opened, *held)
    by: By = "carrier" if event.ground == "not_received" else "promise"
    return (opened, *agreed(after, case, event.occurred_at, by, rule.source))


def claimed(event: RefundRequested, purchase: Purchase, line: BoughtLine, card: Card | None) -> Claim:
    """All that a rule may look at. minor: what the units come to, or the amount asked for."""
    share = line.share(min(event.quantity, line.left))
    return Claim(
        event.occurred_at,
        line.signed_at,
        purchase.terms.zone,
        kind=event.kind,
        quantity=event.quantity,
        minor=share if event.amount_minor is None else event.amount_minor,
        sent=line.sent,
        failed=purchase.lost(event.line_no),
        away=purchase.away(event.line_no),
        unsent=purchase.unsent(event.line_no),
        unsealed=event.unsealed,
        card=card_valid(purchase, card),
        units=line.quantity,
        so_far_minor=hold.so_far(purchase),
        first_signed_at=line.first_signed_at,
    )


def withdraw(event: RefundWithdrawn, purchase: Purchase | None) -> Outcome:
    """Until money is granted or other goods are due for those that came back. At a deadline or later, what it brings comes first.

    Source: R4.2, R1.2.
    """
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if event.buyer_id != purchase.buyer_id:
        return Reject("buyer.differs")
    if case.state not in (10, 12, 20, 30, 40) or (case.sending and case.returned is not None):
        return illegal(case)
    if case.overdue(event.occurred_at):
        return Wait("case.before_deadline")
    return ended(purchase, case, event.occurred_at, "case.withdrawn", "R4.2", "withdrawn")


def _no_room(event: RefundRequested, purchase: Purchase, line: BoughtLine) -> Reject | Wait | None:
    """One open case per line, so many attempts, no unit and no fen twice. An appeal that may reopen a case takes its line's place.

    Source: R4.3, R3.5, R4.11.
    """
    if line.open_case is not None:
        overdue = purchase.cases[line.open_case].overdue(event.occurred_at)
        return Wait("case.before_deadline") if overdue else Reject("case.line_open", line.open_case)
    appealed = purchase.appealed(event.line_no)
    if appealed is not None and appealed.appeal is not None:
        overdue = event.occurred_at >= appealed.appeal.until
        return Wait("case.before_deadline") if overdue else Reject("case.line_open", appealed.id)
    if line.attempts >= purchase.terms.attempts_max:
        return Reject("case.attempts_used", numbers(attempts=purchase.terms.attempts_max))
    if line.spent:
        return Reject("refund.nothing_left")
    if event.quantity > line.left:
        return Reject("refund.quantity_exceeds", numbers(wanted=event.quantity, left=line.left))
    return _bad_amount(event, line)


def _bad_amount(event: RefundRequested, line: BoughtLine) -> Reject | None:
    """min(slice, paid - granted) is the most. Source: R1.4."""
    if event.amount_minor is None:
        return None
    if event.amount_minor == 0 or event.kind not in AMOUNTS or event.ground == "not_shipped":
        return Reject("refund.amount_not_fit", f"{event.amount_minor} for {event.kind}")
    share = line.share(event.quantity)
    if event.amount_minor <= share:
        return None
    return Reject("refund.amount_exceeds", numbers(amount_minor=event.amount_minor, left_minor=share))


def _opened(event: RefundRequested, purchase: Purchase, line: BoughtLine, source: str, at_once: bool, card: bool | None) -> CaseOpened:
    turn, deadline = _first(event, purchase.terms)
    return CaseOpened(
        order_id=event.order_id,
        case_id=event.case_id,
        line_no=event.line_no,
        state=10,
        turn="nobody" if at_once else turn,
        deadline=None if at_once else deadline,
        rule=source,
        code="case.applied",
        reason=event.reason,
        buyer_id=event.buyer_id,
        seller_id=line.seller_id,
        kind=event.kind,
        ground=event.ground,
        quantity=event.quantity,
        amount_minor=event.amount_minor,
        evidence_ids=event.evidence_ids[:EVIDENCE_MAX],
        card=card,
        occurred_at=event.occurred_at,
    )


def _first(event: RefundRequested, terms: CaseTerms) -> tuple[Turn, datetime]:
    """Who acts first, until when: the seller answers; of a claim the buyer shows evidence before that. Source: R4.3, R4.9."""
    if event.kind != "claim":
        return "seller", later(event.occurred_at, timedelta(hours=terms.answer_hours))
    if event.evidence_ids:
        return "seller", later(event.occurred_at, timedelta(days=terms.claim_answer_days))
    return "buyer", later(event.occurred_at, timedelta(days=terms.claim_evidence_days))
