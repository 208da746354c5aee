"""What plain SQL says of a database, from code that runs no loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg

ANSWER_S, CLOSE_S = 30, 2
BROKEN = (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)


class Tables:
    """Who waits for something asks many times a second, and a new connection costs ten times what is asked: one of each account is
    kept, and another is made where it broke. What changes something goes by one of its own, as it must not be said twice.
    """

    def __init__(self) -> None:
        self._kept: dict[str, asyncpg.Connection] = {}
        self._one_at_a_time = asyncio.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="toy-tables", daemon=True)
        self._thread.start()

    def rows(self, dsn: str, sql: str, arguments: Sequence[Any]) -> list[Any]:
        ask = self._look if sql.lstrip().startswith("SELECT") else self._say
        return asyncio.run_coroutine_threadsafe(ask(dsn, sql, arguments), self._loop).result()

    def close(self) -> None:
        for dsn in [*self._kept]:
            asyncio.run_coroutine_threadsafe(self._forget(dsn), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _look(self, dsn: str, sql: str, arguments: Sequence[Any]) -> list[Any]:
        async with self._one_at_a_time:
            if dsn in self._kept:
                try:
                    return list(await self._kept[dsn].fetch(sql, *arguments, timeout=ANSWER_S))
                except BROKEN:
                    await self._forget(dsn)
            self._kept[dsn] = await asyncpg.connect(dsn, timeout=ANSWER_S, statement_cache_size=0)  # tables change under it
            return list(await self._kept[dsn].fetch(sql, *arguments))

    async def _say(self, dsn: str, sql: str, arguments: Sequence[Any]) -> list[Any]:
        connection = await asyncpg.connect(dsn, timeout=ANSWER_S)
        try:
            return list(await connection.fetch(sql, *arguments))
        finally:
            await connection.close()

    async def _forget(self, dsn: str) -> None:
        with suppress(*BROKEN, TimeoutError):
            await self._kept[dsn].close(timeout=CLOSE_S)
        del self._kept[dsn]
