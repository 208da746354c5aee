"""Plants one corruption after the other in a copy of a market and writes what verify says of each.

`python -m tests.unit.verify.corruptions` writes the page that people read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shared.contracts.campaign import AllotmentReleased, AllotmentTaken
from shared.contracts.order import OrderAccepted, OrderPaid, ShippingLate, UnitsCancelled
from shared.contracts.payment import (
    AccountCharged,
    BalanceCredited,
    BalanceDebited,
    BreakFound,
    CompensationDone,
    CompensationInstructed,
    DebtRepaid,
    DepositFilled,
    DepositReceived,
    EscrowFunded,
    LineSettled,
    PayoutInstructed,
    RefundDone,
    RefundInstructed,
    RefundReserved,
    StatementNoted,
)
from shared.contracts.psp import PaymentSucceeded
from shared.contracts.refund import RefundGranted
from shared.contracts.trust import EvidenceCounted, ScoreChanged
from shared.contracts.types import Line, Moves, Part
from tests.unit.town import Town
from tests.unit.verify.damaged import Copy, more, moved, of_order
from tests.unit.verify.market import market

PAGE = Path(__file__).parents[3] / "deploy" / "verify" / "CORRUPTIONS.md"
LINE_MAX = 250  # characters of a printed line that the page shows
HEAD = """# What verify finds

Each row: something is wrong in a copy of a small market's topics and tables, the statement of `laotie verify` that names it, the first
line that it prints, and how many other statements break with it. A forged fact is forged with all that could be forged with it: its
postings sum to zero, and their rows in the table say the same. Written by `python -m tests.unit.verify.corruptions`;
tests/unit/verify/test_corruptions.py plants all of them again. Damage on a running system: tests/journeys/test_verify.py.
"""


@dataclass(frozen=True)
class Corruption:
    """by: the words with which the statement begins that has to find it."""

    name: str
    by: str
    plant: Callable[[Copy], Any]


def in_lines(**changes: Callable[[Any], Any]) -> Callable[[tuple[Line, ...]], tuple[Line, ...]]:
    """Of the first line."""

    def change(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        first = lines[0].model_copy(update={name: one(getattr(lines[0], name)) for name, one in changes.items()})
        return first, *lines[1:]

    return change


def parts(**changes: Callable[[Any], Any]) -> Callable[[tuple[Part, ...]], tuple[Part, ...]]:
    def change(found: tuple[Part, ...]) -> tuple[Part, ...]:
        first = found[0].model_copy(update={name: one(getattr(found[0], name)) for name, one in changes.items()})
        return first, *found[1:]

    return change


def a_fen_of_a_coupon_on_another_line(copy: Copy) -> None:
    """In all three facts that carry the lines, so that they agree."""

    def change(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        one, other = lines
        return _discounted(one, -1), _discounted(other, 1)

    for kind in (OrderAccepted, OrderPaid, EscrowFunded):
        copy.forge(kind, of_order("gone"), lines=change)


def _discounted(line: Line, more_minor: int) -> Line:
    first = line.discounts[0].model_copy(update={"amount_minor": line.discounts[0].amount_minor + more_minor})
    return line.model_copy(update={"discounts": (first,), "paid_minor": line.paid_minor - more_minor})


def an_escrow_funded_with_another_amount(copy: Copy) -> None:
    copy.forge(EscrowFunded, of_order("late"), lines=in_lines(paid_minor=more(1)), moves=moved({"psp:cash": -1, "escrow:late": 1}))


def a_fen_of_a_settlement_for_the_promoter(copy: Copy) -> None:
    shift = moved({"balance:s1": -1, "balance:k1": 1})
    copy.forge(LineSettled, of_order("split"), seller_minor=more(-1), promoter_minor=more(1), moves=shift)


def a_fen_of_a_subsidy_for_the_buyer(copy: Copy) -> None:
    reserved = copy.forge(RefundReserved, of_order("split"), platform_minor=more(-1), buyer_minor=more(1)).event
    assert isinstance(reserved, RefundReserved)
    for kind in (RefundInstructed, RefundDone):
        copy.forge(kind, lambda fact: fact.refund_id == reserved.refund_id, amount_minor=more(1))
    copy.forge(RefundDone, of_order("split"), moves=moved({"platform:subsidy": -1, "psp:cash": 1}))


def a_subsidy_that_stays_in_escrow(copy: Copy) -> None:
    copy.forge(RefundReserved, of_order("split"), platform_minor=more(-1))
    copy.forge(RefundDone, of_order("split"), moves=moved({"platform:subsidy": -1, "escrow:split": 1}))


def a_refund_paid_twice(copy: Copy) -> None:
    copy.repeat(RefundInstructed, of_order("split"))
    copy.repeat(RefundDone, of_order("split"))


def a_late_compensation_that_is_a_yuan_more(copy: Copy) -> None:
    copy.forge(ShippingLate, of_order("late"), amount_minor=more(100))
    copy.forge(CompensationInstructed, of_order("late"), amount_minor=more(100))
    copy.forge(CompensationDone, of_order("late"), amount_minor=more(100), moves=moved({"platform:advance": -100, "psp:cash": 100}))


def a_share_that_the_promoter_returns_for_the_platform(copy: Copy) -> None:
    copy.forge(RefundReserved, lambda fact: fact.fronted, commission_minor=more(1), fee_minor=more(-1))


def a_compensation_paid_twice(copy: Copy) -> None:
    copy.repeat(CompensationDone)


def a_balance_debited_though_the_deposit_was_used(copy: Copy) -> None:
    which = _from_deposit
    copy.forge(BalanceDebited, which, from_deposit_minor=more(-1), as_debt_minor=more(1), moves=moved({"deposit:s1": 1, "debt:s1": -1}))


def _from_deposit(fact: BalanceDebited) -> bool:
    return fact.from_deposit_minor > 0 and fact.party == "s1"


def an_income_that_fills_the_deposit_before_it_repays_debt(copy: Copy) -> None:
    copy.forge(DebtRepaid, amount_minor=more(-1), moves=moved({"balance:s1": 1, "debt:s1": -1}))


def a_swallowed_payment(copy: Copy) -> None:
    copy.forget("order", copy.find(PaymentSucceeded, of_order("late")).id)


def a_payment_that_the_provider_told_otherwise(copy: Copy) -> None:
    """Both times that it was sent."""
    for _ in range(2):
        copy.forge(PaymentSucceeded, lambda fact: fact.order_id == "late" and fact.amount_minor == 91_10, amount_minor=more(-1))


def a_refund_that_never_was(copy: Copy) -> None:
    """All that is told of it in payment's topic is gone, and what is left is numbered anew."""
    for kind in (RefundReserved, RefundInstructed, RefundDone):
        copy.lose(kind, of_order("split"))
    copy.renumber("payment.v1")


def a_share_beyond_what_the_promoter_got(copy: Copy) -> None:
    copy.forge(RefundReserved, lambda fact: fact.fronted, commission_minor=more(100_00), fee_minor=0)


def a_fact_told_again_under_its_id(copy: Copy) -> None:
    copy.repeat(LineSettled, of_order("own"), copy.find(LineSettled, of_order("own")).id)


def an_unbalanced_transaction(copy: Copy) -> None:
    """One that our own classes would not read."""

    def change(moves: Moves) -> Moves:
        first = moves.postings[0].model_copy(update={"amount_minor": moves.postings[0].amount_minor - 1})
        return Moves.model_construct(currency=moves.currency, postings=(first, *moves.postings[1:]))

    copy.forge(LineSettled, of_order("own"), moves=change)


def a_record_of_somebody_else(copy: Copy) -> None:
    entry = copy.find(LineSettled)
    copy.log.foreign.append(replace(entry, offset=10**6, sequence=None))


def a_number_told_twice_with_other_words(copy: Copy) -> None:
    entry = copy.find(LineSettled)
    copy.log.copies.append((entry, replace(entry, value=b"{}")))


# fmt: off
CORRUPTIONS = (
    Corruption("a row of postings is a fen more", "the table of postings",
               lambda copy: copy.row(lambda row: replace(row, amount_minor=row.amount_minor + 1), "balance:s1")),
    Corruption("a row of postings is gone", "the table of postings", lambda copy: copy.row(lambda _: None, "escrow:after")),
    Corruption("a row of postings names another account", "the table of postings",
               lambda copy: copy.row(lambda row: replace(row, account="balance:s9"), "balance:s2")),
    Corruption("a fact is gone: refund.done", "no gap", lambda copy: copy.lose(RefundDone)),
    Corruption("a fact is gone: escrow.funded", "no gap", lambda copy: copy.lose(EscrowFunded)),
    Corruption("a refund is gone without a gap", "every entity is its facts", a_refund_that_never_was),
    Corruption("a credit never reached its account", "what one service told", lambda copy: copy.lose(BalanceCredited)),
    Corruption("a payment was swallowed by the order service", "nothing vanished", a_swallowed_payment),
    Corruption("a payment was told with another amount", "every captured payment", a_payment_that_the_provider_told_otherwise),
    Corruption("a refund is paid twice", "every refund is paid at most once", a_refund_paid_twice),
    Corruption("a refund pays out a fen more than was set aside", "every transaction",
               lambda copy: copy.forge(RefundDone, of_order("split"), moves=moved({"platform:subsidy": -1, "psp:cash": 1}))),
    Corruption("a refund gives the buyer a fen of the subsidy", "refunds: each", a_fen_of_a_subsidy_for_the_buyer),
    Corruption("a refund returns a fen less of the subsidy", "refunds: each", a_subsidy_that_stays_in_escrow),
    Corruption("a refund is granted with a fen more than its units cost", "refunds granted",
               lambda copy: copy.forge(RefundGranted, of_order("gone"), amount_minor=more(1))),
    Corruption("a cancelled unit brings a fen less back", "units cancelled",
               lambda copy: copy.forge(UnitsCancelled, of_order("gone"), lines=parts(amount_minor=more(-1)))),
    Corruption("a returned share is the promoter's instead of the platform's", "refunds after settlement",
               a_share_that_the_promoter_returns_for_the_platform),
    Corruption("a refund within the window is the seller's alone", "refunds after settlement",
               lambda copy: copy.forge(RefundReserved, lambda fact: fact.fronted, clawback=False)),
    Corruption("a fen moves from one account to another in a transaction", "every transaction",
               lambda copy: copy.forge(LineSettled, of_order("own"), moves=moved({"platform:commission": -1, "platform:subsidy": 1}))),
    Corruption("a settlement gives a fen of the seller's to the promoter", "settlements", a_fen_of_a_settlement_for_the_promoter),
    Corruption("a line is settled twice", "settlements", lambda copy: copy.repeat(LineSettled, of_order("own"))),
    Corruption("a coupon's fen is on another line", "allocation", a_fen_of_a_coupon_on_another_line),
    Corruption("a commission is a basis point more than the cart said", "allocation",
               lambda copy: copy.forge(OrderAccepted, of_order("split"), lines=in_lines(commission_bp=more(1)))),
    Corruption("an escrow is funded with another amount", "what was accepted", an_escrow_funded_with_another_amount),
    Corruption("a late parcel costs a yuan more", "late and sham", a_late_compensation_that_is_a_yuan_more),
    Corruption("a compensation is instructed with another amount", "every compensation is what its",
               lambda copy: copy.forge(CompensationInstructed, of_order("late"), amount_minor=more(-1))),
    Corruption("a compensation is paid twice", "every compensation is instructed once", a_compensation_paid_twice),
    Corruption("a charge spares the deposit and is owed", "income repays", a_balance_debited_though_the_deposit_was_used),
    Corruption("income repays a fen too little of the debt", "income repays", an_income_that_fills_the_deposit_before_it_repays_debt),
    Corruption("a deposit is filled beyond what is required", "income repays",
               lambda copy: copy.forge(DepositFilled, amount_minor=more(1), moves=moved({"balance:s1": -1, "deposit:s1": 1}))),
    Corruption("a party is asked for a fen less than was fronted", "what the platform fronted",
               lambda copy: copy.forge(AccountCharged, amount_minor=more(-1))),
    Corruption("a withdrawal pays another amount than was asked for", "accounts book",
               lambda copy: copy.forge(PayoutInstructed, lambda fact: fact.withdrawal_id is not None, amount_minor=more(1),
                                       moves=moved({"balance:s2": -1, "payout:s2": 1}))),
    Corruption("a balance in the table is a fen more", "every balance",
               lambda copy: copy.stored("account", "s1", lambda body: body["purses"]["CNY"].update(available_minor=1))),
    Corruption("a deposit in the table is empty", "every balance",
               lambda copy: copy.stored("account", "s1", lambda body: body["purses"]["CNY"].update(deposit_minor=0))),
    Corruption("an order's state in the table is another", "orders:",
               lambda copy: copy.stored("order", "after", lambda body: body.update(status="cancelled"))),
    Corruption("a refund in the table was never paid", "payments:",
               lambda copy: copy.stored("payment", "split", lambda body: next(iter(body["refunds"].values())).update(state="reserved"))),
    Corruption("a case in the table is still open", "cases:",
               lambda copy: copy.stored("purchase", "split", lambda body: body["cases"]["case-split"].update(state=40))),
    Corruption("an allotment took a unit more", "allotments", lambda copy: copy.forge(AllotmentTaken, units=more(1))),
    Corruption("an allotment's release is gone", "allotments", lambda copy: copy.lose(AllotmentReleased)),
    Corruption("an allotment in the table is counted wrong", "allotments",
               lambda copy: copy.stored("allotment", "c618/sku1", lambda body: body.update(taken=0))),
    Corruption("a promoter returns more than it got", "after settlement", a_share_beyond_what_the_promoter_got),
    Corruption("a transaction does not sum to zero", "the ledger sums to zero", an_unbalanced_transaction),
    Corruption("money for a deposit is booked with a fen more", "money for a deposit",
               lambda copy: copy.forge(DepositReceived, amount_minor=more(1), moves=moved({"psp:cash": -1, "deposit:s1": 1}))),
    Corruption("a payout in the table came back", "payouts:",
               lambda copy: copy.stored("account", "s2", lambda body: next(iter(body["payouts"].values())).update(state="returned"))),
    Corruption("a statement line was compared with another amount", "every statement line",
               lambda copy: copy.forge(StatementNoted, of_order("own"), amount_minor=more(1))),
    Corruption("a break between statement and ledger is not announced", "the breaks that stand", lambda copy: copy.lose(BreakFound)),
    Corruption("an item of evidence is counted twice", "evidence", lambda copy: copy.repeat(EvidenceCounted)),
    Corruption("a score is a point more", "scores", lambda copy: copy.forge(ScoreChanged, score=more(1))),
    Corruption("a fact is told again under its id", "no effect twice", a_fact_told_again_under_its_id),
    Corruption("a fact cannot be read", "every fact follows", lambda copy: copy.spoil(LineSettled)),
    Corruption("somebody else writes on a topic of ours", "what others put", a_record_of_somebody_else),
    Corruption("a number stands twice in a topic, with other words", "what stands in a topic twice", a_number_told_twice_with_other_words),
)
# fmt: on


def found(town: Town, corruption: Corruption) -> tuple[str, str, int]:
    """The statement that has to find it, its first line, how many others break; the statement is empty if it holds."""
    copy = Copy.made(town)
    corruption.plant(copy)
    broken = [check for check in copy.checks() if not check.holds]
    named = next((check for check in broken if check.name.startswith(corruption.by)), None)
    return (named.name, named.first, len(broken) - 1) if named is not None else ("", "", len(broken))


def page() -> str:
    town = market()
    rows = [("corruption", "found by", "first difference", "others"), ("---",) * 4]
    for corruption in CORRUPTIONS:
        name, first, others = found(town, corruption)
        rows.append((corruption.name, name, f"`{_short(first)}`", str(others)))
    return HEAD + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _short(line: str) -> str:
    line = line.replace("|", "/")
    return line if len(line) <= LINE_MAX else f"{line[:LINE_MAX]} …"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
