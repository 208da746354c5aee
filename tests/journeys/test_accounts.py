"""Journeys in the words of a seller's accountant: what is paid out, what is taken back, what is owed."""

from __future__ import annotations

import json
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def asks(town: Town, seller: str, kind: str, **body: object) -> None:
    """The seller's back office, twice over."""
    town.send("seller", kind, seller, {"seller_id": seller, "currency": "CNY", **body}, copies=2)
    town.idle()


def test_a_refund_after_settlement_with_an_empty_balance_is_a_debt_that_the_next_settlement_repays_first(town: Town) -> None:
    """R3.6, R3.7: confirmed and paid out, then returned within its seven days: the buyer is paid first, the seller owes it."""
    deal = Deal(town, "owing", copies=2)
    deal.delivered(line(1, 60_00), due=60_00)
    signed = town.now.astimezone(SHANGHAI)
    deal.confirmed()
    town.idle()
    settling = signed.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=7)
    town.until(settling + timedelta(hours=1))
    assert deal.fact("payment.v1", "line.settled")["seller_minor"] == 57_00
    deal.asked_back("late-return")
    town.idle()
    deal.accepted("late-return")
    town.idle()
    deal.posted("late-return")
    town.until(settling + timedelta(days=1, hours=1))
    assert [fact.body["amount_minor"] for fact in deal.of_seller() if fact.type == "payout.instructed"] == [57_00]
    deal.inspected("late-return")
    town.idle()
    deal.provider_pays()
    assert deal.fact("payment.v1", "refund.reserved")["fronted"] is True
    (debited,) = [fact.body for fact in deal.of_seller() if fact.type == "balance.debited"]
    assert (debited["from_balance_minor"], debited["from_deposit_minor"], debited["as_debt_minor"]) == (0, 0, 57_00)
    assert deal.fact("refund.v1", "case.closed")["refunded_minor"] == 60_00
    asks(town, deal.seller, "withdrawal.requested", withdrawal_id="too-early", amount_minor=1)
    assert deal.of_seller()[-1].body["code"] == "withdrawal.debt_open"
    second = Deal(town, "earning")
    second.seller = deal.seller
    second.delivered(line(1, 100_00), due=100_00)
    second.confirmed()
    town.idle()
    earned = town.now.astimezone(SHANGHAI).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=7)
    town.until(earned + timedelta(minutes=1))
    told = deal.of_seller()
    assert [fact.type for fact in told][-2:] == ["balance.credited", "debt.repaid"]
    assert (told[-2].body["amount_minor"], told[-1].body["amount_minor"], told[-1].body["debt_minor"]) == (95_00, 57_00, 0)
    asks(town, deal.seller, "withdrawal.requested", withdrawal_id="some", amount_minor=8_00)
    town.until(timedelta(days=1))
    paid = [(fact.body["amount_minor"], fact.body["withdrawal_id"]) for fact in deal.of_seller() if fact.type == "payout.instructed"]
    assert paid == [(57_00, None), (8_00, "some"), (30_00, None)]
    second.provider_pays()


def test_a_deposit_is_put_in_filled_by_income_and_holds_the_sweep_back_until_it_is_complete(town: Town) -> None:
    """R3.7, R3.5: and a provider that stays silent about the payout is announced once."""
    deal = Deal(town, "deposit")
    asks(town, deal.seller, "deposit.topped_up", deposit_id="first", amount_minor=10_00)
    asks(town, deal.seller, "seller.registered", deposit_required_minor=50_00)
    assert [fact.type for fact in deal.of_seller()] == ["deposit.required", "deposit.received"]
    deal.delivered(line(1, 100_00), due=100_00)
    deal.confirmed()
    town.until(timedelta(days=9))
    told = {fact.type: fact.body for fact in deal.of_seller()}
    assert (told["deposit.filled"]["amount_minor"], told["deposit.filled"]["deposit_minor"]) == (40_00, 50_00)
    assert told["payout.instructed"]["amount_minor"] == 55_00
    town.until(timedelta(days=4))
    assert [fact.type for fact in deal.of_seller()].count("payout.overdue") == 1
    deal.provider_pays()
    assert deal.of_seller()[-1].type == "payout.done"


def test_a_payout_that_came_back_to_the_provider_waits_for_a_person_and_is_swept_again_r3_5(town: Town) -> None:
    """R3.1, R3.9: said twice over by the provider and by the person, announced, booked and paid again once; its line is taken back."""
    deal = Deal(town, "bouncing", copies=2)
    deal.delivered(line(1, 60_00), due=60_00)
    deal.confirmed()
    town.until(timedelta(days=8))
    deal.provider_pays()
    first = next(fact.body for fact in deal.of_seller() if fact.type == "payout.instructed")
    who = {"party": deal.seller, "payout_id": first["payout_id"]}
    day = {"statement_id": "st-bouncing", "line_id": f"line-{deal.seller}", "day": f"{town.now:%Y-%m-%d}", "currency": "CNY"}
    town.send("psp", "statement.payout", deal.seller, {**who, **day, "amount_minor": 57_00}, copies=2)
    town.send("psp", "payout.failed", deal.seller, {**who, "reason": "account closed"}, copies=2)
    town.send("psp", "payout.failed", deal.seller, {**who, "reason": "account closed"})
    town.idle()
    assert [fact.type for fact in deal.of_seller()].count("payout.contradicted") == 1
    assert "said since that it came back" in town.laotie("attention", deal.seller, status=1)
    word = {"handling_id": f"back-{deal.seller}", "how": "not_paid", "by": "ops-7", "reason": "the provider has it"}
    town.send("ruling", "payout.handled", deal.seller, {**who, **word}, copies=2)
    town.send("psp", "statement.payout", deal.seller, {**who, **day, "amount_minor": 0}, copies=2)
    town.idle()
    assert "0 waiting for a person" in town.laotie("attention", deal.seller)
    assert "what it had paid came back" in town.laotie("ledger", "show", deal.seller)
    town.until(timedelta(days=2))
    deal.provider_pays()
    told = [fact for fact in deal.of_seller() if fact.type.startswith("payout.") and fact.type != "payout.stated"]
    twice = ["payout.instructed", "payout.done"]
    assert [fact.type for fact in told][:6] == [*twice, "payout.contradicted", "payout.settled", *twice]
    assert {fact.body["amount_minor"] for fact in told[:6]} == {57_00}


def test_what_a_deposit_holds_above_the_required_is_paid_out_and_comes_back_to_it_when_the_provider_refuses_r3_7(town: Town) -> None:
    deal = Deal(town, "leaving")
    asks(town, deal.seller, "seller.registered", deposit_required_minor=50_00)
    asks(town, deal.seller, "deposit.topped_up", deposit_id="first", amount_minor=50_00)
    asks(town, deal.seller, "withdrawal.requested", withdrawal_id="all-of-it", amount_minor=1, of="deposit")
    assert deal.of_seller()[-1].body["code"] == "withdrawal.exceeds_deposit"
    asks(town, deal.seller, "seller.registered", deposit_required_minor=20_00)
    asks(town, deal.seller, "withdrawal.requested", withdrawal_id="refused", amount_minor=30_00, of="deposit")
    instructed = deal.of_seller()[-1].body
    assert (instructed["amount_minor"], instructed["of"]) == (30_00, "deposit")
    refusal = {"party": deal.seller, "payout_id": instructed["payout_id"], "reason": "account closed"}
    town.send("psp", "payout.failed", deal.seller, refusal, copies=2)
    town.idle()
    assert (deal.of_seller()[-1].type, deal.of_seller()[-1].body["of"]) == ("payout.returned", "deposit")
    town.until(timedelta(days=2))
    asks(town, deal.seller, "withdrawal.requested", withdrawal_id="paid", amount_minor=30_00, of="deposit")
    town.send("psp", "payout.succeeded", deal.seller, {"party": deal.seller, "payout_id": deal.of_seller()[-1].body["payout_id"]})
    town.idle()
    assert [fact.type for fact in deal.of_seller()][-4:] == ["payout.instructed", "payout.returned", "payout.instructed", "payout.done"]
    told = town.laotie("ledger", "show", deal.seller)
    assert "what a deposit holds above what is required" in told
    held = {
        one["account"]: one["amount_minor"] for one in json.loads(town.laotie("ledger", "show", deal.seller, "--json"))["party"]["balances"]
    }
    assert held == {f"deposit:{deal.seller}": 20_00, f"payout:{deal.seller}": 0}
