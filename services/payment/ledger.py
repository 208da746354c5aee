"""The ledger on one page: every account, every kind of transaction, and how a transaction is built. Source: R3.1.

Double entry, append only, per currency. A transaction is one fact and sums to zero. A positive posting is a credit (the account
is owed more, or owns less), a negative one a debit. `<order>` and `<party>` in an account's form stand for an id. To add an
account: one line in ACCOUNTS; a transaction: one line in TRANSACTIONS, under the type of its fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from shared.contracts.types import Currency, Moves, Posting

CASH = "psp:cash"
CONTESTED = "psp:contested"
COMMISSION = "platform:commission"
SUBSIDY = "platform:subsidy"
ADVANCE = "platform:advance"
GUARANTEE_FUND = "platform:guarantee_fund"
BY_HAND = {"": CASH, "paid": "platform:by_hand", "unclaimed": "platform:unclaimed"}  # by how it reached the payee


@dataclass(frozen=True, slots=True)
class Account:
    """form: its name. side: on which its balance normally stands. bounded: it never leaves that side; the database refuses it too."""

    form: str
    means: str
    side: Literal["debit", "credit"]
    bounded: bool

    @property
    def prefix(self) -> str:
        """What names of this form begin with: all of it where no id follows."""
        return self.form.partition("<")[0]

    def holds(self, name: str) -> bool:
        return name.startswith(self.prefix) and (len(name) > len(self.prefix)) is ("<" in self.form)


@dataclass(frozen=True, slots=True)
class Transaction:
    """What a kind of fact moves, from the debited accounts to the credited ones, by their forms; not each occurs in every case."""

    means: str
    debit: tuple[str, ...]
    credit: tuple[str, ...]


# fmt: off
ACCOUNTS = (
    #       form                         what it stands for                                                  normal side  bounded
    Account("psp:cash",                  "what the provider holds for us",                                   "debit",     False),
    Account("psp:contested",             "charged back though the buyer had it: asked back from the provider", "debit",   False),
    Account("escrow:<order>",            "held for the order until settled, refunded or charged back",       "credit",    True),
    Account("unwanted:<order>",          "paid for nothing, on its way back to the buyer",                   "credit",    True),
    Account("balance:<party>",           "the party may draw on it",                                         "credit",    True),
    Account("payout:<party>",            "on its way to the party, not yet confirmed by the provider",       "credit",    True),
    Account("deposit:<party>",           "what a seller put in against what it may come to owe",              "credit",    True),
    Account("prefunded:<party>",         "what a promoter put in for its subsidies and has not given yet",    "credit",    True),
    Account("debt:<party>",              "the party owes it to the platform",                                 "debit",     True),
    Account("platform:advance",          "fronted for parties, and not taken from them yet",                  "debit",     False),
    Account("platform:commission",       "the platform's fee income",                                        "credit",    False),
    Account("platform:subsidy",          "the platform's budget: what it gave to orders, less what came back", "debit",   False),
    Account("promoter_subsidy:<party>",  "given for the promoter, and not taken from it yet; of old orders, ever", "debit", False),
    Account("platform:guarantee_fund",   "what the platform paid for guarantees of its own",                  "debit",     False),
    Account("platform:by_hand",          "what it paid itself, as the provider would not: the provider holds it", "credit", False),
    Account("platform:unclaimed",        "what the provider would not pay and nobody could be paid: owed",    "credit",    False),
)
TRANSACTIONS = {
    # type of the fact: means, debit, credit; in the order of an order's life
    "escrow.funded": Transaction(
        "buyer's money and subsidies come in",
        ("psp:cash", "platform:subsidy", "promoter_subsidy:<party>"), ("escrow:<order>",)),
    "unwanted.received": Transaction("money comes in that must go back", ("psp:cash",), ("unwanted:<order>",)),
    "refund.done": Transaction(
        "the buyer has its part back, funders theirs, the fund what it had paid of the same units",
        ("escrow:<order>", "unwanted:<order>", "platform:advance", "platform:commission", "platform:guarantee_fund"),
        ("psp:cash", "platform:subsidy", "promoter_subsidy:<party>", "platform:guarantee_fund", "platform:by_hand",
         "platform:unclaimed")),
    "chargeback.debited": Transaction(
        "the buyer's bank has taken it back, funders have theirs",
        ("escrow:<order>", "unwanted:<order>", "platform:advance", "platform:commission", "psp:contested"),
        ("psp:cash", "psp:contested", "platform:subsidy", "promoter_subsidy:<party>")),
    "compensation.done": Transaction(
        "the buyer has what a broken promise costs", ("platform:advance",), ("psp:cash", "platform:by_hand", "platform:unclaimed")),
    "handling.noted": Transaction(
        "a refund or compensation came back to the provider: the platform paid it itself, or owes it, as a person found",
        ("psp:cash",), ("platform:by_hand", "platform:unclaimed")),
    "seller.reimbursed": Transaction(
        "a seller who won on appeal has what the case cost it", ("platform:guarantee_fund",), ("balance:<party>",)),
    "line.settled": Transaction("a line's escrow goes to its parties", ("escrow:<order>",), ("balance:<party>", "platform:commission")),
    "payout.instructed": Transaction(
        "a balance, or what a deposit holds above what is required, is to be paid out",
        ("balance:<party>", "deposit:<party>"), ("payout:<party>",)),
    "payout.done": Transaction("the provider paid the party", ("payout:<party>",), ("psp:cash",)),
    "balance.debited": Transaction(
        "a party is charged what was fronted for it",
        ("balance:<party>", "deposit:<party>", "debt:<party>"), ("platform:advance",)),
    "subsidy.drawn": Transaction(
        "a promoter gives what an order had of it", ("prefunded:<party>", "debt:<party>"), ("promoter_subsidy:<party>",)),
    "subsidy.restored": Transaction("a promoter has its part of a refund back", ("promoter_subsidy:<party>",), ("prefunded:<party>",)),
    "prefund.received": Transaction("a promoter put money in for subsidies", ("psp:cash",), ("prefunded:<party>",)),
    "prefund.released": Transaction("a promoter does not need what it put in", ("prefunded:<party>",), ("balance:<party>",)),
    "debt.repaid": Transaction(
        "what came in repays a debt", ("balance:<party>", "deposit:<party>", "prefunded:<party>"), ("debt:<party>",)),
    "deposit.filled": Transaction("income fills the deposit", ("balance:<party>",), ("deposit:<party>",)),
    "deposit.received": Transaction("the seller put money in", ("psp:cash",), ("deposit:<party>",)),
    "payout.returned": Transaction(
        "the provider did not pay: it is where it came from", ("payout:<party>",), ("balance:<party>", "deposit:<party>")),
    "payout.settled": Transaction(
        "it had paid all the same, or what it had paid came back, as a person found",
        ("balance:<party>", "deposit:<party>", "debt:<party>", "psp:cash"), ("psp:cash", "balance:<party>", "deposit:<party>")),
}
# fmt: on
BOUNDED = tuple(account.prefix for account in ACCOUNTS if account.bounded and account.side == "credit")  # never below zero
OWED = tuple(account.prefix for account in ACCOUNTS if account.bounded and account.side == "debit")  # never above zero


def account_of(name: str) -> Account | None:
    """The line of the page that an account's name belongs to; None: it is of no form."""
    return next((account for account in ACCOUNTS if account.holds(name)), None)


def by_hand(how: str) -> str:
    """What is credited with what reached the payee: how a person settled it, empty where the provider paid. Source: R3.5."""
    return BY_HAND[how]


def escrow(order_id: str) -> str:
    return f"escrow:{order_id}"


def unwanted(order_id: str) -> str:
    return f"unwanted:{order_id}"


def balance(party: str) -> str:
    return f"balance:{party}"


def deposit(party: str) -> str:
    return f"deposit:{party}"


def prefunded(party: str) -> str:
    return f"prefunded:{party}"


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
