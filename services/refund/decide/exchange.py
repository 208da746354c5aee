"""Other goods in place of the first: sent in time, signed for, or refunded after all. Source: R4.10, R4.2."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.refund.decide.beside import beside
from services.refund.decide.follow import Facts, agreed
from services.refund.decide.step import after, closed, due, illegal, said, waybill_used
from services.refund.model import Card, Case, Purchase, Waybill, evolve
from shared.contracts.exchange import CaseReplaced, ReplacementDue, ReplacementOver
from shared.contracts.merchant import ReplacementSent
from shared.contracts.refund import WindowOpened
from shared.errors import Code, numbers
from shared.messaging.shape import Outcome, Reject, Wait


def replace_goods(event: ReplacementSent, purchase: Purchase | None, used: Waybill | None) -> Outcome:
    """45: on its way, by a parcel and a waybill that were not used before. Source: R4.10."""
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    against = _cannot_send(event, purchase, case)
    if against is not None:
        return against
    if event.parcel_id in purchase.parcels:
        return Reject("parcel.known")
    if used is not None:
        return Reject("return.waybill_used", f"case {used.case_id}")
    until = after(case, event.occurred_at, timedelta(days=purchase.terms.replaced_days))
    return (
        waybill_used(event),
        CaseReplaced(
            **said(purchase, case, 45, "buyer", until, event.occurred_at, "R4.10", "case.replacement_sent"),
            seller_id=purchase.line_of(case).seller_id,
            kind=case.kind,
            quantity=case.quantity,
            parcel_id=event.parcel_id,
            carrier=event.carrier,
            waybill=event.waybill,
        ),
    )


def unsent(event: ReplacementDue, purchase: Purchase | None) -> Outcome:
    """Not sent in time: refunded. What was lost may leave as any parcel at this moment: of that the order has the last word.

    Source: R4.10, R4.8, R4.2.
    """
    purchase, case = due(event, purchase)
    return agreed(purchase, case, event.occurred_at, "silence")


def presumed(event: ReplacementOver, purchase: Purchase | None, card: Card | None) -> Outcome:
    """Nobody signed and nobody lost it: it counts as arrived, and as signed for. So the windows of its line begin again, that of what did
    not come among them: a buyer who has nothing could ask for nothing meanwhile. Source: R4.2, R4.10.
    """
    purchase, case = due(event, purchase)
    at = event.occurred_at
    opened = WindowOpened(order_id=event.order_id, line_nos=(case.line_no,), signed_at=at, restarted=True, occurred_at=at)
    return opened, *replaced(evolve(purchase, opened), case, at, "case.replacement_presumed", "R4.2", card)


def replaced(purchase: Purchase, case: Case, at: datetime, code: Code, rule: str, card: Card | None) -> Facts:
    """60: the buyer has other goods, and what is owed beside them, by the order's card too. Source: R4.7, R4.10."""
    over = closed(purchase, case, at, 60, code, rule, "resent" if case.kind == "resend" else "exchanged", card=card)
    return (over, *beside(evolve(purchase, over), case.id, at))


def replacing(purchase: Purchase, parcel_id: str) -> Case | None:
    """The case whose replacement is in that parcel."""
    return next((case for case in purchase.cases.values() if case.parcel_id == parcel_id), None)


def _cannot_send(event: ReplacementSent, purchase: Purchase, case: Case) -> Reject | Wait | None:
    if event.seller_id != purchase.line_of(case).answers:
        return Reject("seller.differs")
    if case.kind not in ("exchange", "resend"):
        return illegal(case)
    if not case.sending and case.state in (10, 20, 30, 40):
        return Wait("replacement.before_due")
    if case.state != 40:
        return illegal(case)
    return Reject("case.too_late", numbers(until=case.deadline)) if case.overdue(event.occurred_at) else None
