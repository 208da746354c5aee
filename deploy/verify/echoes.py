"""What a fact only passes on is what its cause said: who, which, how much, since when, why.

By the causation id. Of an id that came with several bodies any one counts. What an older program did not tell is not compared.
Sources: R1.1, R2.8, R3.5, R3.6, R4.4, R4.7, R4.11, R5.7.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts import (
    campaign,
    card,
    chargeback,
    dispute,
    exchange,
    first_order,
    governance,
    handling,
    hold,
    identity,
    logistics,
    member,
    merchant,
    order,
    owed,
    payment,
    psp,
    refund,
    ruling,
    seller,
    standing,
    stated,
    storefront,
    subsidy,
    suspension,
    trust,
    vote,
)
from shared.contracts.chargeback import RefundHeld
from shared.contracts.order import UnitsCancelled
from shared.contracts.refund import LineReduced
from shared.messaging.message import Message

Names = tuple[str, ...]
GOODS_BACK: Names = ("case_id", "carrier", "waybill")
CASE_OF: Names = ("order_id", "case_id", "finding")
HELD: Names = ("case_id", "line_no", "quantity", "again", "standing")
SHARE: Names = ("order_id", "line_no", "zone")
SUSPENDED: Names = ("subject_id", "violation_id")
SPAN: Names = (*SUSPENDED, "effective_from", "until")
RULED: Names = ("case_id", "ruling_id", "reason")
LINE: Names = ("statement_id", "day")
OWED: Names = ("rule",)
WHY: Names = ("reason",)
CASE: Names = ("case_id", "line_no")
SHOWN: Names = ("case_id", "evidence_id", "note")
ITEM: Names = ("evidence_id", "kind", "counterparty", "weight", "dimensions", "grave", "policy_version", "event_id")
PARCEL: Names = ("parcel_id", "units")

PASSED_ON: Mapping[type[Message], Mapping[type[Message], Names]] = {
    campaign.AllotmentReviewed: {governance.ProductReviewed: ("campaign_id", "sku", "approved")},
    campaign.AllotmentSized: {governance.AllotmentSet: ("campaign_id", "sku", "units", "limit_per_identity")},
    identity.ClusterGrew: {identity.ClusterJoined: ("members", "counted")},
    campaign.LimitMoved: {campaign.LimitShifted: ("order_id", "campaign_id", "sku", "units")},
    suspension.SuspensionNoted: {standing.SubjectSuspended: SPAN},
    suspension.SuspensionLifted: {standing.SubjectReinstated: SUSPENDED},
    suspension.OrdersSought: {standing.SubjectSuspended: SPAN, suspension.OrdersSought: SPAN},
    suspension.SuspensionFound: {suspension.OrdersSought: SUSPENDED},
    suspension.OrderClosed: {suspension.SuspensionFound: SUSPENDED},
    suspension.OrderUnderSuspension: {suspension.SuspensionFound: SUSPENDED},
    suspension.OrderRemembered: {suspension.OrderAttributed: ("subject_id", "order_id")},
    trust.EvidenceCounted: {trust.EvidenceFound: ITEM},
    trust.EvidenceStruck: {trust.EvidenceVoided: ("evidence_id", "reason")},
    suspension.TierNoted: {trust.TierChanged: ("subject_id", "escrow_days", "effective_from", "tier")},
    order.OrderSettled: {payment.LineSettled: ("line_no",)},
    order.ParcelTaken: {logistics.ParcelCollected: ("parcel_id",)},
    order.LineFreed: {refund.CaseClosed: CASE},
    order.ShippingSham: {ruling.RulingMade: ("parcel_id", "ruling_id", "reason")},
    hold.ParcelIntercepted: {logistics.ParcelShipped: ("parcel_id", "carrier", "waybill")},
    hold.ShipmentHoldGranted: {hold.ShipmentHoldRequested: HELD},
    hold.ShipmentHoldRefused: {hold.ShipmentHoldRequested: HELD},
    hold.HoldNoted: {hold.ShipmentHoldGranted: (*HELD, "late"), hold.ShipmentHoldRefused: HELD},
    refund.WindowOpened: {order.ParcelDelivered: ("signed_at", "restarted=replacement")},
    exchange.ParcelNoted: {order.ParcelSent: PARCEL, order.ParcelFailed: (*PARCEL, "how")},
    exchange.WaybillUsed: {storefront.ReturnPosted: GOODS_BACK, merchant.ReplacementSent: GOODS_BACK},
    refund.CaseOpened: {storefront.RefundRequested: ("case_id", "evidence_ids")},
    refund.CaseReturned: {storefront.ReturnPosted: (*GOODS_BACK, "freight_minor")},
    refund.CaseDeclined: {merchant.CaseRefused: ("case_id", "reason")},
    refund.RefundStuck: {payment.RefundNotPaid: ("refund_id", "reason")},
    exchange.CaseReceived: {logistics.ReturnSigned: ("carrier", "waybill")},
    exchange.CaseReplaced: {merchant.ReplacementSent: (*GOODS_BACK, "parcel_id")},
    dispute.CaseRuled: {ruling.RulingMade: RULED},
    dispute.EvidenceNoted: {storefront.EvidenceSubmitted: SHOWN, merchant.SellerEvidenceSubmitted: SHOWN},
    dispute.CaseReopened: {ruling.RulingMade: ("case_id",)},  # why is told with the verdict, by CaseAppealEnded
    dispute.CaseAppealEnded: {ruling.RulingMade: RULED},
    first_order.FundAsked: {storefront.RefundRequested: ("order_id", "case_id")},
    first_order.OrderedElsewhere: {member.MemberOrderedBefore: ("buyer_id", "first_paid_at")},
    first_order.FirstOrderUsed: {storefront.RefundRequested: ("order_id", "case_id", "buyer_id")},
    chargeback.ChargebackReceived: {psp.ChargebackOpened: WHY},
    chargeback.OrderDisputed: {chargeback.ChargebackReceived: ("order_id", "chargeback_id")},
    chargeback.RefundHeld: {refund.RefundGranted: ("refund_id", "line_no", "quantity", "amount_minor", "applied_at", "funder")},
    payment.RefundNotPaid: {psp.RefundFailed: WHY},
    payment.CompensationNotPaid: {psp.CompensationFailed: WHY},
    payment.RefundContradicted: {psp.RefundSucceeded: ("refund_id",), psp.RefundFailed: ("refund_id", "reason")},
    payment.CompensationContradicted: {
        psp.CompensationSucceeded: ("compensation_id",),
        psp.CompensationFailed: ("compensation_id", "reason"),
    },
    payment.PayoutReturned: {psp.PayoutFailed: WHY},
    payment.PayoutContradicted: {psp.PayoutSucceeded: ("payout_id",), psp.PayoutFailed: ("payout_id", "reason")},
    handling.PayoutSettled: {handling.PayoutHandled: ("handling_id", "payout_id", "how", "by", "reason", "reference")},
    payment.SettlementHeld: {refund.CaseOpened: CASE, dispute.CaseReopened: CASE},
    payment.SettlementFreed: {refund.CaseClosed: CASE},
    payment.CompensationInstructed: {owed.CompensationGranted: OWED, order.ShippingLate: OWED, order.ShippingSham: OWED},
    payment.BalanceCredited: {payment.AccountCredited: SHARE},
    payment.BalanceDebited: {payment.AccountCharged: (*SHARE, "reason")},
    payment.ClawbackDelayed: {payment.AccountCharged: SHARE},
    payment.PayoutInstructed: {seller.WithdrawalRequested: ("withdrawal_id", "of")},
    payment.StatementNoted: {psp.StatementLine: LINE},
    stated.PayoutStated: {psp.PayoutLine: LINE},
    stated.PutInStated: {psp.PutInLine: LINE},
    subsidy.SubsidyDrawn: {subsidy.SubsidyCharged: ("order_id", "zone")},
    subsidy.SubsidyRestored: {subsidy.SubsidyReturned: ("order_id", "line_no")},
    owed.ReimbursementOutstanding: {owed.ReimbursementGranted: ("case_id", "line_no", "reimbursement_id", "seller_id")},
    owed.SellerReimbursed: {owed.ReimbursementGranted: ("case_id", "line_no", "seller_id")},
    owed.ReimbursementGranted: {ruling.RulingMade: ("case_id",)},
    card.AbuseNoted: {dispute.CaseRuled: CASE_OF, refund.CaseClosed: CASE_OF},
    card.PersonAbuse: {dispute.CaseRuled: (*CASE_OF, "buyer_id"), refund.CaseClosed: (*CASE_OF, "buyer_id")},
    card.CardForfeited: {dispute.CaseRuled: CASE_OF, refund.CaseClosed: CASE_OF},
    card.CardRevoked: {
        dispute.CaseRuled: CASE_OF,
        refund.CaseClosed: CASE_OF,
        card.CardForfeited: (*CASE_OF, "subject_id", "buyer_id", "card_id"),
    },
    card.CardNoted: {card.CardGranted: ("buyer_id", "card_id"), card.CardRevoked: ("buyer_id", "card_id")},
    card.ScoreNoted: {trust.ScoreChanged: ("score",)},
    standing.ViolationNoted: {governance.ViolationRecorded: ("subject_id", "violation_id", "kind")},
    standing.StudyNoted: {governance.StudyCredited: ("subject_id", "study_id", "points")},
    standing.PointsChanged: {
        governance.ViolationRecorded: ("cause_id=violation_id",),
        governance.ViolationVoided: ("cause_id=violation_id",),
        governance.StudyCredited: ("cause_id=study_id",),
    },
    vote.VoteNoted: {member.VoteCast: ("vote_id", "promoter_id")},
}  # fmt: skip
CAUSES = tuple({kind for causes in PASSED_ON.values() for kind in causes})


def checks(log: Log) -> Iterator[Check]:
    yield _passed_on(log)
    yield _units(log)


def _passed_on(log: Log) -> Check:
    check = Check("what a fact passes on is what its cause said")
    bodies: dict[str, list[Message]] = defaultdict(list)
    for kind in CAUSES:
        for entry, event in log.of(kind):
            bodies[entry.id].append(event)
    for kind, causes in PASSED_ON.items():
        for entry, fact in log.of(kind):
            found = [one for one in bodies.get(entry.header("ce_causationid"), ()) if type(one) in causes]
            wrong = [list(_other(fact, one, causes[type(one)])) for one in found]
            if check.fails(not found or not all(wrong)):
                check.differ(f"{entry}: its cause and it say {wrong[0]}")
    return check


def _other(fact: Message, of: Message, names: Names) -> Iterator[tuple[str, object, object]]:
    """An app leaves out what it has nothing to say of; a service of an older release what it did not know of."""
    for name in names:
        here, _, there = name.partition("=")
        known = here in fact.model_fields_set and (not of.topic.own or (there or here) in of.model_fields_set)
        before, now = getattr(of, there or here), getattr(fact, here)
        if known and before != now and (before, now) != (None, 0):
            yield here, before, now


def _units(log: Log) -> Check:
    check = Check("cancelled units are taken from promises, and held while they must wait, as they were cancelled")
    cancelled: dict[str, list[UnitsCancelled]] = defaultdict(list)
    for entry, units in log.of(UnitsCancelled):
        cancelled[entry.id].append(units)
    _reserved(check, log, [one for all_of_it in cancelled.values() for one in all_of_it])
    cuts: list[tuple[Entry, LineReduced | RefundHeld]] = [*log.of(LineReduced), *log.of(RefundHeld)]
    for entry, cut in cuts:
        for units in cancelled.get(entry.header("ce_causationid"), ()):
            since = units.applied_at or units.occurred_at
            right = [(one.line_no, one.refund_id, one.quantity, one.amount_minor) for one in units.lines]
            told = (cut.line_no, cut.refund_id, cut.quantity, cut.amount_minor)
            held = cut.cancelled and cut.applied_at == since if isinstance(cut, RefundHeld) else cut.at_fault == units.at_fault
            check.that(told in right and held, f"{entry}: cancelled were {right} at {since}, told was {told}")
    return check


def _reserved(check: Check, log: Log, cancelled: list[UnitsCancelled]) -> None:
    """Since when it was wanted: told of cancelled units alone."""
    wanted = {(units.order_id, one.refund_id): units.applied_at or units.occurred_at for units in cancelled for one in units.lines}
    granted = {(fact.order_id, fact.refund_id) for _, fact in log.of(refund.RefundGranted)}
    for entry, fact in log.of(payment.RefundReserved):
        place = fact.order_id, fact.refund_id
        if place in wanted or place in granted:
            right = wanted.get(place) if "cancelled_at" in fact.model_fields_set else None
            check.that(fact.cancelled_at == right, f"{entry}: its units were cancelled at {right}, told was {fact.cancelled_at}")
