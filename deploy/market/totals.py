"""Who paid which fen of what buyers and sellers got back: by rule, kind and funder, from the services' facts alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.market.clients import Read

Row = tuple[str, str, str, str]  # rule, what, funder, currency
UNWANTED, CANCELLED, FAULT = "R2.2", "R2.1", "R3.10"
ESCROW, FUND = "escrow", "guarantee fund"  # escrow: it was nobody's income yet


@dataclass(slots=True)
class Totals:
    """minor: minor units; count: payments. of: rules of refunds by id, reserved: how they were set aside."""

    minor: Counter[Row] = field(default_factory=Counter)
    count: Counter[Row] = field(default_factory=Counter)
    of: dict[str, str] = field(default_factory=dict)
    currencies: dict[str, str] = field(default_factory=dict)
    reserved: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    owed: dict[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    def paid(self, what: str, currency: str) -> int:
        return sum(minor for row, minor in self.minor.items() if row[1] == what and row[3] == currency)


def total(records: Iterable[Read]) -> Totals:
    """records: of order.v1, payment.v1 and refund.v1, each once, in any order."""
    known = [record for record in records if record.body is not None and record.topic in ("order.v1", "payment.v1", "refund.v1")]
    found, cases = Totals(), dict[tuple[str, str], str]()
    for record in known:
        _learn(found, cases, record, record.body or {})
    for record in known:
        for row, minor in _paid(found, record, record.body or {}):
            if minor:
                found.minor[row] += minor
                found.count[row] += 1
    return found


def table(totals: Totals) -> list[dict[str, str | int]]:
    """For report.json, sorted."""
    names = ("rule", "what", "funder", "currency")
    return [
        {**dict(zip(names, row, strict=True)), "payments": totals.count[row], "amount_minor": totals.minor[row]}
        for row in sorted(totals.minor, key=_place)
    ]


def _place(row: Row) -> tuple[Any, ...]:
    """Rules in the order of their numbers."""
    return (row[1], *(int(part) for part in row[0][1:].split(".")), row[2], row[3])


def _learn(found: Totals, cases: dict[tuple[str, str], str], record: Read, body: Mapping[str, Any]) -> None:
    """Which rule a refund goes back to, and from where it was set aside."""
    match record.type:
        case "order.paid":
            found.currencies[record.key] = body["currency"]
        case "case.opened":
            cases[(record.key, body["case_id"])] = body["rule"]
        case "refund.granted":
            found.of[body["refund_id"]] = cases.get((record.key, body["case_id"]), body["rule"])
        case "units.cancelled":
            rule = FAULT if body["by"] == "platform" else CANCELLED
            found.of.update((part["refund_id"], rule) for part in body["lines"])
        case "refund.reserved":
            found.reserved[body["refund_id"]] = body
        case "compensation.instructed":
            found.owed[(record.key, body["compensation_id"])] = body
        case "refund.instructed":
            found.currencies.setdefault(record.key, body["currency"])


def _paid(found: Totals, record: Read, body: Mapping[str, Any]) -> Iterator[tuple[Row, int]]:
    currency = found.currencies.get(record.key, "")
    match record.type:
        case "refund.done":
            rule = found.of.get(body["refund_id"], UNWANTED)
            for funder, minor in _funders(found.reserved.get(body["refund_id"]), body["amount_minor"]).items():
                yield (rule, "refund", funder, currency), minor
        case "compensation.done":
            yield (found.owed[(record.key, body["compensation_id"])]["rule"], "compensation", "seller", currency), body["amount_minor"]
        case "seller.reimbursed":
            yield ("R4.11", "reimbursement", FUND, currency), body["refund_minor"] + body["compensations_minor"]


def _funders(reserved: Mapping[str, Any] | None, minor: int) -> dict[str, int]:
    """Before settlement it is still nobody's income; after it its parties give it back, or the seller all of it. Source: R3.4, R3.6."""
    if reserved is None or not (reserved.get("fronted") or reserved.get("funder") == "platform"):
        return {ESCROW: minor}
    if reserved.get("funder") == "platform":
        return {FUND: minor}
    promoter, fee = (reserved["commission_minor"], reserved["fee_minor"]) if reserved["clawback"] else (0, 0)
    return {"promoter": promoter, "platform": fee, "seller": minor - promoter - fee}
