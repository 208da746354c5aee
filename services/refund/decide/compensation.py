"""What a case brings the buyer beside its refund, and what a seller that won on appeal has back. Source: R4.7, R4.9, R4.11, R4.12."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.refund.model import BoughtLine, Purchase
from services.refund.rules import authenticity, freight
from shared.contracts.owed import CompensationGranted, ReimbursementGranted

OWED = uuid.UUID("0b7f1c52-7c1e-5d0a-9b59-0f6a2c1d4e77")  # namespace of compensation and reimbursement ids
Why = Literal["authentic", "statutory", "appraisal", "return_freight"]
WHYS: tuple[Why, ...] = ("authentic", "statutory", "appraisal", "return_freight")


@dataclass(frozen=True, slots=True)
class Upheld:
    """A case that ended for the buyer, as far as a compensation looks. quantity: units. counterfeit: that is what was upheld.

    confirmed: the goods came back, and the seller confirmed them or was silent. freight_minor: what the way back cost, as the buyer
    said; appraisal_minor: as the ruling said. card: the order's trust card was valid at placement. awarded_minor: the multiple that it
    brought already.
    """

    case_id: str
    line_no: int
    quantity: int
    counterfeit: bool = False
    unsafe_food: bool = False
    seller_at_fault: bool = False
    confirmed: bool = False
    freight_minor: int = 0
    appraisal_minor: int = 0
    card: bool = False
    awarded_minor: int = 0

    @property
    def fake(self) -> bool:
        return self.counterfeit or self.unsafe_food


def owed(purchase: Purchase, upheld: Upheld, at: datetime, before: tuple[Upheld, ...] = ()) -> tuple[CompensationGranted, ...]:
    """To be told once its refund is done, or its exchange: each kind once a case. before: what else of the line was no genuine goods.
    Source: R4.7, R4.9, R4.12.

    Nothing for orders whose certificate does not say their currency: they were promised none of this.
    """
    if not purchase.currency:
        return ()
    line = purchase.lines[upheld.line_no]
    parts = ((why, minor, rule) for why, minor, rule in _parts(purchase, line, upheld, before) if minor)
    return tuple(_granted(purchase, line, upheld, why, minor, rule, at) for why, minor, rule in parts if _fresh(purchase, upheld, why))


def reimbursed(purchase: Purchase, case_id: str, line_no: int, refund_id: str | None, at: datetime) -> tuple[ReimbursementGranted, ...]:
    """Nothing where the case cost the seller no money, or where it has it back already. Source: R4.11."""
    compensations = tuple(name for why in WHYS if (name := owed_id(purchase.order_id, case_id, why)) in purchase.compensations)
    if refund_id is None and not compensations:
        return ()
    return _once(purchase, owed_id(purchase.order_id, case_id, "reimbursement"), case_id, line_no, refund_id, compensations, at)


def freight_reimbursed(purchase: Purchase, at: datetime, case_id: str = "") -> tuple[ReimbursementGranted, ...]:
    """Freight that went back for the fault of cases, once the last of them has fallen: be it before the freight went back. case_id: of the
    one that fell now. Source: R3.10, R4.11.
    """
    granted: tuple[ReimbursementGranted, ...] = ()
    for line in purchase.lines.values():
        if line.at_fault and all(purchase.cases[name].fallen for name in line.at_fault):
            case = purchase.cases[case_id or line.at_fault[-1]]
            reimbursement_id = owed_id(purchase.order_id, line.freight_refund, "freight")
            granted += _once(purchase, reimbursement_id, case.id, case.line_no, line.freight_refund, (), at)
    return granted


def owed_id(order_id: str, case_id: str, why: str) -> str:
    """Once per case and why, everywhere. Source: R4.12."""
    return str(uuid.uuid5(OWED, f"{order_id}|{case_id}|{why}"))


def _once(
    purchase: Purchase,
    reimbursement_id: str,
    case_id: str,
    line_no: int,
    refund_id: str | None,
    compensations: tuple[str, ...],
    at: datetime,
) -> tuple[ReimbursementGranted, ...]:
    if reimbursement_id in purchase.reimbursed:
        return ()
    return (
        ReimbursementGranted(
            order_id=purchase.order_id,
            case_id=case_id,
            line_no=line_no,
            reimbursement_id=reimbursement_id,
            seller_id=purchase.lines[line_no].seller_id,
            refund_id=refund_id,
            compensation_ids=compensations,
            rule="R4.11",
            occurred_at=at,
        ),
    )


def _parts(purchase: Purchase, line: BoughtLine, upheld: Upheld, before: tuple[Upheld, ...]) -> Iterable[tuple[Why, int, str]]:
    fault = upheld.seller_at_fault or upheld.fake
    if upheld.fake:
        genuine, food = purchase.promise(upheld.line_no, "authenticity"), purchase.promise(upheld.line_no, "food_safety")
        by_card, minor = authenticity.multiple(genuine, food, _fakes(line, (*before, upheld)))
        yield ("authentic" if by_card else "statutory"), max(0, minor - sum(one.awarded_minor for one in before)), "R4.9"
        yield "appraisal", upheld.appraisal_minor, "R4.9"
    if upheld.confirmed and upheld.freight_minor:
        card = purchase.promise(upheld.line_no, "return_freight")
        borne = purchase.promise(upheld.line_no, "fault_freight")
        minor = freight.way_back(card, borne, upheld.freight_minor, card_valid=upheld.card, seller_at_fault=fault)
        yield "return_freight", minor, "R4.9" if fault else "R4.7"


def _fakes(line: BoughtLine, found: tuple[Upheld, ...]) -> Iterable[authenticity.Fake]:
    """What was paid for them, cumulatively for units of which the same is due; no more units than were bought, those of which the most is
    due first: what was ruled to be a fake and paid for in part can be claimed again. Source: R1.4.
    """
    units, left = Counter[tuple[bool, bool]](), line.quantity
    for one in found:
        units[(one.unsafe_food, one.card)] += one.quantity
    for (food, card), many in sorted(units.items(), reverse=True):
        counted = min(many, left)
        left -= counted
        yield authenticity.Fake(line.paid_minor * counted // line.quantity, food, card)


def _fresh(purchase: Purchase, upheld: Upheld, why: Why) -> bool:
    return owed_id(purchase.order_id, upheld.case_id, why) not in purchase.compensations


def _granted(
    purchase: Purchase, line: BoughtLine, upheld: Upheld, why: Why, amount_minor: int, rule: str, at: datetime
) -> CompensationGranted:
    return CompensationGranted(
        order_id=purchase.order_id,
        case_id=upheld.case_id,
        line_no=upheld.line_no,
        compensation_id=owed_id(purchase.order_id, upheld.case_id, why),
        payee=purchase.buyer_id,
        payer=line.seller_id,
        currency=purchase.currency,
        amount_minor=amount_minor,
        why=why,
        rule=rule,
        occurred_at=at,
    )
