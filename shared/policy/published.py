"""Which of the documents on policy.v1 count: a function of the topic's records in order, so that everyone who reads them agrees.

Source: R9.1, R2.8.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from shared.contracts.policy import PolicyPublished
from shared.errors import PolicyCode
from shared.messaging.envelope import decode
from shared.messaging.record import Incoming, Record, Unreadable
from shared.messaging.versions import Kept
from shared.policy.document import LEAD_MINUTES_MIN, Policy
from shared.policy.policies import Policies

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOPICS = {PolicyPublished.topic.name: PolicyPublished.topic}


class PublishedPolicies:
    """policy.v1 as the engine follows it."""

    topic = PolicyPublished.topic
    lead = timedelta(minutes=LEAD_MINUTES_MIN)

    def policies(self, kept: Sequence[Kept]) -> Policies:
        return Policies(PolicyPublished.from_json(one.value).document() for one in kept)

    def judge(self, record: Record, kept: Sequence[Kept], *, manual: bool) -> Kept | Unreadable | None:
        read = decode(record, TOPICS, self.topic.warden, frozenset({PolicyPublished}), None)
        if not isinstance(read, Incoming):
            assert read is not None  # decode passes over what is for others, and this topic has one type
            return Unreadable(record, "policy.invalid", read.detail) if read.code == "event.invalid" else read
        event = read.event
        assert isinstance(event, PolicyPublished)
        accepted = self.policies(kept) if kept else None
        found = verdict(event.document(), published_at(event, record, manual=manual), accepted)
        if isinstance(found, Policy):
            value = record.value or b""
            return Kept(found.version, record.offset, found.effective_from, digest_of(value, found.effective_from), value)
        return Unreadable(record, *found) if found is not None else None


def verdict(policy: Policy, published: datetime, accepted: Policies | None) -> Policy | tuple[PolicyCode, str] | None:
    """The policy if it counts from now on; None if it is one of those that do, told again; else the code and why not.

    accepted: those that counted when it was published; None: it is the first, which is in force from the beginning.
    """
    if accepted is None:
        return policy
    known = accepted.named(policy.version)
    if known is not None:
        said = f"version {known.version} was accepted with another body (sha256 {digest(known)[:12]}, this one {digest(policy)[:12]})"
        return None if known == policy else ("policy.version_reused", said)
    last = accepted.versions[-1]
    if policy.effective_from <= last.effective_from:
        return "policy.older", f"effective_from {_told(policy)}, but version {last.version} begins {_told(last)}"
    lead = timedelta(minutes=accepted.at(published).lead_minutes)
    if policy.effective_from - published < lead:
        return "policy.too_soon", f"effective_from {_told(policy)}; published {_utc(published)}, not before {_utc(published, lead)}"
    return policy


def published_at(event: PolicyPublished, record: Record, *, manual: bool) -> datetime:
    """By the broker's time where that is the time of business, and never before what the publisher says."""
    if manual:
        return event.occurred_at
    return max(
        event.occurred_at, datetime.fromtimestamp(record.timestamp_ms // 1000, UTC) + timedelta(milliseconds=record.timestamp_ms % 1000)
    )


def digest(policy: Policy) -> str:
    """SHA-256 of what was written as the version: its JSON, keys sorted, no blanks, effective_from in UTC.

    What was left out is not in it, so a later program, which fills in more of its own, comes to the same.
    """
    return _sha256(policy.model_dump(mode="json", exclude_unset=True), policy.effective_from)


def digest_of(value: bytes, begins: datetime) -> str:
    """The same of a record's value, without asking what this program knows of its fields. begins: its effective_from."""
    return _sha256({name: part for name, part in json.loads(value).items() if name != "occurred_at"}, begins)


def _sha256(written: Mapping[str, Any], begins: datetime) -> str:
    body = {**written, "effective_from": begins.astimezone(UTC).isoformat()}
    return sha256(json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()


def _utc(at: datetime, later: timedelta = timedelta()) -> str:
    """Who says that it publishes at the end of the calendar has no time left."""
    try:
        return (at.astimezone(UTC) + later).isoformat()
    except OverflowError:
        return "beyond the calendar"


def _told(policy: Policy) -> str:
    return policy.effective_from.isoformat()
