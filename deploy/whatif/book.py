"""What was decided and what it cost, gathered from decisions as they are made: by order, account, party and subject. Source: R9.2.

Two books, of what is recorded and of what would have been, are compared in compare.py. A book knows the contract; of the services only
which guarantee a claim asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from deploy.whatif.desk import Decided, Desk, Verdict
from deploy.whatif.past import milliseconds
from deploy.whatif.sheet import UNKNOWN_TIER, Flow, Said, Sheet, Standing
from services.refund.rules import find
from shared.contracts.card import CardGranted, CardRefused, CardRevoked
from shared.contracts.certificate import CertificateIssued
from shared.contracts.handling import PayoutSettled
from shared.contracts.order import (
    OrderAccepted,
    OrderCancelled,
    OrderExpired,
    OrderRejected,
    PaymentUnwanted,
    ShippingLate,
    ShippingSham,
    UnitsCancelled,
)
from shared.contracts.owed import CompensationGranted, SellerReimbursed
from shared.contracts.payment import (
    CompensationDone,
    CompensationInstructed,
    LineSettled,
    PayoutDone,
    PayoutInstructed,
    PayoutReturned,
    RefundDone,
    RefundReserved,
)
from shared.contracts.refund import CaseClosed, CaseDeclined, CaseFact, CaseOpened, RefundGranted
from shared.contracts.standing import SubjectReinstated, SubjectSuspended
from shared.contracts.storefront import OrderPlaced, RefundRequested
from shared.contracts.suspension import OrderClosed
from shared.contracts.trust import ScoreChanged, TierChanged
from shared.contracts.types import Moves
from shared.currencies import amount
from shared.messaging.message import Message
from shared.messaging.shape import Reject

OF_PARTY = frozenset({"balance", "deposit", "debt", "prefunded", "promoter_subsidy"})
PAID_OUT = (PayoutInstructed, PayoutDone, PayoutReturned, PayoutSettled)
OF_ORDER = ("escrow", "unwanted")  # accounts of one order each


class Book:
    """span: from and until when (ms) what happens counts; all else is only known. take() each decision."""

    def __init__(self, span: tuple[int, int]) -> None:
        self.span = span
        self.orders: dict[str, Sheet] = {}
        self.accounts: Counter[tuple[str, str]] = Counter()
        self.parties: Counter[tuple[str, str]] = Counter()  # what each party has and got, paid out or not
        self.flows: Counter[Flow] = Counter()
        self.subjects: dict[str, Standing] = {}
        self.refused: dict[tuple[str, str], tuple[str, str, str]] = {}  # by service and event: its type, key, code
        self.marks: dict[tuple[str, str, str], str] = {}  # cards and suspensions: what, subject, id
        self._tiers: dict[str, str] = {}
        self._moving: dict[type[Message], bool] = {}
        self._counted = True
        self._hear: dict[type[Message], Callable[[Any], None]] = {
            OrderAccepted: self._accepted, OrderRejected: self._rejected, OrderExpired: self._over, OrderCancelled: self._over,
            OrderClosed: self._shut, PaymentUnwanted: self._unwanted, UnitsCancelled: self._cancelled, ShippingLate: self._broken,
            ShippingSham: self._broken, CertificateIssued: self._certified, CaseOpened: self._opened, CaseDeclined: self._declined,
            RefundGranted: self._granted, CaseClosed: self._closed, CompensationGranted: self._compensated, RefundReserved: self._reserved,
            RefundDone: self._refunded, CompensationInstructed: self._instructed, CompensationDone: self._paid, LineSettled: self._settled,
            SellerReimbursed: self._reimbursed, ScoreChanged: self._scored, TierChanged: self._tiered, SubjectSuspended: self._suspended,
            SubjectReinstated: self._reinstated, CardGranted: self._card, CardRefused: self._card, CardRevoked: self._card,
        }  # fmt: skip

    def take(self, desk: Desk, event: Message, identity: str, verdict: Verdict) -> None:
        if isinstance(event, OrderPlaced) and desk.name == "order":
            self._placed(event)
        if isinstance(verdict, Decided):
            for fact in verdict.facts:
                self._fact(fact)
        elif isinstance(verdict, Reject):
            self._refusal(desk, event, identity, verdict)

    def _refusal(self, desk: Desk, event: Message, identity: str, verdict: Reject) -> None:
        at = milliseconds(event)
        if not self.span[0] <= at < self.span[1]:
            return
        self.refused[(desk.name, identity)] = (event.type, event.key, verdict.code)
        if isinstance(event, RefundRequested) and desk.name == "refund":
            rule = find(event.kind, event.ground)
            said = Said(rule.source if rule else "R4.2", event.line_no, "refused", 0, verdict.code)
            self._sheet(event.order_id).said.setdefault(("case", event.case_id), said)

    def _fact(self, fact: Message) -> None:
        self._counted = self.span[0] <= milliseconds(fact) < self.span[1]
        kind = type(fact)
        hear = self._hear.get(kind)
        if hear is not None:
            hear(fact)
        moving = self._moving.get(kind)
        if moving is None:
            moving = self._moving[kind] = "moves" in kind.model_fields
        if moving and self._counted:
            moves: Moves | None = fact.moves  # type: ignore[attr-defined]
            if moves is not None:
                self._move(moves, getattr(fact, "order_id", ""), paid_out=isinstance(fact, PAID_OUT))

    def _move(self, moves: Moves, order_id: str, *, paid_out: bool) -> None:
        money = self.orders[order_id].money if order_id in self.orders else None
        for posting in moves.postings:
            account = posting.account
            kind, _, party = account.partition(":")
            if kind in OF_PARTY and not paid_out:
                self.parties[(party, moves.currency)] += posting.amount_minor
            if kind in OF_ORDER:
                account = kind
            self.accounts[(account, moves.currency)] += posting.amount_minor
            if money is not None:
                money[account] = money.get(account, 0) + posting.amount_minor

    def _sheet(self, order_id: str) -> Sheet:
        return self.orders.get(order_id) or self.orders.setdefault(order_id, Sheet())

    def _say(self, order_id: str, what: str, identity: str, said: Said) -> None:
        if self._counted:
            self._sheet(order_id).said[(what, identity)] = said

    def _flow(self, sheet: Sheet, rule: str, what: str, line_no: int, minor: int, seller: str = "") -> None:
        if self._counted and minor:
            found, promoter = sheet.party(line_no)
            self.flows[Flow(rule, what, sheet.currency, seller or found, promoter, sheet.tier)] += minor

    # -- orders

    def _placed(self, event: OrderPlaced) -> None:
        if event.order_id not in self.orders:
            tier = self._tiers.get(f"buyer:{event.buyer_id}", UNKNOWN_TIER)
            lines = {line.line_no: (line.seller_id, line.promoter_id or "") for line in event.lines}
            self.orders[event.order_id] = Sheet(event.buyer_id, tier, event.currency, event.occurred_at, lines)

    def _accepted(self, fact: OrderAccepted) -> None:
        self._sheet(fact.order_id).lines = {line.line_no: (line.seller_id, line.promoter_id or "") for line in fact.lines}
        self._say(fact.order_id, "order", "", Said("R2.1", 0, "accepted"))

    def _rejected(self, fact: OrderRejected) -> None:
        self._say(fact.order_id, "order", "", Said("R2.1", 0, "rejected", 0, fact.code))

    def _over(self, fact: OrderExpired | OrderCancelled) -> None:
        expired = isinstance(fact, OrderExpired)
        self._say(fact.order_id, "order", "", Said("R2.2" if expired else "R2.1", 0, "expired" if expired else "cancelled"))

    def _shut(self, fact: OrderClosed) -> None:
        self._say(fact.order_id, "order", "", Said("R2.8", 0, "closed", 0, fact.code))

    def _unwanted(self, fact: PaymentUnwanted) -> None:
        self._say(fact.order_id, "payment", fact.payment_id, Said("R2.2", 0, "sent back", fact.amount_minor, fact.reason))

    def _cancelled(self, fact: UnitsCancelled) -> None:
        rule = "R3.10" if fact.by == "platform" else "R2.1"
        for line in fact.lines:
            self._sheet(fact.order_id).refunds[line.refund_id] = rule
            self._say(fact.order_id, "cancelled", line.refund_id, Said(rule, line.line_no, "cancelled", line.amount_minor, fact.by))

    def _broken(self, fact: ShippingLate | ShippingSham) -> None:
        what = "late" if isinstance(fact, ShippingLate) else "sham"
        named = f"{fact.seller_id}/{fact.hours if isinstance(fact, ShippingLate) else fact.parcel_id}"
        line_no = fact.line_nos[0] if fact.line_nos else 0
        self._say(fact.order_id, what, named, Said("R2.4", line_no, "owed", fact.amount_minor, "", fact.seller_id))

    def _certified(self, fact: CertificateIssued) -> None:
        if self._counted:
            self._sheet(fact.order_id).promised = fact.guarantees

    # -- cases

    def _opened(self, fact: CaseOpened) -> None:
        self._sheet(fact.order_id).cases[fact.case_id] = (fact.rule, fact.line_no)
        self._case(fact, "open", 0, "")

    def _declined(self, fact: CaseDeclined) -> None:
        self._case(fact, "declined", 0, fact.code)

    def _granted(self, fact: RefundGranted) -> None:
        sheet = self._sheet(fact.order_id)
        sheet.refunds[fact.refund_id] = sheet.cases.get(fact.case_id, (fact.rule, 0))[0]
        self._case(fact, "granted", fact.amount_minor, fact.funder)

    def _closed(self, fact: CaseClosed) -> None:
        self._case(fact, fact.outcome or fact.code, fact.refunded_minor, fact.funder if fact.refunded_minor else fact.code)

    def _case(self, fact: CaseFact, way: str, minor: int, detail: str) -> None:
        rule = self._sheet(fact.order_id).cases.get(fact.case_id, (fact.rule, 0))[0]
        self._say(fact.order_id, "case", fact.case_id, Said(rule, fact.line_no, way, minor, detail))

    def _compensated(self, fact: CompensationGranted) -> None:
        said = Said(fact.rule, fact.line_no, "owed", fact.amount_minor, fact.why, fact.payer)
        self._say(fact.order_id, "compensation", fact.compensation_id, said)

    # -- money

    def _reserved(self, fact: RefundReserved) -> None:
        self._sheet(fact.order_id).funders[fact.refund_id] = fact.funder

    def _refunded(self, fact: RefundDone) -> None:
        sheet = self._sheet(fact.order_id)
        what = "refund by the fund" if sheet.funders.get(fact.refund_id) == "platform" else "refund"
        self._flow(sheet, sheet.refunds.get(fact.refund_id, "R2.2"), what, fact.line_no or 0, fact.amount_minor)

    def _instructed(self, fact: CompensationInstructed) -> None:
        self._sheet(fact.order_id).owed[fact.compensation_id] = (fact.rule, fact.payer)

    def _paid(self, fact: CompensationDone) -> None:
        sheet = self._sheet(fact.order_id)
        rule, payer = sheet.owed.get(fact.compensation_id, ("R3.5", fact.payer))
        line_no = next((number for number, (seller, _) in sheet.lines.items() if seller == payer), 0)
        self._flow(sheet, rule, "compensation", line_no, fact.amount_minor, payer)

    def _settled(self, fact: LineSettled) -> None:
        sheet = self._sheet(fact.order_id)
        parts = (("seller", fact.seller_minor), ("commission", fact.promoter_minor), ("fee", fact.platform_minor))
        for what, minor in parts:
            self._flow(sheet, "R3.3", what, fact.line_no, minor)
        promoter, platform = (amount(minor, sheet.currency) for minor in (fact.promoter_minor, fact.platform_minor))
        detail = f"promoter {promoter}, platform {platform}, {fact.occurred_at.isoformat(timespec='minutes')}"
        self._say(fact.order_id, "settlement", str(fact.line_no), Said("R3.3", fact.line_no, "settled", fact.seller_minor, detail))

    def _reimbursed(self, fact: SellerReimbursed) -> None:
        minor = fact.refund_minor + fact.compensations_minor
        self._flow(self._sheet(fact.order_id), "R4.11", "reimbursement", fact.line_no, minor)
        self._say(fact.order_id, "reimbursement", fact.reimbursement_id, Said("R4.11", fact.line_no, "paid", minor))

    # -- trust

    def _scored(self, fact: ScoreChanged) -> None:
        if self._counted:
            standing = self.subjects.setdefault(fact.subject_id, Standing())
            standing.score, standing.new = fact.score, fact.new
            standing.told += 1

    def _tiered(self, fact: TierChanged) -> None:
        self._tiers[fact.subject_id] = fact.tier
        if self._counted:
            standing = self.subjects.setdefault(fact.subject_id, Standing())
            standing.tiers = (*standing.tiers, fact.tier)

    def _suspended(self, fact: SubjectSuspended) -> None:
        until = fact.until.isoformat() if fact.until is not None else "for good"
        self._mark("suspension", fact.subject_id, fact.violation_id, f"until {until}")

    def _reinstated(self, fact: SubjectReinstated) -> None:
        self._mark("suspension", fact.subject_id, fact.violation_id, "voided")

    def _card(self, fact: CardGranted | CardRefused | CardRevoked) -> None:
        way = "granted" if isinstance(fact, CardGranted) else "revoked"
        if isinstance(fact, CardRefused):
            way = fact.code
        self._mark("card", fact.subject_id, fact.card_id if isinstance(fact, CardRevoked) else fact.claim_id, way)

    def _mark(self, what: str, subject: str, identity: str, way: str) -> None:
        if self._counted:
            self.marks[(what, subject, identity)] = way
