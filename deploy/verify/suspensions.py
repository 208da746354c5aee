"""What became of orders that were accepted before the suspension of their seller or promoter was known. Source: R2.8."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from deploy.verify.log import Log
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.order import OrderCancelled, OrderExpired
from shared.contracts.suspension import (
    OrderAttributed,
    OrderClosed,
    OrdersSought,
    OrderUnderSuspension,
    SuspensionFound,
    SuspensionLifted,
    SuspensionNoted,
)
from shared.messaging.message import Message

MESSAGES: tuple[type[Message], ...] = (OrderAttributed, OrdersSought, SuspensionFound)
ENDS: tuple[type[OrderClosed | OrderExpired | OrderCancelled], ...] = (OrderClosed, OrderExpired, OrderCancelled)


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    """Not while somebody is still looking."""
    check = Check("orders under a suspension, however late it was found: closed or ended unpaid, or listed for that party")
    if not _under_way(log, tables):
        spans = _spans(log)
        over = {fact.order_id for kind in ENDS for _, fact in log.of(kind)}
        listed = {(fact.order_id, fact.subject_id) for _, fact in log.of(OrderUnderSuspension)}
        for entry, told in log.of(OrderAttributed):
            for violation_id, (begins, until) in spans[told.subject_id].items():
                if begins <= told.occurred_at and (until is None or told.occurred_at < until):
                    met = told.order_id in over or (told.order_id, told.subject_id) in listed
                    check.that(
                        met,
                        f"{entry}: {told.subject_id} is suspended by {violation_id}, and order {told.order_id} is neither over nor listed",
                    )
    for entry, closed in log.of(OrderClosed):
        code = f"order.{closed.subject_id.partition(':')[0]}_suspended"
        check.that(closed.code == code, f"{entry}: {closed.subject_id} is suspended, told was {closed.code}")
    yield check


def _spans(log: Log) -> dict[str, dict[str, tuple[datetime, datetime | None]]]:
    """By subject and violation, as they ended."""
    spans: defaultdict[str, dict[str, tuple[datetime, datetime | None]]] = defaultdict(dict)
    for _, noted in log.of(SuspensionNoted):
        spans[noted.subject_id][noted.violation_id] = noted.effective_from, noted.until
    for _, lifted in log.of(SuspensionLifted):
        begins, _until = spans[lifted.subject_id][lifted.violation_id]
        spans[lifted.subject_id][lifted.violation_id] = begins, lifted.occurred_at
    return spans


def _under_way(log: Log, tables: Tables) -> bool:
    """Some message about them is written and not handled yet."""
    done = tables.taken["order"].lasts
    return any((entry.sequence or 0) > done.get((entry.topic, entry.partition), 0) for kind in MESSAGES for entry, _ in log.of(kind))
