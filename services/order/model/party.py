"""Sellers and promoters: when suspended, how long whose money stays in escrow, which orders a late suspension finds. Source: R2.8, R5.7.

Apart, because the two are used differently: each placement locks its parties, of which hardly one is suspended;
the orders of a party are noted in that party's own lane after the fact, and a busy one makes nobody wait.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import assert_never

from shared.contracts.suspension import OrderRemembered, OrdersReached, SuspensionLifted, SuspensionNoted, TierNoted
from shared.messaging.numbered import Numbered
from shared.messaging.shape import Kind

PartyFact = SuspensionNoted | SuspensionLifted | TierNoted | OrdersReached
TIERS_MAX = 16  # of a seller that have begun, which are remembered: placements older than so many changes take the policy's days
AHEAD_MAX = 64  # that are yet to begin: of more the last, and until the first of them the one that has begun stays
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Suspension:
    """until None: for good."""

    effective_from: datetime
    until: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.effective_from <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Escrow:
    """Days in escrow after confirmation, of lines ordered from then on, as told of the tier of that name. Source: R5.7."""

    effective_from: datetime
    days: int
    tier: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """What is known of one seller or promoter: its suspensions, by violation_id, and its tiers' days, in the order of their telling.

    reached: no order of it that is remembered was placed later than this second; 0: none is, as far as this was counted.
    """

    known: Mapping[str, Suspension]
    escrow: tuple[Escrow, ...] = ()
    reached: int = 0

    def escrow_at(self, at: datetime) -> Escrow | None:
        """Of a line ordered then: the last that was told of those that had begun; None: none had."""
        return next((one for one in reversed(self.escrow) if one.effective_from <= at), None)

    def covering(self, at: datetime) -> str | None:
        """The violation for which an order placed then is not accepted."""
        return next((violation_id for violation_id, one in self.known.items() if one.covers(at)), None)


@dataclass(frozen=True, slots=True)
class Recent:
    """The accepted orders of one seller or promoter that were placed in one second, each with its time: a row stays small in a rush.

    Rows are never deleted: at most one for each seller and promoter of an accepted order, so they grow as the orders' own rows do,
    which stay, too. None is read whose second lies before the beginning of a suspension that is new, so old ones cost space and no time.
    """

    orders: Mapping[str, datetime]


def evolve_party(party: Party | None, fact: PartyFact) -> Party:
    before = party or Party({})
    match fact:
        case SuspensionNoted():
            return replace(before, known={**before.known, fact.violation_id: Suspension(fact.effective_from, fact.until)})
        case SuspensionLifted():
            lifted = replace(before.known[fact.violation_id], until=fact.occurred_at)
            return replace(before, known={**before.known, fact.violation_id: lifted})
        case TierNoted():
            told = Escrow(fact.effective_from, fact.escrow_days, fact.tier)
            return replace(before, escrow=tuple(_remembered((*before.escrow, told), fact.occurred_at)))
        case OrdersReached():
            return replace(before, reached=fact.second)
        case _:
            assert_never(fact)


def _remembered(told: Sequence[Escrow], at: datetime) -> Iterator[Escrow]:
    """What was to begin with one that was told later, or after it, never counts. A busy seller at a tier's bound changes often in the
    minutes until a change begins: none of those that are yet to begin takes the place of the one that has. Source: R5.7, R2.8.
    """
    standing: list[Escrow] = []  # the last first
    for one in reversed(told):
        if not standing or one.effective_from < standing[-1].effective_from:
            standing.append(one)
    yield from [one for one in standing if one.effective_from <= at][TIERS_MAX - 1 :: -1]
    yield from [one for one in standing if one.effective_from > at][AHEAD_MAX - 1 :: -1]


def evolve_recent(recent: Recent | None, fact: OrderRemembered) -> Recent:
    return Recent({**(recent.orders if recent else {}), fact.order_id: fact.occurred_at})


def second_of(at: datetime) -> int:
    return (at - EPOCH) // timedelta(seconds=1)


def hour_end(second: int) -> int:
    """The last second of its hour."""
    return second - second % HOUR_SECONDS + HOUR_SECONDS - 1


def recent_key(subject_id: str, second: int) -> str:
    """No id holds a slash."""
    return f"{subject_id}/{second}"


def recent_keys(subject_id: str, seconds: range) -> Numbered:
    """recent_key of each."""
    return Numbered(f"{subject_id}/", seconds)


PARTY = Kind("suspension", PartyFact, lambda fact: fact.subject_id, evolve_party)  # as its table is called
RECENT = Kind("recent", OrderRemembered, lambda fact: recent_key(fact.subject_id, second_of(fact.occurred_at)), evolve_recent)
