"""Accounts and balanced transactions; every movement of money is written in these words. Source: R3.1."""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.types import Currency, Moves, Posting

CASH = "psp:cash"  # negative: the provider holds it for us
COMMISSION = "platform:commission"
SUBSIDY = "platform:subsidy"
ADVANCE = "platform:advance"  # negative: fronted for parties, and not taken from them yet
BOUNDED = ("escrow:", "unwanted:", "balance:", "deposit:", "payout:")  # never below zero; the database refuses it too
OWED = ("debt:",)  # never above zero, likewise: negative is what the party owes


def escrow(order_id: str) -> str:
    return f"escrow:{order_id}"


def unwanted(order_id: str) -> str:
    return f"unwanted:{order_id}"


def balance(party: str) -> str:
    return f"balance:{party}"


def deposit(party: str) -> str:
    return f"deposit:{party}"


def debt(party: str) -> str:
    return f"debt:{party}"


def payout(party: str) -> str:
    return f"payout:{party}"


def promoter_subsidy(party: str | None) -> str:
    """None has no such account: only a line with a promoter carries a promoter's subsidy."""
    if party is None:
        raise ValueError("a promoter's subsidy on a line without promoter")
    return f"promoter_subsidy:{party}"


def moves(currency: Currency, entries: Iterable[tuple[str, int]]) -> Moves | None:
    """One posting an account, in the order of their first mention; None if nothing moves. Raises if they do not sum to zero."""
    totals: dict[str, int] = {}
    for account, amount in entries:
        if amount:
            totals[account] = totals.get(account, 0) + amount
    postings = tuple(Posting(account=account, amount_minor=amount) for account, amount in totals.items() if amount)
    return Moves(currency=currency, postings=postings) if postings else None


def certain(found: Moves | None) -> Moves:
    """For transactions that cannot be empty."""
    if found is None:
        raise ValueError("a transaction without postings")
    return found
