"""Waiting for rest outlives servers that die in the middle of a look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import asyncpg
import pytest

from deploy.cli.ends import Read
from deploy.cli.watch import NotIdle, Watch


class Broken:
    """A connection whose server died while it was asked: whatever it is asked afterwards, it says the same."""

    terminated = False

    def is_closed(self) -> bool:
        return self.terminated

    def terminate(self) -> None:
        self.terminated = True

    async def fetch(self, *_: object) -> list[Any]:
        raise asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress")


async def test_a_connection_that_broke_in_the_middle_of_a_look_is_not_asked_again() -> None:
    watch, broken = object.__new__(Watch), Broken()
    watch.stack = cast("Any", SimpleNamespace(clock="system"))
    watch.grace, watch._standing, watch._last = timedelta(seconds=5), "", None
    watch._ends = cast("Any", SimpleNamespace(read=lambda: Read({}, datetime.min.replace(tzinfo=UTC), ())))
    watch._connection = cast("Any", broken)
    with pytest.raises(NotIdle, match="cannot look: InternalClientError"):
        await watch.idle(0)
    assert broken.terminated
    assert watch._connection is None
