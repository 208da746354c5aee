"""Bad headers, events on our own topics that are not ours, and copies; then laws for arbitrary bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.order import OrderPaid
from shared.errors import CATALOGUE
from shared.messaging.envelope import MAX_HEADER_BYTES, copy_headers, decode
from shared.messaging.queues import Queues
from shared.messaging.record import Headers, Incoming, Record, pack, unpack
from tests.unit.envelopes import BODY, HEADERS, INPUTS, NOW, PSP, TIMER, TOPICS, header, read, refused


@pytest.mark.parametrize("name", ["ce_specversion", "ce_id", "ce_source", "ce_type"])
def test_a_required_header_is_missing(name: str) -> None:
    assert refused(header(name, None)) == "event.missing_header"


@pytest.mark.parametrize(
    "name", ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "content-type", "ce_extension"]
)
@pytest.mark.parametrize(
    "value", [b"", b"\xff", b"a\nb", b"a\tb", b"a,b", b"\x00", b"x" * (MAX_HEADER_BYTES + 1)], ids=lambda v: repr(v[:4])
)
def test_a_malformed_header(name: str, value: bytes) -> None:
    assert refused(header(name, value)) == "event.bad_header"


@pytest.mark.parametrize("name", [name for name, _ in HEADERS])
def test_a_header_that_stands_twice(name: str) -> None:
    first = dict(HEADERS)[name]
    assert refused(replace(PSP, headers=(*HEADERS, (name, first)))) == "event.bad_header"


def test_a_header_without_a_value() -> None:
    nothing: Any = None
    assert refused(replace(PSP, headers=(*HEADERS, ("ce_subject", nothing)))) == "event.bad_header"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ce_specversion", b"0.3"),
        ("ce_specversion", b"2.0"),
        ("ce_time", b"noon"),
        ("ce_time", b"2026-06-01T12:05:11"),
        ("content-type", b"text/plain"),
        ("content-type", b"application/jsonp"),
        ("content-type", b"application/cloudevents+json"),
    ],
)
def test_a_header_that_says_what_is_not_read_here(name: str, value: bytes) -> None:
    assert refused(header(name, value)) == "event.bad_header"


def test_what_may_be_left_out_of_the_headers() -> None:
    bare = replace(PSP, headers=HEADERS[:4])
    assert isinstance(read(bare), Incoming)
    assert isinstance(read(header("content-type", b"Application/JSON; charset=utf-8")), Incoming)
    assert isinstance(read(replace(PSP, headers=(*HEADERS, ("x-own", b"\xff,\n"), ("x-own", b"")))), Incoming)


@pytest.mark.parametrize("given_trace", [None, b"00-xyz", b"ff"])
def test_a_missing_or_malformed_trace_is_begun_anew_the_same_each_time(given_trace: bytes | None) -> None:
    first, again = read(header("traceparent", given_trace)), read(header("traceparent", given_trace))
    assert isinstance(first, Incoming)
    assert isinstance(again, Incoming)
    assert first.envelope.traceparent == again.envelope.traceparent
    assert len(first.envelope.traceparent) == 55


def test_an_unknown_type_is_refused_by_the_warden_of_its_topic_alone() -> None:
    assert refused(header("ce_type", b"payment.guessed")) == "event.unknown_type"
    assert read(header("ce_type", b"payment.guessed"), "order") is None


def test_unreadable_headers_are_refused_by_the_warden_alone() -> None:
    assert refused(header("ce_id", None)) == "event.missing_header"
    assert read(header("ce_id", None), "order") is None


def test_a_known_type_is_refused_by_whoever_takes_it_and_none_of_others_business() -> None:
    broken = replace(PSP, value=b"{")
    assert refused(broken, "order") == "event.not_json"
    assert decode(broken, TOPICS, "refund", (OrderPaid,), NOW) is None


# -- our own topics


def test_an_event_of_ours_is_read_with_its_sequence() -> None:
    found = read(TIMER, "order")
    assert isinstance(found, Incoming)
    assert (found.envelope.sequence, found.upstream) == (41, False)


@pytest.mark.parametrize("sequence", [None, b"x", b"-1", b"4.1", b" 41", "٤".encode(), b"9" * 19], ids=repr)
def test_an_event_on_one_of_our_topics_without_our_sequence(sequence: bytes | None) -> None:
    assert refused(header("ce_sequence", sequence, TIMER), "order") == "event.foreign"


@pytest.mark.parametrize("source", [None, b"", b"psp", b"laotie/payment", b"laotie/order\n"], ids=repr)
def test_e2_our_sequence_under_another_source_is_a_strangers(source: bytes | None) -> None:
    """Whatever its type, by the warden alone."""
    stranger = header("ce_source", source, TIMER)
    assert refused(stranger, "order") == "event.foreign"
    assert refused(header("ce_type", b"order.unheard", stranger), "order") == "event.foreign"
    assert read(stranger, "refund") is None


def test_a_timer_may_lie_further_ahead_than_an_upstream_event() -> None:
    ahead = replace(TIMER, value=b'{"occurred_at": "2026-07-01T00:00:00Z", "order_id": "o-1"}')
    assert isinstance(read(ahead, "order"), Incoming)


# -- copies


def test_a_copy_keeps_bytes_and_headers_and_adds_ours_behind() -> None:
    nothing: Any = None
    strange: Headers = (("ce_id", b"\xff"), ("ce_id", b""), ("x-reason", b"theirs"), ("empty", nothing))
    copied = copy_headers(replace(PSP, headers=strange), "event.bad_header", "line one\nline, two, \ud800" + "é" * 2000, 3)
    assert copied[: len(strange)] == strange
    ours = dict(copied[len(strange) :])
    assert (ours["x-original-topic"], ours["x-original-partition"], ours["x-original-offset"]) == (b"psp.v1", b"3", b"17")
    assert (ours["x-reason"], ours["x-attempts"]) == (b"event.bad_header", b"3")
    assert ours["x-error"].decode().isprintable(), "cut between characters"
    assert b"," not in ours["x-error"]
    assert len(ours["x-error"]) <= MAX_HEADER_BYTES
    assert unpack(pack(copied)) == copied


# -- laws

ANY_HEADERS = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from([name for name, _ in TIMER.headers]), st.sampled_from([name for name, _ in HEADERS]), st.text(max_size=8)
        ),
        st.one_of(st.none(), st.binary(max_size=40), st.sampled_from([value for _, value in (*HEADERS, *TIMER.headers)])),
    ),
    max_size=12,
).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*BODY, "x"]), inner, max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())
ANY_RECORD = st.builds(
    Record,
    topic=st.sampled_from(["psp.v1", "order.v1", "order.timer.v1"]),
    partition=st.integers(0, 11),
    offset=st.integers(0, 99),
    key=st.one_of(st.none(), st.binary(max_size=8), st.just(b"o-1")),
    value=st.one_of(st.none(), st.binary(max_size=80), JSON, st.just(PSP.value), st.just(TIMER.value)),
    headers=st.one_of(st.just(HEADERS), st.just(TIMER.headers), ANY_HEADERS),
)


@given(ANY_RECORD, st.sampled_from(["order", "payment"]))
def test_whatever_bytes_come_decode_returns(record: Record, service: str) -> None:
    found = read(record, service)
    assert found is None or isinstance(found, Incoming) or found.code in CATALOGUE


@given(ANY_RECORD, st.sampled_from([name.encode() for topic in TOPICS.values() for name in topic.types]), st.booleans(), st.booleans())
def test_q5_what_is_marked_as_for_others_would_not_have_been_read_either(record: Record, type: bytes, twice: bool, broken: bool) -> None:
    """Of any type, which may stand there twice, and with a header that cannot be read: the warden still refuses that."""
    kept = (pair for pair in record.headers if twice or pair[0] != "ce_type")
    record.headers = (*kept, *([("ce_subject", b"")] if broken else []), ("ce_type", type))
    place = (record.topic, record.partition)
    before = {service: read(record, service) for service in ("order", "payment", "refund")}
    Queues({place: 0}, (), 9, {name: topic.others(INPUTS) for name, topic in TOPICS.items()}).add(place, 0, [record], 1)
    assert {service: read(record, service) for service in before} == before


@given(ANY_RECORD, st.text(), st.integers(0, 9))
def test_a_copy_of_anything_survives_storage(record: Record, error: str, attempts: int) -> None:
    copied = copy_headers(record, "event.invalid", error, attempts)
    assert copied[: len(record.headers)] == record.headers
    assert unpack(pack(copied)) == copied


@given(
    st.sampled_from(range(len(PSP.value or b""))),
    st.binary(max_size=4),
    st.sampled_from([name for name, _ in HEADERS]),
    st.binary(max_size=4),
    st.booleans(),
)
def test_a_mended_event_is_read_again(at: int, junk: bytes, name: str, value: bytes, drop: bool) -> None:
    """Nothing that a bad record does is left behind: refused or not, the mended one is read as ever."""
    assert PSP.value is not None
    bad = header(name, None if drop else value, replace(PSP, value=PSP.value[:at] + junk + PSP.value[at + 1 :]))
    found = read(bad)
    assert found is None or isinstance(found, Incoming) or found.code in CATALOGUE
    assert read(replace(bad, value=PSP.value, headers=HEADERS)) == read(PSP)


@given(st.lists(st.tuples(st.text(max_size=10), st.one_of(st.none(), st.binary(max_size=40))), max_size=6).map(tuple))
def test_headers_survive_the_text_column(headers: Headers) -> None:
    assert unpack(pack(headers)) == headers
