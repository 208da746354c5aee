"""Which notice stands for which copy, also where topics were shortened and where names are no names. Source: R2.1."""

from __future__ import annotations

import pytest

from deploy.verify.log import Entry, Log
from deploy.verify.notices import checks
from deploy.verify.report import Check

NAMES = {"ce_id": b"e1", "ce_source": b"carrier", "ce_type": b"parcel.signed"}
WHY = {"x-original-topic": b"logistics.v1", "x-original-partition": b"0", "x-reason": b"event.invalid", "x-error": b""}


def entry(topic: str, at: int, **changed: bytes | None) -> Entry:
    key, value = changed.pop("key", b"o1"), changed.pop("value", None)
    spelled = {name if name.startswith("ce_") else name.replace("_", "-"): text for name, text in changed.items()}
    headers = {**NAMES, **WHY, "x-original-offset": b"%d" % at, **spelled}
    headers = {name: text for name, text in headers.items() if text is not None}
    return Entry("e1", "parcel.signed", topic, 0, at, key, value, headers, 0, at + 1, None)


def copy(at: int, **changed: bytes | None) -> Entry:
    return entry("order.parked.v1", at, value=b'{"secret":1}', **changed)


def notice(at: int, **changed: bytes | None) -> Entry:
    return entry("order.refused.v1", at, **changed)


def noticed(*entries: Entry, shortened: str = "") -> Check:
    log = Log()
    for one in entries:
        log.lanes.setdefault((one.topic, one.partition), []).append(one)
    log.starts = {lane: int(lane[0] == shortened) for lane in log.lanes}
    (check,) = checks(log)
    return check


@pytest.mark.parametrize(
    "entries",
    [
        (copy(1), copy(1), notice(1), notice(1)),
        (copy(1, ce_id=None, ce_type=b""), notice(1, ce_id=None, ce_type=None)),
        (copy(1, ce_source=b"s" * 1025, key=b"k" * 1025), notice(1, ce_source=None, key=None)),
        (copy(1, x_reason=b"parked.raised"), copy(2, x_original_topic=b"payment.v1")),
        (copy(1, x_original_topic=b"policy.v1", x_reason=b"policy.invalid"),),
    ],
    ids=["refused twice", "no names, as in a copy that is cut", "endless names", "a bug's, and our own", "a version of the policy"],
)
def test_each_refusal_of_an_app_has_one(entries: tuple[Entry, ...]) -> None:
    assert noticed(*entries).holds


@pytest.mark.parametrize(
    ("entries", "first"),
    [
        ((copy(1),), "order.refused.v1/0: nothing tells that parcel.signed e1 of carrier at logistics.v1/0/1 was refused as event.invalid"),
        ((copy(1), copy(1), notice(1)), "order.refused.v1/0: nothing tells that"),
        ((copy(1), notice(1, ce_id=b"e2")), "order.refused.v1/0: nothing tells that"),
        ((copy(1, x_reason=b"parked.raised"), notice(1, x_reason=b"parked.raised")), "order.refused.v1/0: it tells that"),
        ((copy(1, x_original_topic=b"payment.v1"), notice(1, x_original_topic=b"payment.v1")), "order.refused.v1/0: it tells that"),
        ((copy(1), notice(1), notice(1)), "order.refused.v1/0: it tells that"),
    ],
    ids=["none", "one of two", "another id", "of a bug", "of our own", "twice"],
)
def test_one_that_lacks_or_is_too_many_is_named(entries: tuple[Entry, ...], first: str) -> None:
    assert noticed(*entries).first.startswith(first)


def test_where_a_topic_was_shortened_the_last_of_both_are_compared() -> None:
    assert noticed(copy(2), notice(1), notice(2), shortened="order.parked.v1").holds
    assert noticed(copy(1), copy(2), notice(2), shortened="order.refused.v1").holds
    assert not noticed(copy(2), notice(1), notice(2)).holds
    assert not noticed(copy(1), copy(2), copy(3), notice(1), notice(3), shortened="order.refused.v1").holds
