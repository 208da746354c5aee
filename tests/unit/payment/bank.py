"""The payment service in memory, with its ledger, brought to a state by the usual facts of order and refund."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from services.payment import ledger
from services.payment.handlers import SENDS, SERVICE
from services.payment.model import ACCOUNT, PAYMENT, Account, Payment
from shared.contracts.types import Line, Moves
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b

UNSTATED = b.with_policy("payment", statement_days=0, put_in_statement_days=0)  # the provider sends no statement, so that none is missed
ESCROW, CASH, ADVANCE = f"escrow:{b.ORDER}", "psp:cash", "platform:advance"
PREFUNDED, OWED, GIVEN = f"prefunded:{b.PROMOTER}", f"debt:{b.PROMOTER}", f"promoter_subsidy:{b.PROMOTER}"
DEPOSIT, DEBT = f"deposit:{b.SELLER}", f"debt:{b.SELLER}"
SELLER, PROMOTER, COMMISSION, SUBSIDY = f"balance:{b.SELLER}", f"balance:{b.PROMOTER}", "platform:commission", "platform:subsidy"


def bank(*events: Message, policies: Policies = UNSTATED) -> Memory:
    memory = Memory(SERVICE, policies)
    memory.when(*events)
    return memory


def example() -> Line:
    """R3.3's: paid 100, subsidy 20 of the platform, commission 20%, fee 5%."""
    return b.line(subsidies={"platform": 20_00})


def funded(*lines: Line) -> Memory:
    return bank(b.order_paid(*lines))


def confirmed(*lines: Line) -> Memory:
    """Confirmed on 06-05 09:00: due on 06-12 00:00."""
    bought = lines or (b.line(),)
    return bank(b.order_paid(*bought), b.order_completed(*(line.line_no for line in bought)))


def payment(memory: Memory) -> Payment:
    found: Payment = memory.entity(PAYMENT, b.ORDER)
    return found


def account(memory: Memory, party: str = b.SELLER) -> Account:
    found: Account = memory.entity(ACCOUNT, party)
    return found


def codes(memory: Memory) -> list[str]:
    return [code for _, code in memory.refused]


def waiting(memory: Memory) -> list[str]:
    return [held.reason for held in memory.held(b.ORDER)]


def postings(moves: Moves | None) -> dict[str, int]:
    return {one.account: one.amount_minor for one in moves.postings} if moves is not None else {}


def balances(memory: Memory) -> dict[str, int]:
    """By account, of what the ledger's rows add up to; accounts that hold nothing are left out. One currency."""
    totals = Counter[str]()
    for row in memory.rows.get("posting", []):
        totals[row[2]] += row[4]
    return {name: amount for name, amount in totals.items() if amount}


def check(rows: Iterable[tuple[object, ...]]) -> None:
    """What the database refuses: a transaction that does not sum to zero, a bounded account past zero at any time, a row twice.

    And what the ledger's page does not name: an account of no form, a side that the kind of transaction does not have.
    """
    per_tx: dict[tuple[object, object], int] = defaultdict(int)
    held: dict[tuple[object, object], int] = defaultdict(int)
    seen = set()
    for tx, ordinal, name, currency, amount, order_id, party, _, kind in rows:
        assert isinstance(amount, int)
        account = ledger.account_of(str(name))
        assert account is not None, name
        transaction = ledger.TRANSACTIONS[str(kind)]
        assert account.form in (transaction.credit if amount > 0 else transaction.debit), (kind, name, amount)
        assert amount != 0
        assert (tx, ordinal) not in seen
        assert (order_id is None) is (party is not None)
        seen.add((tx, ordinal))
        per_tx[tx, currency] += amount
        held[name, currency] += amount
        assert held[name, currency] >= 0 or not str(name).startswith(ledger.BOUNDED), (name, held[name, currency])
        assert held[name, currency] <= 0 or not str(name).startswith(ledger.OWED), (name, held[name, currency])
    assert not any(per_tx.values())


def hand_over(memory: Memory, facts: Iterable[Message]) -> tuple[Message, ...]:
    """Bring the messages to accounts among these facts to their accounts, as their topic would."""
    return memory.when(*(fact for fact in facts if isinstance(fact, SENDS)))
