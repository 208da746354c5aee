"""Tables first, in one snapshot; then the topics up to what that snapshot has written; then every check."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # exported without an __all__

from deploy.collecting import uncollected
from deploy.local import policies as topic
from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify import (
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
        report = Report(log.records, checks=list(statements(log, tables, published, reading.heard)))
    report.since = {f"{lane[0]}/{lane[1]}": start for lane, start in sorted(log.starts.items()) if start > 0}
    report.strangers, report.stranger = len(log.foreign), named(log.foreign[0]) if log.foreign else ""
    report.seconds = time.monotonic() - began
    return report


def statements(log: Log, tables: Tables, published: Policies, heard: Sequence[topic.Heard] = ()) -> Iterator[Check]:
    """Each on all that was read. heard: what policy.v1 holds; nothing: every service has read the versions."""
    yield from _computed("integrity", integrity.checks(log, tables))
    yield from _computed("intake", intake.checks(log, tables))
    yield from _computed("follows", follows.checks(log, tables))
    yield from _computed("echoes", echoes.checks(log))
    yield from _computed("notices", notices.checks(log))
    yield from _computed("money", money.checks(log, tables))
    yield from _computed("clocks", clocks.checks(log, published))
    yield from _computed("transactions", transactions.checks(log))
    yield from _computed("allocation", allocation.checks(log, published))
    yield from _computed("repeated", repeated.checks(log, published))
    yield from _computed("slices", slices.checks(log))
    yield from _computed("splits", splits.checks(log, published))
    yield from _computed("planned", planned.checks(log))
    yield from _computed("promises", promises.checks(log))
    yield from _computed("certificates", certificates.checks(log, published))
    yield from _computed("compensations", compensations.checks(log))
    yield from _computed("verdicts", verdicts.checks(log))
    yield from _computed("endings", endings.checks(log))
    yield from _computed("steps", steps.checks(log))
    yield from _computed("reasons", reasons.checks(log))
    yield from _computed("at once", at_once.checks(log))
    yield from _computed("refusals", refusals.checks(log))
    yield from _computed("cards", cards.checks(log, tables, published))
    yield from _computed("holds", holds.checks(log))
    yield from _computed("handled", handled.checks(log))
    yield from _computed("reimbursed", reimbursed.checks(log))
    yield from _computed("purses", purses.checks(log))
    yield from _computed("orders", orders.checks(log, tables))
    yield from _computed("parcels", parcels.checks(log))
    yield from _computed("reconciliation", reconciliation.checks(log, tables))
    yield from _computed("breaks", breaks.checks(log))
    yield from _computed("states", states.checks(log, tables))
    yield from _computed("suspensions", suspensions.checks(log, tables))
    yield from _computed("campaigns", campaigns.checks(log, tables))
    yield from _computed("first orders", first_orders.checks(log, tables, published))
    yield from _computed("found", found.checks(log, tables, published))
    yield from _computed("scores", scores.checks(log, published))
    yield from _computed("standings", standings.checks(log, tables, published))
    yield from _computed("votes", votes.checks(log, tables, published))
    yield from _computed("policies", policies.checks(log, tables, published, heard))


def _computed(name: str, checks: Iterator[Check]) -> Iterator[Check]:
    """A fact that rests on one that is missing is a difference, not the end of all other statements."""
    try:
        yield from checks
    except LookupError as error:
        check = Check(f"{name}: what its facts rest on is there")
        check.that(False, f"nothing tells of {error}")
        yield check


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
