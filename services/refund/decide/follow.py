"""What follows once a case is agreed to, by whomever: goods come back, others are sent, or money is granted. Source: R4.2-R4.4, R4.10."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.refund.decide.ask import asked
from services.refund.decide.step import after, rule_of, said
from services.refund.model import Case, Purchase, evolve, refund_id_of
from services.refund.rules import freight, gifts
from shared.contracts.exchange import CaseExchanging
from shared.contracts.refund import By, CaseApproved, RefundGranted
from shared.messaging.message import Message

CODES: dict[By, tuple[str, str]] = {  # why it was agreed to, and by which rule
    "seller": ("case.agreed", "R4.3"),
    "silence": ("case.silence_agreed", "R4.3"),
    "promise": ("case.at_once", "R4.1"),
    "carrier": ("case.parcel_failed", "R2.5"),
    "ruling": ("case.ruled_for_buyer", "R4.11"),
    "default": ("case.default_judgment", "R4.11"),
    "appeal": ("case.appeal_won", "R4.11"),
}
GRANTED = {  # what says so where money is granted: the amount of a verdict is the claim's
    "case.ruled_for_buyer": "case.refund_ruled",
    "case.default_judgment": "case.refund_by_default",
    "case.appeal_won": "case.refund_on_appeal",
}
Facts = tuple[Message, ...]


def agreed(purchase: Purchase, case: Case, at: datetime, by: By, rule: str = "") -> Facts:
    """By the case's kind. Goods that came back already need not come again; money for goods that may leave waits until the order keeps
    them back, and what was agreed to is remembered. Others that were not sent in time, or are lost, are paid for.

    Source: R4.2, R4.4, R4.8, R4.10, R4.11.
    """
    code, by_rule = CODES[by]
    rule = rule or by_rule
    held = asked(purchase, case, at)
    for fact in held:
        purchase = evolve(purchase, fact)
    case = purchase.cases[case.id]
    if case.hold == "asked" or (case.ground == "not_shipped" and not case.hold):
        return (*held, CaseApproved(**said(purchase, case, 10, "nobody", None, at, "R4.8", "case.waits_for_hold"), by=by))
    back = case.returned is not None
    match case.kind:
        case "exchange" | "resend" if case.parcel_id is not None:
            return granted(purchase, case, case.quantity, at, by, "case.replacement_failed", "R4.10")
        case "exchange" | "resend" if case.sending:
            return granted(purchase, case, case.quantity, at, by, "case.replacement_late", "R4.10")
        case "return_and_refund" | "exchange" if not back:
            until = after(case, at, timedelta(days=purchase.terms.post_days))
            return (CaseApproved(**said(purchase, case, 30, "buyer", until, at, rule, code), by=by),)
        case "exchange" | "resend":
            return sending(purchase, case, case.quantity, at, by, code)
        case _:
            return granted(purchase, case, case.quantity, at, by, code, rule)


def sending(purchase: Purchase, case: Case, quantity: int, at: datetime, by: By, code: str) -> Facts:
    """40: the seller sends so many units, in time or they are refunded. Source: R4.10."""
    until = after(case, at, timedelta(hours=purchase.terms.replace_hours))
    return (CaseExchanging(**said(purchase, case, 40, "seller", until, at, "R4.10", code), quantity=quantity, by=by),)


def granted(
    purchase: Purchase, case: Case, quantity: int, at: datetime, by: By, code: str = "", rule: str = "R4.4", *, gifts_back: bool = True
) -> Facts:
    """50: money for so many units, none of which leaves any more where they need not come back. Source: R4.8, R4.4."""
    fact = grant(purchase, case, quantity, at, by, code, rule, gifts_back=gifts_back)
    after = evolve(purchase, fact)
    return (fact, *asked(after, after.cases[case.id], at))


def grant(
    purchase: Purchase, case: Case, quantity: int, at: datetime, by: By, code: str = "", rule: str = "R4.4", *, gifts_back: bool = True
) -> RefundGranted:
    """The accepted units' share of what was paid, behind the units refunded before; at most what was asked for and what is promised,
    less waived freight that the buyer's change of mind makes due, and gifts that stay. Another attempt grants what the one before it
    did. Source: R1.4, R4.4, R4.5, R3.10.
    """
    attempt, code = case.attempts + 1, code or CODES[by][0]
    if case.stuck:
        units, minor, kept, attempt = case.granted_quantity, case.granted_minor, case.gifts_minor, case.grants + 1
        waived = case.deducted_minor - kept
    else:
        units, whole = _worth(purchase, case, quantity)
        waived = _waived_freight(purchase, case, units, whole)
        kept = 0 if gifts_back else _kept_gifts(purchase, case, units, whole - waived)
        minor = whole - waived - kept
    return RefundGranted(
        **said(purchase, case, 50, "provider", None, at, rule, GRANTED.get(code, code)),
        refund_id=refund_id_of(purchase.order_id, case.id, attempt),
        quantity=units,
        amount_minor=minor,
        by=by,
        freight_minor=waived,
        gifts_minor=kept,
        applied_at=case.applied_at,
        attempt=attempt,
        funder=case.funder,
        again_of=refund_id_of(purchase.order_id, case.id, attempt - 1) if case.stuck else None,
    )


def _worth(purchase: Purchase, case: Case, quantity: int) -> tuple[int, int]:
    """Units and money, before waived freight. Units that were cancelled meanwhile are gone; money alone takes no units. Source: R1.4."""
    line = purchase.line_of(case)
    quantity = min(quantity, line.left)
    minor = line.share(quantity) if quantity else line.left_minor
    rule = rule_of(case)
    promised = purchase.promise(case.line_no, rule.name) if rule is not None else None
    if promised is not None:
        used = sum(one.granted_minor for one in purchase.cases.values() if one.line_no == case.line_no and one.ground == case.ground)
        minor = min(minor, max(0, promised.cap_minor - used))
    if case.amount_minor is not None:
        minor = min(minor, case.amount_minor)
    return (0 if money_only(case) else quantity), minor


def money_only(case: Case) -> bool:
    return case.amount_minor is not None and case.kind == "refund_only"


def _changed_mind(case: Case) -> bool:
    """The buyer's, without a reason, and no ruling blames the seller. Source: R3.10, R4.5."""
    return case.ground == "no_reason" and case.fault != "seller"


def _kept_gifts(purchase: Purchase, case: Case, quantity: int, refund_minor: int) -> int:
    """The gifts of a line that goes back without a reason; of one that had a fault they may stay. Those that were cancelled, or went
    back by a case of their own, the buyer does not have. Source: R4.5.
    """
    if not _changed_mind(case):
        return 0
    line = purchase.line_of(case)
    there = (one for one in purchase.lines.values() if one.gift_of == case.line_no)
    given = (one.gift_minor - one.gift_minor * one.granted_quantity // one.quantity for one in there)
    return gifts.deducted(given, line.quantity, line.granted_quantity, quantity, refund_minor)


def _waived_freight(purchase: Purchase, case: Case, quantity: int, refund_minor: int) -> int:
    """Once a seller, and for a return: what comes back because no other goods came is none. What is kept is counted by units, those of
    other open cases included. Source: R3.10, R4.10.
    """
    seller_id = purchase.line_of(case).seller_id
    if not _changed_mind(case) or case.kind == "exchange" or seller_id in purchase.deducted:
        return 0
    whole = before = after = 0
    for line_no, line in purchase.lines.items():
        if line.seller_id == seller_id and line.kind == "goods":
            gone = line.granted_quantity + (quantity if line_no == case.line_no else 0)
            whole += line.paid_minor
            before += line.paid_minor - line.paid_minor * line.granted_quantity // line.quantity
            after += line.paid_minor - line.paid_minor * gone // line.quantity
    promised = next((one for one in purchase.free_shipping if one.seller_id == seller_id), None)
    return freight.waived(promised, whole, before, after, refund_minor)
