"""Which deadlines stand, as far as must be known of them to tell whether one that was told had stood."""

from __future__ import annotations

import json
from datetime import datetime

import asyncpg

from shared.messaging.fold import OFFER, WAIT_OVER, timer_id
from shared.messaging.message import Topic
from shared.messaging.record import Effects, Record
from shared.messaging.recovery.lost import NoRecovery
from shared.messaging.system import turn_of

STANDING = "SELECT kind, subject, due_at FROM timer WHERE sent_at IS NULL"

Place = tuple[str, str]  # type and subject


class Deadlines:
    """Of one service: begin(), then follow() each transaction."""

    def __init__(self) -> None:
        self._standing: dict[Place, str] = {}  # that have not fired
        self._over: set[str] = set()  # that stood, and do not any more

    async def begin(self, connection: asyncpg.Connection) -> None:
        self._standing = {(row[0], row[1]): _identity(*row) for row in await connection.fetch(STANDING)}

    def follow(self, effects: Effects) -> None:
        for timer in effects.armed.values():
            self._put((timer.kind, timer.subject), _identity(timer.kind, timer.subject, timer.due_at))
        for place in effects.disarmed - effects.armed.keys():
            self._put(place, None)

    def fired(self, place: Place) -> None:
        del self._standing[place]

    def stands(self, place: Place, identity: str) -> bool:
        return self._standing.get(place) == identity

    def knows(self, place: Place, identity: str) -> bool:
        """It stands, or did."""
        return self.stands(place, identity) or identity in self._over

    def _put(self, place: Place, identity: str | None) -> None:
        before = self._standing.pop(place, None)
        if before is not None and before != identity:
            self._over.add(before)
        if identity is not None:
            self._standing[place] = identity


def named(record: Record, topic: Topic) -> tuple[Place, str]:
    """The type and subject of one that was told, and which it is: the engine's own go by what they are about, the others by their id."""
    if turn := turn_of(record, topic):
        subject = turn.key if turn.kind == OFFER else json.loads(record.value or b"{}").get("ref", "")
        return (turn.kind, subject), f"{turn.kind} {subject}"
    type = (dict(record.headers).get("ce_type") or b"").decode()
    kind = topic.types.get(type)
    if kind is None:
        raise NoRecovery("halt.replay_unreadable", f"{type} at {record.ref}")
    return (type, kind.from_json(record.value or b"").subject), record.event_id


def _identity(kind: str, subject: str, due_at: datetime) -> str:
    return f"{kind} {subject}" if kind in (OFFER, WAIT_OVER) else timer_id(kind, subject, due_at)
