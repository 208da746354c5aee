"""Tables first, in one snapshot; then the topics up to what that snapshot has written; then every check."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # exported without an __all__

from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify import campaigns, intake, integrity, money, orders, reconciliation, scores, states
from deploy.verify.log import TOPICS, Lane, Log, read
from deploy.verify.report import Check, Report
from deploy.verify.tables import Tables, snapshot
from shared import postgres
from shared.policy import Policies

TIMEOUT_S = 30


async def verify(stack: Stack) -> Report:
    """Right also while the services work: what is written after the snapshot is left out. Raises TimeoutError, KafkaException."""
    began = time.monotonic()
    tables = await snapshot(stack.dsn(postgres.OPS))
    log = await asyncio.to_thread(_log, stack, tables)
    report = Report(log.records, checks=[*_checks(log, tables), *scores.checks(log, Policies.configured())])
    report.since = {f"{lane[0]}/{lane[1]}": start for lane, start in sorted(log.starts.items()) if start > 0}
    report.seconds = time.monotonic() - began
    return report


def _checks(log: Log, tables: Tables) -> Iterator[Check]:
    yield from integrity.checks(log, tables)
    yield from intake.checks(log, tables)
    yield from money.checks(log, tables)
    yield from orders.checks(log, tables)
    yield from reconciliation.checks(log, tables)
    yield from states.checks(log, tables)
    yield from campaigns.checks(log, tables)


def _log(stack: Stack, tables: Tables) -> Log:
    settings = quiet(stack.settings(postgres.OPS).confluent())
    return read(settings, ends_of(stack, [topic.name for topic in TOPICS.values() if not topic.single]), tables.lanes)


def ends_of(stack: Stack, topics: Iterable[str]) -> dict[Lane, int]:
    """Of every partition of keyed topics."""
    places = [TopicPartition(topic, number) for topic in topics for number in range(stack.stripes)]
    wanted = {place: OffsetSpec.latest() for place in places}  # type: ignore[no-untyped-call]
    admin = stack.admin()  # must outlive its futures
    futures = admin.list_offsets(wanted, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=TIMEOUT_S)
    return {(place.topic, place.partition): future.result(TIMEOUT_S).offset for place, future in futures.items()}
