"""Accounts and balanced transactions, and the rows that they become. Source: R3.1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.payment import ledger, store
from services.payment.handlers import SERVICE
from shared.contracts.payment import LineSettled, PayoutInstructed
from shared.contracts.types import Posting
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment.bank import bank, check, confirmed, example, hand_over

MIGRATIONS = Path(store.__file__).parent / "migrations"
SQL = (MIGRATIONS / "0001_init.sql").read_text(encoding="utf-8")
CHECKS = [sql for path in sorted(MIGRATIONS.glob("*.sql")) if "FUNCTION posting_check()" in (sql := path.read_text(encoding="utf-8"))]


def test_entries_of_one_account_are_one_posting_and_zeros_none() -> None:
    found = ledger.moves("CNY", [("a:x", -5), ("b:y", 3), ("c:z", 0), ("b:y", 2), ("d:w", 4), ("d:w", -4)])
    assert found is not None
    assert [(one.account, one.amount_minor) for one in found.postings] == [("a:x", -5), ("b:y", 5)]
    assert ledger.moves("CNY", [("a:x", 0)]) is None


def test_what_does_not_sum_to_zero_cannot_be_built_r3_1() -> None:
    with pytest.raises(ValidationError, match="do not sum to zero"):
        ledger.moves("CNY", [("a:x", -5), ("b:y", 4)])


def test_a_line_without_promoter_has_no_promoters_subsidy() -> None:
    with pytest.raises(ValueError, match="without promoter"):
        ledger.promoter_subsidy(None)


def test_each_posting_is_a_row_under_the_id_of_its_fact() -> None:
    memory = confirmed(example())
    memory.advance(b.at("06-12 00:01"))
    settled = next(fact for fact in memory.facts if isinstance(fact, LineSettled))
    rows = list(store.postings(settled, "f1"))
    assert [row[:2] for row in rows] == [("f1", 0), ("f1", 1), ("f1", 2), ("f1", 3)]
    assert {row[5:] for row in rows} == {(b.ORDER, None, b.at("06-12 00:00"), "line.settled")}
    assert [len(row) for row in rows] == [len(store.POSTINGS.columns)] * 4


def test_rows_of_a_payout_name_the_party() -> None:
    memory = bank(b.credited())
    (payout,) = memory.advance(b.at("06-13 00:01"))
    assert {row[5:7] for row in store.postings(payout, "f1")} == {(None, b.SELLER)}  # type: ignore[arg-type]


def test_every_fact_with_moves_is_written_to_the_ledger_r3_1() -> None:
    moving = {fact for kind in SERVICE.kinds for fact in kind.facts if "moves" in fact.model_fields}
    assert moving == set(store.POSTINGS.facts)


def test_the_database_bounds_the_same_accounts_as_the_code_r3_1() -> None:
    """By the check that is in force: what it keeps as sums are those of parties that no other's facts credit, each time the same."""
    *summed, bounded = ([name.strip("' %") for name in listed.split(",")] for listed in re.findall(r"ARRAY\[([^\]]*)\]", CHECKS[-1]))
    assert sorted(bounded) == sorted((*ledger.BOUNDED, *ledger.OWED))
    assert re.findall(r"LIKE '([a-z]+:)%' THEN -1", CHECKS[-1]) == list(ledger.OWED)
    assert summed == [["deposit:", "payout:", "prefunded:", "debt:"]] * 2
    columns = re.search(r"CREATE TABLE posting \((.*?)\n\);", SQL, re.DOTALL)
    assert columns is not None
    later = [path.read_text(encoding="utf-8") for path in sorted(MIGRATIONS.glob("*.sql")) if path.name != "0001_init.sql"]
    added = [name for sql in later for name in re.findall(r"ALTER TABLE posting ADD COLUMN ([a-z_]+)", sql)]
    assert re.findall(r"^    ([a-z_]+) ", columns[1], re.MULTILINE) + added == list(store.POSTINGS.columns)


def test_the_page_names_every_kind_of_transaction_and_no_other_r3_1() -> None:
    assert set(ledger.TRANSACTIONS) == {fact.type for fact in store.POSTINGS.facts}


def test_the_page_names_each_account_once_and_each_transaction_by_accounts_of_the_page_r3_1() -> None:
    forms = [account.form for account in ledger.ACCOUNTS]
    assert len(set(forms)) == len(forms)
    sides = [side for transaction in ledger.TRANSACTIONS.values() for side in (transaction.debit, transaction.credit)]
    assert all(sides)
    assert {form for side in sides for form in side} == set(forms)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        (ledger.CASH, "psp:cash"),
        (ledger.COMMISSION, "platform:commission"),
        (ledger.SUBSIDY, "platform:subsidy"),
        (ledger.escrow("o1"), "escrow:<order>"),
        (ledger.unwanted("o1"), "unwanted:<order>"),
        (ledger.balance("s1"), "balance:<party>"),
        (ledger.payout("s1"), "payout:<party>"),
        (ledger.promoter_subsidy("k1"), "promoter_subsidy:<party>"),
        ("psp:cash:more", None),
        ("escrow:", None),
        ("pocket:s1", None),
    ],
)
def test_an_account_is_found_on_the_page_by_its_name(name: str, form: str | None) -> None:
    found = ledger.account_of(name)
    assert (found.form if found else None) == form


def test_a_posting_that_is_not_on_the_page_is_noticed() -> None:
    memory = confirmed(example())
    memory.advance(b.at("06-12 00:01"))
    rows = memory.rows["posting"]
    check(rows)
    for spoilt in ({2: "pocket:s1"}, {8: "payout.done"}):
        changed = [tuple(spoilt.get(at, value) for at, value in enumerate(row)) for row in rows]
        with pytest.raises(AssertionError):
            check(changed)


def test_orders_in_yen_and_dinar_never_mix_r3_1() -> None:
    """An order of JPY 5,000 and one of KWD 12.345 are paid, partly refunded and settled to the same parties."""
    memory = Memory(SERVICE, b.POLICIES)
    for order_id, currency, paid in (("oj", "JPY", 5_000), ("ok", "KWD", 12_345)):
        line = b.line(paid_minor=paid, subsidies={"platform": 1_001, "promoter": 7})
        of_order = {"order_id": order_id, "currency": currency}
        events = (b.order_paid(line), b.granted("r1", 1_000), b.refund_paid("r1"), b.order_completed())
        memory.when(*(event.model_copy(update={key: of_order[key] for key in of_order if key in event.__class__.model_fields})
                      for event in events))  # fmt: skip
    hand_over(memory, memory.advance(b.at("06-12 00:01")))
    paid_out = [fact for fact in memory.advance(b.at("06-13 00:01")) if isinstance(fact, PayoutInstructed)]
    memory.when(*(b.payout_paid(payout.payout_id, payout.party) for payout in paid_out))
    rows = memory.rows["posting"]
    check(rows)
    currencies: dict[str, set[str]] = {}
    for tx, _, name, currency, *_ in rows:
        currencies.setdefault(tx, set()).add(currency)
        assert currency == {"oj": "JPY", "ok": "KWD"}.get(name.partition(":")[2], currency)
    assert {len(found) for found in currencies.values()} == {1}
    assert sorted((payout.party, payout.currency) for payout in paid_out) == [
        (party, currency) for party in (b.PROMOTER, b.SELLER) for currency in ("JPY", "KWD")
    ]
    for currency, paid in (("JPY", 5_000), ("KWD", 12_345)):
        kept = paid - 1_000
        fee, commission = kept * 500 // 10_000, kept * 2_000 // 10_000
        platform = 1_001 - 1_001 * 1_000 // paid
        promoter = 7 - 7 * 1_000 // paid
        sums = {name: sum(row[4] for row in rows if row[2:4] == (name, currency)) for name in {row[2] for row in rows}}
        assert {name: amount for name, amount in sums.items() if amount} == {
            "psp:cash": -fee + platform + promoter,
            "platform:commission": fee,
            "platform:subsidy": -platform,
            f"promoter_subsidy:{b.PROMOTER}": -promoter,
        }
        assert {(p.party, p.amount_minor) for p in paid_out if p.currency == currency} == {
            (b.PROMOTER, commission),
            (b.SELLER, kept - fee - commission + platform + promoter),
        }


def test_nothing_leaves_escrow_but_by_settlement_refund_or_chargeback_r3_2() -> None:
    """By the page, which every posting of every test is held against."""
    out = {kind for kind, transaction in ledger.TRANSACTIONS.items() if "escrow:<order>" in transaction.debit}
    assert out == {"line.settled", "refund.done", "chargeback.debited"}
    assert {kind for kind, transaction in ledger.TRANSACTIONS.items() if "escrow:<order>" in transaction.credit} == {"escrow.funded"}


def test_r3_1_the_contract_names_every_account() -> None:
    """Who adds the postings up from the topics alone knows no other list."""
    assert {account.form for account in ledger.ACCOUNTS} == set(re.findall(r"`([a-z_]+:[^`]+)`", Posting.__doc__ or ""))
