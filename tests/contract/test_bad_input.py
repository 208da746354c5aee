"""What no app may say: each field of each upstream event spoilt in every way, each refused with its code. Source: R1.1, R1.2, R2.1."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from deploy.cli.contract import ROOT, examples
from shared.contracts import registry
from shared.errors import CATALOGUE
from shared.messaging.envelope import decode
from shared.messaging.record import Incoming, Record, Unreadable
from tests.contract.spoilt import EVENTS, UNTOLD, spoilt

EXAMPLES = {path.rsplit("/", 1)[0]: json.loads(value) for path, value in examples(ROOT).items() if path.endswith("/0001.json")}
ENTRIES = {entry.name: entry for entry in registry.entries()}


def read(name: str, value: dict[str, Any], key: str) -> Incoming | Unreadable | None:
    """As the first service that takes it reads it."""
    kind, service = ENTRIES[name].kind, ENTRIES[name].consumers[0]
    headers = {"ce_specversion": "1.0", "ce_id": "e1", "ce_source": "app", "ce_type": kind.type}
    encoded = tuple((header, text.encode()) for header, text in headers.items())
    record = Record(kind.topic.name, 0, 1, key.encode(), json.dumps(value).encode(), encoded)
    now = datetime.fromisoformat(EXAMPLES[name]["value"]["occurred_at"])
    return decode(record, {kind.topic.name: kind.topic}, service, (kind,), now)


def test_every_upstream_event_and_every_field_of_it_is_in_the_table() -> None:
    upstream = {entry.name: entry.kind for entry in ENTRIES.values() if not entry.kind.topic.own and entry.kind.topic.writers != ("ops",)}
    forgotten = upstream.keys() - EVENTS.keys()
    assert not forgotten, f"tests/contract/spoilt.py: {sorted(forgotten)} in EVENTS, each field with its sort"
    assert {name: set(fields) | UNTOLD.get(name, set()) for name, fields in EVENTS.items()} == {
        name: set(kind.model_fields) - {"occurred_at"} for name, kind in upstream.items()
    }


@pytest.mark.parametrize("name", EVENTS)
def test_the_example_is_taken_and_under_another_key_it_is_refused(name: str) -> None:
    example = EXAMPLES[name]
    assert isinstance(read(name, example["value"], example["key"]), Incoming)
    other = read(name, example["value"], "another")
    assert isinstance(other, Unreadable)
    assert other.code == "event.key_mismatch"


@pytest.mark.parametrize("name", EVENTS)
def test_each_field_spoilt_in_each_way_is_refused_with_its_code_r1_1_r1_2(name: str) -> None:
    example = EXAMPLES[name]
    tried = 0
    for field, bad, code in spoilt(EVENTS[name]):
        value = {one: held for one, held in {**example["value"], field: bad}.items() if held is not ...}
        found = read(name, value, example["key"])
        assert isinstance(found, Unreadable), f"{field} = {bad!r} was taken"
        assert found.code == code, f"{field} = {bad!r}: {found.code} {found.detail}"
        assert code != "event.invalid" or found.detail.startswith(field), f"{field} = {bad!r}: the detail names {found.detail}"
        assert code in CATALOGUE
        tried += 1
    assert tried > 20


@pytest.mark.parametrize(("matter", "left"), [("sham_shipping", "parcel_id"), ("case", "case_id"), ("appeal", "case_id")])
def test_a_ruling_that_does_not_name_what_it_is_about_is_refused_r4_11(matter: str, left: str) -> None:
    example = EXAMPLES["ruling.v1/ruling.made"]
    whole = {**example["value"], "matter": matter, "parcel_id": "p1", "case_id": "c1"}
    assert isinstance(read("ruling.v1/ruling.made", whole, example["key"]), Incoming)
    found = read("ruling.v1/ruling.made", {**whole, left: None}, example["key"])
    assert isinstance(found, Unreadable)
    assert (found.code, left in found.detail) == ("event.invalid", True)


def test_fields_that_contradict_each_other_are_refused_with_a_plain_sentence_r1_5() -> None:
    """No field is to blame alone, so none is named; nor is the library that noticed."""
    example = EXAMPLES["storefront.v1/order.placed"]
    value = {**example["value"], "coupons": [{"coupon_id": "c-1", "funder": "seller", "amount_minor": 5, "line_nos": [9]}]}
    found = read("storefront.v1/order.placed", value, example["key"])
    assert isinstance(found, Unreadable)
    assert (found.code, found.detail) == ("event.invalid", "a coupon covers lines that are not in the order: [9]")
