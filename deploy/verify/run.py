"""Tables first, in one snapshot; then the topics up to what that snapshot has written; then every check."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # exported without an __all__

from deploy.collecting import uncollected
from deploy.local import policies as topic
from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify import (
    again,
    allocation,
    at_once,
    breaks,
    campaigns,
    cards,
    certificates,
    clocks,
    compensations,
    echoes,
    endings,
    first_orders,
    follows,
    found,
    handled,
    holds,
    intake,
    integrity,
    money,
    notices,
    orders,
    parcels,
    planned,
    policies,
    promises,
    purses,
    reasons,
    reconciliation,
    refusals,
    reimbursed,
    rejections,
    repeated,
    scores,
    slices,
    splits,
    standings,
    states,
    steps,
    suspensions,
    transactions,
    verdicts,
    votes,
    windows,
)
from deploy.verify.log import TOPICS, Lane, Log, named, read
from deploy.verify.report import Check, Report
from deploy.verify.tables import Tables, given_out, snapshot
from shared import postgres
from shared.policy import Policies
from shared.policy.published import PublishedPolicies

TIMEOUT_S = 30


async def verify(stack: Stack) -> Report:
    """Right also while the services work: what is written after the snapshot is left out. Raises TimeoutError, KafkaException."""
    began = time.monotonic()
    with uncollected():
        tables = await snapshot(stack.dsn(postgres.OPS))
        reading = await asyncio.to_thread(topic.read, stack)
        published = PublishedPolicies().policies(reading.kept)
        log = await asyncio.to_thread(_log, stack, tables)
        if log.ahead:
            given = await given_out(stack.dsn(postgres.OPS))  # what was written after the snapshot is ours, and left out
            log.ahead = [entry for entry in log.ahead if (entry.sequence or 0) > given.get((entry.topic, entry.partition), 0)]
        report = Report(log.records, checks=list(statements(Seen(log, tables, published, reading.heard))))
    report.since = {f"{lane[0]}/{lane[1]}": start for lane, start in sorted(log.starts.items()) if start > 0}
    report.strangers, report.stranger = len(log.foreign), named(log.foreign[0]) if log.foreign else ""
    report.seconds = time.monotonic() - began
    return report


class Seen(NamedTuple):
    """heard: what policy.v1 holds; nothing: every service has read the versions."""

    log: Log
    tables: Tables
    published: Policies
    heard: Sequence[topic.Heard] = ()


PARTS: Mapping[str, Callable[[Seen], Iterator[Check]]] = {
    "integrity": lambda seen: integrity.checks(seen.log, seen.tables),
    "intake": lambda seen: intake.checks(seen.log, seen.tables),
    "follows": lambda seen: follows.checks(seen.log, seen.tables),
    "echoes": lambda seen: echoes.checks(seen.log),
    "again": lambda seen: again.checks(seen.log),
    "notices": lambda seen: notices.checks(seen.log),
    "money": lambda seen: money.checks(seen.log, seen.tables),
    "clocks": lambda seen: clocks.checks(seen.log, seen.published),
    "transactions": lambda seen: transactions.checks(seen.log),
    "allocation": lambda seen: allocation.checks(seen.log, seen.published),
    "rejections": lambda seen: rejections.checks(seen.log, seen.published),
    "repeated": lambda seen: repeated.checks(seen.log, seen.published),
    "slices": lambda seen: slices.checks(seen.log),
    "splits": lambda seen: splits.checks(seen.log, seen.published),
    "planned": lambda seen: planned.checks(seen.log),
    "promises": lambda seen: promises.checks(seen.log),
    "certificates": lambda seen: certificates.checks(seen.log, seen.published),
    "compensations": lambda seen: compensations.checks(seen.log),
    "verdicts": lambda seen: verdicts.checks(seen.log),
    "endings": lambda seen: endings.checks(seen.log),
    "windows": lambda seen: windows.checks(seen.log),
    "steps": lambda seen: steps.checks(seen.log),
    "reasons": lambda seen: reasons.checks(seen.log),
    "at once": lambda seen: at_once.checks(seen.log),
    "refusals": lambda seen: refusals.checks(seen.log),
    "cards": lambda seen: cards.checks(seen.log, seen.tables, seen.published),
    "holds": lambda seen: holds.checks(seen.log),
    "handled": lambda seen: handled.checks(seen.log),
    "reimbursed": lambda seen: reimbursed.checks(seen.log),
    "purses": lambda seen: purses.checks(seen.log),
    "orders": lambda seen: orders.checks(seen.log, seen.tables),
    "parcels": lambda seen: parcels.checks(seen.log),
    "reconciliation": lambda seen: reconciliation.checks(seen.log, seen.tables),
    "breaks": lambda seen: breaks.checks(seen.log),
    "states": lambda seen: states.checks(seen.log, seen.tables),
    "suspensions": lambda seen: suspensions.checks(seen.log, seen.tables),
    "campaigns": lambda seen: campaigns.checks(seen.log, seen.tables),
    "first orders": lambda seen: first_orders.checks(seen.log, seen.tables, seen.published),
    "found": lambda seen: found.checks(seen.log, seen.tables, seen.published),
    "scores": lambda seen: scores.checks(seen.log, seen.published),
    "standings": lambda seen: standings.checks(seen.log, seen.tables, seen.published),
    "votes": lambda seen: votes.checks(seen.log, seen.tables, seen.published),
    "policies": lambda seen: policies.checks(seen.log, seen.tables, seen.published, seen.heard),
}


def statements(seen: Seen, parts: Iterable[str] = PARTS) -> Iterator[Check]:
    """Each on all that was read."""
    for name in parts:
        try:
            yield from PARTS[name](seen)
        except LookupError as error:  # a fact that rests on one that is missing is a difference, not the end of all other statements
            check = Check(f"{name}: what its facts rest on is there")
            check.that(False, f"nothing tells of {error}")
            yield check


def _log(stack: Stack, tables: Tables) -> Log:
    settings = quiet(stack.settings(postgres.OPS).confluent())
    ends = ends_of(stack, [topic.name for topic in TOPICS.values() if not topic.single])
    return read(settings, ends, starts_of(stack, ends), tables.lanes)


def ends_of(stack: Stack, topics: Iterable[str]) -> dict[Lane, int]:
    """Of every partition of keyed topics."""
    places = [(topic, number) for topic in topics for number in range(stack.stripes)]
    return _offsets(stack, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]


def starts_of(stack: Stack, places: Iterable[Lane]) -> dict[Lane, int]:
    """The first offsets that the broker still has."""
    return _offsets(stack, places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]


def _offsets(stack: Stack, places: Iterable[Lane], which: OffsetSpec) -> dict[Lane, int]:
    wanted = {TopicPartition(*place): which for place in places}
    admin = stack.admin()  # must outlive its futures
    futures = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=TIMEOUT_S)
    return {(place.topic, place.partition): future.result(TIMEOUT_S).offset for place, future in futures.items()}
