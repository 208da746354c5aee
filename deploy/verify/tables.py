"""What the tables hold, all schemas in one snapshot."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from deploy.verify.log import Lane
from shared import postgres
from shared.policy.published import digest_of

KINDS = {
    "order": ("order", "allotment", "cluster", "member", "token", "suspension", "recent"),
    "payment": ("payment", "account"),
    "refund": ("purchase", "waybill", "card", "buyer", "known_member", "known_cluster", "fund"),
    "trust": ("score", "newest", "counterparty", "groups", "item", "standing", "holder", "person", "ballot", "tally", "poll"),
}  # the tables of entities
PUBLISH_SECONDS = 30.0
Place = tuple[str, str, str]
Task = tuple[int, str, datetime | None, bool]

PENDING = """
SELECT count(*) FROM {schema}.outbox o JOIN unnest($1::text[], $2::int[], $3::bigint[]) u(topic, partition, seq)
    ON (o.topic, o.partition) = (u.topic, u.partition) WHERE o.seq <= u.seq
"""

POSTINGS = """
SELECT tx::text, ordinal, account, currency, amount_minor, order_id, party, at, kind FROM payment.posting ORDER BY tx, ordinal
"""


BREAKS = "SELECT break_id, coalesce(order_id, party), break_kind, reference FROM payment.open_break"
TASKS = "SELECT order_id, case_id, task, state, turn, deadline, open FROM refund.case_task"
ATTENTION = "SELECT key, kind, id, why FROM payment.attention WHERE why IS NOT NULL"
HELD = "SELECT account, currency, amount_minor FROM payment.held"
LOOKS = "SELECT subject, due_at FROM payment.timer WHERE kind IN ('statement.due', 'payout_statement.due', 'put_in_statement.due')"


@dataclass(frozen=True, slots=True)
class Stored:
    """One entity. version counts its facts."""

    version: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taken:
    """How far a service is: positions and last numbers by partition, what it remembers, what it holds back (place -> state)."""

    positions: Mapping[Lane, int]
    lasts: Mapping[Lane, int]
    inbox: Mapping[tuple[str, str], bytes]
    held: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Posting:
    tx: str
    ordinal: int
    account: str
    currency: str
    amount_minor: int
    order_id: str | None
    party: str | None
    at: datetime
    kind: str | None


@dataclass(frozen=True, slots=True)
class Tables:
    """lanes: the last number of each lane. entities: by table, then by key.

    breaks: open ones by id: order or party, kind, reference. looks: when a movement that is not stated yet is looked at, by the
    timer's subject. tasks: the queue of cases, by order, case and `case` or `appeal`: state, turn, deadline, open. policies: by service,
    the versions that it keeps: when each begins, and the digest of what it decides by. attention: what waits for a person and why, by
    order or party, kind and id. sums: what the ledger's check takes each party's account to hold, by account and currency; None: not read.
    """

    lanes: Mapping[Lane, int]
    taken: Mapping[str, Taken]
    entities: Mapping[str, Mapping[str, Stored]]
    postings: list[Posting]
    breaks: Mapping[str, tuple[str, str, str]]
    looks: Mapping[str, datetime]
    tasks: Mapping[Place, Task] = field(default_factory=dict)
    policies: Mapping[str, Mapping[str, tuple[datetime, str]]] = field(default_factory=dict)
    attention: Mapping[Place, str] = field(default_factory=dict)
    sums: Mapping[tuple[str, str], int] | None = None


async def snapshot(dsn: str) -> Tables:
    """One moment of all services. Returns once the outboxes have let go of what counts, so that the topics have it; raises TimeoutError."""
    connection = await asyncpg.connect(dsn, timeout=10, command_timeout=300)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            lanes: dict[Lane, int] = {}
            taken: dict[str, Taken] = {}
            entities: dict[str, dict[str, Stored]] = {}
            policies: dict[str, dict[str, tuple[datetime, str]]] = {}
            for service, kinds in KINDS.items():
                schema = postgres.quoted(service)
                lanes |= await _lanes(connection, service)
                taken[service] = await _taken(connection, schema)
                kept = await connection.fetch(f"SELECT version, begins, value FROM {schema}.policy WHERE withdrawn IS NULL")
                policies[service] = {row[0]: (row[1], digest_of(row[2], row[1])) for row in kept}
                for kind in kinds:
                    stored = await connection.fetch(f"SELECT key, version, body::text FROM {schema}.{postgres.quoted(kind)}")
                    entities[kind] = {row[0]: Stored(row[1], json.loads(row[2])) for row in stored}
            postings = [Posting(*row) for row in await connection.fetch(POSTINGS)]
            breaks = {row[0]: (row[1], row[2], row[3]) for row in await connection.fetch(BREAKS)}
            looks = {row[0]: row[1] for row in await connection.fetch(LOOKS)}
            tasks = {(row[0], row[1], row[2]): (row[3], row[4], row[5], row[6]) for row in await connection.fetch(TASKS)}
            attention = {(row[0], row[1], row[2]): row[3] for row in await connection.fetch(ATTENTION)}
            sums = {(row[0], row[1]): row[2] for row in await connection.fetch(HELD)}
        await _published(connection, lanes)
    finally:
        await connection.close()
    return Tables(lanes, taken, entities, postings, breaks, looks, tasks, policies, attention, sums)


async def given_out(dsn: str) -> dict[Lane, int]:
    """The last number of each lane, now. A number is given out before its record is published."""
    connection = await asyncpg.connect(dsn, timeout=10)
    try:
        return {lane: last for service in KINDS for lane, last in (await _lanes(connection, service)).items()}
    finally:
        await connection.close()


async def _lanes(connection: asyncpg.Connection, service: str) -> dict[Lane, int]:
    rows = await connection.fetch(f"SELECT topic, partition, seq FROM {postgres.quoted(service)}.lane")
    return {(row[0], row[1]): row[2] for row in rows}


async def _taken(connection: asyncpg.Connection, schema: str) -> Taken:
    cursors = await connection.fetch(f"SELECT topic, partition, position, last_seq FROM {schema}.cursor")
    inbox = await connection.fetch(f"SELECT source, id, body_hash FROM {schema}.inbox")
    held = await connection.fetch(f"SELECT ref, state FROM {schema}.parked")
    return Taken(
        {(row[0], row[1]): row[2] for row in cursors},
        {(row[0], row[1]): row[3] or 0 for row in cursors},
        {(row[0], row[1]): row[2] for row in inbox},
        {row[0]: row[1] for row in held},
    )


async def _published(connection: asyncpg.Connection, lanes: Mapping[Lane, int]) -> None:
    columns = [list(column) for column in zip(*((*lane, seq) for lane, seq in lanes.items()), strict=True)] or [[], [], []]
    statement = " UNION ALL ".join(PENDING.format(schema=postgres.quoted(service)) for service in KINDS)
    deadline = time.monotonic() + PUBLISH_SECONDS
    while pending := sum(row[0] for row in await connection.fetch(statement, *columns)):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{pending} facts are still not published after {PUBLISH_SECONDS:.0f} s; are the services running?")
        await asyncio.sleep(0.1)
