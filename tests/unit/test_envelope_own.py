"""What our relay wrote is read by its few headers alone, and comes to what the long way comes to; what is others'. E1, E2."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.messaging.envelope import MAX_IN_BYTES, fact_headers
from shared.messaging.record import Envelope, Incoming, Record
from tests.unit.envelopes import INPUTS, PSP, TIMER, TOPICS, header, read, refused

TRACE = f"00-{'1' * 32}-{'2' * 16}-01"
IDENTITY = "01234567-89ab-5cde-8f01-23456789abcd"


def own(correlation: str = "life", policy: str = "1") -> Record:
    """A timer's event as a fact is written."""
    event = read(TIMER, "order")
    assert isinstance(event, Incoming)
    cause = Envelope("cause", "psp", None, correlation, TRACE)
    written = fact_headers(event.event, IDENTITY, "laotie/order", cause, 7, policy)
    return replace(TIMER, headers=(*written, ("ce_sequence", b"41")))


def test_a_fact_is_read_with_all_that_its_headers_say_and_its_span_is_its_own() -> None:
    found = read(own(), "order")
    assert isinstance(found, Incoming)
    trace = f"00-{'1' * 32}-0123456789ab5cde-01"
    assert found.envelope == Envelope(IDENTITY, "laotie/order", 41, "life", trace)
    assert (found.key, found.upstream, found.event.type) == ("o-1", False, "payment_window.over")
    odd = read(replace(own(), headers=(("ce_time", b""), *own().headers)), "order")
    assert isinstance(odd, Incoming), "of ours no other header is looked at"


def test_without_a_correlation_a_life_begins_with_the_event_itself() -> None:
    bare = own(correlation="")
    assert "ce_correlationid" not in dict(bare.headers), "nothing to say means no header"
    assert "ce_policyversion" not in dict(own(policy="").headers)
    for record in (bare, header("ce_correlationid", b"", bare)):
        found = read(record, "order")
        assert isinstance(found, Incoming)
        assert found.envelope.correlation == IDENTITY
    upstream, named = read(PSP), read(header("ce_correlationid", b"life"))
    assert isinstance(upstream, Incoming)
    assert isinstance(named, Incoming)
    assert (upstream.envelope.correlation, named.envelope.correlation) == ("psp-1", "life")


@pytest.mark.parametrize(("room", "code"), [(0, "event.invalid"), (1, "event.too_large")])
def test_one_of_ours_is_no_larger_than_any_other(room: int, code: str) -> None:
    assert refused(replace(own(), value=b"x" * (MAX_IN_BYTES + room)), "order") == code


@pytest.mark.parametrize("subject", ["o\n1", "o,1", "o" * 1025])
def test_a_key_that_is_no_header_cannot_be_a_facts(subject: str) -> None:
    event = read(TIMER, "order")
    assert isinstance(event, Incoming)
    with pytest.raises(ValueError, match="cannot be a header"):
        fact_headers(event.event.model_copy(update={"order_id": subject}), IDENTITY, "laotie/order", event.envelope, 1, "1")


def test_e1_what_is_for_others_and_cannot_be_read_is_refused_by_the_warden_all_the_same() -> None:
    other = next(name for name, kind in TOPICS["psp.v1"].types.items() if kind not in INPUTS)
    record = header("ce_type", other.encode(), header("ce_id", None))
    record.ours = False
    assert refused(record) == "event.missing_header"
    assert read(record, "order") is None


def test_a_trace_that_a_stranger_began_goes_on() -> None:
    found = read(header("traceparent", TRACE.encode()))
    assert isinstance(found, Incoming)
    assert found.envelope.traceparent == TRACE
