"""Suspended sellers and promoters: no new orders, and what becomes of those that were accepted before the suspension was known.

Each accepted order is told to its parties' own lanes (`order.attributed`), where suspensions come in too: so an order is
either there when a suspension looks back, or finds the suspension when it arrives. Looking back goes through the seconds from
effective_from on to the last hour of which the party has an order (`orders.reached`, once an hour), at least as many hours as the
policy says; step by step, each following from the one before. However late it is found, it ends, and nothing is left. Source: R2.8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal

from services.order.decide.campaign import released, unsent
from services.order.model import Allotment, Cluster, Order, Party, Recent, Suspension, hour_end, recent_keys, second_of
from shared.contracts.standing import SubjectReinstated, SubjectSuspended
from shared.contracts.storefront import OrderPlaced
from shared.contracts.suspension import (
    OrderAttributed,
    OrderClosed,
    OrderRemembered,
    OrdersReached,
    OrdersSought,
    OrderUnderSuspension,
    SuspensionFound,
    SuspensionLifted,
    SuspensionNoted,
    TierNoted,
)
from shared.contracts.trust import TierChanged
from shared.contracts.types import Line, SettleDays
from shared.errors import Code
from shared.messaging.numbered import Numbered
from shared.messaging.shape import Outcome, Reject, Wait
from shared.policy import Policy

SECONDS_MAX = 3_600  # looked through in one step


def suspend(event: SubjectSuspended, party: Party | None, policy: Policy) -> Outcome:
    """Known from now on; the look back begins, in case this comes too late."""
    if party is not None and event.violation_id in party.known:
        return Reject("suspension.known")
    horizon = second_of(event.effective_from + timedelta(hours=policy.order.suspension_look_back_hours))
    horizon = max(horizon, party.reached if party else 0)
    noted = SuspensionNoted(
        subject_id=event.subject_id,
        violation_id=event.violation_id,
        effective_from=event.effective_from,
        until=event.until,
        occurred_at=event.occurred_at,
    )
    sought = OrdersSought(
        subject_id=event.subject_id,
        violation_id=event.violation_id,
        effective_from=event.effective_from,
        until=event.until,
        second=second_of(event.effective_from),
        second_last=min(horizon, second_of(event.until)) if event.until else horizon,
        occurred_at=event.occurred_at,
    )
    return noted, sought


def lift(event: SubjectReinstated, party: Party | None) -> Outcome:
    """Orders placed from now on. What was closed meanwhile stays so. No facts where nothing is suspended any more. Source: R6.2."""
    known = party.known.get(event.violation_id) if party else None
    if known is None or (known.until is not None and known.until <= event.occurred_at):
        return ()
    return (SuspensionLifted(subject_id=event.subject_id, violation_id=event.violation_id, occurred_at=event.occurred_at),)


def note_tier(event: TierChanged, party: Party | None) -> Outcome:
    """A seller's, for lines ordered later; those of promoters and buyers cost nobody days in escrow. Source: R5.7."""
    if not event.subject_id.startswith("seller:"):
        return ()
    return (
        TierNoted(
            subject_id=event.subject_id,
            escrow_days=event.escrow_days,
            effective_from=event.effective_from,
            tier=event.tier,
            occurred_at=event.occurred_at,
        ),
    )


def settle_days(event: OrderPlaced, parties: Mapping[str, Party], policy: Policy) -> tuple[SettleDays, ...]:
    """By the tier that each seller was known to have by then, frozen in the order's terms: of whom none was told is new, and said where
    that makes a difference. Source: R5.7, R2.6.

    A tier's days are those of the table in force at placement; as they were told, where it has no tier of that name. Source: R9.1.
    """
    new = policy.trust.tier_new
    days_of = {tier.name: tier.escrow_days for tier in (*policy.trust.tiers, new)}
    found = []
    for seller in sorted({line.seller_id for line in event.lines}):
        known = parties.get(f"seller:{seller}")
        one = known.escrow_at(event.occurred_at) if known else None
        if one is not None:
            found.append(
                SettleDays(seller_id=seller, days=days_of.get(one.tier, one.days), tier=one.tier, effective_from=one.effective_from)
            )
        elif new.escrow_days != policy.payment.settle_days:
            found.append(SettleDays(seller_id=seller, days=new.escrow_days, tier=new.name))
    return tuple(found)


def attribute(event: OrderAttributed, party: Party | None, recent: Recent | None) -> Outcome:
    """Remembered for suspensions to come, which look as far as its hour, or the victim of one that came meanwhile."""
    violation_id = party.covering(event.occurred_at) if party else None
    if violation_id is not None:
        return (_found(event.order_id, event.subject_id, violation_id, event.occurred_at),)
    remembered = OrderRemembered(subject_id=event.subject_id, order_id=event.order_id, occurred_at=event.occurred_at)
    second = second_of(event.occurred_at)
    if party is not None and second <= party.reached:
        return (remembered,)
    return remembered, OrdersReached(subject_id=event.subject_id, second=hour_end(second), occurred_at=event.occurred_at)


def seconds_sought(event: OrdersSought) -> Numbered:
    """The keys of one step."""
    return recent_keys(event.subject_id, range(event.second, min(event.second + SECONDS_MAX, event.second_last + 1)))


def seek(event: OrdersSought, party: Party | None, seconds: Mapping[str, Recent]) -> Outcome:
    """Each order that the suspension covers, as it stands by now, is told, under its own id; then the next step. Source: R2.8, R6.2."""
    known = party.known.get(event.violation_id) if party else None
    span = known or Suspension(event.effective_from, event.until)
    found = [
        _found(order_id, event.subject_id, event.violation_id, max(placed_at, event.occurred_at))
        for recent in seconds.values()
        for order_id, placed_at in recent.orders.items()
        if span.covers(placed_at)
    ]
    following = event.second + SECONDS_MAX
    return (*found, *([event.model_copy(update={"second": following})] if following <= event.second_last else []))


def close(event: SuspensionFound, order: Order | None, allotments: Mapping[str, Allotment], cluster: Cluster | None) -> Outcome:
    """An unpaid order is closed, a paid one stands and is listed, once for each party; one that ended needs nothing. Source: R2.8."""
    if order is None:
        return Wait("order.before_placed")
    if order.shut or event.subject_id in order.suspended:
        return ()
    told = {"order_id": order.id, "subject_id": event.subject_id, "violation_id": event.violation_id}
    if order.status == "paid":
        return (OrderUnderSuspension(**told, occurred_at=event.occurred_at),)
    closed = OrderClosed(**told, code=_code(event.subject_id), occurred_at=event.occurred_at)
    return closed, *released(order, unsent(order), allotments, cluster, event.occurred_at)


def parties(event: OrderPlaced) -> set[str]:
    """Whose suspension may matter: sellers, and promoters by the cart or by the visits, whichever earns in the end."""
    sellers = {f"seller:{line.seller_id}" for line in event.lines}
    promoters = {line.promoter_id for line in event.lines} | {visit.promoter_id for visit in event.visits}
    return sellers | {f"promoter:{promoter}" for promoter in promoters if promoter is not None}


def suspended(event: OrderPlaced, promoters: Iterable[str | None], parties: Mapping[str, Party]) -> tuple[Code, str] | None:
    """The code and the party, if one is suspended at the moment of placement. Sellers first. Source: R2.8.

    promoters: those that lines are attributed to.
    """
    named = {f"seller:{line.seller_id}" for line in event.lines} | {f"promoter:{one}" for one in promoters if one is not None}
    found = [subject for subject in named if subject in parties and parties[subject].covering(event.occurred_at)]
    return (_code(max(found)), max(found)) if found else None


def attributed(order_id: str, lines: Iterable[Line], at: datetime) -> Iterator[OrderAttributed]:
    """To each seller and promoter of an accepted order."""
    subjects = {f"seller:{line.seller_id}" for line in lines} | {f"promoter:{line.promoter_id}" for line in lines if line.promoter_id}
    return (OrderAttributed(subject_id=subject, order_id=order_id, occurred_at=at) for subject in sorted(subjects))


def _found(order_id: str, subject_id: str, violation_id: str, at: datetime) -> SuspensionFound:
    return SuspensionFound(order_id=order_id, subject_id=subject_id, violation_id=violation_id, occurred_at=at)


def _code(subject_id: str) -> Literal["order.seller_suspended", "order.promoter_suspended"]:
    return "order.seller_suspended" if subject_id.startswith("seller:") else "order.promoter_suspended"
