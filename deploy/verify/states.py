"""States: refolded here, naively and only in what matters, and compared with what is stored. Sources: R2.1, R3.5, R4.2, R5.1."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.verify.log import Log
from deploy.verify.report import Check
from deploy.verify.tables import Stored, Tables
from shared.contracts.order import (
    LineFreed,
    LineHeld,
    OrderAccepted,
    OrderCompleted,
    OrderExpired,
    OrderPaid,
    OrderRejected,
    OrderSettled,
    ParcelDelivered,
    ParcelSent,
    PaymentUnwanted,
)
from shared.contracts.payment import LineSettled, RefundDone, RefundNotPaid, RefundRefused, RefundReserved, UnwantedReceived
from shared.contracts.refund import CaseFact, CertificateIssued, RefundGranted
from shared.contracts.suspension import OrderClosed, OrderUnderSuspension
from shared.contracts.trust import EvidenceCounted, ScoreChanged


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    yield _orders(log, tables.entities["order"])
    yield _payments(log, tables.entities["payment"])
    yield _cases(log, tables.entities["purchase"])
    yield _evidence(log, tables)


@dataclass(slots=True)
class Line:
    quantity: int
    sent: int = 0
    forgone: int = 0
    refunded_minor: int = 0
    cases: set[str] = field(default_factory=set)
    completed: bool = False
    settled: bool = False


@dataclass(slots=True)
class Order:
    status: str
    due_minor: int = 0
    payments: set[str] = field(default_factory=set)
    lines: dict[int, Line] = field(default_factory=dict)
    parcels: dict[str, dict[int, int]] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)
    suspended: set[str] = field(default_factory=set)

    def told(self) -> dict[str, Any]:
        told = {"status": self.status, "due": self.due_minor, "payments": sorted(self.payments), "signed parcels": sorted(self.signed)}
        return (
            told
            | {"suspended": sorted(self.suspended)}
            | {
                f"line {number}": (line.sent, self._arrived(number), line.completed, line.settled, line.refunded_minor, sorted(line.cases))
                for number, line in sorted(self.lines.items())
            }
        )

    def _arrived(self, number: int) -> bool:
        """All units sent or refunded before, and all parcels of the line signed for."""
        parcels = {parcel for parcel, units in self.parcels.items() if number in units}
        line = self.lines[number]
        return bool(parcels) and parcels <= self.signed and line.sent + line.forgone >= line.quantity


def _orders(log: Log, stored: Mapping[str, Stored]) -> Check:
    check = Check("orders: paid, lines sent, delivered, completed, settled, refunded as stored")
    orders: dict[str, Order] = {}
    for entry in log.facts():
        if entry.topic == "order.v1" and entry.event is not None:
            event: Any = entry.event
            _fold(orders, event.order_id, event)
    for key in sorted(orders.keys() | stored.keys()):
        recomputed = orders[key].told() if key in orders else None
        known = _stored_order(stored[key].body) if key in stored else None
        check.counted += 1
        if recomputed != known:
            words = [word for word in (recomputed or {}) | (known or {}) if (recomputed or {}).get(word) != (known or {}).get(word)]
            word = words[0] if words else ""
            check.counted -= 1
            check.same(f"order {key}, {word}", (recomputed or {}).get(word), (known or {}).get(word))
    return check


def _fold(orders: dict[str, Order], key: str, event: Any) -> None:
    order = orders.setdefault(key, Order("unknown"))
    match event:
        case OrderAccepted():
            lines = {line.line_no: Line(line.quantity) for line in event.lines}
            orders[key] = Order("accepted", event.due_minor, lines=lines)
        case OrderRejected():
            order.status = "rejected"
        case OrderExpired():
            order.status = "expired"
        case OrderClosed():
            order.status = "closed"
        case OrderUnderSuspension():
            order.suspended.add(event.subject_id)
        case OrderPaid():
            order.status = "paid"
            order.payments.add(event.payment_id)
        case PaymentUnwanted():
            order.payments.add(event.payment_id)
        case ParcelSent():
            order.parcels[event.parcel_id] = {one.line_no: one.quantity for one in event.units}
            for units in event.units:
                order.lines[units.line_no].sent += units.quantity
        case ParcelDelivered():
            order.signed.add(event.parcel_id)
        case OrderCompleted():
            for one in event.lines:
                order.lines[one.line_no].completed = True
        case OrderSettled():
            order.lines[event.line_no].settled = True
        case LineHeld():
            order.lines[event.line_no].cases.add(event.case_id)
        case LineFreed():
            line = order.lines[event.line_no]
            line.cases.discard(event.case_id)
            line.refunded_minor += event.refunded_minor
            line.forgone += min(event.refunded_quantity, line.quantity - line.sent - line.forgone)


def _stored_order(body: Mapping[str, Any]) -> dict[str, Any]:
    signed = sorted(parcel for parcel, one in body["parcels"].items() if one["signed_at"])
    told = {"status": body["status"], "due": body["due_minor"], "payments": sorted(body["payments"]), "signed parcels": signed}
    return told | {"suspended": sorted(body["suspended"])} | {
        f"line {number}": (
            line["sent"], bool(line["signed_at"]), line["completed"], line["settled"], line["refunded_minor"], sorted(line["cases"])
        )
        for number, line in sorted(body["lines"].items(), key=lambda item: int(item[0]))
    }  # fmt: skip


def _payments(log: Log, stored: Mapping[str, Stored]) -> Check:
    check = Check("payments: every refund's state, every line settled or not as stored")
    refunds: dict[str, dict[str, str]] = defaultdict(dict)
    settled: dict[str, set[int]] = defaultdict(set)
    states: tuple[tuple[Any, str], ...] = (
        (RefundReserved, "reserved"),
        (UnwantedReceived, "reserved"),
        (RefundRefused, "refused"),
        (RefundDone, "done"),
        (RefundNotPaid, "failed"),
    )
    for kind, state in states:  # in the order in which a refund goes through them
        for _, fact in log.of(kind):
            refunds[fact.order_id][fact.refund_id] = state
    for _, line in log.of(LineSettled):
        settled[line.order_id].add(line.line_no)
    for key in sorted(stored.keys() | refunds.keys() | settled.keys()):
        body = stored[key].body if key in stored else {"refunds": {}, "lines": {}}
        known = {refund_id: refund["state"] for refund_id, refund in body["refunds"].items()}
        check.same(f"refunds of {key}", refunds.get(key, {}), known)
        done = {int(number) for number, line in body["lines"].items() if line["settled"]}
        check.same(f"settled lines of {key}", settled.get(key, set()), done)
    return check


def _cases(log: Log, stored: Mapping[str, Stored]) -> Check:
    """By the last fact of each case; what was granted, by the grants."""
    check = Check("cases: state, whose turn, deadline, granted as stored")
    last: dict[str, dict[str, CaseFact]] = defaultdict(dict)
    granted: Counter[tuple[str, str]] = Counter()
    purchases = {fact.order_id for _, fact in log.of(CertificateIssued)}
    for entry in log.facts():
        if isinstance(entry.event, CaseFact):
            last[entry.event.order_id][entry.event.case_id] = entry.event
            if isinstance(entry.event, RefundGranted):
                granted[(entry.event.order_id, entry.event.case_id)] += entry.event.amount_minor
    for key in sorted(stored.keys() | purchases):
        body = stored[key].body if key in stored else {"cases": {}}
        check.same(f"cases of {key}", sorted(last.get(key, {})), sorted(body["cases"]))
        for case_id, fact in last.get(key, {}).items():
            case = body["cases"].get(case_id, {})
            deadline = fact.model_dump(mode="json")["deadline"]
            recomputed = (fact.state, fact.turn, deadline, granted[(key, case_id)] if fact.state in (50, 60) else 0)
            known = (case.get("state"), case.get("turn"), case.get("deadline"), case.get("granted_minor"))
            check.same(f"case {case_id} of {key} (state, turn, deadline, granted)", recomputed, known)
    return check


def _evidence(log: Log, tables: Tables) -> Check:
    """Each item once; a subject's scores count all its items, and their day buckets hold exactly their weight."""
    check = Check("evidence: each item counted once, in its subject's score")
    items: Counter[str] = Counter()
    weight: Counter[tuple[str, str]] = Counter()
    counts: Counter[str] = Counter()
    for entry, item in log.of(EvidenceCounted):
        items[item.evidence_id] += 1
        counts[item.subject_id] += 1
        check.that(items[item.evidence_id] == 1, f"{entry}: {item.evidence_id} is counted again")
        for dimension in item.dimensions:
            weight[(item.subject_id, dimension)] += abs(item.weight)
    check.same("items", sorted(items), sorted(tables.entities["item"]))
    bucketed: Counter[tuple[str, str]] = Counter()
    shown: dict[str, tuple[int, int]] = {}
    for _, score in log.of(ScoreChanged):
        shown[score.subject_id] = (score.score, score.items)
        for bucket in score.added:
            bucketed[(score.subject_id, bucket.dimension)] += bucket.weight
    for subject, (score_shown, count) in shown.items():
        check.that(count == counts[subject], f"{subject}: its score counts {count} items, its evidence is {counts[subject]}")
        row = tables.entities["score"].get(subject)
        check.same(f"score of {subject}", (score_shown, count), (row.body["shown"], row.body["items"]) if row else None)
    for place in weight.keys() | bucketed.keys():
        check.that(weight[place] == bucketed[place], f"{place[0]}, {place[1]}: buckets hold {bucketed[place]}, its items {weight[place]}")
    return check
