"""What the platform's guarantee fund has promised in a local day and a currency, and whether it still pays by itself. Source: R4.6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never
from zoneinfo import ZoneInfo

from shared.contracts.first_order import FundDrawn, FundStopped
from shared.messaging.shape import Kind

FundFact = FundDrawn | FundStopped


@dataclass(frozen=True, slots=True)
class Hour:
    """Claims paid, and what they came to."""

    claims: int = 0
    minor: int = 0


@dataclass(frozen=True, slots=True)
class Fund:
    """hours: by hour of the local day. stopped: by the breaker, for the rest of the day.

    What the provider did not pay, or what is the fund's again as units were cancelled, gives the day nothing back: the budget bounds
    what is granted in it without a person, whatever becomes of that, so that a claim which is undone is not lent again. Source: R4.6.
    """

    minor: int = 0
    hours: Mapping[int, Hour] = field(default_factory=dict)
    stopped: bool = False


def evolve_fund(fund: Fund | None, fact: FundFact) -> Fund:
    fund = fund or Fund()
    match fact:
        case FundDrawn():
            hour = fund.hours.get(fact.hour, Hour())
            drawn = Hour(hour.claims + 1, hour.minor + fact.amount_minor)
            return replace(fund, minor=fund.minor + fact.amount_minor, hours={**fund.hours, fact.hour: drawn})
        case FundStopped():
            return replace(fund, stopped=True)
        case _:
            assert_never(fact)


def local_hour(at: datetime, zone: str) -> tuple[str, int]:
    """The local date, ISO 8601, and its hour."""
    local = at.astimezone(ZoneInfo(zone))
    return local.date().isoformat(), local.hour


def fund_key(day: str, currency: str) -> str:
    return f"{day}/{currency}"


FUND: Kind[Fund, FundFact] = Kind("fund", FundFact, lambda fact: fund_key(fact.day, fact.currency), evolve_fund)
