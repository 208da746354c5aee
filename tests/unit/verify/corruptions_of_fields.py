"""What can be wrong in single fields of facts, each in its topic and in all that rests on it."""

from __future__ import annotations

from datetime import timedelta

from shared.contracts.certificate import CertificateIssued
from shared.contracts.dispute import CaseAppealEnded, CaseReopened, CaseRuled
from shared.contracts.order import OrderAccepted, OrderCompleted, OrderExpired, OrderPaid, OrderRejected, ParcelSent
from shared.contracts.refund import CaseClosed, CaseDeclined, CaseOpened, CaseReturned, RefundGranted
from shared.contracts.trust import EvidenceFound, EvidenceVoided
from tests.unit.verify import plants as p
from tests.unit.verify.damaged import Copy, Corruption, hours, more, of_order

SECOND = timedelta(seconds=1)


def a_penalty_that_the_policy_does_not_know(copy: Copy) -> None:
    """In all facts that tell it, so that they agree."""
    for kind in (OrderAccepted, OrderPaid):
        copy.forge(kind, of_order("split"), terms=lambda terms: terms.model_copy(update={"ship_hours": terms.ship_hours + 1}))


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
)
