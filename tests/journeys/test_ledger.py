"""Journeys of an accountant: what the books say of an order and of a party, now and at any past moment. Source: R3.1."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.days import local_date
from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def books(town: Town, *arguments: str) -> Any:
    return json.loads(town.laotie("ledger", *arguments, "--json"))


def balances(part: dict[str, Any], which: str = "balances") -> dict[str, int]:
    return {one["account"]: one["amount_minor"] for one in part[which]}


def test_the_books_tell_an_order_and_its_seller_at_any_past_moment_r3_1(town: Town) -> None:
    """Paid, settled, paid out; asked later as of each moment between, by the postings' business time."""
    deal = Deal(town, "booked")
    deal.delivered(line(1, 60_00), due=60_00)
    paid = town.now
    deal.confirmed()
    town.idle()
    town.until(timedelta(days=8, minutes=1))  # settled on the seventh day, swept at the midnight after it, whatever time it is now
    escrow, balance = f"escrow:{deal.order}", f"balance:{deal.seller}"
    settled = next(one for one in books(town, "show", deal.order)["order"]["transactions"] if one["kind"] == "line.settled")
    now = books(town, "show", deal.order)["order"]
    assert [one["kind"] for one in now["transactions"]] == ["escrow.funded", "line.settled"]
    assert (balances(now), balances(now, "others")) == ({escrow: 0}, {balance: 57_00, "platform:commission": 3_00, "psp:cash": -60_00})
    for moment, held in ((paid, {escrow: 60_00}), (paid - timedelta(seconds=1), {})):
        assert balances(books(town, "show", deal.order, "--at", moment.isoformat())["order"]) == held
    seller = books(town, "show", deal.seller)["party"]
    assert [one["kind"] for one in seller["transactions"]] == ["line.settled", "payout.instructed"]
    assert balances(seller) == {balance: 0, f"payout:{deal.seller}": 57_00}
    assert [(one["amount_minor"], one["state"]) for one in seller["payouts"]] == [(57_00, "instructed")]
    then = books(town, "show", deal.seller, "--at", settled["at"])["party"]
    assert balances(then) == {balance: 57_00}
    day = local_date(datetime.fromisoformat(settled["at"]), "Asia/Shanghai")
    for at, left in ((day - timedelta(days=1), {}), (day, {balance: 57_00})):  # settled at 00:00, which ends no day
        assert balances(books(town, "show", deal.seller, "--at", at.isoformat())["party"]) == left
    sheets = books(town, "statement", deal.seller, "--from", day.isoformat(), "--to", day.isoformat())["accounts"]
    assert [(one["account"], one["begins_minor"], one["ends_minor"], one["moved"]) for one in sheets] == [
        (balance, 0, 57_00, [{"kind": "line.settled", "times": 1, "amount_minor": 57_00}])
    ]
    deal.provider_pays()
    assert balances(books(town, "show", deal.seller)["party"]) == {balance: 0, f"payout:{deal.seller}": 0}
    told = town.laotie("ledger", "show", deal.order)
    assert f"60.00 CNY  {escrow}" in told
    assert "a line's escrow goes to its parties" in told
    assert "knows no order and no party 'nobody'" in town.laotie("ledger", "show", "nobody", status=1)
    assert "no zone" in town.laotie("ledger", "show", deal.order, "--at", "2026-01-01T00:00:00", status=2)


def test_yen_and_dinars_are_shown_by_their_exponents_r1_1(town: Town) -> None:
    for currency, minor, shown in (("JPY", 5_000, "5,000 JPY"), ("KWD", 12_345, "12.345 KWD")):
        deal = Deal(town, currency.lower())
        deal.placed(line(1, minor), due=minor, currency=currency)
        town.idle()
        deal.paid(minor, currency=currency)
        town.idle()
        assert f"{shown}  escrow:{deal.order}" in town.laotie("ledger", "show", deal.order)
        assert f"-{shown}  psp:cash" in town.laotie("explain", deal.order)


def test_the_trial_balance_sums_to_zero_per_currency_now_and_then_r3_1(town: Town) -> None:
    before = town.now
    deal = Deal(town, "trial")
    deal.placed(line(1, 7_000), due=7_000, currency="KRW")
    town.idle()
    town.until(timedelta(minutes=1))
    deal.paid(7_000, currency="KRW")
    town.idle()
    rows = [row for row in books(town, "accounts")["accounts"] if row["currency"] == "KRW"]
    assert [(row["account"], row["amount_minor"]) for row in rows] == [("psp:cash", -7_000), ("escrow:<order>", 7_000)]
    assert "7,000           7,000 KRW  together" in town.laotie("ledger", "accounts")
    held = books(town, "accounts", "escrow")["holders"]
    assert [(one["account"], one["amount_minor"]) for one in held if one["currency"] == "KRW"] == [(f"escrow:{deal.order}", 7_000)]
    assert books(town, "accounts", "escrow", "--older", "1d", "--at", town.now.isoformat())["holders"] != held
    then = books(town, "accounts", "--at", before.isoformat())
    assert [row for row in then["accounts"] if row["currency"] == "KRW"] == []
    assert not any(then["totals_minor"].values())
