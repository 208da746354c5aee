"""What orders, cases and chargebacks say for and against whom: each item and each tombstone, derived again. Source: R5.1, R5.5.

Written from the rules' text and shares no code with the services. An item's date is the act's; of a silence the deadline, of something
upheld the ruling. Of violations only whose they are is compared here: their points are the standings'.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from deploy.verify.evidence import local_date
from deploy.verify.intake import Refused, refused_of
from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Tables
from shared.contracts.chargeback import ChargebackEnded
from shared.contracts.dispute import CaseAppealEnded, CaseRuled
from shared.contracts.governance import ViolationRecorded, ViolationVoided
from shared.contracts.order import OrderCompleted, ParcelSent, ShippingLate, ShippingSham
from shared.contracts.refund import CaseClosed
from shared.contracts.trust import EvidenceCounted, EvidenceFound, EvidenceStruck, EvidenceVoided
from shared.policy import Policies, Policy

SOURCES = (OrderCompleted, ParcelSent, ShippingLate, ShippingSham, CaseClosed, CaseRuled, CaseAppealEnded, ChargebackEnded)
GOODS = ("quality", "damaged", "wrong_item")
SAYS_MORE = {
    ("seller", "counterfeit"): "counterfeit",
    ("buyer", "false_claim"): "false_claim",
    ("buyer", "swapped_parcel"): "swapped_parcel",
}
Item = tuple[str, str, str, str, datetime]  # subject, kind, id of the fact, counterparty or why it is void, when


def checks(log: Log, tables: Tables, policies: Policies) -> Iterator[Check]:
    yield _derived(log, tables)
    yield _weighed(log, policies)
    yield _counted(log)


def _derived(log: Log, tables: Tables) -> Check:
    check = Check("evidence: what each order, case and chargeback says for and against whom, and nothing else, each of its day")
    told: dict[str, Counter[Item]] = defaultdict(Counter)
    kinds: tuple[type[Any], ...] = (EvidenceFound, EvidenceVoided)
    for kind in kinds:
        for entry, item in log.of(kind):
            told[entry.header("ce_causationid")][_item(item)] += 1
    refused, known = refused_of(log), set()
    for source in SOURCES:
        for entry, fact in log.of(source):
            known.add(entry.id)
            if _aside(entry, tables, refused) or _before(fact):
                continue
            right = Counter(_said(fact))
            if check.fails(told[entry.id] in (right, _said_before(fact))):
                check.differ(f"{entry}: it says {_words(right - told[entry.id])}, told was {_words(told[entry.id] - right)}")
    violations = {entry.id: event.subject_id for entry, event in log.of(ViolationRecorded)}
    violations |= {entry.id: event.subject_id for entry, event in log.of(ViolationVoided)}
    for cause, items in told.items():
        if cause in known or any(log.starts.values()):
            continue
        strange = [item for item in items if item[0] != violations.get(cause) or not item[1].startswith("violation")]
        check.that(not strange, f"{_words(Counter(strange))} follows from {cause}, which says nothing of it")
    return check


def _said_before(fact: Any) -> Counter[Item]:
    """By an older program, which took from what was found of a buyer nothing but who lost."""
    if not isinstance(fact, CaseRuled | CaseAppealEnded):
        return Counter(_said(fact))
    winner = fact.side if isinstance(fact, CaseAppealEnded) else "buyer" if fact.upheld else "seller"
    plain = fact.model_copy(update={"finding": "none"}) if winner == "buyer" and ("buyer", fact.finding) in SAYS_MORE else fact
    return Counter(item for item in _said(plain) if item[3] != "appeal_won" or item[0].startswith("buyer:") == (winner == "buyer"))


def _aside(entry: Entry, tables: Tables, refused: Refused) -> bool:
    """Trust has not reached it, or holds it back, or refused it."""
    taken = tables.taken["trust"]
    ahead = (entry.sequence or 0) > taken.lasts.get((entry.topic, entry.partition), 0)
    return ahead or entry.ref in taken.held or ("trust", entry.ref) in refused


def _before(fact: Any) -> bool:
    """Of a case's end that does not say when it was answered and ruled, an older program told what it knew."""
    return isinstance(fact, CaseClosed) and not {"answered_at", "ruled_at", "line_refunded"} <= fact.model_fields_set


def _item(told: EvidenceFound | EvidenceVoided) -> Item:
    subject, kind, *rest = told.evidence_id.split("/")
    if isinstance(told, EvidenceVoided):
        return told.subject_id if told.subject_id == subject else "", kind, "/".join(rest), told.reason, told.occurred_at
    agreed = told.subject_id == subject and (told.kind == kind or kind == "violation")
    return subject if agreed else "", kind, "/".join(rest), told.counterparty, told.occurred_at


def _words(items: Counter[Item]) -> str:
    return str([(*item[:4], item[4].isoformat()) for item in sorted(items)]) if items else "nothing more"


def _said(fact: Any) -> Iterator[Item]:
    at, order = fact.occurred_at, getattr(fact, "order_id", "")
    match fact:
        case OrderCompleted():
            for line in fact.lines:
                if line.kind != "freight":
                    yield f"seller:{line.seller_id}", "completed", f"{order}/{line.line_no}", fact.buyer_id, at
                    yield f"buyer:{fact.buyer_id}", "completed", f"{order}/{line.line_no}", line.seller_id, at
                    if line.promoter_id is not None:
                        yield f"promoter:{line.promoter_id}", "completed", f"{order}/{line.line_no}", fact.buyer_id, at
        case ParcelSent() if fact.on_time:
            for seller in {line.seller_id for line in fact.shipped}:
                yield f"seller:{seller}", "shipped_on_time", f"{order}/{fact.parcel_id}", fact.buyer_id, at
        case ShippingLate():
            yield f"seller:{fact.seller_id}", "late", f"{order}/{fact.hours}", fact.buyer_id, at
        case ShippingSham():
            yield f"seller:{fact.seller_id}", "sham", f"{order}/{fact.parcel_id}", fact.buyer_id, at
            yield f"seller:{fact.seller_id}", "shipped_on_time", f"{order}/{fact.parcel_id}", "sham_upheld", at
        case ChargebackEnded() if fact.outcome == "won" and fact.buyer_id is not None:
            other = fact.lines[0].seller_id if fact.lines else "platform"
            yield f"buyer:{fact.buyer_id}", "chargeback_lost", f"{order}/{fact.chargeback_id}", other, at
        case CaseClosed() if fact.seller_id is not None and fact.buyer_id is not None:
            yield from _closed(fact)
        case CaseRuled() if fact.seller_id is not None and fact.buyer_id is not None and fact.appeal_until is not None:
            yield from _lost(fact, "seller" if fact.upheld else "buyer")
        case CaseAppealEnded() if fact.won:
            yield from _fallen(fact)


def _sellers(fact: CaseClosed | CaseRuled | CaseAppealEnded) -> list[str]:
    """And the promoter to whom the line is attributed. Source: R5.4."""
    return [f"seller:{fact.seller_id}", *([f"promoter:{fact.promoter_id}"] if fact.promoter_id is not None else [])]


def _closed(fact: CaseClosed) -> Iterator[Item]:
    case, buyer = f"{fact.order_id}/{fact.case_id}", fact.buyer_id or ""
    for subject in _sellers(fact):
        if fact.answered_at is not None and fact.answer in ("seller", "silence"):
            yield subject, "answered" if fact.answer == "seller" else "timed_out", case, buyer, fact.answered_at
        goods = fact.ground in GOODS or fact.finding == "unsafe_food"
        if fact.seller_at_fault and goods and fact.finding != "counterfeit":
            yield subject, "quality_refund", case, buyer, fact.ruled_at or fact.occurred_at
    if fact.line_refunded and (fact.fell or fact.fault) in ("", "nobody"):
        for subject in (*_sellers(fact), f"buyer:{buyer}"):
            yield subject, "completed", f"{fact.order_id}/{fact.line_no}", "refunded_in_full", fact.occurred_at


def _lost(fact: CaseRuled | CaseAppealEnded, loser: str) -> Iterator[Item]:
    """What was found against the loser stands in place of the lost dispute, a counterfeit of each that the case has, before and after; of
    the buyer it counts, whoever lost, and once more where an earlier ruling was appealed before.
    """
    kind = SAYS_MORE.get((loser, fact.finding), "dispute_lost")
    case, other = f"{fact.order_id}/{fact.case_id}", (fact.buyer_id if loser == "seller" else fact.seller_id) or ""
    of_buyer = f"{case}/again" if isinstance(fact, CaseRuled) and fact.again else case
    before = fact.found_before if loser == "seller" else None
    if loser == "buyer":
        yield f"buyer:{fact.buyer_id}", kind, of_buyer, other, fact.occurred_at
    for subject in _sellers(fact) if loser == "seller" else ():
        if kind == "counterfeit" or before != "counterfeit":
            yield subject, kind, case, other, fact.occurred_at
        if kind == "counterfeit" and before is not None:
            yield subject, "dispute_lost", case, "finding_upheld", fact.occurred_at
    if loser == "seller" and ("buyer", fact.finding) in SAYS_MORE:
        yield f"buyer:{fact.buyer_id}", SAYS_MORE["buyer", fact.finding], of_buyer, fact.seller_id or "", fact.occurred_at


def _fallen(fact: CaseAppealEnded) -> Iterator[Item]:
    """What the first ruling said of the winner falls, and what it found of the buyer, if that is not found again; now the other one has
    lost. Source: R4.11.
    """
    case, at = f"{fact.order_id}/{fact.case_id}", fact.occurred_at
    for kind in ("false_claim", "swapped_parcel"):
        if kind != fact.finding:
            yield f"buyer:{fact.buyer_id}", kind, case, "appeal_won", at
    for subject in _sellers(fact) if fact.side == "seller" else [f"buyer:{fact.buyer_id}"]:
        for kind in ("dispute_lost", "counterfeit", "quality_refund") if fact.side == "seller" else ("dispute_lost",):
            yield subject, kind, case, "appeal_won", at
    yield from _lost(fact, "buyer" if fact.side == "seller" else "seller")


def _weighed(log: Log, policies: Policies) -> Check:
    check = Check(
        "evidence: each item weighs, for what of its subject, and is as grave as the policy that it names says, and says who told"
    )
    for entry, item in log.of(EvidenceFound):
        policy = policies.named(item.policy_version)
        right = _weight(item, policy) if policy is not None else None
        told = (item.weight, item.dimensions, item.zone)
        check.that(right is None or right == told, f"{entry}: {item.evidence_id} is of {right}, told was {told}")
        graver = policy is not None and item.grave is not None and item.grave != (item.kind in policy.trust.ceiling.kinds)
        check.that(not graver, f"{entry}: {item.evidence_id} is told to be grave: {item.grave}")
        own = policies.version_at(item.occurred_at)  # an older program took the one of what it follows from
        named = item.policy_version in (own, entry.header("ce_policyversion") or own)
        told_of = item.event_id is None or item.event_id == entry.header("ce_causationid")
        check.that(named and told_of, f"{entry}: by {item.policy_version}, of {item.event_id}, which is not what it follows from")
    return check


def _counted(log: Log) -> Check:
    check = Check("evidence: each item is counted, and each tombstone taken, on the local day that it is of")
    items: list[tuple[Entry, EvidenceFound | EvidenceVoided]] = [*log.of(EvidenceFound), *log.of(EvidenceVoided)]
    days = {entry.id: local_date(item.occurred_at, item.zone).isoformat() for entry, item in items}
    told: list[tuple[Entry, EvidenceCounted | EvidenceStruck]] = [*log.of(EvidenceCounted), *log.of(EvidenceStruck)]
    for entry, fact in told:
        day = days.get(entry.header("ce_causationid"), fact.day)
        check.that(fact.day == day, f"{entry}: {fact.evidence_id} is of {day}, told was {fact.day}")
    return check


def _weight(item: EvidenceFound, policy: Policy) -> tuple[int, tuple[str, ...], str]:
    known = policy.trust.evidence.get(item.kind)
    if known is None:
        return 0, (), policy.zone
    return known.weight, tuple(known.counts_for.get(item.subject_id.partition(":")[0], ())), policy.zone  # type: ignore[call-overload]
