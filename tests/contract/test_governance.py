"""What governance and the member app may not say is refused before anything is decided. Source: R2.7, R2.8, R4.6."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from shared.contracts.governance import AllotmentSet, ProductReviewed, ViolationRecorded
from shared.contracts.member import IdentityLinked, MemberOrderedBefore
from shared.messaging.envelope import decode
from shared.messaging.message import Message
from shared.messaging.record import Incoming, Record, Unreadable

AT = "2026-06-01T10:00:00Z"
REVIEW = {"campaign_id": "c618", "sku": "sku1", "approved": True, "occurred_at": AT}
ALLOTMENT = {"campaign_id": "c618", "sku": "sku1", "units": 5, "limit_per_identity": 2, "occurred_at": AT}
VIOLATION = {"subject_id": "seller:s1", "violation_id": "v1", "kind": "off_platform", "points": 20, "level": 2, "occurred_at": AT}
BEFORE = {"buyer_id": "b1", "first_paid_at": "2019-11-11T00:00:00+08:00", "occurred_at": AT}
LINK = {"buyer_id": "b1", "kind": "phone", "token": "t1", "occurred_at": AT}


def taken(kind: type[Message], value: dict[str, Any], key: str) -> Incoming | Unreadable | None:
    headers = {"ce_specversion": "1.0", "ce_id": "e1", "ce_source": "app", "ce_type": kind.type}
    record = Record(
        kind.topic.name, 0, 1, key.encode(), json.dumps(value).encode(), tuple((name, text.encode()) for name, text in headers.items())
    )
    return decode(record, {kind.topic.name: kind.topic}, "order", (kind,), datetime.fromisoformat(AT))


@pytest.mark.parametrize(
    ("kind", "value", "key"),
    [
        (ProductReviewed, REVIEW, "c618"),
        (AllotmentSet, ALLOTMENT, "c618"),
        (AllotmentSet, {**ALLOTMENT, "limit_per_identity": None}, "c618"),
        (ViolationRecorded, VIOLATION, "seller:s1"),
        (ViolationRecorded, {**VIOLATION, "level": None}, "seller:s1"),
        (IdentityLinked, LINK, "b1"),
        (MemberOrderedBefore, BEFORE, "b1"),
        (MemberOrderedBefore, {**BEFORE, "first_paid_at": AT}, "b1"),
        (MemberOrderedBefore, {**BEFORE, "first_paid_at": None}, "b1"),
    ],
)
def test_what_is_right_is_taken(kind: type[Message], value: dict[str, Any], key: str) -> None:
    assert isinstance(taken(kind, value, key), Incoming)


@pytest.mark.parametrize(
    ("kind", "value", "key", "code"),
    [
        (ProductReviewed, {**REVIEW, "approved": "yes"}, "c618", "event.invalid"),
        (ProductReviewed, {**REVIEW, "sku": "a/b"}, "c618", "event.invalid"),
        (ProductReviewed, REVIEW, "c619", "event.key_mismatch"),
        (AllotmentSet, {**ALLOTMENT, "units": -1}, "c618", "event.invalid"),
        (AllotmentSet, {**ALLOTMENT, "units": 1.5}, "c618", "event.invalid"),
        (AllotmentSet, {**ALLOTMENT, "units": 10**10}, "c618", "event.invalid"),
        (AllotmentSet, {**ALLOTMENT, "limit_per_identity": 0}, "c618", "event.invalid"),
        (ViolationRecorded, {**VIOLATION, "level": 6}, "seller:s1", "event.invalid"),
        (ViolationRecorded, {**VIOLATION, "subject_id": "buyer:b1"}, "buyer:b1", "event.invalid"),
        (ViolationRecorded, {**VIOLATION, "points": -5}, "seller:s1", "event.invalid"),
        (ViolationRecorded, VIOLATION, "s1", "event.key_mismatch"),
        (IdentityLinked, {**LINK, "kind": "email"}, "b1", "event.invalid"),
        (IdentityLinked, {**LINK, "token": "+86 138 0000 0000"}, "b1", "event.invalid"),
        (IdentityLinked, LINK, "b2", "event.key_mismatch"),
        (MemberOrderedBefore, {**BEFORE, "first_paid_at": "2026-06-01T10:00:01Z"}, "b1", "event.invalid"),
        (MemberOrderedBefore, BEFORE, "b2", "event.key_mismatch"),
    ],
)
def test_what_is_wrong_is_refused_with_its_code(kind: type[Message], value: dict[str, Any], key: str, code: str) -> None:
    found = taken(kind, value, key)
    assert isinstance(found, Unreadable)
    assert found.code == code
