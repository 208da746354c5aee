"""The contract holds together: docstrings, topics, services, examples and committed files say the same."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.cli.contract import ROOT, baseline, drift, examples, refusals
from deploy.local.services import discover
from deploy.local.topics import read_grants, read_topics
from shared.contracts import generate, registry
from shared.messaging.envelope import decode
from shared.messaging.record import Headers, Incoming, Record
from shared.messaging.shape import Service
from shared.messaging.system import Discard, Redrive

EXAMPLES = examples(ROOT)
ENTRIES = {entry.name: entry for entry in registry.entries()}
TOPICS = {topic.name: topic for topic in registry.topics()}
COMMITTED = baseline(ROOT)


def load(path: str) -> tuple[registry.Entry, dict[str, Any]]:
    example: dict[str, Any] = json.loads(EXAMPLES[path])
    return ENTRIES[path.rsplit("/", 1)[0]], example


def test_nothing_is_broken_contradictory_or_without_an_example() -> None:
    assert refusals(ROOT) == []


def test_what_is_committed_is_what_the_classes_state() -> None:
    assert drift(ROOT) == []


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_ever_committed_parses_for_ever(path: str) -> None:
    entry, example = load(path)
    message = entry.kind.model_validate_json(json.dumps(example["value"]))
    assert message.key == example["key"]
    again = entry.kind.model_validate_json(message.to_json())
    assert again == message


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_is_of_its_json_schema(path: str) -> None:
    entry, example = load(path)
    schema = COMMITTED.schemas[entry.name]
    Draft202012Validator.check_schema(schema)
    assert [error.message for error in Draft202012Validator(schema).iter_errors(example["value"])] == []


@pytest.mark.parametrize("path", EXAMPLES)
def test_every_example_is_read_as_it_would_come_from_kafka(path: str) -> None:
    entry, example = load(path)
    headers: Headers = tuple((name, text.encode()) for name, text in example["headers"].items())
    record = Record(entry.topic.name, 0, 1, example["key"].encode(), json.dumps(example["value"]).encode(), headers)
    message = entry.kind.model_validate_json(json.dumps(example["value"]))
    found = decode(record, TOPICS, "", (entry.kind,), message.occurred_at + timedelta(seconds=1))
    assert isinstance(found, Incoming), found
    assert found.event == message
    unnumbered = replace(record, headers=tuple(pair for pair in headers if pair[0] != "ce_sequence"))
    if entry.topic.own:
        assert not isinstance(decode(unnumbered, TOPICS, "", (entry.kind,), message.occurred_at), Incoming)


def test_the_examples_tell_one_life_from_cart_to_payout() -> None:
    """Lines 100.00 and 110.00 with a 20.00 coupon: paid 90.48 and 99.52. Source: R1.5."""
    _, accepted = load("order.v1/order.accepted/0001.json")
    assert [line["paid_minor"] for line in accepted["value"]["lines"]] == [9048, 9952]
    life = [json.loads(content) for content in EXAMPLES.values() if json.loads(content)["key"] == "o-20260601-0001"]
    told = {example["headers"]["ce_id"] for example in life}
    assert {example["headers"]["ce_causationid"] for example in life if "ce_causationid" in example["headers"]} <= told
    escrow = sum(
        posting["amount_minor"]
        for example in life
        if example["value"].get("moves")
        for posting in example["value"]["moves"]["postings"]
        if posting["account"] == "escrow:o-20260601-0001"
    )
    assert escrow == 0  # R3.2: all that came in went out


@pytest.mark.parametrize("name", registry.SERVICES)
def test_a_service_takes_exactly_what_the_contract_says(name: str) -> None:
    if find_spec(f"services.{name}") is None or find_spec(f"services.{name}.handlers") is None:
        pytest.skip(f"services.{name} is not built yet")
    service: Service = import_module(f"services.{name}.handlers").SERVICE
    taken = set(service.input_types()) - {Redrive, Discard}
    assert {kind.__name__ for kind in taken} == {kind.__name__ for kind in registry.consumed_by(name)}
    assert taken == registry.consumed_by(name)


@pytest.mark.parametrize("name", registry.SERVICES)
def test_a_service_publishes_exactly_what_the_contract_says(name: str) -> None:
    if find_spec(f"services.{name}") is None or find_spec(f"services.{name}.handlers") is None:
        pytest.skip(f"services.{name} is not built yet")
    service: Service = import_module(f"services.{name}.handlers").SERVICE
    published = {fact for kind in service.kinds for fact in kind.facts} | set(service.sends)
    said = {entry.kind for entry in registry.entries() if entry.producer == name and entry.direction != "timer"}
    assert {kind.__name__ for kind in published} == {kind.__name__ for kind in said}


def test_every_topic_of_the_contract_is_set_up_and_planned_ones_too() -> None:
    document = yaml.safe_load((ROOT / generate.TOPICS).read_text(encoding="utf-8"))
    rows = {row["name"]: row for row in document["topics"]}
    assert set(rows) == set(TOPICS)
    assert {"member.v1", "seller.v1", "governance.v1", "ruling.v1", "traffic.v1", "policy.v1"} <= set(rows)
    assert {name for name, row in rows.items() if row["partitions"] == 1} == {"policy.v1", "clock.v1"}
    assert {name for name, row in rows.items() if row["cleanup"] == "compact"} == {"policy.v1", "clock.v1"}
    assert all(row["retention_ms"] == -1 for row in rows.values())


def test_nobody_may_write_to_anothers_topic() -> None:
    """One topic per producing app: the trust boundary."""
    principals = yaml.safe_load((ROOT / generate.ACLS).read_text(encoding="utf-8"))["principals"]
    writers: dict[str, list[str]] = {}
    for principal, rules in principals.items():
        assert all(group.rstrip("*") in (principal, "") for group in rules["groups"]), principal
        for topic in rules["write"]:
            writers.setdefault(topic, []).append(principal)
    assert writers == {name: list(topic.writers) for name, topic in TOPICS.items()}
    for app in ("storefront", "member", "psp", "logistics", "merchant", "seller", "governance", "ruling", "traffic"):
        assert principals[app]["write"] == [f"{app}.v1"]


def test_a_principal_reads_nothing_internal_of_another() -> None:
    principals = yaml.safe_load((ROOT / generate.ACLS).read_text(encoding="utf-8"))["principals"]
    for principal, rules in principals.items():
        for name in rules["read"]:
            if name != "*" and TOPICS[name].internal:
                assert principal in TOPICS[name].writers, (principal, name)


def test_every_service_may_read_what_it_takes_and_what_it_wrote() -> None:
    principals = yaml.safe_load((ROOT / generate.ACLS).read_text(encoding="utf-8"))["principals"]
    for entry in registry.entries():
        for service in set(entry.consumers) & set(principals):
            assert entry.topic.name in principals[service]["read"]
        if entry.topic.own:
            assert entry.topic.name in principals[entry.producer]["read"]
    for service in discover():
        assert {"ops.v1", "clock.v1", "policy.v1"} <= set(principals[service]["read"])


def test_what_a_cluster_needs_beyond_the_rows_stands_in_the_heads_of_the_files() -> None:
    """Whoever makes topics and ACLs with tools of their own has nothing else."""
    made, granted = ROOT / generate.TOPICS, ROOT / generate.ACLS
    heads = {path: " ".join(line[2:] for line in path.read_text().splitlines() if line.startswith("#")) for path in (made, granted)}
    rows = "cleanup.policy", "retention.ms", "max.message.bytes", "min.compaction.lag.ms"
    beyond = {f"{key} {value}" for topic in read_topics(made, 2) for key, value in topic.config.items() if key not in rows}
    assert [one for one in beyond if one not in heads[made]] == []
    operations = {grant.operation.lower() for grant in read_grants(granted)} - {"read", "write"}
    assert operations == {"idempotent_write", "describe", "describe_configs"}
    assert [one for one in operations if f"{one} of" not in heads[granted]] == []
