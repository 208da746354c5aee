"""A line's escrow: what came in for it by funder, what holds it, and whether it is settled. Source: R3.2, R2.6."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from shared.contracts.payment import LineSettled, SettlementFreed, SettlementHeld, SettlementPlanned
from shared.contracts.types import Funder, Line

LineFact = SettlementPlanned | SettlementHeld | SettlementFreed | LineSettled


@dataclass(frozen=True, slots=True)
class EscrowLine:
    """What came in for one line, by funder. confirmed_at None: not confirmed yet.

    cases: open after-sale cases, each with its beginning. ended: closed ones. spans: from when until when those held it, and chargebacks
    that have ended. perishable: fresh or virtual, its clawback window is the short one. commission_minor, kept_minor: what promoter
    and platform got when it was settled. restored_minor: what the guarantee fund has back of it.
    """

    seller_id: str
    promoter_id: str | None
    quantity: int
    paid_minor: int
    platform_minor: int
    promoter_minor: int
    commission_bp: int
    fee_bp: int
    confirmed_at: datetime | None = None
    cases: dict[str, datetime] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    spans: tuple[tuple[datetime, datetime], ...] = ()
    settled: bool = False
    perishable: bool = False
    commission_minor: int = 0
    kept_minor: int = 0
    restored_minor: int = 0


def evolve(line: EscrowLine, fact: LineFact) -> EscrowLine:
    match fact:
        case SettlementPlanned():
            return replace(line, confirmed_at=fact.occurred_at)
        case SettlementHeld():
            return replace(line, cases={**line.cases, fact.case_id: fact.occurred_at})
        case SettlementFreed():
            cases = {case_id: since for case_id, since in line.cases.items() if case_id != fact.case_id}
            return freed(replace(line, cases=cases, ended=(*line.ended, fact.case_id)), line.cases[fact.case_id], fact.occurred_at)
        case LineSettled():
            return replace(line, settled=True, commission_minor=fact.promoter_minor, kept_minor=fact.platform_minor)
        case _:
            assert_never(fact)


def freed(line: EscrowLine, since: datetime, until: datetime) -> EscrowLine:
    return replace(line, spans=(*line.spans, (since, until)))


def restored(line: EscrowLine, minor: int) -> EscrowLine:
    return replace(line, restored_minor=line.restored_minor + minor)


def escrowed(line: Line) -> EscrowLine:
    """A seller's own reduction brings no money in. Source: R3.2."""
    return EscrowLine(
        line.seller_id,
        line.promoter_id,
        line.quantity,
        line.paid_minor,
        funded_by(line, "platform"),
        funded_by(line, "promoter"),
        line.commission_bp if line.promoter_id is not None else 0,
        line.fee_bp,
        perishable=line.category == "fresh" or line.kind == "virtual",
    )


def funded_by(line: Line, funder: Funder) -> int:
    return sum(discount.amount_minor for discount in line.discounts if discount.funder == funder)
