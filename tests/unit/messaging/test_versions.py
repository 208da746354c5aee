"""What a follower of versions says of itself: V2."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import TopicAuthorizationFailedError

from shared.messaging.versions import Following
from shared.settings import Settings
from tests.unit.messaging.trade import SERVICE, SHOP

NOW = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.mark.parametrize(("read_to", "told"), [(timedelta(minutes=-1), True), (timedelta(minutes=1), False)])
async def test_v2_a_process_that_may_decide_nothing_any_more_says_so(
    monkeypatch: pytest.MonkeyPatch, read_to: timedelta, told: bool
) -> None:
    """The broker refuses: for a while what was read is enough, then every batch waits in vain."""
    tried = asyncio.Event()

    class Refused:
        def __init__(self, **_: Any) -> None: ...

        async def start(self) -> None:
            raise TopicAuthorizationFailedError("policy.v1")

    async def leave(kafka: Any) -> None: ...

    async def nothing(seconds: float) -> None:
        tried.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("shared.messaging.versions.AIOKafkaConsumer", Refused)
    monkeypatch.setattr("shared.messaging.versions.leave", leave)
    monkeypatch.setattr("shared.messaging.versions.asyncio", SimpleNamespace(**{**vars(asyncio), "sleep": nothing}))
    published, clock = cast("Any", SimpleNamespace(topic=SHOP, lead=timedelta())), cast("Any", SimpleNamespace(now=lambda: NOW))
    following = Following(published, SERVICE, Settings(), clock, cast("Any", None), lambda rows: None)
    following._until = NOW + read_to
    following.task = asyncio.create_task(following._follow())
    await tried.wait()
    assert ("TopicAuthorizationFailedError" in following.trouble) == told
    following._unhalt()
    assert following.trouble == ""
    await following.stop()
