"""What the order service tells of parcels and units, as far as promises and cases look. Source: R1.3, R1.4, R2.5, R4.10."""

from __future__ import annotations

from typing import Literal

from services.refund.decide.ask import asked
from services.refund.decide.compensation import freight_reimbursed
from services.refund.decide.coupons import restored
from services.refund.decide.exchange import replaced, replacing
from services.refund.decide.follow import agreed
from services.refund.decide.step import ended
from services.refund.model import Card, Case, Purchase, evolve
from shared.contracts.exchange import ParcelNoted
from shared.contracts.order import ParcelDelivered, ParcelFailed, ParcelSent, UnitsCancelled
from shared.contracts.refund import LineReduced, WindowOpened
from shared.messaging.message import Message
from shared.messaging.shape import Outcome, Reject, Wait


def note_sent(event: ParcelSent, purchase: Purchase | None) -> Outcome:
    """Lost units, or some that had not left, that leave as any parcel end the case that asked for others. Source: R4.2, R4.10, R2.5."""
    if purchase is None:
        return Wait("case.before_certificate")
    noted = _noted(event, "sent")
    after = evolve(purchase, noted)
    facts: list[Message] = [noted]
    for one in event.units:
        case = _sent_again(purchase, after, one.line_no)
        if case is not None:
            facts += replaced(after, case, max(event.occurred_at, case.since), "case.sent_again", "R4.2", None)
    return tuple(facts)


def note_failed(event: ParcelFailed, purchase: Purchase | None) -> Outcome:
    """Units that did not arrive can be asked back at once; a replacement that did not is refunded, unless its seller won on appeal since
    and the buyer kept the first goods. What an open case wants paid back is not to leave again, nor what is being paid back.

    Source: R2.5, R4.8, R4.10, R4.11.
    """
    if purchase is None:
        return Wait("case.before_certificate")
    facts: list[Message] = []
    if event.units:
        facts.append(_noted(event, event.how))
        purchase = evolve(purchase, _noted(event, event.how))
    case = replacing(purchase, event.parcel_id) if event.replacement else None
    if case is not None and case.state == 45 and case.fallen and case.returned is None and not event.units:
        return (*facts, *ended(purchase, case, event.occurred_at, "case.appeal_won_by_seller", "R4.11"))
    if case is not None and case.state == 45:
        return (*facts, *agreed(purchase, case, event.occurred_at, "carrier"))
    for one in event.units:
        case = purchase.cases.get(purchase.lines[one.line_no].open_case or "")
        if case is not None and (case.granted or case.state in (10, 12, 20)):
            facts += asked(purchase, case, max(event.occurred_at, case.since))
    return tuple(facts)


def open_windows(event: ParcelDelivered, purchase: Purchase | None, card: Card | None) -> Outcome:
    """No facts where the parcel completes no line: part of a line opens no window, be it sent anew. A replacement's signing begins every
    window of a line that was there, or is with it, again, and ends its case. Where it came, or time said so, before the line was whole,
    what is signed for later has its windows too. card: the order's. Source: R1.3, R4.10, R4.2, R4.7.
    """
    if purchase is None:
        return Wait("case.before_certificate")
    case = replacing(purchase, event.parcel_id) if event.replacement else None
    whole = case is not None and (purchase.line_of(case).signed_at is not None or case.line_no in event.delivered)
    again = (case.line_no,) if case is not None and whole else ()
    others = [number for number in (*event.delivered, *event.part_of) if number not in again]
    fresh = tuple(number for number in others if _begins(event, purchase, number))
    facts: list[Message] = [
        WindowOpened(
            order_id=event.order_id, line_nos=lines, signed_at=event.signed_at, restarted=lines is again, occurred_at=event.occurred_at
        )
        for lines in (fresh, again)
        if lines
    ]
    if case is not None and case.state == 45:
        facts += replaced(purchase, case, event.occurred_at, "case.replacement_arrived", "R4.10", card)
    return tuple(facts)


def reduce(event: UnitsCancelled, purchase: Purchase | None) -> Outcome:
    """What was cancelled before it left can be claimed no more; a case that nothing is left for ends, and one of lost units if it was
    those; a coupon for nothing else comes back. Freight of a fault that fell meanwhile is the seller's again. Source: R1.4, R2.5, R3.5,
    R4.11, R4.13.
    """
    if purchase is None:
        return Wait("case.before_certificate")
    if any(part.refund_id in purchase.cancelled for part in event.lines):
        return Reject("refund.known")
    facts: list[Message] = []
    for part in event.lines:
        cut = LineReduced(
            order_id=event.order_id,
            line_no=part.line_no,
            refund_id=part.refund_id,
            quantity=part.quantity,
            amount_minor=part.amount_minor,
            at_fault=event.at_fault,
            occurred_at=event.occurred_at,
        )
        lost = purchase.lost(part.line_no)
        purchase = evolve(purchase, cut)
        facts.append(cut)
        line = purchase.lines[part.line_no]
        case = purchase.cases[line.open_case] if line.open_case is not None else None
        theirs = case is not None and case.ground == "not_received" and lost >= case.quantity > purchase.lost(part.line_no)
        if case is not None and (line.left == 0 or theirs) and case.state != 50:
            over = ended(purchase, case, event.occurred_at, "case.units_cancelled", "R1.4", "agreed")
            for fact in over:
                purchase = evolve(purchase, fact)
            facts += over
    return (*facts, *restored(purchase, event.occurred_at), *freight_reimbursed(purchase, event.occurred_at))


def _begins(event: ParcelDelivered, purchase: Purchase, line_no: int) -> bool:
    """The line's windows, for the first time, or as what was still missing when others came in place of a part is signed for later."""
    since = purchase.lines[line_no].signed_at
    if since is None:
        return line_no in event.delivered
    came = any((case.line_no, case.state) == (line_no, 60) and case.parcel_id is not None for case in purchase.cases.values())
    return came and since < event.signed_at


def _sent_again(before: Purchase, after: Purchase, line_no: int) -> Case | None:
    """The open case to send again what was lost, if fewer are lost now than it asked for: what may be left can be claimed anew. One that
    was agreed on is of what did not leave as far as it is of more units than those that had.
    """
    line = before.lines[line_no]
    case = before.cases[line.open_case] if line.open_case is not None else None
    if case is None or case.kind != "resend" or case.state not in (10, 12, 20, 40):
        return None
    if case.ground == "negotiated":
        theirs = case.quantity - (line.left - before.unsent(line_no))
        return case if before.unsent(line_no) >= theirs > after.unsent(line_no) else None
    return case if case.ground == "not_received" and before.lost(line_no) >= case.quantity > after.lost(line_no) else None


def _noted(event: ParcelSent | ParcelFailed, how: Literal["sent", "refused", "lost"]) -> ParcelNoted:
    return ParcelNoted(order_id=event.order_id, parcel_id=event.parcel_id, how=how, units=event.units, occurred_at=event.occurred_at)
