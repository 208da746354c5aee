"""CloudEvents 1.0, Kafka binary mode: records to events and back. Every way to be unreadable has its code.

Invariants kept here:
 E1 Whatever bytes come, `decode` returns: an event, a refusal with a catalogued code, or None (meant for others).
 E2 Of our own topics only what their service wrote is taken: what has a number and that service's `ce_source`. All else is no number
    of ours anywhere, and the warden refuses it. Who forges the source as well cannot be told from the service, nor can who writes
    among copies and notices, which keep the sources of what they are about: there ACLs alone help.
 E3 A copy of a refused record keeps its bytes and headers as far as a record may be large; ours are added behind, named `x-…`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.errors import Code
from shared.messaging.message import COPIES, Message, Topic
from shared.messaging.newer import Newer, told
from shared.messaging.record import UNPACKED_MAX, Envelope, Headers, Incoming, Record, Unreadable
from shared.messaging.strict import Bad, check_json

MAX_IN_BYTES = 1024 * 1024  # of one upstream value
MAX_OUT_BYTES = 1024 * 1024  # of one fact with its headers
MAX_HEADER_BYTES = 1024
MAX_DIGITS = 18  # of a sequence: a bigint holds it
NEWER = ("event.unknown_type", "event.invalid")  # of a fact of ours: whoever wrote it knew what it wrote
WRONG_MAX = 5  # fields that a refusal names
AHEAD_MAX = timedelta(minutes=10)  # an upstream clock may be that much ahead of the business clock
AGE_MAX = timedelta(days=400)

_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context
TRACEPARENT_CHARS = 55
_BOUNDS = re.compile(r"\{(\d+),(\d+)\}")  # of a pattern's length
_OWN = ("ce_type", "ce_id", "ce_source", "ce_correlationid", "traceparent")
_pick_own = itemgetter(*_OWN)
_FOREIGN = "no ce_sequence under the ce_source of the topic's service: this was not written by it"
_SPEC_VERSION, _JSON = ("ce_specversion", b"1.0"), ("content-type", b"application/json")


def decode(
    record: Record, topics: Mapping[str, Topic], service: str, inputs: Collection[type[Message]], now: datetime | None
) -> Incoming | Unreadable | None:
    """E1. inputs: the classes that the service takes. What is for others is None; nobody's the warden refuses. now None: whenever."""
    topic = topics[record.topic]
    if not record.ours and topic.warden != service:
        return None
    sequence, named = None, dict(record.headers) if topic.own else {}
    if topic.own and not (sequence := number_of(topic, named)):  # E2
        return Unreadable(record, "event.foreign", _FOREIGN) if topic.warden == service else None
    try:
        if sequence and (ours := _ours(record, named, sequence)):
            kind = _kind(topic, ours[0], service, inputs)
            return _incoming(record, kind, ours[1]) if kind else None
        try:
            headers = _headers(record)
        except Bad:
            if topic.warden == service:
                raise
            return None
        kind = _kind(topic, headers["ce_type"], service, inputs)
        return _event(record, sequence, headers, kind, now) if kind else None
    except Bad as bad:
        return Unreadable(record, bad.code, bad.detail)


def known(bad: Unreadable) -> Unreadable:
    """Of what came next on one of our own topics: a stranger's (E2). Raises Newer where it is ours."""
    if bad.code in NEWER:
        raise Newer(f"{bad.code}: {bad.detail}")
    return bad


def still_known(item: Incoming | Unreadable | None, record: Record, topic: Topic) -> Incoming | Unreadable | None:
    """What is held back, read again. Raises Newer where only a newer release can have held it."""
    type = (dict(record.headers).get("ce_type") or b"").decode("utf-8", "replace")
    if type not in topic.types and not (isinstance(item, Unreadable) and item.code not in NEWER):
        raise Newer(f"held: {type}")
    return known(item) if topic.own and isinstance(item, Unreadable) else item


def number_of(topic: Topic, headers: Mapping[str, bytes | None]) -> int:
    """E2. Of a record on one of our own topics; 0: its service did not write it. A parked copy carries its original's number too."""
    text = headers.get("x-sequence" if topic.name.endswith(COPIES) else "ce_sequence") or b""
    if not text.isdigit() or len(text) > MAX_DIGITS or topic.source not in (None, headers.get("ce_source")):
        return 0
    return int(text)


def _kind(topic: Topic, type: str, service: str, inputs: Collection[type[Message]]) -> type[Message] | None:
    kind = topic.types.get(type)
    if kind is None and (topic.own or topic.warden == service):
        raise Bad("event.unknown_type", type)
    return kind if kind in inputs else None


def _ours(record: Record, headers: Mapping[str, Any], sequence: int) -> tuple[str, Envelope] | None:
    """Type and envelope of what our relay wrote. None: not quite that, look closer."""
    if record.value is None or len(record.value) > MAX_IN_BYTES:
        return None
    try:
        type, id, source, correlation, trace = map(bytes.decode, _pick_own(headers))
    except (KeyError, TypeError, UnicodeDecodeError):  # not there, no value, not UTF-8
        return None
    return (type, Envelope(id, source, sequence, correlation or id, trace)) if len(trace) == TRACEPARENT_CHARS else None


def _event(record: Record, sequence: int | None, headers: Mapping[str, str], kind: type[Message], now: datetime | None) -> Incoming:
    correlation = headers.get("ce_correlationid") or headers["ce_id"]
    envelope = Envelope(headers["ce_id"], headers["ce_source"], sequence, correlation, _traceparent(headers))
    if sequence is not None:
        return _incoming(record, kind, envelope)
    key, value = _key(record), _value(record)
    _check_time(headers)
    check_json(value)
    item = _incoming(record, kind, envelope)
    if now is not None and not -AGE_MAX <= (ahead := item.event.occurred_at - now) <= AHEAD_MAX:
        code: Code = "event.from_the_future" if ahead > AHEAD_MAX else "event.too_old"
        raise Bad(code, f"{item.event.occurred_at.isoformat()} while it is {now.isoformat()}")
    return Incoming(record, envelope, item.event, key, True, blake2b(value, digest_size=16).digest())


def _incoming(record: Record, kind: type[Message], envelope: Envelope) -> Incoming:
    key = _key(record)
    try:
        value = _value(record)
        event = kind.from_json(value) if envelope.sequence is None else told(kind).validate_json(value)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False)
        within = {one["loc"][:depth] for one in wrong for depth in range(len(one["loc"]))}  # a wrong item is not missing as well
        shown = [one for one in wrong if one["type"] != "too_short" or one["loc"] not in within]
        raise Bad("event.invalid", "; ".join(map(_wrong, shown[:WRONG_MAX]))) from None
    if event.key != key:
        raise Bad("event.key_mismatch", f"key {key!r}; body {event.key!r}")
    return Incoming(record, envelope, event, key, False)


def _wrong(one: ErrorDetails) -> str:
    """Of no field where fields contradict each other. In words of JSON, and no comma within a pattern: a header cannot hold it."""
    said = _BOUNDS.sub(r"{\1 to \2}", one["msg"]).replace("Tuple should", "List should").replace(" after validation", "")
    return f"{'.'.join(map(str, one['loc']))}: {said}".removeprefix(": Value error, ")


def _headers(record: Record) -> dict[str, str]:
    if record.size > UNPACKED_MAX:
        raise Bad("event.too_large", f"a packed batch of over {UNPACKED_MAX} bytes, or none that can be unpacked")
    if record.value is not None and len(record.value) > MAX_IN_BYTES:
        raise Bad("event.too_large", f"{len(record.value)} bytes, at most {MAX_IN_BYTES}")
    found: dict[str, str] = {}
    for name, data in record.headers:
        if not name.startswith("ce_") and name not in ("content-type", "traceparent"):
            continue
        if name in found:
            raise Bad("event.bad_header", f"{name} stands twice")
        if data is None or len(data) > MAX_HEADER_BYTES:
            raise Bad("event.bad_header", f"{name} is empty or over {MAX_HEADER_BYTES} bytes")
        try:
            found[name] = data.decode()
        except UnicodeDecodeError:
            raise Bad("event.bad_header", f"{name} is not UTF-8") from None
        if not found[name].isprintable() or not found[name] or "," in found[name]:
            raise Bad("event.bad_header", f"{name} is empty or holds a comma or a control character")
    missing = [name for name in ("ce_specversion", "ce_id", "ce_source", "ce_type") if name not in found]
    if missing:
        raise Bad("event.missing_header", ", ".join(missing))
    if found["ce_specversion"] != "1.0":
        raise Bad("event.bad_header", f"ce_specversion {found['ce_specversion']}: 1.0 is read here")
    if found.get("content-type", "application/json").split(";")[0].strip().lower() != "application/json":
        raise Bad("event.bad_header", f"content-type {found['content-type']}: application/json is read here")
    return found


def _check_time(headers: Mapping[str, str]) -> None:
    """RFC 3339 with a zone, where it is given; rules read occurred_at alone."""
    given = headers.get("ce_time")
    try:
        if given is None or datetime.fromisoformat(given).tzinfo is not None:
            return
    except ValueError:
        pass
    raise Bad("event.bad_header", f"ce_time {given} is no time with a zone")


def _key(record: Record) -> str:
    if record.key is None:
        raise Bad("event.no_key", "")
    try:
        return record.key.decode()
    except UnicodeDecodeError:
        raise Bad("event.not_utf8", "key") from None


def _value(record: Record) -> bytes:
    if record.value is None:
        raise Bad("event.no_value", "")
    return record.value


def _traceparent(headers: Mapping[str, str]) -> str:
    given = headers.get("traceparent", "")
    if _TRACEPARENT.fullmatch(given):
        return given
    trace = blake2b(f"{headers['ce_source']}|{headers['ce_id']}".encode(), digest_size=24).hexdigest()
    return f"00-{trace[:32]}-{trace[32:]}-01"


def fact_headers(fact: Message, identity: str, source: str, cause: Envelope, entity_version: int, policy_version: str) -> Headers:
    """All but `ce_sequence`, which the relay adds from the lane. Nothing to say means no header: an empty one is refused."""
    subject = fact.key
    if not subject.isprintable() or "," in subject or len(subject) > MAX_HEADER_BYTES:
        raise ValueError(f"{fact.type}: {subject!r} cannot be a header")
    span = identity[:8] + identity[9:13] + identity[14:18]
    headers: Headers = (
        _SPEC_VERSION,
        ("ce_id", identity.encode()),
        ("ce_source", source.encode()),
        ("ce_type", fact.type.encode()),
        ("ce_subject", subject.encode()),
        ("ce_time", fact.occurred_at.isoformat().encode()),
        _JSON,
        ("traceparent", f"{cause.traceparent[:36]}{span}-01".encode()),
        ("ce_entityversion", b"%d" % entity_version),
        ("ce_causationid", cause.id.encode()),
        ("ce_correlationid", cause.correlation.encode()),
        ("ce_policyversion", policy_version.encode()),
    )
    return headers if policy_version and cause.correlation else tuple(pair for pair in headers if pair[1])


def copy_headers(record: Record, code: str, error: str, attempts: int) -> Headers:
    """E3."""
    clean = "".join(character if character.isprintable() else " " for character in error.replace(",", ";"))
    ours = {
        "x-original-topic": record.topic,
        "x-original-partition": str(record.partition),
        "x-original-offset": str(record.offset),
        "x-reason": code,
        "x-error": clean.encode()[:MAX_HEADER_BYTES].decode(errors="ignore"),
        "x-attempts": str(attempts),
    }
    return record.headers + tuple((name, text.encode()) for name, text in ours.items())
