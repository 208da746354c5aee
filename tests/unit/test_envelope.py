"""Bad values and keys never block and never vanish: each way to be unreadable has its own catalogued code."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from shared.contracts.logistics import ParcelShipped
from shared.contracts.psp import PaymentSucceeded
from shared.messaging.envelope import AGE_MAX, AHEAD_MAX, MAX_IN_BYTES, WRONG_MAX, copy_headers, decode
from shared.messaging.record import Incoming, Record, Unreadable
from shared.messaging.strict import MAX_DEPTH
from tests.unit.envelopes import BODY, NOW, PSP, TOPICS, body, header, raw, read, refused


def test_a_valid_event_is_read_with_its_identity() -> None:
    found = read(PSP)
    assert isinstance(found, Incoming)
    assert found.event == PaymentSucceeded.model_validate_json(PSP.value or b"")
    assert (found.envelope.source, found.envelope.id, found.key, found.upstream) == ("psp", "psp-1", "o-1", True)
    assert found.envelope.sequence is None


def test_unknown_fields_are_ignored() -> None:
    assert isinstance(read(body(colour="red", nested={"a": [1.5, None]})), Incoming)


# -- the value


def test_a_null_value() -> None:
    assert refused(replace(PSP, value=None)) == "event.no_value"


def test_two_megabytes() -> None:
    assert refused(body(note="x" * 2 * MAX_IN_BYTES)) == "event.too_large"


def test_the_largest_value_is_taken_and_one_byte_more_is_not() -> None:
    room = MAX_IN_BYTES - len(body(note="").value or b"")
    assert isinstance(read(body(note="x" * room)), Incoming)
    assert refused(body(note="x" * (room + 1))) == "event.too_large"


@pytest.mark.parametrize("value", [b"\xff\xfe{}", b'{"order_id": "\xed\xa0\x80"}', b'{"a": "\xc3"}'])
def test_a_value_that_is_not_utf8(value: bytes) -> None:
    assert refused(replace(PSP, value=value)) == "event.not_utf8"


@pytest.mark.parametrize(
    "value", [b"", b"   ", b"{", b"{'a': 1}", b'{"a": 1,}', b"{} {}", b'\xef\xbb\xbf{"a": 1}', b'{"a": "\x00"}', b"01"]
)
def test_a_value_that_is_not_json(value: bytes) -> None:
    assert refused(replace(PSP, value=value)) == "event.not_json"


@pytest.mark.parametrize("value", [b"{}", b"[]", b"null", b'"o-1"', b"1"])
def test_json_of_another_schema(value: bytes) -> None:
    assert refused(replace(PSP, value=value)) == "event.invalid"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": 190.5},
        {"amount_minor": 19000.0},
        {"amount_minor": "19000"},
        {"amount_minor": True},
        {"amount_minor": None},
        {"amount_minor": -1},
        {"amount_minor": 10**15 + 1},
        {"currency": "yuan"},
        {"order_id": ""},
        {"order_id": "o 1"},
        {"order_id": "o" * 65},
        {"payment_id": "张三"},
    ],
    ids=str,
)
def test_money_is_a_whole_number_never_negative_and_ids_are_plain(changes: dict[str, Any]) -> None:
    """Source: R1.1."""
    assert refused(body(**changes)) == "event.invalid"


@pytest.mark.parametrize("name", sorted(BODY))
def test_a_missing_field(name: str) -> None:
    assert refused(replace(PSP, value=json.dumps({k: v for k, v in BODY.items() if k != name}).encode())) == "event.invalid"


def test_all_that_is_wrong_is_named_at_once_up_to_so_many_fields() -> None:
    """Who mends one field a round would need as many rounds."""
    found = read(body(amount_minor=-1, currency=7))
    assert isinstance(found, Unreadable)
    assert found.detail == "amount_minor: Input should be greater than or equal to 0; currency: Input should be a valid string"
    empty = read(replace(PSP, value=b"{}"))
    assert isinstance(empty, Unreadable)
    assert empty.detail.count("Field required") == min(len(BODY), WRONG_MAX)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"lines": []}, "lines: List should have at least 1 item; not 0"),
        ({"lines": [{"line_no": 1, "quantity": 0}]}, "lines.0.quantity: Input should be greater than or equal to 1"),
        ({"parcel_id": "p,1"}, r"parcel_id: String should match pattern '^[A-Za-z0-9_.:\-]{1 to 64}$'"),
    ],
)
def test_e3_what_is_wrong_is_told_where_it_is_and_in_words_of_json(changes: dict[str, Any], told: str) -> None:
    """A wrong item is not a missing one as well; a header holds no comma, and a pattern that lost its own is another pattern."""
    parcel = {"parcel_id": "p-1", "carrier": "SF", "waybill": "w-1", "lines": [{"line_no": 1, "quantity": 1}]}
    value = json.dumps({"occurred_at": BODY["occurred_at"], "order_id": "o-1", **parcel, **changes}).encode()
    record = replace(header("ce_type", b"parcel.shipped"), topic="logistics.v1", value=value)
    found = decode(record, TOPICS, "order", (ParcelShipped,), NOW)
    assert isinstance(found, Unreadable)
    assert dict(copy_headers(record, found.code, found.detail, 1))["x-error"] == told.encode()


@pytest.mark.parametrize(
    "moment",
    ["2026-06-01T12:05:11", "2026-06-01", "1780315511", "yesterday", "", "2026-13-01T00:00:00Z", "2026-06-01T25:00:00Z"],
)
def test_a_time_without_zone_or_that_is_none(moment: str) -> None:
    """Source: R1.2."""
    assert refused(body(occurred_at=moment)) == "event.invalid"


@pytest.mark.parametrize(
    "number", ["9223372036854775808", "-9223372036854775809", "1" * 400, "1" * 5_000, "1e400", "-1e999", "NaN", "Infinity", "-Infinity"]
)
def test_numbers_beyond_64_bits_wherever_they_stand(number: str) -> None:
    assert refused(raw("19000", number)) == "event.number_out_of_range"
    assert refused(raw('"CNY"', f'"CNY", "extra": [{number}]')) == "event.number_out_of_range"


def test_the_ends_of_64_bits_are_numbers() -> None:
    assert isinstance(read(body(extra=[2**63 - 1, -(2**63)])), Incoming)


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\udfff", "\\uDBFF x", "\\udc00\\ud800"])
def test_nul_and_lone_surrogates_in_texts_and_names(escape: str) -> None:
    assert refused(raw("pay-1", escape)) == "event.bad_text"
    assert refused(raw('"CNY"', f'"CNY", "{escape}": 1')) == "event.bad_text"
    assert refused(raw('"CNY"', f'"CNY", "extra": ["{escape}"]')) == "event.bad_text"


def test_a_pair_of_surrogates_and_an_escaped_backslash_are_plain_text() -> None:
    assert isinstance(read(raw('"CNY"', '"CNY", "extra": "\\ud83d\\ude00 \\\\u0000"')), Incoming)


@pytest.mark.parametrize("twice", ['"CNY", "amount_minor": 1', '"CNY", "extra": {"a": 1, "a": 1}', '"CNY", "extra": [{"": 1, "": 2}]'])
def test_a_field_named_twice(twice: str) -> None:
    assert refused(raw('"CNY"', twice)) == "event.duplicate_key"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting(opening: str, closing: str) -> None:
    def nested(levels: int) -> Record:
        return raw('"CNY"', '"CNY", "extra": ' + opening * levels + "1" + closing * levels)

    assert isinstance(read(nested(MAX_DEPTH - 1)), Incoming)
    assert refused(nested(MAX_DEPTH)) == "event.too_deep"
    assert refused(nested(100_000)) == "event.too_deep"


def test_brackets_inside_texts_are_no_nesting() -> None:
    assert isinstance(read(body(extra='[{"' * 1000)), Incoming)
    assert isinstance(read(body(extra="[" * 1000 + '\\"' + "[" * 1000)), Incoming), "nor is a quoted quote the end of one"


def test_brackets_behind_a_text_that_ends_with_a_backslash_are_nesting_and_those_beside_each_other_are_none() -> None:
    deepest = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert isinstance(read(raw('"CNY"', f'"CNY", "x": "\\\\", "extra": {deepest}, "more": {deepest}')), Incoming)
    assert refused(raw('"CNY"', f'"CNY", "x": "\\\\", "extra": [{deepest}]')) == "event.too_deep"
    assert refused(raw('"CNY"', f'"CNY", "extra": {deepest}, "more": [{deepest}]')) == "event.too_deep"


def test_far_future_and_far_past() -> None:
    at = (NOW + AHEAD_MAX).isoformat()
    assert isinstance(read(body(occurred_at=at)), Incoming)
    assert refused(body(occurred_at=(NOW + AHEAD_MAX + timedelta(seconds=1)).isoformat())) == "event.from_the_future"
    assert refused(body(occurred_at="9999-12-31T23:59:59-23:59")) == "event.from_the_future"
    assert isinstance(read(body(occurred_at=(NOW - AGE_MAX).isoformat())), Incoming)
    assert refused(body(occurred_at=(NOW - AGE_MAX - timedelta(seconds=1)).isoformat())) == "event.too_old"
    assert refused(body(occurred_at="0001-01-01T00:00:00+23:59")) == "event.too_old"


def test_the_same_moment_in_another_zone_is_the_same() -> None:
    moment = datetime.fromisoformat(BODY["occurred_at"]).astimezone(timezone(timedelta(hours=8)))
    found = read(body(occurred_at=moment.isoformat()))
    assert isinstance(found, Incoming)
    assert found.event.occurred_at == moment


# -- the key


def test_a_null_key() -> None:
    assert refused(replace(PSP, key=None)) == "event.no_key"


def test_a_key_that_is_not_utf8() -> None:
    assert refused(replace(PSP, key=b"\xff")) == "event.not_utf8"


@pytest.mark.parametrize("key", [b"", b"o-2", b"pay-1", b"O-1", b" o-1"])
def test_a_key_that_is_not_the_id_in_the_body(key: bytes) -> None:
    assert refused(replace(PSP, key=key)) == "event.key_mismatch"
