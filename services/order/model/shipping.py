"""What was to be sent by when, and what holds that up. Source: R2.4, R3.8."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from services.order.model.line import OrderLine, Parcel, held
from shared.contracts.chargeback import OrderDisputed, OrderUndisputed
from shared.contracts.order import OrderTerms
from shared.contracts.types import Line

QUICK = "ship_24h"  # the tag with which a seller promises to send sooner


@dataclass(frozen=True, slots=True)
class Late:
    """What a seller owes for broken shipping promises of an order. hours: the promises judged. Amounts in minor units, in all."""

    hours: tuple[int, ...] = ()
    base_minor: int = 0
    amount_minor: int = 0


@dataclass(frozen=True, slots=True)
class Dispute:
    """The buyer's bank disputes the order's payment. until None: it has not decided. taken: lines of which it left nothing then."""

    since: datetime
    until: datetime | None = None
    taken: tuple[int, ...] = ()

    def lies_on(self, line_no: int, at: datetime) -> bool:
        """Nothing of the line had to leave then; once it is taken, never."""
        return self.since < at and (self.until is None or at < self.until or line_no in self.taken)


def noted(disputes: Mapping[str, Dispute], fact: OrderDisputed | OrderUndisputed) -> dict[str, Dispute]:
    if isinstance(fact, OrderDisputed):
        return {**disputes, fact.chargeback_id: Dispute(fact.occurred_at)}
    ended = replace(disputes[fact.chargeback_id], until=fact.occurred_at, taken=fact.taken)
    return {**disputes, fact.chargeback_id: ended}


def ship_hours(line: Line, terms: OrderTerms) -> int:
    """How soon after payment it is to be sent. Source: R2.4."""
    return terms.ship_hours_24h if QUICK in line.tags and terms.ship_hours_24h is not None else terms.ship_hours


def unsent_at(line: OrderLine, parcels: Mapping[str, Parcel], disputes: Mapping[str, Dispute], at: datetime) -> int:
    """Units that were still to be sent at that moment; none while a case or the buyer's bank held it then, nor of a line refunded in full.

    A parcel counts from its dispatch on, whatever became of it later, but one that was to be stopped never does. Source: R2.4, R3.8.
    """
    in_case = held(line, at) or any(since < at < until for since, until in line.spans)
    disputed = any(one.lies_on(line.line.line_no, at) for one in disputes.values())
    if line.line.kind != "goods" or in_case or _paid_back(line, at) or disputed:
        return 0
    return max(0, line.line.quantity - _left(line, parcels, at) - sum(units for since, units in line.gone if since < at))


def gifts_at(gift: OrderLine, main: OrderLine, parcels: Mapping[str, Parcel], disputes: Mapping[str, Dispute], at: datetime) -> int:
    """Of a gift, what was still to be sent at that moment for the units of its line that had left or were still to be sent themselves; one
    that was given with several comes as long as any of them does. Source: R2.4, R4.5.
    """
    coming = 0 if _paid_back(main, at) else _left(main, parcels, at) + unsent_at(main, parcels, disputes, at)
    wanted = -(-gift.line.quantity * coming // main.line.quantity)
    return min(unsent_at(gift, parcels, disputes, at), max(0, wanted - _left(gift, parcels, at)))


def _left(line: OrderLine, parcels: Mapping[str, Parcel], at: datetime) -> int:
    counting = (parcel for parcel in parcels.values() if parcel.sent_at < at and parcel.failed != "intercepted")
    return sum(parcel.units.get(line.line.line_no, 0) for parcel in counting)


def _paid_back(line: OrderLine, at: datetime) -> bool:
    return line.refunded_in_full and line.over_at is not None and line.over_at < at
