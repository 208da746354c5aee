"""What a person does with Kafka's own tools, and what the command tells about it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line
from tests.journeys.outside import cloud_event

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def test_an_order_is_placed_with_the_console_producer(town: Town) -> None:
    """The line that a README would show."""
    if not town.has_kafka_tools:
        pytest.skip("Kafka was not started here, so its tools are not either")
    deal = Deal(town, "console")
    lines = [{**line(1, 12_00), "seller_id": deal.seller}]
    body = {"order_id": deal.order, "buyer_id": deal.buyer, "currency": "CNY", "lines": lines, "due_minor": 12_00}
    headers = cloud_event("storefront", "order.placed", f"e-{deal.order}")
    town.typed("storefront", "storefront.v1", deal.order, {**body, "occurred_at": town.now.isoformat()}, headers)
    town.idle()
    assert deal.types() == ["order.accepted"], deal.refused()


def test_explain_tells_a_support_person_what_happened_and_why(town: Town) -> None:
    deal = Deal(town, "explained", copies=2)
    deal.delivered(line(1, 60_00), due=60_00)
    deal.asked_back("c-1")
    deal.asked_back("c-2")
    town.idle()
    told = json.loads(town.laotie("explain", deal.order, "--json"))
    steps = {step["number"]: step for step in told["steps"]}
    opened = next(step for step in steps.values() if step["type"] == "case.opened")
    assert (steps[opened["cause"]]["type"], opened["rules"][0]) == ("refund.requested", "R4.5")
    assert [refusal["code"] for step in steps.values() for refusal in step["refused"]] == ["case.line_open"] * 2
    assert {(row["account"], row["amount_minor"]) for row in told["money"]} == {("psp:cash", -60_00), (f"escrow:{deal.order}", 60_00)}
    assert [row["kind"] for row in told["deadlines"]] == ["statement.due", "answer.due"]
    assert "  case c-1: 10 applied, seller's turn until " in town.laotie("explain", deal.order)
    assert "nothing is known of an order or a case 'nobody'" in town.laotie("explain", "nobody", status=1)


def test_an_app_is_handed_what_was_refused_of_its_events_by_the_ids_that_it_gave_r2_1(town: Town) -> None:
    """An app reads what was refused of it, under its own name, by its key and ids; what the event held is not there. The command says
    the same in words.
    """
    deal = Deal(town, "handed")
    deal.delivered(line(1, 60_00), due=60_00)
    deal.asked_back("c-1")
    sent = deal.asked_back("c-2")
    town.idle()
    (told,) = map(json.loads, town.laotie("refused", "--app", "storefront", "--key", deal.order, "--json").splitlines())
    assert (told["id"], told["service"], told["type"], told["code"]) == (sent, "refund", "refund.requested", "case.line_open")
    assert town.laotie("refused", "--app", "merchant", "--key", deal.order) == "0 not taken\n"
    assert "1 not taken" in town.laotie("refused", "--id", told["id"])
    (notice,) = notices(town, "storefront", "refund.refused.v1", deal.order)
    assert (notice["ce_id"], notice["ce_type"], notice["x-reason"]) == (sent, "refund.requested", "case.line_open")
    with pytest.raises(KafkaException, match="TOPIC_AUTHORIZATION_FAILED"):
        notices(town, "storefront", "refund.parked.v1", deal.order)


def test_what_was_corrected_and_taken_is_refused_no_more_r2_1(town: Town) -> None:
    """Under the same source and id; another body under the id that was taken is refused, and stays so."""
    deal = Deal(town, "corrected")
    body = {"order_id": deal.order, "buyer_id": deal.buyer, "currency": "CNY", "lines": [{**line(1, 12_00), "seller_id": deal.seller}]}
    for due in (-1, 12_00, 13_00):
        town.send("storefront", "order.placed", deal.order, {**body, "due_minor": due}, event_id=f"e-{deal.order}")
        town.idle()
    (told,) = map(json.loads, town.laotie("refused", "--key", deal.order, "--json").splitlines())
    assert (told["code"], told["taken_since"]) == ("event.id_reused", False)
    every = [json.loads(one) for one in town.laotie("refused", "--key", deal.order, "--all", "--json").splitlines()]
    assert sorted((one["code"], one["taken_since"]) for one in every) == [("event.id_reused", False), ("event.invalid", True)]
    assert "1 not taken, 1 more taken since (--all)" in town.laotie("refused", "--key", deal.order)


def test_what_was_corrected_is_no_difference_to_verify_r2_1_r6_1(town: Town) -> None:
    """It was refused with the first body, and taken with the second under the same id."""
    deal = Deal(town, "misspelled")
    subject = f"seller:{deal.seller}"
    for kind in ("misspelled", "false_advertising"):
        body = {"subject_id": subject, "violation_id": "v1", "kind": kind}
        town.send("governance", "violation.recorded", subject, body, event_id=f"e-{subject}")
        town.idle()
    assert town.laotie("refused", "--key", subject) == "0 not taken, 1 more taken since (--all)\n"
    assert town.verified() == []


def notices(town: Town, app: str, topic: str, key: str) -> list[dict[str, str]]:
    """The headers of all records of that key, as that app reads them; their values are empty."""
    found, ended = list[dict[str, str]](), set[int | None]()
    consumer = Consumer({**town.settings(app), "group.id": f"{app}-notices", "enable.auto.commit": False, "enable.partition.eof": True})
    try:
        partitions = consumer.list_topics(topic, timeout=30).topics[topic]
        if partitions.error is not None:
            raise KafkaException(partitions.error)
        consumer.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in partitions.partitions])
        while len(ended) < len(partitions.partitions):
            message = consumer.poll(30)
            assert message is not None
            if message.error() is not None:
                ended.add(message.partition())
            elif message.key() == key.encode():
                assert message.value() is None
                headers: Any = message.headers()
                found.append({name: value.decode() for name, value in headers})
    finally:
        consumer.close()
    return found


def test_an_event_that_waits_can_be_seen_and_forgotten(town: Town) -> None:
    deal = Deal(town, "orphan")
    for _ in range(2):
        deal.paid(5_00)
    town.idle()
    some = town.laotie("parked", "list", "--key", deal.order, "--limit", "1").splitlines()
    assert (len(some), some[-1]) == (2, "2 held back, the first 1 of them listed")
    held, other = json.loads(town.laotie("parked", "list", "--key", deal.order, "--json"))
    assert held["ref"] in some[0]
    town.laotie("parked", "discard", deal.order, other["ref"])
    assert town.laotie("parked", "list", "--key", deal.order).splitlines()[-1] == "1 held back"
    assert (held["service"], held["state"], held["reason"]) == ("order", "waiting", "payment.before_order")
    assert "payment.succeeded" in town.laotie("parked", "show", held["ref"])
    assert "nothing parked" in town.laotie("parked", "redrive", deal.order, status=1)
    town.laotie("parked", "discard", deal.order, held["ref"], "--by", "ops-7", "--reason", "its order never came")
    acts = [json.loads(line) for line in town.laotie("interventions", "--json").splitlines()]
    assert [(one["who"], one["why"], one["what"]["ref"]) for one in acts if one["key"] == deal.order and one["who"]] == [
        ("ops-7", "its order never came", held["ref"])
    ]
    assert json.loads(town.laotie("parked", "list", "--key", deal.order, "--json")) == []
    assert f"nothing is held under {deal.order}" in town.laotie("parked", "discard", deal.order, held["ref"], status=1)


def test_an_event_that_waited_a_day_is_redriven_and_finds_its_cause(town: Town) -> None:
    """R2.1: after 24 h a person looks at it; nothing is lost. Offered again it waits again, and is applied when its order comes."""
    deal = Deal(town, "redriven")
    deal.paid(5_00)
    town.until(timedelta(hours=24, seconds=5))
    (held,) = json.loads(town.laotie("parked", "list", "--key", deal.order, "--state", "expired", "--json"))
    assert (held["reason"], deal.refused()) == ("wait.over", ["wait.over"])
    assert "order: 1 offered again, 1 waiting again (payment.before_order: " in town.laotie("parked", "redrive", deal.order)
    assert " waiting " in town.laotie("parked", "list", "--key", deal.order)
    assert "  wait.over (" in town.laotie("refused", "--key", deal.order)
    deal.placed(line(1, 5_00), due=5_00)
    town.idle()
    assert town.laotie("refused", "--key", deal.order) == "0 not taken, 1 more taken since (--all)\n"
    assert deal.types("order.v1") == ["order.accepted", "order.paid"]


def test_idle_waits_for_the_consumer_group_of_an_app(town: Town) -> None:
    """A connector that has not committed what it was told is work that is left."""
    deal = Deal(town, "grouped")
    deal.placed(line(1, 5_00), due=5_00)
    deal.paid(4_00)
    town.idle()
    group = f"psp-{deal.order}"
    connector = Consumer({**town.settings("psp"), "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    connector.subscribe(["payment.v1"])
    try:
        told = town.laotie("idle", "--group", group, "--timeout", "1", status=1)
        assert f"group {group}: " in told
        ends = sum(len(facts) for (topic, _), facts in town.read().items() if topic == "payment.v1")
        taken = 0
        while taken < ends:
            message = connector.poll(30)
            assert message is not None
            assert message.error() is None
            taken += 1
            connector.commit(message=message, asynchronous=False)
        town.laotie("idle", "--group", group)
    finally:
        connector.close()
