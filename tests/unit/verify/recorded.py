"""What `laotie verify` would read of a town: its topics as a log, its tables as a snapshot; every cursor is at the end.

A service that does not play has its facts told like an app's events.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from hashlib import blake2b
from typing import Any

from deploy.verify.log import TOPICS, Entry, Log
from deploy.verify.report import Check
from deploy.verify.run import Seen, statements
from deploy.verify.tables import Place, Posting, Stored, Tables, Taken, Task
from services.payment.store import ATTENTION
from services.refund.store import TASKS
from shared.contracts.payment import StatementDue
from shared.contracts.stated import PayoutStatementDue, PutInStatementDue
from shared.messaging.message import COPIES, Message
from shared.messaging.notices import notices
from shared.messaging.record import Out
from shared.policy import Policies
from shared.policy.published import digest
from tests.unit import builders as b
from tests.unit.town import Told, Town

LOOKS = (StatementDue, PayoutStatementDue, PutInStatementDue)
AT_END = 10**9


def checked(town: Town, policies: Policies = b.POLICIES) -> list[Check]:
    """policies: those of which the services know."""
    return list(statements(Seen(log_of(town), tables_of(town, policies), policies)))


def wrong(checks: list[Check]) -> list[str]:
    return [f"{check.name}: {check.first}" for check in checks if not check.holds]


def log_of(town: Town) -> Log:
    log, told = Log(), dict[str, Entry]()
    offsets: defaultdict[str, int] = defaultdict(int)
    for identity, event in town.sent:
        own, topic = event.topic.own, event.topic.name
        entry = _entry(identity, event.type, topic, offsets, event.key, event.to_json(), _of_app(identity, event), own=own)
        told.setdefault(identity, entry)
        (log.lanes.setdefault((topic, 0), []) if own else log.sent).append(entry)
    log.sent.sort(key=lambda entry: (entry.topic, entry.offset))
    for service in town.services.values():
        for out in service.written:
            headers = dict(out.headers)
            if out.topic.endswith(COPIES):
                continue
            identity, kind = headers["ce_id"].decode(), headers["ce_type"].decode()
            entry = _entry(identity, kind, out.topic, offsets, (out.key or b"").decode(), out.value or b"", headers, own=True)
            told[identity] = entry
            log.lanes.setdefault((out.topic, 0), []).append(entry)
    for service in town.services.values():
        for identity, timer in service.fired:
            entry = _entry(
                identity, timer.type, timer.topic.name, offsets, timer.key, timer.to_json(), {"ce_id": identity.encode()}, own=True
            )
            log.lanes.setdefault((entry.topic, 0), []).append(entry)
        _refused(service, log, told, offsets)
    log.starts = dict.fromkeys(log.lanes, 0)
    log.records = sum(offsets.values())
    index(log)
    return log


def index(log: Log) -> None:
    """Anew, after the log was changed."""
    log._of.clear()
    for entry in (*log.sent, *log.facts()):
        if entry.event is not None:
            log._of[type(entry.event)].append(entry)


def _entry(
    identity: str, kind: str, topic: str, offsets: defaultdict[str, int], key: str, value: bytes | None, headers: Any, *, own: bool = False
) -> Entry:
    offset = offsets[topic]
    offsets[topic] += 1
    known = TOPICS[topic].types.get(kind)
    event = known.model_validate_json(value or b"") if known is not None else None
    return Entry(identity, kind, topic, 0, offset, key.encode(), value, headers, AT_END * 10**4, offset + 1 if own else None, event)


def _of_app(identity: str, event: Message) -> dict[str, bytes | None]:
    return {"ce_id": identity.encode(), "ce_source": event.topic.name.partition(".")[0].encode()}


def _refused(service: Told, log: Log, told: dict[str, Entry], offsets: defaultdict[str, int]) -> None:
    """Copies name the place in the log, not the one in memory, and the event as its own headers do; behind them stand the notices."""
    copies = [_named(out, told[service.ids[_place(out)]]) for out in service.written if out.topic.endswith(COPIES)]
    for out in (*copies, *notices(copies, TOPICS)):
        headers, key = dict(out.headers), (out.key or b"").decode()
        identity, kind = (headers[name].decode() for name in ("ce_id", "ce_type"))
        entry = _entry(identity, kind, out.topic, offsets, key, out.value, headers, own=True)
        log.lanes.setdefault((out.topic, 0), []).append(entry)


def _named(copy: Out, of: Entry) -> Out:
    theirs = (("ce_id", of.id.encode()), ("ce_source", of.header("ce_source").encode()), ("ce_type", of.type.encode()))
    return copy._replace(headers=(*theirs, *copy.headers, ("x-original-offset", str(of.offset).encode())))


def _place(out: Out) -> str:
    """In memory, of what was refused."""
    headers = dict(out.headers)
    return "/".join((headers[f"x-original-{part}"] or b"").decode() for part in ("topic", "partition", "offset"))


def tables_of(town: Town, policies: Policies = b.POLICIES) -> Tables:
    log = log_of(town)
    entities: dict[str, dict[str, Stored]] = {}
    for service in town.services.values():
        bodies = {kind.name: kind.body for kind in service.service.kinds}
        entities |= {name: {} for name in bodies}
        for (name, key), (version, entity) in service.entities.items():
            entities[name][key] = Stored(version, json.loads(bodies[name].dump_json(entity)))
    payment = town.services["payment"]
    found = {row[0]: row for row in payment.rows.get("statement_break", []) if row[1] == "found"}
    explained = {row[0] for row in payment.rows.get("statement_break", []) if row[1] == "explained"}
    return Tables(
        lanes={lane: len(entries) for lane, entries in log.lanes.items()},
        taken={name: _taken(service, log) for name, service in town.services.items()},
        entities=entities,
        postings=sorted((Posting(*row) for row in payment.rows.get("posting", [])), key=lambda row: (row.tx, row.ordinal)),
        breaks={name: (row[2] or row[13], row[5], row[7]) for name, row in found.items() if name not in explained},
        looks=_looks(payment),
        tasks=_queue(town),
        attention={row[:3]: row[3] for row in ATTENTION.merged(payment.rows.get("attention", [])) if row[3]},
        policies={name: {one.version: (one.effective_from, digest(one)) for one in policies.versions} for name in town.services},
    )


def _queue(town: Town) -> dict[Place, Task]:
    """Empty where the refund service does not play."""
    rows = town.services["refund"].rows.get("case_task", []) if "refund" in town.services else []
    return {(row[0], row[1], row[2]): (row[4], row[5], row[6], row[10]) for row in TASKS.merged(rows)}


def _taken(service: Told, log: Log) -> Taken:
    """What was refused leaves no trace in the inbox, and of two copies only the first was looked at."""
    refused = {service.ids[place] for place in (_place(out) for out in service.written if out.topic.endswith(COPIES))}
    known = [entry for entry in log.sent if entry.id in service._seen - refused]
    return Taken(
        positions=dict.fromkeys(((name, 0) for name in TOPICS), AT_END),
        lasts=dict.fromkeys(((name, 0) for name in TOPICS), AT_END),
        inbox={(entry.header("ce_source"), entry.id): blake2b(entry.value or b"", digest_size=16).digest() for entry in known},
        held={
            next(entry.ref for entry in (*log.sent, *log.facts()) if entry.id == service.ids[row.ref]): row.state
            for rows in service._held.values()
            for row in rows
        },
    )


def _looks(payment: Told) -> dict[str, datetime]:
    return {timer.subject: timer.occurred_at for timer in payment.armed.values() if isinstance(timer, LOOKS)}
