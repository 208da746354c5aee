"""What the facts of orders, cases, payments and governance say of whom: evidence, and tombstones. Source: R5.1, R5.4, R5.5.

An item is named after its business fact. Who loses a dispute has that against it, unless a finding against it says more: a
counterfeit, a swapped parcel and a false claim stand in place of the lost dispute of the same case, a counterfeit also of an earlier or
later one of that case. What was found against a buyer whose
claim was upheld in part all the same counts, too, as it does against its trust card (R4.7). What an act weighs is what the policy of its
own moment says, however late the fact that tells of it comes (R1.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from services.trust.model.holder import AGAIN
from shared.contracts.chargeback import ChargebackEnded
from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.order import OrderCompleted, ParcelSent, ShippingLate, ShippingSham
from shared.contracts.refund import CaseClosed, Side
from shared.contracts.ruling import Finding
from shared.contracts.trust import EvidenceFound, EvidenceVoided, Role, VoidReason
from shared.messaging.message import Message
from shared.messaging.shape import Outcome
from shared.policy import EvidenceKind, Policies, Policy

PLATFORM = "platform"  # the counterparty of what no account gave
GOODS = frozenset({"quality", "damaged", "wrong_item"})  # grounds of which the goods are at fault
FINDINGS: dict[tuple[Side, Finding], EvidenceKind] = {
    ("seller", "counterfeit"): "counterfeit",
    ("buyer", "false_claim"): "false_claim",
    ("buyer", "swapped_parcel"): "swapped_parcel",
}
OF_SELLERS: tuple[EvidenceKind, ...] = ("dispute_lost", "counterfeit", "quality_refund")  # what a ruling may say of each
OF_BUYERS: tuple[EvidenceKind, ...] = ("dispute_lost", "false_claim", "swapped_parcel")


def shipped(event: ParcelSent, policy: Policy, event_id: str | None = None) -> Outcome:
    """One item a parcel for each seller whose lines it completed, if it left in time. No facts if late or if it completes none.

    Source: R5.5.
    """
    if not event.on_time:
        return ()
    sellers = sorted({line.seller_id for line in event.shipped})
    fact = f"{event.order_id}/{event.parcel_id}"
    return tuple(
        item
        for seller in sellers
        for item in found("shipped_on_time", "seller", seller, event.buyer_id, fact, event.occurred_at, policy, event_id)
    )


def late(event: ShippingLate, policy: Policy, event_id: str | None = None) -> Outcome:
    """One item for each deadline that an order's seller missed, of that deadline's day. Source: R5.5, R5.1."""
    fact = f"{event.order_id}/{event.hours}"
    return tuple(found("late", "seller", event.seller_id, event.buyer_id, fact, event.occurred_at, policy, event_id))


def sham(event: ShippingSham, policy: Policy, event_id: str | None = None) -> Outcome:
    """The parcel never left, so it did not leave in time either. Source: R5.5, R5.1."""
    fact = f"{event.order_id}/{event.parcel_id}"
    item = found("sham", "seller", event.seller_id, event.buyer_id, fact, event.occurred_at, policy, event_id)
    return (*item, voided(f"seller:{event.seller_id}", "shipped_on_time", fact, "sham_upheld", event.occurred_at, policy))


def completed(event: OrderCompleted, policy: Policy, event_id: str | None = None) -> Outcome:
    """For each line: seller and buyer about each other, and the promoter it is attributed to, about the buyer. Source: R5.4, R5.5.

    No facts for freight alone: nobody did anything.
    """
    items: list[EvidenceFound] = []
    for line in event.lines:
        if line.kind == "freight":
            continue
        fact = f"{event.order_id}/{line.line_no}"
        pairs: list[tuple[Role, str, str]] = [("seller", line.seller_id, event.buyer_id), ("buyer", event.buyer_id, line.seller_id)]
        if line.promoter_id is not None:
            pairs.append(("promoter", line.promoter_id, event.buyer_id))
        for role, party, counterparty in pairs:
            items.extend(found("completed", role, party, counterparty, fact, event.occurred_at, policy, event_id))
    return tuple(items)


def closed(event: CaseClosed, policies: Policies, event_id: str | None = None) -> Iterator[Message]:
    """How the case was answered, of that day; a refund for the goods' sake, of the ruling's day if there was one; and if nobody was at
    fault and nothing of the line is left, neither side has completed it: by the ruling that granted it, whether that fell before the
    provider paid or after. A legal return is no evidence. Source: R5.5, R5.1.
    """
    if event.seller_id is None or event.buyer_id is None:
        return
    case, at = f"{event.order_id}/{event.case_id}", event.occurred_at
    side = _sellers(event)
    if event.answer in ("seller", "silence") and event.answered_at is not None:
        kind: EvidenceKind = "answered" if event.answer == "seller" else "timed_out"
        for role, party in side:
            yield from found(kind, role, party, event.buyer_id, case, event.answered_at, policies.at(event.answered_at), event_id)
    if event.seller_at_fault and event.finding != "counterfeit" and (event.ground in GOODS or event.finding == "unsafe_food"):
        since = event.ruled_at or at
        for role, party in side:
            yield from found("quality_refund", role, party, event.buyer_id, case, since, policies.at(since), event_id)
    if event.line_refunded and (event.fell or event.fault) in ("", "nobody"):
        line = f"{event.order_id}/{event.line_no}"
        for role, party in (*side, ("buyer", event.buyer_id)):
            yield voided(f"{role}:{party}", "completed", line, "refunded_in_full", at, policies.at(at))


def ruled(event: CaseRuled, policy: Policy, event_id: str | None = None) -> Iterator[Message]:
    """Who lost the dispute, and what was found. Nothing for a ruling that was on no dispute. Source: R5.5, R4.11."""
    if event.seller_id is not None and event.buyer_id is not None and event.appeal_until is not None:
        yield from _lost(event, "seller" if event.upheld else "buyer", policy, event_id)


def appealed(event: CaseAppealEnded, policy: Policy, event_id: str | None = None) -> Iterator[Message]:
    """A won appeal voids what the ruling said of the winner, and what it found of the buyer, unless the appeal finds it again; now the
    other side has lost. Source: R4.11, R5.1.
    """
    if not event.won:
        return
    case, again = f"{event.order_id}/{event.case_id}", FINDINGS.get(("buyer", event.finding))
    for role, party in _sellers(event) if event.side == "seller" else ():
        for kind in OF_SELLERS:
            yield voided(f"{role}:{party}", kind, case, "appeal_won", event.occurred_at, policy)
    for kind in OF_BUYERS:
        if kind != again and (event.side == "buyer" or kind != "dispute_lost"):
            yield voided(f"buyer:{event.buyer_id}", kind, case, "appeal_won", event.occurred_at, policy)
    yield from _lost(event, "buyer" if event.side == "seller" else "seller", policy, event_id)


def charged_back(event: ChargebackEnded, policy: Policy, event_id: str | None = None) -> Outcome:
    """Won by the platform, it was the buyer who asked its bank for what was not due. Source: R3.8, R5.5."""
    if event.outcome != "won" or event.buyer_id is None:
        return ()
    counterparty = event.lines[0].seller_id if event.lines else PLATFORM
    fact = f"{event.order_id}/{event.chargeback_id}"
    return tuple(found("chargeback_lost", "buyer", event.buyer_id, counterparty, fact, event.occurred_at, policy, event_id))


def found(
    kind: EvidenceKind,
    role: Role,
    party: str,
    counterparty: str,
    fact: str,
    at: datetime,
    policy: Policy,
    event_id: str | None,
    named: str = "",
) -> Iterator[EvidenceFound]:
    """Nothing where the policy counts this kind for no dimension of the role. event_id: of the event that tells of the fact (R5.6).

    named: what its id says in place of the kind.
    """
    evidence = policy.trust.evidence.get(kind)
    if evidence is not None and (dimensions := evidence.counts_for.get(role)):
        subject = f"{role}:{party}"
        yield EvidenceFound(
            subject_id=subject,
            evidence_id=f"{subject}/{named or kind}/{fact}",
            kind=kind,
            dimensions=dimensions,
            weight=evidence.weight,
            counterparty=counterparty,
            zone=policy.zone,
            policy_version=policy.version,
            grave=kind in policy.trust.ceiling.kinds,
            event_id=event_id,
            occurred_at=at,
        )


def voided(subject: str, kind: EvidenceKind | Literal["violation"], fact: str, reason: VoidReason, at: datetime, policy: Policy) -> Message:
    return EvidenceVoided(
        subject_id=subject,
        evidence_id=f"{subject}/{kind}/{fact}",
        reason=reason,
        zone=policy.zone,
        policy_version=policy.version,
        occurred_at=at,
    )


def _lost(event: CaseRuled | CaseAppealEnded, loser: Side, policy: Policy, event_id: str | None) -> Iterator[Message]:
    if loser == "buyer":
        yield from _of_buyer(event, policy, event_id, "dispute_lost")
        return
    kind, case = FINDINGS.get(("seller", event.finding), "dispute_lost"), f"{event.order_id}/{event.case_id}"
    before = event.found_before
    for role, party in _sellers(event) if kind == "counterfeit" or before != "counterfeit" else ():
        yield from found(kind, role, party, event.buyer_id or "", case, event.occurred_at, policy, event_id)
        if kind == "counterfeit" and before is not None:
            yield voided(f"{role}:{party}", "dispute_lost", case, "finding_upheld", event.occurred_at, policy)
    yield from _of_buyer(event, policy, event_id)


def _of_buyer(
    event: CaseRuled | CaseAppealEnded, policy: Policy, event_id: str | None, otherwise: EvidenceKind | None = None
) -> Iterator[EvidenceFound]:
    """What was found of the buyer, whoever lost. A ruling that comes after an appeal says it anew: the tombstones of that appeal are
    those of the ruling before it. Source: R4.11, R5.1.
    """
    kind, again = FINDINGS.get(("buyer", event.finding), otherwise), f"/{AGAIN}" if isinstance(event, CaseRuled) and event.again else ""
    if kind is not None:
        said = (event.seller_id or "", f"{event.order_id}/{event.case_id}{again}", event.occurred_at, policy, event_id)
        yield from found(kind, "buyer", event.buyer_id or "", *said)


def _sellers(event: CaseClosed | CaseRuled | CaseAppealEnded) -> list[tuple[Role, str]]:
    """The seller, and the promoter whom the line is attributed to. Source: R5.4."""
    side: list[tuple[Role, str]] = [("seller", event.seller_id or "")]
    return side if event.promoter_id is None else [*side, ("promoter", event.promoter_id)]
