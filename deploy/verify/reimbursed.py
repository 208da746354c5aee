"""What a seller has back that won on appeal, computed again: what the case cost it. Source: R4.11, R3.3-R3.6, R4.6.

Written from the rules' text and shares no code with the services. The facts of an order lie in one lane, in order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from typing import Any

from deploy.verify.log import Entry, Log, cause
from deploy.verify.report import Check
from shared.contracts.chargeback import ChargebackDebited
from shared.contracts.owed import ReimbursementGranted, SellerReimbursed
from shared.contracts.payment import CompensationDone, EscrowFunded, RefundDone, RefundReserved
from shared.contracts.types import Line

FLOORS = 2  # minor units: commission and fee are floored, and by how much depends on what else went back when it was reckoned


@dataclass(slots=True)
class Order:
    """reserved, done: refunds by id. banks: by line, what they took out of escrow. compensations: those that were paid."""

    lines: dict[int, Line] = field(default_factory=dict)
    reserved: dict[str, RefundReserved] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    banks: Counter[int] = field(default_factory=Counter)
    compensations: dict[str, int] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)

    def cost(self, granted: ReimbursementGranted) -> tuple[int, int]:
        """Of its refund and of its compensations; what was not paid cost nothing."""
        refund = self.reserved.get(granted.refund_id or "") if granted.refund_id in self.done else None
        mine = refund is not None and refund.funder == "seller"
        return self._of(refund) if refund and mine else 0, sum(self.compensations.get(name, 0) for name in granted.compensation_ids)

    def _of(self, refund: RefundReserved) -> int:
        """What the seller was charged; of escrow, what its settlement comes to less by."""
        gone = _from_buyer(refund) + refund.platform_minor + refund.promoter_minor
        if refund.fronted:
            return gone - (refund.commission_minor + refund.fee_minor if refund.clawback else 0)
        line = self.lines[refund.line_no]
        others = [self.reserved[name] for name in self.done]
        drawn = [one for one in others if (one.line_no, one.funder, one.fronted) == (refund.line_no, "seller", False)]
        left = line.paid_minor - self.banks[refund.line_no] - sum(_from_buyer(one) for one in drawn)
        return max(0, gone - _points(line, left + _from_buyer(refund)) + _points(line, left))


def checks(log: Log) -> Iterator[Check]:
    check = Check("a seller that won on appeal has what the case cost it, once")
    orders: defaultdict[str, Order] = defaultdict(Order)
    granted = log.bodies(ReimbursementGranted, "payment")
    for entry in log.facts():
        if entry.event is not None and entry.topic == "payment.v1":
            _step(check, entry, orders, cause(granted, entry))
    if not any(log.starts.values()):
        for _, one in log.of(ReimbursementGranted):
            order = orders[one.order_id]
            missing = sum(order.cost(one)) if not order.told[one.reimbursement_id] else 0
            check.that(missing <= FLOORS, f"{one.reimbursement_id} of {one.order_id}: the case cost {missing}, nothing is told")
    yield check


def _step(check: Check, entry: Entry, orders: defaultdict[str, Order], granted: ReimbursementGranted | None) -> None:
    fact: Any = entry.event
    match fact:
        case EscrowFunded():
            orders[fact.order_id].lines = {line.line_no: line for line in fact.lines}
        case RefundReserved():
            orders[fact.order_id].reserved[fact.refund_id] = fact
        case RefundDone() if fact.refund_id in orders[fact.order_id].reserved:
            orders[fact.order_id].done.add(fact.refund_id)
        case ChargebackDebited():
            for part in fact.parts:
                orders[fact.order_id].banks[part.line_no] += 0 if part.fronted else part.amount_minor
        case CompensationDone():
            orders[fact.order_id].compensations[fact.compensation_id] = fact.amount_minor
        case SellerReimbursed():
            order = orders[fact.order_id]
            order.told[fact.reimbursement_id] += 1
            expected = (order.cost(granted), 1) if granted is not None else None
            said = (fact.refund_minor, fact.compensations_minor), order.told[fact.reimbursement_id]
            check.that(said == expected, f"{entry}: {expected} (refund and compensations, times) is the seller's, told was {said}")


def _from_buyer(refund: RefundReserved) -> int:
    """Of what the buyer paid; a part may be the guarantee fund's again."""
    return refund.buyer_minor + refund.fund_minor


def _points(line: Line, minor: int) -> int:
    """Commission and fee of so much."""
    commission = line.commission_bp if line.promoter_id is not None else 0
    return sum(floor(Fraction(minor * points, 10_000)) for points in (commission, line.fee_bp))
