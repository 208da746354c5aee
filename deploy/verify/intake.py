"""Nothing that was sent to us vanished, and what one service said to another had its effect, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from deploy.verify.log import TOPICS, Entry, Log, all_copied_from, named
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts import (
    campaign,
    card,
    certificate,
    chargeback,
    dispute,
    exchange,
    first_order,
    hold,
    identity,
    order,
    owed,
    payment,
    refund,
    registry,
    standing,
    subsidy,
    suspension,
    trust,
    vote,
)
from shared.messaging.message import Message
from shared.messaging.system import Discard

REMEMBERED = timedelta(days=30)  # how long a service knows the ids of what it took, as the contract says
Refused = set[tuple[str, str]]  # (service, place)

# What must follow, exactly once, from a fact that another service takes: any one of these types.
FOLLOWS: tuple[tuple[type[Message], str, tuple[type[Message], ...]], ...] = (
    (order.OrderPaid, "payment", (payment.EscrowFunded,)),
    (order.OrderPaid, "refund", (certificate.CertificateIssued,)),
    (order.PaymentUnwanted, "payment", (payment.UnwantedReceived,)),
    (order.OrderCompleted, "payment", (payment.SettlementPlanned,)),
    (order.UnitsCancelled, "payment", (payment.RefundReserved, payment.RefundRefused, chargeback.RefundHeld)),
    (order.UnitsCancelled, "refund", (refund.LineReduced,)),
    (refund.CaseOpened, "order", (order.LineHeld,)),
    (refund.CaseOpened, "payment", (payment.SettlementHeld,)),
    (hold.ShipmentHoldRequested, "order", (hold.ShipmentHoldGranted, hold.ShipmentHoldRefused)),
    (refund.RefundGranted, "payment", (payment.RefundReserved, payment.RefundRefused, chargeback.RefundHeld)),
    (payment.RefundDone, "refund", (refund.CaseClosed,)),
    (payment.RefundRefused, "refund", (refund.CaseClosed,)),
    (payment.RefundNotPaid, "refund", (refund.RefundStuck,)),
    (order.ParcelSent, "refund", (exchange.ParcelNoted,)),
    (order.ParcelFailed, "refund", (exchange.ParcelNoted,)),
    (dispute.CaseReopened, "order", (order.LineHeld,)),
    (dispute.CaseReopened, "payment", (payment.SettlementHeld,)),
    (exchange.CaseReplaced, "order", (order.ReplacementNoted,)),
    (refund.CaseClosed, "order", (order.LineFreed,)),
    (refund.CaseClosed, "payment", (payment.SettlementFreed,)),
    (payment.LineSettled, "order", (order.OrderSettled,)),
    (chargeback.ChargebackReceived, "order", (chargeback.OrderDisputed,)),
    (chargeback.ChargebackEnded, "order", (chargeback.OrderUndisputed,)),
    (payment.AccountCredited, "payment", (payment.BalanceCredited,)),
    (payment.AccountCharged, "payment", (payment.BalanceDebited, payment.ClawbackDelayed)),
    (subsidy.SubsidyCharged, "payment", (subsidy.SubsidyDrawn,)),
    (subsidy.SubsidyReturned, "payment", (subsidy.SubsidyRestored,)),
    (order.ShippingLate, "payment", (payment.CompensationInstructed,)),
    (order.ShippingSham, "payment", (payment.CompensationInstructed,)),
    (owed.CompensationGranted, "payment", (payment.CompensationInstructed,)),
    (trust.EvidenceFound, "trust", (trust.EvidenceCounted,)),
    (trust.EvidenceVoided, "trust", (trust.EvidenceStruck,)),
    (card.CardGranted, "refund", (card.CardNoted,)),
    (card.CardRevoked, "refund", (card.CardNoted,)),
    (trust.TierChanged, "order", (suspension.TierNoted,)),
    (standing.SubjectSuspended, "order", (suspension.SuspensionNoted,)),
    (vote.VoteGiven, "trust", (vote.VoteCounted,)),
    (suspension.OrderAttributed, "order", (suspension.OrderRemembered, suspension.SuspensionFound)),
    (identity.MemberJoined, "refund", (first_order.MemberKnown,)),
    (identity.ClusterJoined, "order", (identity.ClusterGrew, identity.ClusterJoined)),
    (campaign.LimitShifted, "order", (campaign.LimitMoved, campaign.LimitShifted)),
)
# What may lead to nothing, as the taker's rules have it; where it leads to something, other statements recompute that.
MAY_BE_SILENT: dict[str, tuple[type[Message], ...]] = {
    "order": (identity.ClustersMet, identity.MemberMoved, suspension.OrdersSought, suspension.SuspensionFound, standing.SubjectReinstated),
    "payment": (owed.ReimbursementGranted,),
    "refund": (order.ParcelDelivered, hold.ShipmentHoldGranted, hold.ShipmentHoldRefused, trust.ScoreChanged, first_order.FundAsked),
    "trust": (
        order.OrderCompleted,
        order.ParcelSent,
        order.ShippingLate,
        order.ShippingSham,
        chargeback.ChargebackEnded,
        dispute.CaseRuled,
        dispute.CaseAppealEnded,
        refund.CaseClosed,
        identity.MemberJoined,
        card.CardForfeited,
    ),
}
OF_GRANTS = (payment.RefundDone, payment.RefundRefused, payment.RefundNotPaid)


def checks(log: Log, tables: Tables) -> Iterator[Check]:
    refused = refused_of(log)
    yield _accounted(log, tables, refused)
    yield _foreign_refused(log, tables, refused)
    yield _followed(log, tables, refused)


def refused_of(log: Log) -> Refused:
    """What each service copied as refused or parked, and what ops told it to forget."""
    found: Refused = set()
    for entry in log.refused():
        found.update((entry.topic.partition(".")[0], place) for place in all_copied_from(entry))
    found.update((event.service, event.ref) for _, event in log.of(Discard))
    return found


def _accounted(log: Log, tables: Tables, refused: Refused) -> Check:
    """Taken (its id is remembered with this body), held back, or refused with a copy; by each service whose cursor is past it.

    What comes again while the first one waits is passed over; when the first is refused in the end, so is all that was the same.
    """
    check = Check("nothing vanished: every upstream event was taken, is held back, or was refused")
    forgotten = (datetime.now(UTC) - REMEMBERED).timestamp() * 1000
    gone: set[tuple[str, str, str, bytes]] = set()  # service, source, id, body
    for entry in log.sent:
        topic = TOPICS[entry.topic]
        if "ops" in topic.writers:
            continue
        kind = topic.types.get(entry.type)
        takers = registry.entry(kind).consumers if kind is not None else (topic.warden,)
        for service in takers:
            if entry.event is not None and not entry.event.concerns(service):
                continue
            if service not in tables.taken or entry.offset >= tables.taken[service].positions.get((entry.topic, entry.partition), 0):
                continue
            same = (service, entry.header("ce_source"), entry.id, digest(entry.value))
            if (service, entry.ref) in refused or (topic.warden, entry.ref) in refused:
                gone.add(same)
            done = same in gone or _known(entry, service, tables)
            if check.fails(done or entry.timestamp_ms < forgotten):
                check.differ(f"{entry}, id {entry.id}: {service} is past it and shows no trace of it")
    return check


def _known(entry: Entry, service: str, tables: Tables) -> bool:
    taken = tables.taken[service]
    return entry.ref in taken.held or taken.inbox.get((entry.header("ce_source"), entry.id)) == digest(entry.value)


def digest(value: bytes | None) -> bytes:
    return blake2b(value or b"", digest_size=16).digest()


def _foreign_refused(log: Log, tables: Tables, refused: Refused) -> Check:
    """A record on a topic of ours that its service did not write. Where nobody reads the topic, nobody has to."""
    check = Check("what others put on our topics was refused")
    for entry in log.foreign:
        warden = TOPICS[entry.topic].warden
        if warden and entry.offset < tables.taken[warden].positions.get((entry.topic, entry.partition), 0):
            check.that((warden, entry.ref) in refused, f"{named(entry)}: no number of ours, and {warden} did not refuse it")
    return check


def _followed(log: Log, tables: Tables, refused: Refused) -> Check:
    """By the causation ids; a cause that the service has not reached, holds back or refused has no effect yet."""
    check = Check("what one service told another had its effect, once")
    effects: dict[tuple[str, type[Message]], list[Entry]] = defaultdict(list)
    for entry in log.facts():
        if entry.event is not None:
            effects[(entry.header("ce_causationid"), type(entry.event))].append(entry)
    granted = {(fact.order_id, fact.refund_id) for _, fact in log.of(refund.RefundGranted)}
    for cause, service, kinds in FOLLOWS:
        if issubclass(cause, OF_GRANTS) and any(log.starts.values()):
            continue  # what was granted may have stood in front
        taken = tables.taken[service]
        for entry, event in log.of(cause):
            lane = (entry.topic, entry.partition)
            if (entry.sequence or 0) > taken.lasts.get(lane, 0) or entry.ref in taken.held or (service, entry.ref) in refused:
                continue
            found = [effect for kind in kinds for effect in effects[(entry.id, kind)]]
            expected = _expected(event, granted)
            if check.fails(len(found) == expected):
                names = " or ".join(kind.type for kind in kinds)
                check.differ(f"{entry} ({event.key}): {expected} {names} of {service} should follow, {len(found)} did")
    return check


def _expected(event: Message, granted: set[tuple[str, str]]) -> int:
    """How many effects; none of a chargeback of unwanted money, or that was told of before the order took it. granted: refunds that a case
    asked for; of any other no case knows, nor of what a person settled.
    """
    match event:
        case order.OrderCompleted() | order.UnitsCancelled():
            return len(event.lines)
        case order.ShippingLate() | order.ShippingSham():
            return int(event.amount_minor > 0)
        case chargeback.ChargebackReceived() | chargeback.ChargebackEnded():
            return int(bool(event.of_order))
        case order.ParcelFailed():
            return int(bool(event.units))
        case trust.TierChanged():
            return int(event.subject_id.startswith("seller:"))
        case payment.RefundDone() | payment.RefundRefused() | payment.RefundNotPaid():  # OF_GRANTS
            by_hand = isinstance(event, payment.RefundDone) and event.by_hand
            return int((event.order_id, event.refund_id) in granted and not by_hand)
        case _:
            return 1
