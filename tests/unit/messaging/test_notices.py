"""N2: of what was refused an app may know its name, its place and why, and nothing of what was in it."""

from __future__ import annotations

from typing import Any

import pytest

from shared.messaging.envelope import copy_headers
from shared.messaging.message import Topic
from shared.messaging.notices import notices
from shared.messaging.record import Out, Record

SHOP = Topic("shop.v1", "jar", ("app",), ("pantry",), warden="pantry")
OWN = Topic("pantry.v1", "jar", ("pantry",), own=True)
TOPICS = {topic.name: topic for topic in (SHOP, OWN, Topic("pantry.refused.v1", "", ("pantry",), own=True))}
NAMES = (("ce_id", b"e-1"), ("ce_source", b"shop"), ("ce_type", b"jar.opened"), ("secret", b"theirs"), ("x-reason", b"a lie"))


def copy(topic: str = "shop.v1", code: str = "event.invalid", key: bytes | None = b"jar-1", headers: Any = NAMES) -> Out:
    record = Record(topic, 3, 7, key, b'{"secret": 1}', headers)
    return Out("pantry.parked.v1", key, copy_headers(record, code, "jar: Field required", 1), record.value, 3)


def test_n2_an_app_reads_what_its_event_is_called_and_why_it_was_not_taken() -> None:
    fact = Out("pantry.v1", b"jar-1", NAMES, b"{}")
    (notice,) = notices([fact, copy()], TOPICS)
    assert (notice.topic, notice.key, notice.value, notice.partition) == ("pantry.refused.v1", b"jar-1", None, 3)
    assert notice.headers == (
        *NAMES[:3],
        ("x-original-topic", b"shop.v1"),
        ("x-original-partition", b"3"),
        ("x-original-offset", b"7"),
        ("x-reason", b"event.invalid"),
        ("x-error", b"jar: Field required"),
    )


@pytest.mark.parametrize("one", [copy(topic="pantry.v1"), copy(code="parked.raised"), copy(code="parked.killed_the_process")])
def test_n2_of_our_own_topics_and_of_what_a_bug_holds_back_there_is_none(one: Out) -> None:
    assert notices([one], TOPICS) == []


def test_n2_a_service_without_such_a_topic_tells_nobody() -> None:
    assert notices([copy()], {name: topic for name, topic in TOPICS.items() if not name.endswith(".refused.v1")}) == []


def test_n2_names_that_are_missing_empty_or_endless_are_left_out() -> None:
    (notice,) = notices([copy(key=b"k" * 2000, headers=(("ce_id", None), ("ce_source", b""), ("ce_type", b"t" * 2000)))], TOPICS)
    assert (notice.key, [name for name, _ in notice.headers if name.startswith("ce_")]) == (None, [])
