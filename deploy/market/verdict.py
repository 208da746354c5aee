"""Judges a market that was played: recomputed by verify, and compared with what the market itself expects of every order."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from deploy.local.stack import Stack
from deploy.market import books, outcome
from deploy.market.books import Books
from deploy.market.clients import Read, Reader
from deploy.market.life import Life
from deploy.market.market import Market
from deploy.market.outcome import Found
from deploy.market.play import Play
from deploy.market.psp import Provider
from deploy.market.totals import Totals, total
from deploy.verify import Report, verify
from shared import postgres
from shared.contracts import topics

PARKED, REFUSED = ([topic.name for topic in found] for found in (topics.PARKED, topics.REFUSED))

BY_HAND = {"paid": "platform:by_hand", "unclaimed": "platform:unclaimed"}  # what a person found of what came back, and where it is


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
    totals: Totals
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
    """The stack must be idle.

    A market whose news came late is judged by what holds for any: nothing lost, nothing twice, each refusal announced, the money
    where it must be. What waited for its cause too long is held and announced; what its orders came to is not what was expected.
    """
    everything = outcome.once(_all(stack))
    notices = [record for record in everything if record.topic in REFUSED]
    records = [record for record in everything if record.topic not in REFUSED]
    found = outcome.read(record for record in records if record.topic not in PARKED)
    held = asyncio.run(books.read(stack.dsn(postgres.OPS)))
    fates = books.account_for(play.published, notices, held.inbox)
    report = asyncio.run(verify(stack))
    aside = {life.cart.order_id for life in market.lives if life.contest}
    verdict = Verdict(market, play, held, found, report, len(fates.lost), fates.rejected, outcome.told(records, aside), total(records))
    verdict.problems += [f"verify: {check.name}: {check.first}" for check in report.checks if not check.holds]
    verdict.problems += [f"lost: {line}" for line in fates.lost]
    verdict.problems += [f"happened twice: {line}" for line in found.doubled]
    verdict.problems += [f"the provider's statement and the ledger differ: {line}" for line in _breaks(verdict)]
    verdict.problems += _of_ledger(verdict)
    if not market.delayed:
        verdict.problems += [f"taken or rejected otherwise than expected: {line}" for line in fates.wrong]
        verdict.problems += [f"still held by {service}: {count} {state}" for (service, state), count in sorted(held.held.items())]
        verdict.problems += outcome.differences(market, found)
        verdict.problems += _as_expected(verdict)
    return verdict


def _all(stack: Stack) -> list[Read]:
    reader = Reader(stack.settings(postgres.OPS).confluent(), [*outcome.TOPICS, *PARKED, *REFUSED])
    try:
        return reader.read()
    finally:
        reader.close()


def _breaks(verdict: Verdict) -> list[str]:
    """Of parties those that the provider's slips must make, and what is left of them once it has mended some; of orders none at all. Of
    late news those that must stand: payments that waited for their order too long, deposits for their seller, in a person's hands.
    """
    found, provider = verdict.found, verdict.play.provider
    if not verdict.market.delayed:
        return sorted((provider.slips ^ set(found.breaks.values())) | (provider.left ^ set(found.standing.values())))
    captured, taken = provider.captured, provider.taken
    unknown = {f"{captured[payment]}: missing_here of capture {payment}" for payment in captured.keys() - found.payments}
    unknown |= {f"{taken[one]}: missing_here of chargeback {one}" for one in taken.keys() - found.payments}
    booked = {party for party, _ in found.deposited + found.prefunded}
    unknown |= {f"{party}: missing_here of {kind} {one}" for (kind, one), party in provider.put_in.items() if party not in booked}
    return sorted((unknown | provider.left) ^ set(found.standing.values()))


def _of_ledger(verdict: Verdict) -> list[str]:
    """The ledger against the provider's own count of the money, and of each party against what it was told."""
    ledger, found, provider = verdict.books, verdict.found, verdict.play.provider
    captured, lines = Counter[str](), list[str]()
    for life in verdict.market.lives:
        order = found.orders.get(life.cart.order_id)
        captured[life.cart.currency] += _known(verdict, life) - (order.charged_back_minor if order else 0)
    for (_, currency), amount in (found.deposited + found.prefunded).items():
        captured[currency] += amount
    for currency in sorted(captured):
        at_provider = captured[currency] - sum(provider.paid[(currency, kind)] for kind in ("refund", "compensation", "payout"))
        at_provider += sum(provider.back[(currency, how)] for how in BY_HAND)
        lines += _same(f"{currency} sum of the ledger", 0, ledger.sum_of("", currency))
        lines += _same(f"{currency} at the provider", at_provider, -ledger.sum_of("psp:cash", currency))
        for how, account in BY_HAND.items():
            lines += _same(f"{currency} that came back and is {how}", provider.back[(currency, how)], ledger.sum_of(account, currency))
        for kind in ("refund", "compensation"):
            paid = provider.paid[(currency, kind)]
            lines += _same(f"{currency} of {kind}s, by rule and funder", paid, verdict.totals.paid(kind, currency))
        lines += _same(f"{currency} left in payout", 0, ledger.sum_of("payout:", currency))
        lines += _same(f"{currency} given for promoters, and not taken yet", 0, ledger.sum_of("promoter_subsidy:", currency))
        lines += _same(f"{currency} fronted, and not taken yet", -_waiting(found, currency), ledger.sum_of("platform:advance", currency))
    put_in = found.deposited + found.prefunded
    for place in sorted(found.credited.keys() | found.charged.keys() | put_in.keys() | found.given.keys()):
        party, currency = place
        due = found.credited[place] + put_in[place] - found.given[place]
        due += found.waiting[place] - found.charged[place] - provider.paid_to[place]
        lines += _same(f"{party}: what is left of {currency}", due, ledger.of_party(party, currency))
        if not found.waiting[place]:
            lines += _same(f"{currency} left in the balance of {party}", 0, ledger.of("balance", party, currency))
    return lines


def _known(verdict: Verdict, life: Life) -> int:
    """What was captured for it: of late news, what the order learnt of in time."""
    if not verdict.market.delayed:
        return life.expected.captured_minor
    order = verdict.found.orders.get(life.cart.order_id)
    return order.captured_minor if order else 0


def _waiting(found: Found, currency: str) -> int:
    return sum(amount for (_, unit), amount in found.waiting.items() if unit == currency)


def _as_expected(verdict: Verdict) -> list[str]:
    """What is left in escrow, in deposits, of what was prefunded, and owed for it."""
    ledger, escrow, lines = verdict.books, Counter[str](), list[str]()
    for life in verdict.market.lives:
        escrow[life.cart.currency] += life.expected.escrow_minor
        for party in life.deposit:
            held = deposit_of(life, verdict.play.provider, party)
            lines += _same(f"deposit of {party}", held, ledger.of("deposit", party, life.cart.currency))
        for party, (left, owed) in life.prefunded.items():
            lines += _same(f"prefunded of {party}", left, ledger.of("prefunded", party, life.cart.currency))
            lines += _same(f"debt of {party}", -owed, ledger.of("debt", party, life.cart.currency))
    for currency in sorted(escrow):
        lines += _same(f"{currency} in escrow", escrow[currency], ledger.sum_of("escrow:", currency))
        lines += _same(f"{currency} left in unwanted", 0, ledger.sum_of("unwanted:", currency))
    return lines


def deposit_of(life: Life, provider: Provider, party: str) -> int:
    """As much as is required, as far as there was so much; what it drew and could not be paid is there again."""
    required, came = life.deposit[party]
    return max(0, min(required, came + provider.kept[(party, life.cart.currency)]))


def _same(what: str, expected: int, actual: int) -> list[str]:
    return [] if expected == actual else [f"{what}: {actual} minor units, expected {expected}"]
