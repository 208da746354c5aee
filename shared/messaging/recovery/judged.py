"""Versions judged once more, as the engine follows them, of a database that lost what it had kept of them."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

from shared.messaging.clock import BusinessClock
from shared.messaging.record import Record
from shared.messaging.recovery.lost import NoRecovery
from shared.messaging.shape import Policies, Service
from shared.messaging.store import OutboxRow, Store
from shared.messaging.versions import LOAD_KEPT, Following, Kept, Published, keep
from shared.settings import Settings

POSITION = "SELECT position FROM cursor WHERE topic = $1 AND partition = 0"


class Again(Following):
    """begin(), foresee() what follows; then decisions have all versions, and once() takes a record as the engine does."""

    def __init__(self, published: Published, service: Service, settings: Settings, clock: BusinessClock, store: Store) -> None:
        super().__init__(published, service, settings, clock, _nobody, self._sent)
        self.topic = published.topic.name
        self._store = store
        self._foreseen: list[Kept] = []
        self._outbox: list[OutboxRow] = []

    async def begin(self, connection: asyncpg.Connection) -> int:
        """Where in the topic it stands."""
        self._foreseen = [Kept(*row) for row in await connection.fetch(LOAD_KEPT)]
        return await connection.fetchval(POSITION, self.topic) or 0

    def foresee(self, records: Iterable[Record]) -> None:
        """All that the topic holds behind where it stands. Raises NoRecovery where none counts."""
        for record in records:
            found = self._published.judge(record, self._foreseen, manual=self._clock.manual)
            if isinstance(found, Kept):
                keep(self._foreseen, found)
        if not self._foreseen:
            raise NoRecovery("halt.no_policy", f"{self.topic} has no valid version")
        self._known = self._published.policies(self._foreseen)

    async def known(self, at: object) -> Policies:
        assert self._known is not None, "foresee() first"
        return self._known

    async def once(self, connection: asyncpg.Connection, position: int, record: Record) -> list[OutboxRow]:
        """What its transaction told. Raises Unfit."""
        self._outbox = []
        await self._take(connection, position, [record], record.offset + 1)
        return self._outbox

    def _sent(self, rows: Iterable[OutboxRow]) -> None:
        self._outbox = list(rows)


async def _nobody(purpose: str) -> asyncpg.Connection:
    raise AssertionError(purpose)
