"""What an app may read of what was refused of it: what the event is called and why, without what was in it.

Invariant kept here:
 N2 Each copy of a record that an app sent has one notice, in the same transaction; nothing else has, what is published for all
    services (versions.py) neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.messaging.envelope import MAX_HEADER_BYTES
from shared.messaging.message import COPIES, NOTICES, Topic
from shared.messaging.record import Out

THEIRS = ("ce_id", "ce_source", "ce_type")
OURS = ("x-original-topic", "x-original-partition", "x-original-offset", "x-reason", "x-error")


def notices(facts: Iterable[Out], topics: Mapping[str, Topic]) -> list[Out]:
    """N2, of what a batch tells; none where a service has no topic for them. What a bug of ours holds back (`parked.…`) is not refused."""
    copies = [out for out in facts if out.topic.endswith(COPIES)]
    return [
        _notice(copy, told) for copy in copies if (told := copy.topic.removesuffix(COPIES) + NOTICES) in topics and _of_app(copy, topics)
    ]


def _of_app(copy: Out, topics: Mapping[str, Topic]) -> bool:
    headers = dict(copy.headers)  # ours stand last
    return not topics[headers["x-original-topic"].decode()].own and not headers["x-reason"].startswith(b"parked.")


def _notice(copy: Out, topic: str) -> Out:
    headers = dict(copy.headers)
    kept = (*(name for name in THEIRS if 0 < len(headers.get(name) or b"") <= MAX_HEADER_BYTES), *OURS)
    key = copy.key if len(copy.key or b"") <= MAX_HEADER_BYTES else None
    return Out(topic, key, tuple((name, headers[name]) for name in kept), None, copy.partition)
