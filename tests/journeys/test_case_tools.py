"""What the platform's after-sale staff see: the queue, one case, who paid what; with the command, and with a Kafka client alone."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line
from tests.journeys.queue import Queue
from tests.toy.outside import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
BACK_S = 60


def listed(town: Town, *options: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(town.laotie("cases", "--limit", "100000", "--json", *options))
    return rows


def of(deal: Deal, rows: list[dict[str, Any]]) -> list[tuple[str, str, int, str]]:
    return [(row["case_id"], row["task"], row["state"], row["turn"]) for row in rows if row["order_id"] == deal.order]


def refund_id(deal: Deal, attempt: int = 1) -> str:
    grants = deal.outside.facts(deal.order, "refund.v1", kind="refund.granted")
    return next(str(fact.body["refund_id"]) for fact in grants if fact.body.get("attempt", 1) == attempt)


def fails(deal: Deal, attempt: int = 1) -> None:
    body = {"refund_id": refund_id(deal, attempt), "order_id": deal.order, "reason": "account closed"}
    deal.outside.send("psp", "refund.failed", deal.order, body)
    deal.outside.idle()


def rules(deal: Deal, case: str, *, upheld: bool) -> None:
    named = {"order_id": deal.order, "ruling_id": f"rule-{case}-{deal.order}", "matter": "case", "case_id": case}
    body = {**named, "upheld": upheld, "reason": "the account is open again, 收款账户已恢复"}
    deal.outside.send("ruling", "ruling.made", deal.order, body)
    deal.outside.idle()


def test_a_refund_that_came_back_after_it_was_paid_waits_for_a_persons_word_and_is_paid_by_nobody_again_r3_5(town: Town) -> None:
    deal = Deal(town, "bounced", copies=2)
    deal.delivered(line(1, 60_00), due=60_00)
    deal.returned("c-bounced")
    deal.provider_pays()
    fails(deal)
    assert "said since that it came back" in town.laotie("attention", deal.order, status=1)
    word = {"order_id": deal.order, "handling_id": f"back-{deal.order}", "of": "refund", "item_id": refund_id(deal), "how": "paid"}
    said = {"by": "ops-7", "reason": "the account was closed", "reference": "bank-17"}
    town.send("ruling", "money.handled", deal.order, {**word, **said}, copies=2)
    town.idle()
    assert "0 waiting for a person" in town.laotie("attention", deal.order)
    assert [deal.types("payment.v1").count(kind) for kind in ("refund.done", "refund.contradicted", "handling.noted")] == [1, 1, 1]
    assert "a refund or compensation came back to the provider" in town.laotie("ledger", "show", deal.order)
    assert "one came back that it had paid" in town.laotie("explain", deal.order)


def test_a_refund_that_the_provider_fails_is_on_both_lists_until_a_ruling_decides(town: Town) -> None:
    """R3.5: granted again it leaves the list, and comes back if that fails too; given up it is gone for good."""
    deal = Deal(town, "stuck")
    deal.delivered(line(1, 60_00), due=60_00)
    deal.returned("c-stuck")
    fails(deal)
    assert f"{deal.order}: refund {refund_id(deal)} of 60.00 CNY, not paid" in town.laotie("attention", deal.order, status=1)
    assert of(deal, listed(town, "--turn", "platform")) == [("c-stuck", "case", 50, "platform")]
    assert "refund not paid" in town.laotie("cases", "--seller", deal.seller)
    rules(deal, "c-stuck", upheld=True)
    assert "0 waiting for a person" in town.laotie("attention", deal.order)
    assert of(deal, listed(town)) == [("c-stuck", "case", 50, "provider")]
    fails(deal, 2)
    assert refund_id(deal, 2) in town.laotie("attention", deal.order, status=1)
    body = {"order_id": deal.order, "ruling_id": f"again-{deal.order}", "matter": "case", "case_id": "c-stuck", "upheld": False}
    town.send("ruling", "ruling.made", deal.order, body)
    town.idle()
    assert "0 waiting for a person" in town.laotie("attention", deal.order)
    assert of(deal, listed(town)) == []
    told = json.loads(town.laotie("case", "show", "c-stuck", "--order", deal.order, "--json"))
    assert (told["state"], told["state_name"], told["code"]) == (70, "closed", "case.refund_given_up")
    assert [one["became"] for one in told["money"]["refunds"]] == ["not paid by the provider"] * 2
    assert [(ruling["upheld"], ruling["reason"]) for ruling in told["rulings"]] == [
        (True, "the account is open again, 收款账户已恢复"),
        (False, ""),
    ]
    assert "because: the account is open again, 收款账户已恢复" in town.laotie("case", "show", "c-stuck", "--order", deal.order)
    assert town.laotie("explain", deal.order).count("reason the account is open again, 收款账户已恢复") == 2  # the ruling and its verdict


def test_one_case_is_shown_with_turn_deadline_rule_evidence_and_history(town: Town) -> None:
    """R4.2, R4.3, R4.11."""
    deal = Deal(town, "shown")
    deal.delivered(line(1, 60_00), due=60_00)
    case = f"c-{deal.order}"
    deal.asked_back(case, evidence_ids=["photo-1"])
    town.idle()
    told = json.loads(town.laotie("case", "show", case, "--json"))
    opened = deal.fact("refund.v1", "case.opened")
    assert (told["order_id"], told["state"], told["turn"], told["rule"]) == (deal.order, 10, "seller", "R4.5")
    assert datetime.fromisoformat(told["deadline"]) == datetime.fromisoformat(opened["deadline"])
    assert told["evidence"] == [{"side": "buyer", "evidence_id": "photo-1"}]
    assert [step["type"] for step in told["steps"]][:2] == ["refund.requested", "case.opened"]
    text = town.laotie("case", "show", case)
    assert "10 applied: seller's turn until" in text
    assert "evidence of the buyer: photo-1" in text


def test_what_cannot_be_shown_is_said_clearly(town: Town) -> None:
    first, second = Deal(town, "twin"), Deal(town, "twin")
    for deal in (first, second):
        deal.delivered(line(1, 60_00), due=60_00)
        deal.asked_back("c-twin")
    town.idle()
    assert "nothing is known of a case 'nobody'" in town.laotie("case", "show", "nobody", status=1)
    assert "say of which with --order" in town.laotie("case", "show", "c-twin", status=1)
    assert f"of order {first.order}" in town.laotie("case", "show", "c-twin", "--order", first.order)
    assert f"case c-twin of order {second.order}" in town.laotie("explain", "c-twin", "--order", second.order)
    assert "is not one of" in town.laotie("cases", "--turn", "court", status=2)
    assert "is no span" in town.laotie("cases", "--due", "tomorrow", status=2)


def test_deadlines_survive_restarts_and_the_queue_goes_by_them(town: Town) -> None:
    """R1.2, R4.3: a service that is killed comes back with every deadline where it was."""
    deal = Deal(town, "durable")
    deal.delivered(line(1, 60_00), due=60_00)
    deal.asked_back("c-durable")
    town.idle()
    mine = ("--seller", deal.seller)
    before = listed(town, *mine)
    assert of(deal, listed(town, *mine, "--due", "48h")) == [("c-durable", "case", 10, "seller")]
    assert listed(town, *mine, "--due", "47h") == []
    process = _process(town)
    os.kill(process["pid"], signal.SIGKILL)
    until(lambda: _process(town)["alive"] and _process(town)["pid"] != process["pid"], BACK_S, lambda: town.laotie("status", status=None))
    town.idle()
    assert listed(town, *mine) == before
    town.until(timedelta(hours=48))
    assert of(deal, listed(town, *mine)) == [("c-durable", "case", 10, "seller")]
    town.until(timedelta(seconds=5))
    assert of(deal, listed(town, *mine)) == [("c-durable", "case", 30, "buyer")]


def _process(town: Town) -> dict[str, Any]:
    state = json.loads(town.laotie("status", "--json", status=None))
    return next(one for one in state["processes"] if one["name"] == "refund-1")


def test_who_paid_what_of_a_case_sums_to_what_the_buyer_got(town: Town) -> None:
    """R3.6: settled before, so the seller's balance bears it; R3.4: out of escrow before."""
    early = Deal(town, "early")
    early.delivered(line(1, 60_00), due=60_00)
    early.returned("c-early")
    early.provider_pays()
    _even(json.loads(town.laotie("explain", "c-early", "--order", early.order, "--json")), 60_00, {f"escrow:{early.order}": 60_00})
    late = Deal(town, "late")
    late.delivered(line(1, 60_00), due=60_00)
    late.confirmed()
    town.idle()
    town.until(timedelta(days=9))
    late.asked_back("c-late", ground="quality", kind="refund_only")
    town.idle()
    late.accepted("c-late")
    town.idle()
    late.provider_pays()
    told = json.loads(town.laotie("explain", "c-late", "--order", late.order, "--json"))
    accounts = {one["account"].partition(":")[0] for one in told["pays"]}
    assert accounts <= {"balance", "deposit", "debt", "platform"}
    assert "escrow" not in accounts
    _even(told, 60_00)
    assert told["sentences"]["buyer"]["zh"] == "您共收到60.00元。"
    assert told["sentences"]["buyer"]["en"] == "You got 60.00 CNY in all."
    assert "= 60.00 CNY to the buyer" in town.laotie("explain", "c-late", "--order", late.order)


def _even(told: dict[str, Any], buyer: int, pays: dict[str, int] | None = None) -> None:
    paid, got = (sum(one["amount_minor"] for one in told[side]) for side in ("pays", "gets"))
    assert paid == got
    assert told["buyer_minor"] == told["refunded_minor"] + told["compensated_minor"] == buyer
    assert [one["amount_minor"] for one in told["gets"] if one["account"] == "psp:cash"] == [buyer]
    if pays is not None:
        assert {one["account"]: one["amount_minor"] for one in told["pays"]} == pays
    assert all(one["rules"] for one in told["pays"])


def test_the_queue_can_be_built_from_the_topic_alone(town: Town) -> None:
    """R4.2: a staff app that only reads refund.v1 has the same rows as the view, whatever went before in this town."""
    deal = Deal(town, "queued", copies=2)
    deal.delivered(line(1, 60_00), line(2, 20_00), due=80_00)
    deal.asked_back("c-one")
    deal.asked_back("c-two", 2)
    town.idle()
    town.send(
        "merchant", "case.refused", deal.order, {"order_id": deal.order, "case_id": "c-two", "seller_id": deal.seller, "reason": "worn"}
    )
    town.idle()
    queue = Queue()
    for facts in town.read().values():
        for fact in facts.values():
            if fact.topic == "refund.v1":
                queue.take(fact)
    rows = [{name: row[name] for name in Queue.COLUMNS} for row in listed(town)]
    assert len(of(deal, listed(town))) == 2
    assert sorted(queue.rows(), key=_place) == sorted((_times(row) for row in rows), key=_place)


def _place(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["order_id"], row["case_id"], row["task"]


def _times(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if value and name in ("deadline", "since", "opened_at") else value
        for name, value in row.items()
    }
