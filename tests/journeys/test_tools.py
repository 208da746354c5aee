"""What a person does with Kafka's own tools, and what the command tells about it."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.journeys.deal import Deal, line
from tests.journeys.outside import Outside, cloud_event

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
TOOL_S = 120


def test_an_order_is_placed_with_the_console_producer(outside: Outside) -> None:
    """The line that a README would show: headers, key, value, parted by tabs."""
    producer = outside.home / "bin" / "kafka-console-producer"
    if not producer.exists():
        pytest.skip("Kafka was not started here, so its tools are not either")
    deal = Deal(outside, "console")
    lines = [{**line(1, 12_00), "seller_id": deal.seller}]
    body = {"order_id": deal.order, "buyer_id": deal.buyer, "currency": "CNY", "lines": lines, "due_minor": 12_00}
    value = json.dumps({**body, "occurred_at": outside.now.isoformat()})
    headers = ",".join(f"{name}:{text}" for name, text in cloud_event("storefront", "order.placed", f"e-{deal.order}").items())
    script = """
        . "$HOME_OF_STACK/env"
        kafka-console-producer --bootstrap-server $LAOTIE_KAFKA --topic storefront.v1 \\
            --command-config "$HOME_OF_STACK/clients/storefront.properties" \\
            --reader-property parse.key=true --reader-property parse.headers=true
    """
    record = f"{headers}\t{deal.order}\t{value}\n"
    environment = {"HOME_OF_STACK": str(outside.home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", script], input=record, capture_output=True, text=True, timeout=TOOL_S, check=False, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    outside.idle()
    assert deal.types() == ["order.accepted"], deal.refused()


def test_explain_tells_a_support_person_what_happened_and_why(outside: Outside) -> None:
    deal = Deal(outside, "explained", copies=2)
    deal.delivered(line(1, 60_00), due=60_00)
    deal.asked_back("c-1")
    deal.asked_back("c-2")
    outside.idle()
    told = json.loads(outside.laotie("explain", deal.order, "--json"))
    steps = {step["number"]: step for step in told["steps"]}
    opened = next(step for step in steps.values() if step["type"] == "case.opened")
    assert (steps[opened["cause"]]["type"], opened["rules"][0]) == ("refund.requested", "R4.5")
    assert [refusal["code"] for step in steps.values() for refusal in step["refused"]] == ["case.line_open"] * 2
    assert {(row["account"], row["amount_minor"]) for row in told["money"]} == {("psp:cash", -60_00), (f"escrow:{deal.order}", 60_00)}
    assert [row["kind"] for row in told["deadlines"]] == ["answer.due"]
    assert "case c-1: state 10, seller's turn" in outside.laotie("explain", deal.order)
    assert "nothing is known of an order 'nobody'" in outside.laotie("explain", "nobody", status=1)


def test_an_event_that_waits_can_be_seen_and_forgotten(outside: Outside) -> None:
    deal = Deal(outside, "orphan")
    deal.paid(5_00)
    outside.idle()
    (held,) = json.loads(outside.laotie("parked", "list", "--key", deal.order, "--json"))
    assert (held["service"], held["state"], held["reason"]) == ("order", "waiting", "payment.before_order")
    assert "payment.succeeded" in outside.laotie("parked", "show", held["ref"])
    assert "nothing parked" in outside.laotie("parked", "redrive", deal.order, status=1)
    outside.laotie("parked", "discard", deal.order, held["ref"])
    assert json.loads(outside.laotie("parked", "list", "--key", deal.order, "--json")) == []
    assert f"nothing is held under {deal.order}" in outside.laotie("parked", "discard", deal.order, held["ref"], status=1)
