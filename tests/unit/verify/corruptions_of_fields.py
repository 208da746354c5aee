"""What can be wrong in single fields of facts, each in its topic and in all that rests on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from shared.contracts.campaign import AllotmentReviewed, AllotmentSized
from shared.contracts.certificate import CertificateIssued
from shared.contracts.chargeback import ChargebackContested, ChargebackDebited, ChargebackEnded, ChargebackReceived, RefundHeld
from shared.contracts.dispute import CaseAppealEnded, CaseReopened, CaseRuled
from shared.contracts.hold import ParcelIntercepted
from shared.contracts.order import (
    LineFreed,
    OrderAccepted,
    OrderCompleted,
    OrderExpired,
    OrderPaid,
    OrderRejected,
    OrderSettled,
    ParcelDelivered,
    ParcelSent,
    ShippingLate,
    ShippingSham,
    UnitsCancelled,
)
from shared.contracts.owed import CompensationGranted, ReimbursementGranted
from shared.contracts.payment import (
    BalanceCredited,
    BreakFound,
    ClawbackDelayed,
    CompensationDone,
    CompensationInstructed,
    DepositFilled,
    EscrowFunded,
    PayoutReturned,
    RefundInstructed,
    RefundReserved,
    SettlementHeld,
    UnwantedReceived,
)
from shared.contracts.refund import CaseClosed, CaseDeclined, CaseOpened, CaseReturned, LineReduced, RefundGranted, WindowOpened
from shared.contracts.storefront import OrderPlaced
from shared.contracts.suspension import OrderClosed
from shared.contracts.trust import EvidenceCounted, EvidenceFound, EvidenceVoided
from tests.unit import builders as b
from tests.unit.verify import plants as p
from tests.unit.verify.damaged import Copy, Corruption, hours, more, of_order

SECOND = timedelta(seconds=1)


def a_penalty_that_the_policy_does_not_know(copy: Copy) -> None:
    """In all facts that tell it, so that they agree."""
    for kind in (OrderAccepted, OrderPaid):
        copy.forge(kind, of_order("split"), terms=lambda terms: terms.model_copy(update={"ship_hours": terms.ship_hours + 1}))


def stated(fact: Any) -> bool:
    """Of a break: the provider stated it."""
    return fact.theirs_minor is not None


# fmt: off
FIELDS = (
    Corruption("a promise is dated a second after its payment", "causes",
               lambda copy: copy.forge(CertificateIssued, of_order("split"), occurred_at=lambda at: at + SECOND)),
    Corruption("what a fact follows from is gone, and no gap tells", "causes", lambda copy: copy.vanish(OrderCompleted, of_order("own"))),
    Corruption("an expiry is told again under another id", "what one thing led to", lambda copy: copy.repeat(OrderExpired)),
    Corruption("an order was refused, and nobody tells", "every event of an app that a service took",
               lambda copy: copy.vanish(OrderRejected)),
    Corruption("an order has an hour more to be paid", "placed: buyer",
               lambda copy: copy.forge(OrderAccepted, of_order("split"), pay_by=hours(1))),
    Corruption("an order is another buyer's", "placed: buyer", lambda copy: copy.forge(OrderAccepted, of_order("split"), buyer_id="b5")),
    Corruption("a coupon is no newcomer's any more", "placed: buyer", lambda copy: copy.forge(
        OrderPaid, of_order("split"), coupons=lambda all: tuple(one.model_copy(update={"new_user": True}) for one in all))),
    Corruption("an order was promised other terms than its policy's", "placed: buyer", a_penalty_that_the_policy_does_not_know),
    Corruption("an order expires a second after its time", "placed: buyer",
               lambda copy: copy.forge(OrderExpired, occurred_at=lambda at: at + SECOND)),
    Corruption("a case's end names another buyer", "whoever tells of an order", lambda copy: copy.forge(CaseClosed, buyer_id="b5")),
    Corruption("a case is against another seller", "whoever tells of an order", lambda copy: copy.forge(CaseOpened, seller_id="s9")),
    Corruption("a case ends on another line", "whoever tells of an order",
               lambda copy: copy.forge(CaseClosed, of_order("split"), line_no=2)),
    Corruption("a parcel counts for another seller", "whoever tells of an order",
               lambda copy: copy.forge(ParcelSent, lambda fact: bool(fact.shipped), shipped=p.parts(seller_id=lambda _: "s9"))),
    Corruption("a ruling finds what nobody said", "cases: what was ruled", lambda copy: copy.forge(CaseRuled, finding="counterfeit")),
    Corruption("a ruling blames the other side", "cases: what was ruled", lambda copy: copy.forge(CaseRuled, fault="seller")),
    Corruption("a ruling is of a unit more", "cases: what was ruled", lambda copy: copy.forge(CaseRuled, quantity=more(1))),
    Corruption("an appeal is told as lost that was won", "cases: what was ruled", lambda copy: copy.forge(CaseAppealEnded, won=False)),
    Corruption("an appeal won brings a unit more", "cases: what was ruled", lambda copy: copy.forge(CaseReopened, quantity=more(1))),
    Corruption("a case that its seller answered ends as one of silence", "cases: each end",
               lambda copy: copy.forge(CaseClosed, of_order("fake"), answer="silence")),
    Corruption("a case was answered an hour later than told", "cases: each end",
               lambda copy: copy.forge(CaseClosed, of_order("fake"), answered_at=hours(-1))),
    Corruption("a buyer is blamed for a counterfeit", "cases: each end",
               lambda copy: copy.forge(CaseClosed, of_order("fake"), fault="buyer")),
    Corruption("a line with units left is told as refunded", "cases: each end",
               lambda copy: copy.forge(CaseClosed, of_order("won"), line_refunded=True)),
    Corruption("a case was open since an hour later", "cases: each end",
               lambda copy: copy.forge(CaseClosed, of_order("fake"), applied_at=hours(1))),
    Corruption("an item of evidence names another account", "evidence: what each order",
               lambda copy: copy.forge(EvidenceFound, lambda fact: fact.kind == "completed", counterparty="b9")),
    Corruption("an item of evidence is of another day", "evidence: what each order",
               lambda copy: copy.forge(EvidenceFound, lambda fact: fact.kind == "answered", occurred_at=hours(24))),
    Corruption("what a case says of a seller is gone, and no gap tells", "evidence: what each order",
               lambda copy: copy.vanish(EvidenceFound, lambda fact: fact.kind == "counterfeit")),
    Corruption("a tombstone is for another reason", "evidence: what each order",
               lambda copy: copy.forge(EvidenceVoided, lambda fact: fact.reason == "refunded_in_full", reason="appeal_won")),
    Corruption("an item of evidence weighs less than its policy says", "evidence: each item weighs",
               lambda copy: copy.forge(EvidenceFound, lambda fact: fact.kind == "late", weight=more(1))),
    Corruption("an item of evidence names another event", "evidence: each item weighs",
               lambda copy: copy.forge(EvidenceFound, event_id="e0")),
    Corruption("a refused case is told as open", "steps: each of a case", lambda copy: copy.forge(CaseDeclined, state=10)),
    Corruption("the seller's turn is told as the platform's", "steps: each of a case",
               lambda copy: copy.forge(CaseReturned, turn="platform")),
    Corruption("a refund that was agreed to is told as promised at once", "steps: each of a case",
               lambda copy: copy.forge(RefundGranted, lambda fact: fact.by == "seller", code="case.at_once")),
    Corruption("a refunded case is told as withdrawn", "steps: each of a case",
               lambda copy: copy.forge(CaseClosed, of_order("split"), code="case.withdrawn")),
    Corruption("a refusal names another rule", "steps: each of a case", lambda copy: copy.forge(CaseDeclined, rule="R4.5")),
    Corruption("a refunded case is told as rejected", "steps: each of a case",
               lambda copy: copy.forge(CaseClosed, of_order("split"), outcome="rejected")),
    Corruption("a balance is told with a fen more than there is", "every balance",
               lambda copy: copy.forge(BalanceCredited, balance_minor=more(1))),
    Corruption("a deposit is told with a fen more than it holds", "every balance",
               lambda copy: copy.forge(DepositFilled, deposit_minor=more(1))),
    Corruption("a break tells of a fen more than was booked", "every break says", lambda copy: copy.forge(BreakFound, ours_minor=more(1))),
    Corruption("a break tells of a fen more than was stated", "every break says",
               lambda copy: copy.forge(BreakFound, stated, theirs_minor=more(1))),
    Corruption("a break names a line that was not stated", "every break says", lambda copy: copy.forge(BreakFound, stated, line_id="l0")),
    Corruption("a break is of another day", "every break says", lambda copy: copy.forge(BreakFound, day="2026-05-01")),
    Corruption("what is contested was paid with a fen more", "every chargeback",
               lambda copy: copy.forge(ChargebackContested, paid_minor=more(1))),
    Corruption("what is contested had gone back with a fen more", "every chargeback",
               lambda copy: copy.forge(ChargebackContested, returned_minor=more(1))),
    Corruption("an ended chargeback took a fen more of a line", "every chargeback",
               lambda copy: copy.forge(ChargebackEnded, lambda fact: bool(fact.lines), lines=p.parts(amount_minor=more(1)))),
    Corruption("an ended chargeback is of another payment", "every chargeback",
               lambda copy: copy.forge(ChargebackEnded, payment_id="pay-x")),
    Corruption("a chargeback before settlement takes of the commission", "refunds after settlement", lambda copy: copy.forge(
        ChargebackDebited, lambda fact: bool(fact.parts) and not fact.parts[0].fronted, parts=p.parts(commission_minor=more(1)))),
    Corruption("promoter and platform bear a refund before settlement", "refunds after settlement",
               lambda copy: copy.forge(RefundReserved, lambda fact: not fact.fronted and fact.funder == "seller", clawback=True)),
    Corruption("a compensation is paid by another seller", "every compensation", lambda copy: copy.forge(CompensationDone, payer="s9")),
    Corruption("a promise is less by a unit more than was cancelled", "cancelled units",
               lambda copy: copy.forge(LineReduced, of_order("gone"), quantity=more(1))),
    Corruption("a promise is less by a fen more than was cancelled", "cancelled units",
               lambda copy: copy.forge(LineReduced, amount_minor=more(1))),
    Corruption("the way back cost more than the buyer said", "what a fact passes on",
               lambda copy: copy.forge(CaseReturned, freight_minor=1)),
    Corruption("a refund is held for longer than it was asked for", "what a fact passes on",
               lambda copy: copy.forge(RefundHeld, applied_at=hours(-1))),
    Corruption("an order is closed for another violation", "what a fact passes on",
               lambda copy: copy.forge(OrderClosed, violation_id="v0")),
    Corruption("a window runs from an hour later", "what a fact passes on", lambda copy: copy.forge(WindowOpened, signed_at=hours(1))),
    Corruption("a first window is told as one that began again", "what a fact passes on",
               lambda copy: copy.forge(WindowOpened, restarted=True)),
    Corruption("a sham waybill was found by another ruling", "what a fact passes on",
               lambda copy: copy.forge(ShippingSham, ruling_id="r0")),
    Corruption("an appeal was ended by another ruling", "what a fact passes on",
               lambda copy: copy.forge(CaseAppealEnded, lambda fact: fact.ruling_id is not None, ruling_id="r0")),
    Corruption("a compensation is instructed by another rule", "what a fact passes on",
               lambda copy: copy.forge(CompensationInstructed, rule="R4.7")),
    Corruption("escrow promises a day less of clawbacks", "escrow is funded", lambda copy: copy.forge(
        EscrowFunded, clawback=lambda days: days.model_copy(update={"usual": days.usual - 1}))),
    Corruption("escrow expects a statement a day later", "escrow is funded", lambda copy: copy.forge(
        EscrowFunded, of_order("first"), statement_days=more(1))),
    Corruption("escrow asks no promoter for its subsidies", "escrow is funded", lambda copy: copy.forge(EscrowFunded, prefunded=False)),
    Corruption("a compensation is waited for an hour longer", "deadlines of payment",
               lambda copy: copy.forge(CompensationInstructed, answer_by=hours(1))),
    Corruption("a refund is waited for an hour longer", "deadlines of payment",
               lambda copy: copy.forge(RefundInstructed, answer_by=hours(1))),
    Corruption("a bank has a day longer", "deadlines of payment",
               lambda copy: copy.forge(ChargebackReceived, of_order("disputed"), answer_by=hours(24))),
    Corruption("a balance is swept an hour later", "sweeps and further tries", lambda copy: copy.forge(BalanceCredited, sweep_at=hours(1))),
    Corruption("what came back is swept a day later", "sweeps and further tries",
               lambda copy: copy.forge(PayoutReturned, sweep_at=hours(24))),
    Corruption("a clawback is tried a day later", "sweeps and further tries", lambda copy: copy.forge(ClawbackDelayed, try_at=hours(24))),
    Corruption("a parcel that left in time is told as late", "parcels: what is in each",
               lambda copy: copy.forge(ParcelSent, on_time=False)),
    Corruption("a line has left that is not told", "parcels: what is in each",
               lambda copy: copy.forge(ParcelSent, lambda fact: bool(fact.shipped), shipped=())),
    Corruption("a parcel is stopped for a line that no case has", "parcels: what is in each",
               lambda copy: copy.forge(ParcelIntercepted, stopped=(1, 2))),
    Corruption("a line has arrived that is not told", "parcels: which lines", lambda copy: copy.forge(ParcelDelivered, delivered=())),
    Corruption("a line arrived an hour later than told", "parcels: which lines",
               lambda copy: copy.forge(ParcelDelivered, signed_at=hours(-1))),
    Corruption("a first parcel is told as a replacement", "parcels: which lines",
               lambda copy: copy.forge(ParcelDelivered, replacement=True)),
    Corruption("an order of which something is left is told as cancelled", "lines: since when",
               lambda copy: copy.forge(UnitsCancelled, of_order("fair1"), order_cancelled=True)),
    Corruption("a cancellation follows from a case that nobody opened", "lines: since when",
               lambda copy: copy.forge(UnitsCancelled, of_order("gone"), applied_at=lambda _: b.at("06-01 10:00"))),
    Corruption("an order is told as settled with a line that is not", "lines: since when",
               lambda copy: copy.forge(OrderSettled, lambda fact: not fact.order_settled, order_settled=True)),
    Corruption("a buyer's cancellation is told as the seller's", "units are cancelled by",
               lambda copy: copy.forge(UnitsCancelled, of_order("gone"), by="seller")),
    Corruption("what the buyer confirmed is told as confirmed by time", "lines are confirmed",
               lambda copy: copy.forge(OrderCompleted, of_order("split"), how="auto")),
    Corruption("a freed line lost a unit more", "cases: the buyer got",
               lambda copy: copy.forge(LineFreed, of_order("split"), refunded_quantity=more(1))),
    Corruption("a freed line is told as the seller's fault", "cases: the buyer got",
               lambda copy: copy.forge(LineFreed, of_order("split"), seller_at_fault=True)),
    Corruption("a late parcel is told by another rule", "each promise broken", lambda copy: copy.forge(ShippingLate, rule="R2.5")),
    Corruption("a case is opened by another rule", "each promise broken",
               lambda copy: copy.forge(CaseOpened, of_order("split"), rule="R4.6")),
    Corruption("a multiple is granted by another rule", "each promise broken", lambda copy: copy.forge(CompensationGranted, rule="R4.7")),
    Corruption("a seller is reimbursed by another rule", "each promise broken", lambda copy: copy.forge(ReimbursementGranted, rule="R4.9")),
    Corruption("a first grant is told as a second", "steps: each of a case", lambda copy: copy.forge(RefundGranted, attempt=2)),
    Corruption("a first grant is told as in place of another", "steps: each of a case",
               lambda copy: copy.forge(RefundGranted, again_of="r0")),
    Corruption("a grant is for an earlier request", "steps: each of a case", lambda copy: copy.forge(RefundGranted, applied_at=hours(-1))),
    Corruption("an item is counted for another account", "what a fact passes on",
               lambda copy: copy.forge(EvidenceCounted, counterparty="b0")),
    Corruption("a settlement is held for another case", "what a fact passes on", lambda copy: copy.forge(SettlementHeld, case_id="c0")),
    Corruption("cancelled units are asked back since an hour later", "cancelled units", lambda copy: copy.forge(
        RefundReserved, lambda fact: fact.cancelled_at is not None, cancelled_at=hours(1))),
    Corruption("a parcel has its units twice", "parcels: what is in each",
               lambda copy: copy.forge(ParcelIntercepted, units=lambda units: units * 2)),
    Corruption("a cancellation was asked for by nobody", "units are cancelled by",
               lambda copy: copy.forge(UnitsCancelled, of_order("gone"), cancel_id=None)),
    Corruption("what came back to a deposit is told to be swept again", "sweeps and further tries",
               lambda copy: copy.forge(PayoutReturned, lambda fact: not fact.swept_again, swept_again=True)),
    Corruption("unwanted money is stated a day later", "escrow is funded",
               lambda copy: copy.forge(UnwantedReceived, statement_days=more(1))),
    Corruption("an order is refused for another reason than there was", "orders refused",
               lambda copy: copy.forge(OrderRejected, code="campaign.limit_reached")),
    Corruption("a refusal names a product that was not sold out", "orders refused", lambda copy: copy.forge(OrderRejected, detail="sku9")),
    Corruption("an order is accepted with a tag that nobody knows", "orders accepted",
               lambda copy: copy.forge(OrderPlaced, of_order("own"), lines=p.parts(tags=lambda _: ("unheard_of",)))),
    Corruption("a product is sold in a campaign before it is approved", "campaign orders: each product",
               lambda copy: copy.forge(AllotmentReviewed, occurred_at=hours(24 * 30))),
    Corruption("an identity takes more than its limit", "campaign orders: each product",
               lambda copy: copy.forge(AllotmentSized, limit_per_identity=1)),
)
