"""Of each event that was refused of an app there is a notice that says the same without what was in it, and of nothing else. Source: R2.1.

Both are written in one transaction, one behind the other in the same partition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from deploy.verify.log import TOPICS, Entry, Lane, Log
from deploy.verify.report import Check
from shared.messaging.message import COPIES, NOTICES

BYTES_MAX = 1024  # longer names and keys are nobody's: a notice leaves them out
NAMES = ("ce_id", "ce_source", "ce_type")
WHY = ("x-original-topic", "x-original-partition", "x-original-offset", "x-reason", "x-error")
Said = tuple[bytes | None, ...]  # key, value, names, why


def checks(log: Log) -> Iterator[Check]:
    check = Check("each refusal of an app's event has its notice, under its names and its code, and nothing else has one")
    for service, number in sorted({(topic.partition(".")[0], number) for topic, number in log.lanes}):
        _compare(check, log, (service + COPIES, number), (service + NOTICES, number))
    yield check


def _compare(check: Check, log: Log, copies: Lane, notices: Lane) -> None:
    """Where either topic was shortened, what both still hold: the last of each."""
    due = [_due(copy) for copy in log.lanes.get(copies, ()) if _of_app(copy)]
    told = [_said(notice) for notice in log.lanes.get(notices, ())]
    if log.starts.get(copies) or log.starts.get(notices):
        both = min(len(due), len(told))
        due, told = due[len(due) - both :], told[len(told) - both :]
    check.counted += len(due)
    for missing in (Counter(due) - Counter(told)).elements():
        check.differ(f"{notices[0]}/{notices[1]}: nothing tells that {_words(missing)}")
    for invented in (Counter(told) - Counter(due)).elements():
        check.differ(f"{notices[0]}/{notices[1]}: it tells that {_words(invented)}, and no copy says so")


def _of_app(copy: Entry) -> bool:
    """Not what a bug of ours holds back, what we said ourselves, or a version of the policy: of that each service's copy tells ops."""
    topic = TOPICS.get(copy.header("x-original-topic"))
    return topic is not None and not topic.own and not topic.single and not copy.header("x-reason").startswith("parked.")


def _due(copy: Entry) -> Said:
    names = (_bounded(copy.headers.get(name)) or None for name in NAMES)
    return _bounded(copy.key), None, *names, *(copy.headers.get(name) for name in WHY)


def _said(notice: Entry) -> Said:
    return notice.key, notice.value, *(notice.headers.get(name) for name in (*NAMES, *WHY))


def _bounded(text: bytes | None) -> bytes | None:
    return text if text is None or len(text) <= BYTES_MAX else None


def _words(said: Said) -> str:
    identity, source, kind, topic, partition, offset, code, _ = ((text or b"").decode(errors="replace") for text in said[2:])
    shown = " with what was in it" if said[1] is not None else ""
    return f"{kind or 'a record'} {identity} of {source or 'nobody'} at {topic}/{partition}/{offset} was refused as {code}{shown}"
