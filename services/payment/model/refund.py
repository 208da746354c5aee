"""What goes back to the buyer, and who bears which part of it. Source: R3.4-R3.6."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, assert_never

from services.payment.model.shares import Shares
from shared.contracts.chargeback import ChargebackPart, RefundHeld
from shared.contracts.payment import RefundContradicted, RefundDecided, RefundInstructed, RefundNotPaid, RefundOverdue, RefundReserved
from shared.contracts.types import Bearer

Asked = RefundInstructed | RefundOverdue | RefundNotPaid | RefundContradicted | RefundDecided


@dataclass(frozen=True, slots=True)
class Refund:
    """line_no None: money that was unwanted. refused: nothing was set aside; the id is known all the same. held: nothing is set aside
    while a chargeback is open, or of cancelled units while a refund that is not answered has their money.

    fronted: of a line that was settled before; commission_minor, fee_minor: what promoter and platform had of it, and bear if clawback
    says so. answer_by None: the provider's silence is announced already, or never is. applied_at: of a held one, when it was asked for.
    decided: it failed, and a person has said what becomes of it. funder platform: its guarantee fund pays; what was escrowed for the
    line is none of it (R4.6). cancelled: of units that were cancelled, asked for at applied_at; no case rules on it. by_hand: a person
    settled it. fund_minor, fund_quantity: of the same units, what the guarantee fund paid before or is to pay: that is its own again.
    bank_minor: of what a case granted, what banks had given before. contradicted: the provider said since that it paid it, or that it
    came back.
    """

    state: Literal["refused", "held", "reserved", "done", "failed"]
    line_no: int | None = None
    currency: str = ""
    quantity: int = 0
    buyer_minor: int = 0
    platform_minor: int = 0
    promoter_minor: int = 0
    fronted: bool = False
    commission_minor: int = 0
    fee_minor: int = 0
    clawback: bool = False
    answer_by: datetime | None = None
    applied_at: datetime | None = None
    funder: Bearer = "seller"
    decided: bool = False
    cancelled: bool = False
    by_hand: bool = False
    fund_minor: int = 0
    fund_quantity: int = 0
    bank_minor: int = 0
    contradicted: bool = False

    @property
    def waits(self) -> bool:
        """For a person: the provider did not pay. Source: R3.5."""
        return self.state == "failed" and not self.decided

    @property
    def bounced(self) -> bool:
        """The provider paid, and says since that it came back: waits for a person, and counts as paid. Source: R3.5."""
        return self.state == "done" and self.contradicted and not self.decided

    @property
    def counts(self) -> bool:
        """Toward what is granted + done. Source: R3.5."""
        return self.state in ("reserved", "done")

    @property
    def drawn_minor(self) -> int:
        """What nothing settles for, be it the buyer's or the fund's. Source: R3.3, R4.6."""
        return self.buyer_minor + self.fund_minor

    @property
    def units(self) -> int:
        """With those that the fund had paid for."""
        return self.quantity + self.fund_quantity

    @property
    def shares(self) -> Shares:
        """Of what the buyer gets, by who had it."""
        return Shares(self.buyer_minor - self.commission_minor - self.fee_minor, self.commission_minor, self.fee_minor)


def reserved(fact: RefundReserved) -> Refund:
    return Refund(
        "reserved",
        fact.line_no,
        fact.currency,
        fact.quantity,
        fact.buyer_minor,
        fact.platform_minor,
        fact.promoter_minor,
        fact.fronted,
        fact.commission_minor,
        fact.fee_minor,
        fact.clawback,
        applied_at=fact.cancelled_at,
        funder=fact.funder,
        cancelled=fact.cancelled_at is not None,
        fund_minor=fact.fund_minor,
        fund_quantity=fact.fund_quantity,
        bank_minor=fact.asked_minor - fact.buyer_minor if fact.asked_minor is not None and fact.cancelled_at is None else 0,
    )


def asked(refund: Refund, fact: Asked) -> Refund:
    """What became of it at the provider, and with a person after that."""
    match fact:
        case RefundInstructed():
            return replace(refund, answer_by=fact.answer_by)
        case RefundOverdue():
            return replace(refund, answer_by=None)
        case RefundNotPaid():
            return replace(refund, state="failed")
        case RefundContradicted():
            return replace(refund, contradicted=True)
        case RefundDecided():
            return replace(refund, decided=True)
        case _:
            assert_never(fact)


def held(fact: RefundHeld, currency: str) -> Refund:
    refund = Refund("held", fact.line_no, currency, fact.quantity, fact.amount_minor, applied_at=fact.applied_at, funder=fact.funder)
    return replace(refund, cancelled=fact.cancelled)


def charged_back(part: ChargebackPart, currency: str) -> Refund:
    """The bank's refund: of no units, done at once."""
    return Refund(
        "done",
        part.line_no,
        currency,
        0,
        part.amount_minor,
        part.platform_minor,
        part.promoter_minor,
        part.fronted,
        part.commission_minor,
        part.fee_minor,
        part.clawback,
    )
