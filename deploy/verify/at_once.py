"""What was granted though nobody had to answer, judged again: by the certificate, by the card, by the carrier. Source: R4.6-R4.8, R2.5.

Written from the rules' text and shares no code with the services. All facts of an order lie in one lane of the refund service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.verdicts import guarantee
from shared.contracts.certificate import AtOnce, CertificateIssued
from shared.contracts.order import ParcelFailed, ParcelSent, ReplacementNoted, UnitsCancelled
from shared.contracts.refund import CaseClosed, CaseOpened, RefundGranted, WindowOpened

NOBODY_ASKED = ("first_order", "trust_card")  # always at once
Line = tuple[str, int]  # order, line


@dataclass(slots=True)
class Order:
    """signed: by line. asked: by case, as opened. instant: what instant refunds came to, carried: units paid as lost, by case."""

    certificate: CertificateIssued
    signed: dict[int, datetime] = field(default_factory=dict)
    asked: dict[str, CaseOpened] = field(default_factory=dict)
    instant: dict[str, int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)

    def quick(self, asked: CaseOpened) -> AtOnce | None:
        promised = guarantee(self.certificate, asked.line_no, asked.ground, asked.kind)
        return promised.at_once if promised is not None and asked.kind == "refund_only" else None


def checks(log: Log) -> Iterator[Check]:
    check = Check(
        "cases at once: nobody was asked where the promise, the card or the carrier says so, below the order's limit, and only there"
    )
    orders: dict[str, Order] = {}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, CertificateIssued):
            orders[fact.order_id] = Order(fact)
        elif (order := orders.get(getattr(fact, "order_id", ""))) is None:
            continue
        elif isinstance(fact, WindowOpened):
            order.signed.update(dict.fromkeys(fact.line_nos, fact.signed_at))
        elif isinstance(fact, CaseOpened):
            order.asked[fact.case_id] = fact
            _opened(check, entry, fact, order)
        elif isinstance(fact, RefundGranted) and fact.case_id in order.asked:
            _granted(check, entry, fact, order)
        elif isinstance(fact, CaseClosed) and fact.state == 70:
            order.instant.pop(fact.case_id, None)
            order.carried.pop(fact.case_id, None)
    _carried(check, log, orders)
    yield check


def _carried(check: Check, log: Log, orders: dict[str, Order]) -> None:
    """By the carrier's word no more is paid than it lost or brought back, less what was sent again for a case; nor more than neither left
    again nor was cancelled.
    """
    lost, here, paid = Counter[Line](), Counter[Line](), Counter[Line]()
    for order in orders.values():
        here.update({(order.certificate.order_id, line.line_no): line.quantity for line in order.certificate.lines})
    for _, sent in log.of(ParcelSent):
        here.subtract({(sent.order_id, one.line_no): one.quantity for one in sent.units})
    for _, cut in log.of(UnitsCancelled):
        here.subtract({(cut.order_id, one.line_no): one.quantity for one in cut.lines})
    for _, failed in log.of(ParcelFailed):
        for found in (lost, here):
            found.update({(failed.order_id, one.line_no): one.quantity for one in failed.units})
    for _, again in log.of(ReplacementNoted):
        for found in (lost, here):
            found[(again.order_id, again.line_no)] -= again.units_sent
    for order in orders.values():
        for case_id, units in order.carried.items():
            paid[(order.certificate.order_id, order.asked[case_id].line_no)] += units
    for (order_id, line_no), units in sorted(paid.items()):
        most = min(lost[(order_id, line_no)], here[(order_id, line_no)])
        fine = units <= most or any(log.starts.values())
        check.that(fine, f"line {line_no} of {order_id}: {units} units are paid for as lost, {most} are")


def _opened(check: Check, entry: Entry, asked: CaseOpened, order: Order) -> None:
    due = _due(asked, order)
    check.that(due is None or due == (asked.turn == "nobody"), f"{entry}: nobody is asked: {due}, the turn is {asked.turn}'s")


def _due(asked: CaseOpened, order: Order) -> bool | None:
    """None: it depends on what the order's refunds come to, or on what the carrier told of; that is looked at where it is granted."""
    if asked.ground in NOBODY_ASKED:
        return True
    if asked.ground == "not_received":
        return None if asked.kind == "refund_only" else False
    quick = order.quick(asked)
    if quick is None or (quick.card and not asked.card):
        return False
    if quick.hours is not None:
        signed = order.signed.get(asked.line_no)
        return signed is not None and asked.occurred_at < signed + timedelta(hours=quick.hours)
    whole = sum(line.paid_minor for line in order.certificate.lines)
    return True if quick.below_minor is None or whole < quick.below_minor else None


def _granted(check: Check, entry: Entry, fact: RefundGranted, order: Order) -> None:
    asked = order.asked[fact.case_id]
    if fact.by in ("promise", "carrier") and fact.code != "case.replacement_failed":
        check.that(asked.turn == "nobody", f"{entry}: granted by {fact.by}, and {asked.turn} was to act")
    if fact.by == "carrier" and asked.ground == "not_received" and fact.code != "case.replacement_failed":
        order.carried[fact.case_id] = fact.quantity
    if fact.by == "promise" and asked.ground == "not_shipped":
        order.instant[fact.case_id] = fact.amount_minor
        quick, so_far = order.quick(asked), sum(order.instant.values())
        below = quick is not None and (quick.below_minor is None or so_far < quick.below_minor)
        check.that(below, f"{entry}: {so_far} at once so far, by {quick}")
