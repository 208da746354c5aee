"""Journeys of an accountant who compares the provider's statements with the books. Source: R3.9."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def paid(town: Town, name: str, **more: Any) -> tuple[Deal, str]:
    """A deal of 60.00, paid; with its payment."""
    deal = Deal(town, name, **more)
    deal.placed(line(1, 60_00), due=60_00)
    town.idle()
    payment = deal.paid(60_00)
    town.idle()
    return deal, payment


def breaks(town: Town, deal: Deal, *arguments: str) -> list[str]:
    """Open ones of that order, as `laotie reconcile` lists them; other journeys have their own."""
    rows = json.loads(town.laotie("reconcile", "--json", *arguments, status=None))
    return sorted(f"{row['break_kind']} {row['reference']}" for row in rows if row["order_id"] == deal.order)


def day_of(at: datetime) -> str:
    return at.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d")


def test_a_wrong_and_a_doubled_line_are_found_at_once_and_explained_by_corrections_r3_9(town: Town) -> None:
    """Each event sent twice."""
    deal, payment = paid(town, "misstated", copies=2)
    deal.stated(payment, 59_99)
    deal.stated(payment, 60_00, line="again")
    town.idle()
    assert breaks(town, deal) == [f"duplicate {payment}"]
    assert [one.body["break_kind"] for one in town.facts(deal.order, "payment.v1", kind="break.found")] == ["amount", "duplicate"]
    told = town.laotie("reconcile", "--day", day_of(town.now), status=1)
    assert f"duplicate      order {deal.order}: capture {payment}, line line-{payment}" in told
    assert "ours 60.00 CNY, theirs 59.99 CNY: stated again under another line" in told
    assert breaks(town, deal, "--day", "2020-01-01") == []
    assert town.laotie("reconcile", "--day", "2020-01-01") == "0 open breaks\n"
    deal.stated(payment, 0)
    town.idle()
    assert breaks(town, deal) == []
    assert deal.types("payment.v1").count("break.explained") == 2
    assert deal.refused() == []


def test_what_one_side_never_tells_is_found_when_its_time_is_over_r3_9(town: Town) -> None:
    """A capture that is on no statement for seven days, a capture on a statement that nobody heard of for a day."""
    silent, payment = paid(town, "unstated")
    began = town.now
    unheard = Deal(town, "unheard")
    unheard.stated("pay-unheard", 12_00)
    fine, known = paid(town, "stated")
    fine.stated(known, 60_00)
    town.idle()
    assert (breaks(town, silent), breaks(town, unheard)) == ([], [])
    town.until(timedelta(days=1, seconds=5))
    assert breaks(town, unheard) == ["missing_here pay-unheard"]
    town.until(began + timedelta(days=7, seconds=4))
    assert breaks(town, silent) == []
    town.until(began + timedelta(days=7, seconds=5))
    assert breaks(town, silent, "--day", day_of(began)) == [f"missing_there {payment}"]
    assert breaks(town, fine) == []
    found = silent.fact("payment.v1", "break.found")
    assert (found["ours_minor"], found["theirs_minor"]) == (60_00, None)
    silent.stated(payment, 60_00)
    town.idle()
    assert breaks(town, silent) == []
    assert silent.fact("payment.v1", "break.explained")["by"] == "statement"


def test_a_refund_is_compared_too_r3_9(town: Town) -> None:
    deal = Deal(town, "restated")
    deal.delivered(line(1, 60_00), due=60_00)
    deal.returned("c-1")
    deal.provider_pays()
    refund = deal.fact("payment.v1", "refund.done")["refund_id"]
    deal.stated(refund, 60_00, kind="refund", currency="JPY")
    town.idle()
    assert breaks(town, deal) == [f"currency {refund}"]
    deal.stated(refund, 60_00, kind="refund")
    town.idle()
    assert breaks(town, deal) == []


def test_a_payout_is_compared_by_its_party_r3_9(town: Town) -> None:
    """Each event sent twice: a fen less, then as it was paid; and one that nobody was told to pay."""
    deal = Deal(town, "payee", copies=2)
    deal.delivered(line(1, 60_00), due=60_00)
    deal.confirmed()
    town.until(timedelta(days=9))
    deal.provider_pays()
    (done,) = [fact.body for fact in deal.of_seller() if fact.type == "payout.done"]
    of_party = {"statement_id": "st-1", "line_id": "line-1", "day": done["day"], "payout_id": done["payout_id"], "currency": "CNY"}

    def states(amount: int, **more: Any) -> None:
        town.send("psp", "statement.payout", deal.seller, {"party": deal.seller, **of_party, "amount_minor": amount, **more}, copies=2)
        town.idle()

    def listed() -> list[str]:
        rows = json.loads(town.laotie("reconcile", "--json", status=None))
        return sorted(f"{row['break_kind']} {row['reference']}" for row in rows if row["party"] == deal.seller)

    states(56_99)
    assert listed() == [f"amount {done['payout_id']}"]
    told = town.laotie("reconcile", "--day", done["day"], status=1)
    assert f"amount         party {deal.seller}: payout {done['payout_id']}, line line-1" in told
    states(57_00)
    states(1, line_id="line-2", payout_id="nobody-told")
    assert listed() == []
    town.until(timedelta(days=1, seconds=5))
    assert listed() == ["missing_here nobody-told"]
    assert [fact.type for fact in deal.of_seller()][-6:] == [
        "payout.stated", "payout.break_found", "payout.stated", "payout.break_explained", "payout.stated", "payout.break_found",
    ]  # fmt: skip


def test_what_a_seller_puts_in_is_missed_until_the_statement_shows_it_and_compared_as_it_was_booked_r3_9(town: Town) -> None:
    """Each event sent twice. Two deposits are booked: one comes to the provider with a fen less, the other a day late; a third was never
    booked. Nothing moves by it.
    """
    seller, money = Deal(town, "putting-in", copies=2).seller, {"currency": "CNY"}

    def states(deposit: str, amount: int) -> None:
        of_party = {"party": seller, "statement_id": "st-1", "line_id": f"line-{deposit}", "day": day_of(town.now), "kind": "deposit"}
        town.send("psp", "statement.put_in", seller, {**of_party, **money, "reference": deposit, "amount_minor": amount}, copies=2)
        town.idle()

    def listed() -> list[str]:
        rows = json.loads(town.laotie("reconcile", "--json", status=None))
        return sorted(f"{row['break_kind']} {row['movement']} {row['reference']}" for row in rows if row["party"] == seller)

    town.send("seller", "seller.registered", seller, {"seller_id": seller, **money, "deposit_required_minor": 80_00}, copies=2)
    for deposit in ("first", "second"):
        town.send(
            "seller", "deposit.topped_up", seller, {"seller_id": seller, **money, "deposit_id": deposit, "amount_minor": 40_00}, copies=2
        )
    town.idle()
    states("first", 39_99)
    states("third", 10_00)
    assert listed() == ["amount deposit first"]
    told = town.laotie("reconcile", status=1)
    assert f"party {seller}: deposit first, line line-first" in told
    assert "ours 40.00 CNY, theirs 39.99 CNY: another amount" in told
    town.until(timedelta(days=7, seconds=5))
    assert listed() == ["amount deposit first", "missing_here deposit third", "missing_there deposit second"]
    for deposit, amount in (("first", 40_00), ("second", 40_00), ("third", 0)):
        states(deposit, amount)
    assert listed() == []
    told_of = [fact.type for fact in town.facts(seller, "party.v1") if fact.type.startswith("put_in.break_")]
    assert sorted(told_of) == ["put_in.break_explained"] * 3 + ["put_in.break_found"] * 3
