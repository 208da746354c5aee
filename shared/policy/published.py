"""Which of the documents on policy.v1 count: a function of the topic's records in order, so that everyone who reads them agrees.

Source: R9.1, R2.8.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from shared.contracts.policy import PolicyPublished, PolicyWithdrawn
from shared.errors import PolicyCode
from shared.messaging.envelope import decode
from shared.messaging.record import Incoming, Record, Unreadable
from shared.messaging.versions import Kept
from shared.policy.document import LEAD_MINUTES_MIN, Policy
from shared.policy.policies import Policies

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
READ_MAX = 1024  # versions, as read: each record is judged by all that count before it
TOPICS = {PolicyPublished.topic.name: PolicyPublished.topic}


class PublishedPolicies:
    """policy.v1 as the engine follows it."""

    topic = PolicyPublished.topic
    lead = timedelta(minutes=LEAD_MINUTES_MIN)

    def policies(self, kept: Sequence[Kept]) -> Policies:
        return Policies(_document(one.value) for one in kept if one.withdrawn is None)

    def judge(self, record: Record, kept: Sequence[Kept], *, manual: bool) -> Kept | Unreadable | None:
        read = decode(record, TOPICS, self.topic.warden, frozenset({PolicyPublished, PolicyWithdrawn}), None)
        if not isinstance(read, Incoming):
            assert read is not None  # decode passes over what is for others, and this topic has these types
            return Unreadable(record, "policy.invalid", read.detail) if read.code == "event.invalid" else read
        event, accepted = read.event, self.policies(kept) if kept else None
        assert isinstance(event, PolicyPublished | PolicyWithdrawn)
        told, gone = published_at(event, record, manual=manual), frozenset(one.version for one in kept if one.withdrawn is not None)
        found = withdrawal(event.version, told, accepted, gone) if isinstance(event, PolicyWithdrawn) else None
        if isinstance(event, PolicyPublished):
            found = verdict(event.document(), told, accepted, gone)
        if not isinstance(found, Policy):
            return Unreadable(record, *found) if found is not None else None
        if isinstance(event, PolicyWithdrawn):
            return next(one for one in kept if one.version == found.version)._replace(withdrawn=record.offset)
        value = record.value or b""
        return Kept(found.version, record.offset, found.effective_from, digest_of(value, found.effective_from), value)


@lru_cache(READ_MAX)
def _document(value: bytes) -> Policy:
    return PolicyPublished.from_json(value).document()


def verdict(
    policy: Policy, published: datetime, accepted: Policies | None, withdrawn: Collection[str] = ()
) -> Policy | tuple[PolicyCode, str] | None:
    """The policy if it counts from now on; None if it is one of those that do, told again; else the code and why not.

    accepted: those that counted when it was published; None: it is the first, which is in force from the beginning. withdrawn: names of
    others, so that a late copy of one of them does not bring it back.
    """
    if accepted is None:
        return policy
    if policy.version in withdrawn:
        return "policy.withdrawn", f"version {policy.version} was withdrawn"
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


def withdrawal(
    version: str, published: datetime, accepted: Policies | None, withdrawn: Collection[str]
) -> Policy | tuple[PolicyCode, str] | None:
    """The policy if it counts no more from now on; None if it was withdrawn before; else the code and why it stays. Arguments of `verdict`.

    Nobody may have decided by it yet, nor be about to: who has not read this knows all of the lead after its own last look (V2).
    """
    if version in withdrawn:
        return None
    policy = accepted.named(version) if accepted else None
    if accepted is None or policy is None:
        return "policy.unknown", f"no version {version} was accepted"
    if policy == accepted.versions[0]:
        return "policy.too_late", f"version {version} is the first, in force from the beginning"
    lead = timedelta(minutes=accepted.at(published).lead_minutes)
    if policy.effective_from - published < lead:
        return (
            "policy.too_late",
            f"version {version} begins {_told(policy)}; withdrawn {_utc(published)}, {_span(lead)} before at the latest",
        )
    return policy


def published_at(event: PolicyPublished | PolicyWithdrawn, record: Record, *, manual: bool) -> datetime:
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


def _span(lead: timedelta) -> str:
    return f"{lead // timedelta(minutes=1)} minutes"


def _told(policy: Policy) -> str:
    return policy.effective_from.isoformat()
