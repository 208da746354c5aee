"""The services' tables as ops may read them: what took effect or is held, what is parked, and the ledger's balances."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import asyncpg

from deploy.local.services import discover
from deploy.market.clients import Published, Read
from shared import contracts
from shared.contracts import registry

SERVICES = tuple(discover())
BALANCES = """
SELECT split_part(account, ':', 1) AS kind, account, currency, sum(amount_minor)::bigint AS amount_minor
  FROM payment.posting GROUP BY account, currency
"""


@dataclass(frozen=True)
class Books:
    """inbox: (service, source, id) of upstream events that took effect or are held. held: of each service, by state.

    balances: (account, currency, minor units).
    """

    inbox: frozenset[tuple[str, str, str]]
    held: dict[tuple[str, str], int]
    balances: Sequence[tuple[str, str, int]]

    def sum_of(self, prefix: str, currency: str) -> int:
        return sum(amount for account, unit, amount in self.balances if account.startswith(prefix) and unit == currency)

    def of(self, kind: str, party: str, currency: str) -> int:
        """kind: balance, deposit, prefunded, debt or payout."""
        return self._amounts.get((f"{kind}:{party}", currency), 0)

    def of_party(self, party: str, currency: str) -> int:
        return sum(self.of(kind, party, currency) for kind in ("balance", "deposit", "prefunded", "debt", "payout"))

    @cached_property
    def _amounts(self) -> dict[tuple[str, str], int]:
        return {(account, currency): amount for account, currency, amount in self.balances}

    @property
    def currencies(self) -> list[str]:
        return sorted({currency for _, currency, _ in self.balances})


async def read(dsn: str) -> Books:
    """dsn: of ops, who reads all schemas."""
    connection = await asyncpg.connect(dsn)
    try:
        inbox: set[tuple[str, str, str]] = set()
        held: dict[tuple[str, str], int] = {}
        for service in SERVICES:
            rows = await connection.fetch(f'SELECT source, id FROM "{service}".inbox')
            inbox.update((service, row["source"], row["id"]) for row in rows)
            rows = await connection.fetch(f'SELECT state, count(*) FROM "{service}".parked GROUP BY state')
            held.update({(service, row["state"]): row["count"] for row in rows})
        balances = [(row["account"], row["currency"], row["amount_minor"]) for row in await connection.fetch(BALANCES)]
        return Books(frozenset(inbox), held, balances)
    finally:
        await connection.close()


@dataclass(frozen=True, slots=True)
class Fates:
    """Of what was published. lost: neither took effect, nor is held, nor was rejected. wrong: rejected otherwise than expected."""

    lost: tuple[str, ...]
    wrong: tuple[str, ...]
    rejected: int


def account_for(published: Iterable[Published], notices: Iterable[Read], inbox: frozenset[tuple[str, str, str]]) -> Fates:
    """notices: of what was refused, as the apps that sent it read them."""
    codes = {_origin(notice): notice.headers.get("x-reason", "") for notice in notices}
    entries = {(entry.topic.name, entry.kind.type): entry for entry in registry.entries(contracts.topics.UPSTREAM)}
    lost, wrong, rejected = [], [], 0
    gone: set[tuple[str, str, str, bytes]] = set()  # what was rejected; a copy that came while it waited was passed over
    for one in sorted(published, key=lambda one: one.place):
        sent, code = one.sent, codes.get(one.place, "")
        rejected += bool(code)
        takers = _takers(entries.get((sent.topic, sent.type)), sent.value) if not code else ()
        same = (sent.topic, sent.source, sent.id, sent.value)
        taken = bool(takers) and all((taker, sent.source, sent.id) in inbox for taker in takers)
        said = f"{sent.topic}/{one.partition}/{one.offset} {sent.type} {sent.id}"
        if code:
            gone.add(same)
        if not code and not taken and same not in gone:
            lost.append(said)
        elif code != sent.refused:
            wrong.append(f"{said}: {code or 'taken'}, expected {sent.refused or 'to take effect'}")
    return Fates(tuple(lost), tuple(wrong), rejected)


def _takers(entry: registry.Entry | None, value: bytes) -> tuple[str, ...]:
    """The services that it concerns; where only one takes the type, nobody looks. value: of what was not refused."""
    if entry is None or len(entry.consumers) == 1:
        return entry.consumers if entry is not None else ()
    event = entry.kind.from_json(value)
    return tuple(service for service in entry.consumers if event.concerns(service))


def _origin(notice: Read) -> tuple[str, int, int]:
    headers = notice.headers
    partition, offset = headers.get("x-original-partition", "-1"), headers.get("x-original-offset", "-1")
    return headers.get("x-original-topic", ""), int(partition), int(offset)
