"""Accounts and balanced transactions, and the rows that they become. Source: R3.1."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from services.payment import ledger, store
from services.payment.handlers import SERVICE
from shared.contracts.payment import LineSettled
from tests.unit import builders as b
from tests.unit.payment.bank import bank, confirmed, example

MIGRATIONS = Path(store.__file__).parent / "migrations"
SQL = (MIGRATIONS / "0001_init.sql").read_text(encoding="utf-8")
BOUNDS = (MIGRATIONS / "0002_accounts.sql").read_text(encoding="utf-8")


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
    assert {row[5:] for row in rows} == {(b.ORDER, None, b.at("06-12 00:00"))}
    assert [len(row) for row in rows] == [len(store.POSTINGS.columns)] * 4


def test_rows_of_a_payout_name_the_party() -> None:
    memory = bank(b.credited())
    (payout,) = memory.advance(b.at("06-13 00:01"))
    assert {row[5:7] for row in store.postings(payout, "f1")} == {(None, b.SELLER)}  # type: ignore[arg-type]


def test_every_fact_with_moves_is_written_to_the_ledger_r3_1() -> None:
    moving = {fact for kind in SERVICE.kinds for fact in kind.facts if "moves" in fact.model_fields}
    assert moving == set(store.POSTINGS.facts)


def test_the_database_bounds_the_same_accounts_as_the_code_r3_1() -> None:
    (listed,) = re.findall(r"ARRAY\[([^\]]*)\]", BOUNDS)
    assert sorted(name.strip("' %") for name in listed.split(",")) == sorted((*ledger.BOUNDED, *ledger.OWED))
    assert re.findall(r"LIKE '([a-z]+:)%' THEN -1", BOUNDS) == list(ledger.OWED)
    columns = re.search(r"CREATE TABLE posting \((.*?)\n\);", SQL, re.DOTALL)
    assert columns is not None
    assert re.findall(r"^    ([a-z_]+) ", columns[1], re.MULTILINE) == list(store.POSTINGS.columns)
