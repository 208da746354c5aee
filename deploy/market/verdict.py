"""Judges a market that was played: recomputed by verify, and compared with what the market itself expects of every order."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from deploy.local.stack import Stack
from deploy.market import books, outcome
from deploy.market.books import Books
from deploy.market.clients import Read, Reader
from deploy.market.market import Market
from deploy.market.outcome import Found
from deploy.market.play import Play
from deploy.verify import Report, verify
from shared import postgres

PARKED = tuple(f"{service}.parked.v1" for service in books.SERVICES)


@dataclass(slots=True)
class Verdict:
    """told: each fact and refusal, as outcome.told has them. problems: one line each, empty if everything is as it must be."""

    market: Market
    play: Play
    books: Books
    found: Found
    report: Report
    lost: int
    rejected: int
    told: list[str]
    problems: list[str] = field(default_factory=list)

    @property
    def parked(self) -> int:
        """Events that a service still holds: parked, expired or waiting."""
        return sum(self.books.held.values())

    @property
    def ledger_sum_minor(self) -> int:
        """Over the currencies, each of which must sum to zero."""
        return sum(abs(self.books.sum_of("", currency)) for currency in self.books.currencies)

    @property
    def escrow_minor(self) -> int:
        """All currencies together."""
        return sum(self.books.sum_of("escrow:", currency) for currency in self.books.currencies)

    @property
    def verified(self) -> bool:
        return not self.problems


def judge(stack: Stack, market: Market, play: Play) -> Verdict:
    """The stack must be idle."""
    records = outcome.once(_all(stack))
    copies = [record for record in records if record.topic in PARKED]
    found = outcome.read(record for record in records if record.topic not in PARKED)
    held = asyncio.run(books.read(stack.dsn(postgres.OPS)))
    fates = books.account_for(play.published, copies, held.inbox)
    report = asyncio.run(verify(stack))
    verdict = Verdict(market, play, held, found, report, len(fates.lost), fates.rejected, outcome.told(records))
    verdict.problems += [f"verify: {check.name}: {check.first}" for check in report.checks if not check.holds]
    verdict.problems += [f"lost: {line}" for line in fates.lost]
    verdict.problems += [f"happened twice: {line}" for line in found.doubled]
    verdict.problems += [f"the provider's statement and the ledger differ: {line}" for line in found.breaks]
    verdict.problems += [f"taken or rejected otherwise than expected: {line}" for line in fates.wrong]
    verdict.problems += [f"still held by {service}: {count} {state}" for (service, state), count in sorted(held.held.items())]
    verdict.problems += outcome.differences(market, found)
    verdict.problems += _of_ledger(verdict)
    return verdict


def _all(stack: Stack) -> list[Read]:
    reader = Reader(stack.settings(postgres.OPS).confluent(), [*outcome.TOPICS, *PARKED])
    try:
        return reader.read()
    finally:
        reader.close()


def _of_ledger(verdict: Verdict) -> list[str]:
    """The ledger against the provider's own count of the money, and against what the market expects to be left in escrow."""
    ledger, paid = verdict.books, verdict.play.provider.paid
    captured, escrow = Counter[str](), Counter[str]()
    for life in verdict.market.lives:
        captured[life.cart.currency] += life.expected.captured_minor
        escrow[life.cart.currency] += life.expected.escrow_minor
    lines = []
    for currency in sorted(captured):
        at_provider = captured[currency] - sum(paid[(currency, kind)] for kind in ("refund", "compensation", "payout"))
        lines += _same(f"{currency} sum of the ledger", 0, ledger.sum_of("", currency))
        lines += _same(f"{currency} at the provider", at_provider, -ledger.sum_of("psp:cash", currency))
        lines += _same(f"{currency} in escrow", escrow[currency], ledger.sum_of("escrow:", currency))
        for kind in ("unwanted", "balance", "payout"):
            lines += _same(f"{currency} left in {kind}", 0, ledger.sum_of(f"{kind}:", currency))
    return lines


def _same(what: str, expected: int, actual: int) -> list[str]:
    return [] if expected == actual else [f"{what}: {actual} minor units, expected {expected}"]
