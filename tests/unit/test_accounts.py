"""What an accountant types and reads of the accounts of the ledger's page, one by one. Source: R1.2, R3.1."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import click
import pytest

from deploy.cli.accounts import Form, each_line
from deploy.cli.clock import Then
from deploy.local.policies import day_end
from services.payment.ledger import ACCOUNTS, ADVANCE, CASH, TRANSACTIONS
from services.payment.store import OfParty
from shared.messaging.shape import members
from tests.unit import builders as b


@pytest.mark.parametrize(
    ("asked", "form"),
    [("debt", "debt:<party>"), ("debt:", "debt:<party>"), ("debt:<party>", "debt:<party>"), ("unclaimed", "platform:unclaimed"),
     ("platform:unclaimed", "platform:unclaimed"), ("promoter_subsidy", "promoter_subsidy:<party>"), ("subsidy", "platform:subsidy"),
     ("contested", "psp:contested")],
)  # fmt: skip
def test_an_account_is_asked_for_by_its_form_or_its_name_alone_r3_1(asked: str, form: str) -> None:
    assert Form().convert(asked, None, None).form == form


@pytest.mark.parametrize(
    ("asked", "why"), [("debts", "is none of"), ("", "is none of"), ("debt:s1", "is none of"), ("psp:cash", "one sum")]
)
def test_what_is_no_account_or_nobodys_alone_is_said_r3_1(asked: str, why: str) -> None:
    with pytest.raises(click.BadParameter, match=why):
        Form().convert(asked, None, None)


def test_orders_alone_move_what_is_told_by_order_r3_1() -> None:
    """Of what parties move as well, an order's postings are a half."""
    of_parties = {kind.type for kind in members(OfParty)}
    whole = {account.form for account in ACCOUNTS if "<" not in account.form}
    moved = {form for kind, one in TRANSACTIONS.items() if kind in of_parties for form in one.debit + one.credit}
    assert whole & moved == {CASH, ADVANCE}


def test_each_holder_has_a_line_and_each_currency_its_sum_r3_1() -> None:
    rows: list[dict[str, Any]] = [
        {"account": "debt:s1", "currency": "CNY", "amount_minor": -55_00, "since": b.at("06-11 12:00")},
        {"account": "debt:s3", "currency": "CNY", "amount_minor": -5_00, "since": b.at("07-05 00:00")},
        {"order_id": "o1", "buyer_id": "b1", "currency": "JPY", "amount_minor": 30, "since": b.at("06-01 12:00")},
        {"order_id": "o2", "buyer_id": None, "currency": "JPY", "amount_minor": -7, "since": None},
    ]
    assert [" ".join(line.split()) for line in each_line(rows, ZoneInfo(b.ZONE))] == [
        "debit credit",
        "55.00 CNY debt:s1, since 2026-06-11 12:00:00",
        "5.00 CNY debt:s3, since 2026-07-05 00:00:00",
        "60.00 CNY together, 2 not empty",
        "30 JPY order o1, buyer b1, since 2026-06-01 12:00:00",
        "7 JPY order o2, beyond its side",
        "23 JPY together, 2 not empty",
    ]
    assert list(each_line([], ZoneInfo(b.ZONE))) == ["nothing"]


def test_a_month_ends_before_the_midnight_that_settles_the_next_days_lines_r1_2_r2_6() -> None:
    """Lines settle and balances are swept at 00:00: by that time is not the same as by the end of the day before."""
    assert Then().convert("2026-06-30", None, None) == date(2026, 6, 30)
    end = day_end(date(2026, 6, 30), b.POLICIES)
    assert b.at("06-30 23:59:59") < end < b.at("07-01 00:00")
