"""Money for units that have not left: only once the order keeps them back, so that refund and shipment cannot both have them.

The case asks (services/refund/decide/ask.py); the order answers when it can: both services need not be up at once.
Source: R4.8, R4.10, R4.11.
"""

from __future__ import annotations

from typing import Literal

from services.refund.decide.ask import asked
from services.refund.decide.follow import agreed
from services.refund.decide.step import ended
from services.refund.model import Case, Purchase, evolve
from services.refund.rules.claim import over
from shared.contracts.hold import HoldNoted, ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.refund import By
from shared.messaging.shape import Outcome, Reject, Wait


def allowed(event: ShipmentHoldGranted, purchase: Purchase | None) -> Outcome:
    """The units stay here while the case is open. Money follows at once where it is instant, or was agreed to meanwhile; else the
    seller answers as ever. No facts for a case that ended meanwhile, be it that it goes on: its end freed them; nor for an answer to less
    than the case has asked for since. Source: R4.8, R4.3, R4.11.
    """
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.ended or (event.again, event.quantity) != (case.again, case.held or event.quantity):  # held 0: stored before it was kept
        return ()
    at_once: By = "carrier" if case.ground == "not_received" else "promise"
    return _noted(purchase, case, HoldNoted(**event.model_dump()), at_once if case.instant else case.agreed)


def forbidden(event: ShipmentHoldRefused, purchase: Purchase | None) -> Outcome:
    """70: the shipment won, or a cancellation did. What had left when the buyer applied was not asked for had it been known: the case goes
    on without, and asks for what had not. No facts for a case that ended meanwhile, be it that it goes on; nor where the units were lost
    after their money was granted: that stands. Source: R4.8, R4.11, R1.2.
    """
    found = _asking(event, purchase)
    if not isinstance(found, tuple):
        return found
    purchase, case = found
    if case.ended or case.granted or event.again != case.again:
        return ()
    if event.code == "case.shipped" and not event.again and _had_left(purchase, case, event.quantity):
        noted = HoldNoted(**event.model_dump(exclude={"code"}), left=True)
        after = evolve(purchase, noted)
        rest = asked(after, after.cases[case.id], max(event.occurred_at, case.since))
        return (noted, *rest) if rest else _noted(purchase, case, noted, case.agreed)
    return ended(purchase, case, max(event.occurred_at, case.since), event.code, "R4.8")


def so_far(purchase: Purchase) -> int:
    """What the order's instant refunds come to, those included that still wait for the order's word. Source: R4.8."""
    granted = sum(one.granted_minor for one in purchase.cases.values() if one.ground == "not_shipped" and one.answer == "promise")
    waiting = (one for one in purchase.cases.values() if one.instant and one.ground == "not_shipped")
    return granted + sum(purchase.line_of(one).share(min(one.quantity, purchase.line_of(one).left)) for one in waiting)


def _noted(purchase: Purchase, case: Case, noted: HoldNoted, by: By | Literal[""]) -> Outcome:
    """by: by whom it is agreed to, so that the money follows; empty: by nobody yet."""
    if not by or case.granted:
        return (noted,)
    after, rule = evolve(purchase, noted), "R4.2" if case.ground == "not_received" else "R4.8"
    return (noted, *agreed(after, after.cases[case.id], max(noted.occurred_at, case.since), by, rule))


def _had_left(purchase: Purchase, case: Case, wanted: int) -> bool:
    """Some of it, if not all, before the buyer applied for money by agreement, and in time for that: the order told so before it answered,
    but after the buyer was heard. wanted: of the order. Source: R4.2, R1.2.
    """
    line, promised = purchase.line_of(case), purchase.promise(case.line_no, "negotiated")
    if (case.ground, case.kind) != ("negotiated", "refund_only") or promised is None or purchase.unsent(case.line_no) >= wanted:
        return False
    if case.applied_at is None or line.sent_at is None or line.sent_at >= case.applied_at:
        return False
    return line.signed_at is None or over(promised, case.applied_at, line.signed_at, purchase.terms.zone) is None


def _asking(event: ShipmentHoldGranted | ShipmentHoldRefused, purchase: Purchase | None) -> tuple[Purchase, Case] | Reject | Wait:
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    if case.hold != "asked":
        return Reject("hold.known")
    return purchase, case
