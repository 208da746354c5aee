"""Who is suspended when, and which orders a suspension that is found late has to look at. Source: R2.8.

Apart, because the two are used differently: each placement locks the suspensions of its parties, of which hardly one has any;
the orders of a party are noted in that party's own lane after the fact, and a busy one makes nobody wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.contracts.suspension import OrderRemembered, SuspensionNoted
from shared.messaging.shape import Kind

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Suspension:
    """until None: for good."""

    effective_from: datetime
    until: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.effective_from <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Suspensions:
    """Of one seller or promoter, by violation_id."""

    known: Mapping[str, Suspension]

    def covering(self, at: datetime) -> str | None:
        """The violation for which an order placed then is not accepted."""
        return next((violation_id for violation_id, one in self.known.items() if one.covers(at)), None)


@dataclass(frozen=True, slots=True)
class Recent:
    """The accepted orders of one seller or promoter that were placed in one second, each with its time: a row stays small in a rush.

    Rows are never deleted: at most one for each seller and promoter of an accepted order, so they grow as the orders' own rows do,
    which stay, too. None is read once its second lies further back than a suspension looks, so old ones cost space and no time.
    """

    orders: Mapping[str, datetime]


def evolve_suspensions(suspensions: Suspensions | None, fact: SuspensionNoted) -> Suspensions:
    known = suspensions.known if suspensions else {}
    return Suspensions({**known, fact.violation_id: Suspension(fact.effective_from, fact.until)})


def evolve_recent(recent: Recent | None, fact: OrderRemembered) -> Recent:
    return Recent({**(recent.orders if recent else {}), fact.order_id: fact.occurred_at})


def second_of(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)


def recent_key(subject_id: str, second: int) -> str:
    """No id holds a slash."""
    return f"{subject_id}/{second}"


SUSPENSION = Kind("suspension", SuspensionNoted, lambda fact: fact.subject_id, evolve_suspensions)
RECENT = Kind("recent", OrderRemembered, lambda fact: recent_key(fact.subject_id, second_of(fact.occurred_at)), evolve_recent)
