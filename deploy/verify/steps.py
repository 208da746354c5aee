"""Of each step of a case: the state that it leads to, whose turn it is then, and the code and rule that it may give. Source: R4.2-R4.11.

Written from the rules' text and shares no code with the services. What an older program gave no code for is judged by its state alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from deploy.verify.log import Entry, Log
from deploy.verify.reasons import OF_GROUND
from deploy.verify.report import Check
from shared.contracts import dispute, exchange, refund
from shared.contracts.first_order import ClaimWaitsForFund
from shared.contracts.hold import ShipmentHoldGranted, ShipmentHoldRefused
from shared.contracts.payment import RefundRefused
from shared.messaging.message import Message

LEADS_TO: Mapping[type[Message], set[tuple[int, str]]] = {
    refund.CaseApproved: {(30, "buyer"), (10, "nobody")},
    refund.CaseDeclined: {(12, "buyer")},
    refund.CaseReturned: {(40, "seller")},
    refund.RefundGranted: {(50, "provider")},
    refund.RefundStuck: {(50, "platform")},
    refund.CaseClosed: {(60, "nobody"), (70, "nobody")},
    exchange.CaseReceived: {(40, "seller")},
    exchange.CaseExchanging: {(40, "seller")},
    exchange.CaseReplaced: {(45, "buyer")},
    dispute.CaseDisputed: {(20, "both")},
    dispute.CaseHeard: {(20, "platform")},
    dispute.CaseRuled: {(20, "nobody"), (50, "platform"), (10, "platform")},
    dispute.CaseReopened: {(50, "provider")},
    ClaimWaitsForFund: {(10, "platform")},
}
BESIDE = (dispute.CaseAppealed, dispute.CaseAppealEnded, dispute.EvidenceNoted)  # state and turn go on
AGREED = {  # by whom it was agreed to, and why it says so
    "seller": {"case.agreed", "case.inspected"},
    "silence": {"case.silence_agreed", "case.not_inspected"},
    "promise": {"case.at_once"},
    "carrier": {"case.parcel_failed"},
    "ruling": {"case.ruled_for_buyer", "case.refund_ruled", "case.granted_again", "fund.approved"},
    "default": {"case.default_judgment", "case.refund_by_default"},
    "appeal": {"case.appeal_won", "case.refund_on_appeal"},
}
ANY = {"case.waits_for_hold", "case.replacement_failed", "case.replacement_late"}  # whoever agreed before
CODES: Mapping[type[Message], set[str]] = {
    refund.CaseOpened: {"case.applied"},
    refund.CaseDeclined: {"case.seller_refused", "case.none_accepted"},
    refund.CaseReturned: {"case.sent_back"},
    refund.RefundStuck: {"case.refund_failed"},
    exchange.CaseReceived: {"case.goods_received"},
    exchange.CaseReplaced: {"case.replacement_sent"},
    dispute.CaseHeard: {"case.evidence_closed"},
    dispute.CaseAppealed: {"case.appealed_by_loser"},
    dispute.CaseReopened: {"case.appeal_won"},
    dispute.EvidenceNoted: {"case.evidence_shown"},
    ClaimWaitsForFund: {"fund.budget_spent", "fund.stopped"},
}
ENDS = {  # state and outcome
    "case.refunded": (60, {"refunded"}),
    "case.refunded_beside_bank": (60, {"refunded"}),
    "case.replacement_arrived": (60, {"exchanged", "resent"}),
    "case.replacement_presumed": (60, {"exchanged", "resent"}),
    "case.sent_again": (60, {"exchanged", "resent"}),
    "case.withdrawn": (70, {"withdrawn"}),
    "case.not_posted": (70, {"lapsed"}),
    "case.units_cancelled": (70, {"agreed"}),
}
RULES = {  # where neither the case nor what it follows from leaves a choice
    "case.seller_refused": "R4.2",
    "case.none_accepted": "R4.4",
    "case.sent_back": "R4.4",
    "case.goods_received": "R4.4",
    "case.replacement_sent": "R4.10",
    "case.replacement_late": "R4.10",
    "case.replacement_failed": "R4.10",
    "case.evidence_closed": "R4.11",
    "case.appealed_by_loser": "R4.11",
    "case.appeal_won_by_seller": "R4.11",
    "case.ruled_for_seller": "R4.11",
    "case.granted_again": "R3.5",
    "case.refund_by_default": "R4.11",
    "case.refund_failed": "R3.5",
    "case.refund_given_up": "R3.5",
    "case.refund_on_appeal": "R4.11",
    "case.refund_ruled": "R4.11",
    "case.refunded": "R3.5",
    "case.refunded_beside_bank": "R3.8",
    "case.refusal_over": "R4.2",
    "case.withdrawn": "R4.2",
    "case.not_posted": "R4.4",
    "case.units_cancelled": "R1.4",
    "case.claim_unanswered": "R4.9",
    "case.agreed": "R4.3",
    "case.silence_agreed": "R4.3",
    "case.inspected": "R4.4",
    "case.not_inspected": "R4.4",
    "case.parcel_failed": "R4.2",
    "case.waits_for_hold": "R4.8",
    "case.ruled_for_buyer": "R4.11",
    "case.default_judgment": "R4.11",
    "case.disputed_by_buyer": "R4.11",
    "case.disputed_by_seller": "R4.11",
    "case.appeal_won": "R4.11",
    "case.appeal_lost": "R4.11",
    "case.appeal_unruled": "R4.11",
    "case.replacement_arrived": "R4.10",
    "case.replacement_presumed": "R4.2",
    "case.sent_again": "R4.2",
    "fund.approved": "R4.6",
    "fund.declined": "R4.6",
    "fund.budget_spent": "R4.6",
    "fund.stopped": "R4.6",
}


def checks(log: Log) -> Iterator[Check]:
    check = Check("steps: each of a case leads to the state, the turn and the outcome of its kind, under a code that says why and its rule")
    refusals = {entry.id: (refused.code, "R3.5") for entry, refused in log.of(RefundRefused)}
    refusals |= {entry.id: (refused.code, "R4.8") for entry, refused in log.of(ShipmentHoldRefused)}
    holds = {entry.id for kind in (ShipmentHoldGranted, ShipmentHoldRefused) for entry, _ in log.of(kind)}
    claims: dict[tuple[str, str], tuple[str, str]] = {}  # ground and kind, as it stands
    stands: dict[tuple[str, str], tuple[int, str]] = {}
    granted: dict[tuple[str, str], list[str]] = defaultdict(list)
    applied = {(fact.order_id, fact.case_id): fact.occurred_at for _, fact in log.of(refund.CaseOpened)}
    for entry in log.facts():
        fact: Any = entry.event
        if isinstance(fact, refund.CaseFact):
            place = fact.order_id, fact.case_id
            if isinstance(fact, refund.CaseOpened | dispute.CaseRuled | dispute.CaseReopened):
                claims[place] = fact.ground if isinstance(fact, refund.CaseOpened) else claims.get(place, ("",))[0], fact.kind
            rule = _rule(fact, *claims.get(place, ("", "")), held=entry.header("ce_causationid") in holds)
            wrong = [*_place(fact, stands.get(place)), *_why(entry, fact, rule, refusals)]
            if isinstance(fact, refund.RefundGranted) and place in applied:
                wrong += _again(fact, stands.get(place), granted[place], applied[place])
                granted[place].append(fact.refund_id)
            if check.fails(not wrong):
                check.differ(f"{entry}: case {fact.case_id} {', '.join(wrong)}")
            stands[place] = fact.state, fact.turn
    yield check


def _place(fact: Any, before: tuple[int, str] | None) -> Iterator[str]:
    now = fact.state, fact.turn
    if isinstance(fact, refund.CaseOpened):
        awaits = "buyer" if fact.kind == "claim" and not fact.evidence_ids else "seller"
        right = {(10, "nobody" if fact.deadline is None else awaits)}
    elif isinstance(fact, BESIDE):
        shown = isinstance(fact, dispute.EvidenceNoted) and fact.side == "buyer" and before == (10, "buyer")
        right = {(10, "seller")} if shown else {before or now}
    else:
        right = LEADS_TO.get(type(fact), {now})
    if now not in right:
        yield f"is told to be {now}, not one of {sorted(right)}"


def _again(fact: refund.RefundGranted, before: tuple[int, str] | None, earlier: list[str], applied: datetime) -> Iterator[str]:
    """One that the provider did not pay is granted again under another id; an older release did not say since when the buyer wants it."""
    right = len(earlier) + 1, earlier[-1] if earlier and before == (50, "platform") else None
    told = fact.attempt, fact.again_of if "again_of" in fact.model_fields_set else right[1]
    if told != right:
        yield f"is granted as attempt {right[0]}, again of {right[1]}, not {told[0]} of {told[1]}"
    if fact.applied_at not in (None, applied):
        yield f"was applied for at {applied}, not {fact.applied_at}"


def _rule(fact: Any, ground: str, kind: str, *, held: bool) -> str:
    """held: the order has kept its units back, or they had left before, whereupon what was agreed to follows. Its own rule where no other
    is known.
    """
    if isinstance(fact, exchange.CaseExchanging):
        return "R4.10"
    if fact.code == "case.evidence_shown" and kind:
        return "R4.9" if kind == "claim" else "R4.11"
    agreed = isinstance(fact, refund.CaseApproved | refund.RefundGranted) and fact.code not in ANY
    if agreed and held:
        return "R4.2" if ground == "not_received" else "R4.8"
    if fact.code == "case.at_once" and ground:
        return OF_GROUND[ground]
    return RULES.get(fact.code) or str(fact.rule)


def _why(entry: Entry, fact: Any, rule: str, refusals: Mapping[str, tuple[str, str]]) -> Iterator[str]:
    """rule: that it should give. refusals: of what a case asked payment and order for, code and rule."""
    if not fact.code:
        return
    codes = CODES.get(type(fact))
    match fact:
        case refund.CaseApproved() | refund.RefundGranted() | exchange.CaseExchanging():
            codes = AGREED[fact.by] | ANY
        case dispute.CaseDisputed():
            codes = {"case.claim_unanswered"} if fact.by == "silence" else {f"case.disputed_by_{fact.by}"}
        case dispute.CaseRuled() if fact.appeal_until is not None:
            of = "case.ruled_for_buyer" if fact.upheld else "case.ruled_for_seller"
            codes = {"case.default_judgment" if fact.by == "default" else of}
        case dispute.CaseRuled():
            codes = {"case.refund_failed", "fund.approved" if fact.upheld else "fund.declined"}
        case dispute.CaseAppealEnded():
            codes = {"case.appeal_unruled"} if fact.by == "silence" else {"case.appeal_won" if fact.won else "case.appeal_lost"}
        case refund.CaseClosed():
            state, outcomes = ENDS.get(fact.code, (70, {"rejected"}))
            refused, by = refusals.get(entry.header("ce_causationid"), ("", ""))
            if fact.code == refused:
                state, outcomes, rule = 70, {"rejected"}, by or rule
            if fact.state != state or ("outcome" in fact.model_fields_set and fact.outcome not in outcomes):
                yield f"ended in {fact.state} as {fact.outcome or 'nothing'} by {fact.code}"
            known = {
                *ENDS,
                "case.refusal_over",
                "case.ruled_for_seller",
                "case.refund_given_up",
                "case.appeal_won_by_seller",
                "fund.declined",
            }
            codes = known | {refused}
    if codes is not None and fact.code not in codes:
        yield f"is told to be so by {fact.code}, not one of {sorted(codes)}"
    if fact.rule != rule:
        yield f"is told to follow {fact.rule}, not {rule}"
