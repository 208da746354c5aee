"""Which rule each fact says that it follows, who or what confirmed a line or cancelled its units, and why a payment goes back.

Source: R2.1-R2.5, R4.1.

Written from the rules' text and shares no code with the services.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.verify.log import TOPICS, Log, cause
from deploy.verify.report import Check
from shared.contracts.logistics import ParcelSigned
from shared.contracts.merchant import SellerCancelled
from shared.contracts.order import (
    ConfirmationDue,
    OrderAccepted,
    OrderCancelled,
    OrderCompleted,
    OrderExpired,
    OrderPaid,
    OrderRejected,
    PaymentUnwanted,
    ShippingLate,
    ShippingSham,
    UnitsCancelled,
)
from shared.contracts.owed import CompensationGranted, ReimbursementGranted
from shared.contracts.payment import CompensationContradicted, PayoutContradicted, RefundContradicted
from shared.contracts.refund import CaseFact, CaseOpened
from shared.contracts.storefront import OrderCancelRequested, ReceiptConfirmed
from shared.contracts.suspension import OrderClosed

OF_GROUND: Mapping[str, str] = {
    "no_reason": "R4.5",
    "first_order": "R4.6",
    "trust_card": "R4.7",
    "not_shipped": "R4.8",
    "counterfeit": "R4.9",
    **dict.fromkeys(("not_received", "quality", "damaged", "wrong_item", "negotiated"), "R4.2"),
}
WAY_BACK = {"R4.7", "R4.9"}  # by the buyer's card, or as the seller was to blame
BY_ITSELF = ("freight", "seller at fault")  # why freight goes back that nobody asked for
KINDS: tuple[type[Any], ...] = tuple(kind for topic in TOPICS.values() for kind in topic.types.values())
QUOTING = tuple(kind for kind in KINDS if issubclass(kind, CaseFact | RefundContradicted | CompensationContradicted | PayoutContradicted))
SPOKEN = tuple(kind for kind in KINDS if kind not in QUOTING and "reason" in kind.model_fields)
BY_HAND = (ReceiptConfirmed, ParcelSigned)  # what arrives late is confirmed with all that the buyer had confirmed


def checks(log: Log) -> Iterator[Check]:
    yield _rules(log)
    yield _how(log)
    yield _by(log)
    yield _unwanted(log)
    yield _quoted(log)


def _rules(log: Log) -> Check:
    check = Check("each promise broken, compensation, case and reimbursement names the rule that it follows")
    kinds: tuple[type[Any], ...] = (ShippingLate, ShippingSham, CaseOpened, CompensationGranted, ReimbursementGranted)
    for kind in kinds:
        for entry, fact in log.of(kind):
            right = _rule(fact)
            check.that(fact.rule in right, f"{entry}: it follows {' or '.join(sorted(right))}, told was {fact.rule}")
    return check


def _rule(fact: Any) -> set[str]:
    match fact:
        case CaseOpened():
            return {"R4.10" if (fact.ground, fact.kind) == ("no_reason", "exchange") else OF_GROUND[fact.ground]}
        case CompensationGranted():
            return WAY_BACK if fact.why == "return_freight" else {"R4.9"}
        case ReimbursementGranted():
            return {"R4.11"}
        case _:
            return {"R2.4"}


def _how(log: Log) -> Check:
    """Freight that is owed alone comes by itself. Vouchers are confirmed by use, and by time once others were sent in their place."""
    check = Check("lines are confirmed by the buyer's word, by use, or else by time, as told")
    causes: dict[str, set[type[Any]]] = defaultdict(set)
    for kind in (*BY_HAND, ConfirmationDue):
        for entry, _ in log.of(kind):
            causes[entry.id].add(kind)
    for entry, fact in log.of(OrderCompleted):
        kinds, of = {line.kind for line in fact.lines} - {"freight"}, causes.get(entry.header("ce_causationid"), set())
        if not kinds:
            right = {"auto"}
        elif "virtual" in kinds:
            right = {"auto" if ConfirmationDue in of else "redeemed"}
        else:
            right = {"confirmed" if of & {*BY_HAND} else "auto"}
        check.that(fact.how in right or any(log.starts.values()), f"{entry}: it is {' or '.join(right)}, told was {fact.how}")
    return check


def _by(log: Log) -> Check:
    """What is left of a seller's freight goes back by itself, or with what was cancelled last."""
    check = Check("units are cancelled by who asked for it, for the reason given, or by nobody")
    asked: Mapping[str, Any] = {"buyer": log.bodies(OrderCancelRequested, "order"), "seller": log.bodies(SellerCancelled, "order")}
    for entry, fact in log.of(UnitsCancelled):
        said = {by: one for by, sent in asked.items() if (one := cause(sent, entry, cancel_id=fact.cancel_id)) is not None}
        if fact.cancel_id is None:
            fine = fact.by in ("platform", *said) and fact.reason in ("", *BY_ITSELF)
        else:
            one = said.get(fact.by)
            fine = one is not None and (one.cancel_id, one.reason) == (fact.cancel_id, fact.reason)
        check.that(fine or any(log.starts.values()), f"{entry}: {_words(said)}, told was {fact.cancel_id} of {fact.by}, {fact.reason!r}")
    return check


def _words(said: Mapping[str, Any]) -> str:
    return ", ".join(f"{by} asked for {one.cancel_id}, {one.reason!r}" for by, one in said.items()) or "nobody asked"


def _unwanted(log: Log) -> Check:
    """As its order stood when it came: over, paid, too late, of another currency or amount. All facts of an order lie in one lane."""
    check = Check("payments go back for the first reason that stood against them")
    accepted: dict[str, OrderAccepted] = {}
    stands: dict[str, str] = {}
    for entry in log.facts():
        match entry.event:
            case OrderAccepted() as fact:
                accepted[fact.order_id] = fact
            case OrderPaid() as fact:
                stands[fact.order_id] = "payment.second"
            case (OrderRejected() | OrderExpired() | OrderCancelled() | OrderClosed()) as fact:
                stands[fact.order_id] = "order.closed"
            case PaymentUnwanted() as fact if fact.order_id in accepted or fact.order_id in stands:
                right = stands.get(fact.order_id) or _other(fact, accepted[fact.order_id])
                check.that(fact.reason == right, f"{entry}: it goes back as {right}, told was {fact.reason}")
    return check


def _other(fact: PaymentUnwanted, order: OrderAccepted) -> str:
    """Than was to be paid. Source: R2.2, R2.3."""
    if fact.occurred_at >= order.pay_by:
        return "payment.late"
    return "payment.currency_differs" if fact.currency != order.currency else "payment.amount_differs"


def _quoted(log: Log) -> Check:
    """By the causation id."""
    check = Check("whoever is quoted wrote so: a fact of a case, or of what the provider contradicts, gives no other reason")
    wrote: dict[str, set[str]] = defaultdict(set)
    for kind in SPOKEN:
        for entry, said in log.of(kind):
            wrote[entry.id].add(said.reason)
    for kind in QUOTING:
        for entry, fact in log.of(kind):
            by = wrote.get(entry.header("ce_causationid"), set())
            if check.fails(not fact.reason or fact.reason in by or any(log.starts.values())):
                check.differ(f"{entry}: {sorted(by) or 'nothing'} was written, told was {fact.reason!r}")
    return check
