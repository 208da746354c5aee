"""One appeal, by who lost: it runs beside the case. Won, the ruling falls: a buyer's case goes on, a seller is paid by the platform.

Source: R4.11.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from services.refund.decide.ask import asked
from services.refund.decide.beside import seller_back
from services.refund.decide.follow import Facts, agreed, granted
from services.refund.decide.step import after, as_is, due, ended, fault_of, illegal, said
from services.refund.model import Case, Purchase, evolve
from shared.contracts.dispute import AppealOver, CaseAppealed, CaseAppealEnded, CaseReopened
from shared.contracts.merchant import SellerDisputeAppealed
from shared.contracts.refund import Side
from shared.contracts.ruling import RulingMade
from shared.contracts.storefront import DisputeAppealed
from shared.errors import numbers
from shared.messaging.shape import Outcome, Reject, Wait


def appeal(event: DisputeAppealed | SellerDisputeAppealed, purchase: Purchase | None) -> Outcome:
    """By the loser, from the ruling on, before its days pass; once. What a deadline of the case brings comes first. A buyer whose line has
    another case open has chosen that one. Source: R4.11, R1.2.
    """
    case = purchase.cases.get(event.case_id) if purchase else None
    if purchase is None or case is None:
        return Wait("case.before_request")
    side: Side = "buyer" if isinstance(event, DisputeAppealed) else "seller"
    against = _stranger(event, purchase, case) or _cannot_appeal(event, purchase, case, side)
    if against is not None:
        return against
    until = after(case, event.occurred_at, timedelta(days=purchase.terms.appeal_days))
    common = as_is(purchase, case, event.occurred_at, "R4.11", "case.appealed_by_loser", event.reason)
    return (CaseAppealed(**common, side=side, appeal_until=until),)


def judge_appeal(event: RulingMade, purchase: Purchase, case: Case) -> Outcome:
    """Of the appeal as it was made, before the platform's days pass. Not won: the first ruling stands. Source: R4.11."""
    if case.appeal is None:
        return illegal(case) if case.ended and not case.ruled else Wait("ruling.before_appeal")
    if case.appeal.won is not None:
        return Reject("appeal.ended")
    if case.appeal.at is not None and event.occurred_at < case.appeal.at:
        return Reject("ruling.too_early", numbers(until=case.appeal.at))
    if event.occurred_at >= case.appeal.until:
        return Reject("ruling.too_late")
    if case.overdue(event.occurred_at):
        return Wait("case.before_deadline")
    over = _ended(event, purchase, case, case.appeal.side)
    ended_now = evolve(purchase, over)
    case = ended_now.cases[case.id]
    if not over.won:
        return (over,)
    return (over, *(_reopened(event, ended_now, case) if over.side == "buyer" else _for_seller(event, ended_now, case)))


def unjudged(event: AppealOver, purchase: Purchase | None) -> Outcome:
    """No ruling on the appeal in time: the first stands. Source: R4.11."""
    purchase, case = due(event, purchase)
    if case.appeal is None:
        raise AssertionError(f"{event.type} of case {case.id}, which nobody appealed")
    return (
        CaseAppealEnded(
            **as_is(purchase, case, event.occurred_at, "R4.11", "case.appeal_unruled"),
            **_parties(purchase, case),
            side=case.appeal.side,
            won=False,
            by="silence",
            ruling_id=None,
            fault=case.fault or "nobody",
            finding=case.finding,
            appraisal_minor=case.appraisal_minor,
        ),
    )


def _ended(event: RulingMade, purchase: Purchase, case: Case, side: Side) -> CaseAppealEnded:
    for_buyer = event.upheld == (side == "buyer")
    return CaseAppealEnded(
        **as_is(purchase, case, event.occurred_at, "R4.11", "case.appeal_won" if event.upheld else "case.appeal_lost", event.reason),
        **_parties(purchase, case),
        side=side,
        won=event.upheld,
        by="ruling",
        ruling_id=event.ruling_id,
        fault=fault_of(case, for_buyer, event.fault, event.finding) if event.upheld else case.fault or "nobody",
        finding=event.finding if event.upheld else case.finding,
        appraisal_minor=event.appraisal_minor if event.upheld else case.appraisal_minor,
        found_before=case.found_before if event.upheld and side == "buyer" else None,
    )


def _reopened(event: RulingMade, purchase: Purchase, case: Case) -> Facts:
    """Order and payment hold the line again; the money is granted, or the goods come back first if the ruling says so. What may have left
    since the case ended is paid for only once the order keeps it back. Source: R4.11, R4.8.
    """
    kind = "refund_only" if event.remedy == "as_claimed" and case.kind in ("exchange", "resend") else case.kind
    reopened = CaseReopened(
        **said(purchase, case, 50, "provider", None, event.occurred_at, "R4.11", "case.appeal_won"),
        kind=kind if event.remedy == "as_claimed" else event.remedy,
        quantity=event.quantity or case.quantity,
        amount_minor=case.amount_minor if event.amount_minor is None else event.amount_minor,
    )
    again = evolve(purchase, reopened)
    case = again.cases[case.id]
    if event.remedy == "return_and_refund":
        return (reopened, *agreed(again, case, event.occurred_at, "appeal"))
    held = asked(again, case, event.occurred_at)
    if held:
        again = evolve(again, held[0])
        return (reopened, *held, *agreed(again, again.cases[case.id], event.occurred_at, "appeal"))
    return (reopened, *granted(again, case, case.quantity, event.occurred_at, "appeal", rule="R4.11"))


def _for_seller(event: RulingMade, purchase: Purchase, case: Case) -> Facts:
    """The buyer keeps what it has: what is not granted yet is not granted, what is refunded the platform pays the seller. Money under
    way is paid to the seller once it is done, and so is that for goods which the buyer has sent back already. Source: R4.11.
    """
    if case.state in (10, 30, 40) and case.returned is None:
        return ended(purchase, case, event.occurred_at, "case.appeal_won_by_seller", "R4.11")
    return seller_back(purchase, case, event.occurred_at) if case.state == 60 else ()


def _cannot_appeal(event: DisputeAppealed | SellerDisputeAppealed, purchase: Purchase, case: Case, side: Side) -> Reject | Wait | None:
    if not case.ruled or case.appeal_until is None:
        return Wait("appeal.before_ruling") if case.state == 20 else illegal(case)
    if case.ruled == side:
        return Reject("appeal.not_loser")
    if case.appeal is not None:
        return Reject("appeal.known")
    if case.ruled_at is not None and event.occurred_at < case.ruled_at:
        return Reject("appeal.too_early", numbers(since=case.ruled_at))
    if event.occurred_at >= case.appeal_until:
        return Reject("appeal.too_late", numbers(until=case.appeal_until))
    if case.overdue(event.occurred_at):
        return Wait("case.before_deadline")
    line = purchase.line_of(case)
    if side == "buyer" and line.open_case is not None:
        return Reject("case.line_open", line.open_case)
    return Reject("refund.nothing_left") if side == "buyer" and line.spent else None


def _stranger(event: DisputeAppealed | SellerDisputeAppealed, purchase: Purchase, case: Case) -> Reject | None:
    if isinstance(event, DisputeAppealed):
        return Reject("buyer.differs") if event.buyer_id != purchase.buyer_id else None
    return Reject("seller.differs") if event.seller_id != purchase.line_of(case).answers else None


def _parties(purchase: Purchase, case: Case) -> dict[str, Any]:
    line = purchase.line_of(case)
    return {"buyer_id": purchase.buyer_id, "seller_id": line.seller_id, "promoter_id": line.promoter_id}
