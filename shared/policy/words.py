"""What each value of the policy means, for whom, and from when a change of it counts: one line a value, `{}` where it stands.

Paths as in the document; `*` is a name (a currency, a role, a kind, a tier). tests/unit/test_policy_words.py walks the document: a
value without a line here, and a line without a value, fail. The schema (deploy/policy.schema.json) takes its descriptions from here.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Audience = Literal["buyers", "sellers", "promoters", "buyers and sellers", "sellers and promoters", "everybody", "the platform", "ops"]
Since = Literal["for orders placed from", "for what happens from", "for scores from", "for orders, scores and budgets from"]

ORDERS: Since = "for orders placed from"
ACTS: Since = "for what happens from"
SCORES: Since = "for scores from"


class Word(NamedTuple):
    """says: with `{}` for the value and `{key}` for the name that a `*` stands for (the last one), `{of}` for the one before."""

    who: Audience
    rule: str
    says: str
    since: Since


def rule_at(path: str) -> str:
    """` (R2.2)` of a value or of the nearest section of it that has rules; empty where there is none. `*` and numbers are names, too."""
    parts = path.split(".")
    for depth in range(len(parts), 0, -1):
        rules = [word.rule for pattern, word in WORDS.items() if _begins(pattern.split("."), parts[:depth])]
        if rules and depth > 1:
            return f" ({', '.join(dict.fromkeys(rule for one in rules for rule in one.split(', ')))})"
        if rules and depth == len(parts) and path in WORDS:
            return f" ({WORDS[path].rule})"
    return ""


def _begins(pattern: list[str], parts: list[str]) -> bool:
    return len(pattern) >= len(parts) and all(one in ("*", part) for one, part in zip(pattern, parts, strict=False))


WORDS: dict[str, Word] = {
    "zone": Word("everybody", "R1.2", "days counted in the time zone {}", "for orders, scores and budgets from"),
    "lead_minutes": Word("ops", "R2.8, R9.1", "{} minutes at least from publishing a version to when it begins", ACTS),
    "order.pay_minutes": Word("buyers", "R2.2", "{} minutes to pay", ORDERS),
    "order.ship_hours": Word("sellers", "R2.4", "{} hours to ship, from payment", ORDERS),
    "order.ship_hours_24h": Word("sellers", "R2.4", "{} hours to ship what is tagged ship_24h", ORDERS),
    "order.late.bp": Word("buyers and sellers", "R2.4", "{} of what was paid owed for shipping late", ORDERS),
    "order.late.min_minor.*": Word("buyers and sellers", "R2.4", "at least {} owed for shipping late", ORDERS),
    "order.late.max_minor.*": Word("buyers and sellers", "R2.4", "at most {} owed for shipping late", ORDERS),
    "order.collect_hours": Word("sellers", "R2.4", "{} hours for a carrier to collect what a waybill promises", ORDERS),
    "order.sham.bp": Word("buyers and sellers", "R2.4", "{} of what was paid owed for sham shipping", ORDERS),
    "order.sham.min_minor.*": Word("buyers and sellers", "R2.4", "at least {} owed for sham shipping", ORDERS),
    "order.sham.max_minor.*": Word("buyers and sellers", "R2.4", "at most {} owed for sham shipping", ORDERS),
    "order.confirm_signed_days": Word("buyers and sellers", "R2.5", "{} days from shipping until what was signed for is confirmed", ORDERS),
    "order.confirm_check_days": Word("buyers and sellers", "R2.5", "{} days from shipping until receipt is looked at again", ORDERS),
    "order.confirm_latest_days": Word("buyers and sellers", "R2.5", "{} days from shipping until everything is confirmed", ORDERS),
    "order.extend_days": Word("buyers", "R2.5", "{} days to add to the time for confirming, once a line", ORDERS),
    "order.ad_days": Word("promoters", "R2.9", "{} days for which a click on an ad counts", ORDERS),
    "order.tags": Word("sellers", "R2.4, R4.7", "what a line may be tagged with, {}", ORDERS),
    "order.suspension_look_back_hours": Word("the platform", "R2.8", "{} hours or more of orders searched when a suspension is late", ACTS),
    "payment.fee_bp": Word("sellers", "R3.3", "{} of what the buyer paid as the platform's fee", ORDERS),
    "payment.settle_days": Word("sellers", "R2.6", "{} days from confirmation to settlement where no tier says others", ORDERS),
    "payment.sweep": Word("sellers and promoters", "R3.1", "daily payout of balances {}", ACTS),
    "payment.clawback_days": Word("sellers and promoters", "R3.6", "{} days in which all bear their share of a refund", ORDERS),
    "payment.clawback_days_short": Word(
        "sellers and promoters", "R3.6", "{} days in which they do of fresh and virtual lines", ORDERS
    ),
    "payment.provider_silent_hours": Word("the platform", "R3.5", "{} hours until the provider's silence is announced", ACTS),
    "payment.chargeback_silent_days": Word("the platform", "R3.8", "{} days until a bank's silence is announced", ACTS),
    "payment.statement_days": Word("the platform", "R3.9", "{} days for the statement to show what moved (payouts: from then on)", ORDERS),
    "payment.put_in_statement_days": Word(
        "the platform", "R3.9", "{} days for the statement to show what sellers and promoters put in", ACTS
    ),
    "payment.prefund_release_hours": Word("promoters", "R3.1", "{} hours until prefunded money that is asked for is free", ACTS),
    "payment.known_hours": Word("the platform", "R3.9", "{} hours until money that only the statement knows is a break", ACTS),
    "refund.no_reason_days": Word("buyers", "R4.5", "{} days to return without reason", ORDERS),
    "refund.answer_hours": Word("sellers", "R4.3", "{} hours to answer a case before silence agrees", ORDERS),
    "refund.post_days": Word("buyers", "R4.4", "{} days to send the goods back", ORDERS),
    "refund.inspect_days": Word("sellers", "R4.4", "{} days to inspect what comes back before silence accepts it", ORDERS),
    "refund.refused_days": Word("buyers", "R4.2, R4.11", "{} days to dispute a refusal", ORDERS),
    "refund.attempts_max": Word("buyers", "R4.3", "{} cases a line at most", ORDERS),
    "refund.fund.day_minor.*": Word("buyers", "R4.6", "{} a day that the guarantee fund pays by itself", ACTS),
    "refund.fund.hour_claims_max": Word("buyers", "R4.6", "{} claims an hour before the guarantee fund stops for the day", ACTS),
    "refund.fund.hour_bp": Word("buyers", "R4.6", "{} of the day's budget in an hour before the guarantee fund stops", ACTS),
    "refund.evidence_hours": Word("buyers and sellers", "R4.11", "{} hours to show evidence in a dispute", ORDERS),
    "refund.ruling_days": Word("buyers and sellers", "R4.11", "{} days for the platform to rule before the buyer is right", ORDERS),
    "refund.appeal_days": Word("buyers and sellers", "R4.11", "{} days to appeal, and as many to be ruled on", ORDERS),
    "refund.claim_evidence_days": Word("buyers", "R4.9", "{} days to show evidence for a claim", ORDERS),
    "refund.claim_answer_days": Word("sellers", "R4.9", "{} days to answer a claim, from its evidence", ORDERS),
    "refund.replace_hours": Word("sellers", "R4.10", "{} hours to send other goods", ORDERS),
    "refund.replaced_days": Word("buyers and sellers", "R4.2", "{} days until an unsigned replacement counts as arrived", ORDERS),
    "refund.guarantees.first_order_days": Word("buyers", "R4.6", "{} days of the first-order guarantee", ORDERS),
    "refund.guarantees.quality_days": Word("buyers", "R4.2", "{} days to complain of quality", ORDERS),
    "refund.guarantees.damaged_hours": Word("buyers", "R4.2", "{} hours to complain of damage", ORDERS),
    "refund.guarantees.wrong_item_days": Word("buyers", "R4.2", "{} days to complain of the wrong item", ORDERS),
    "refund.guarantees.not_received_days": Word("buyers", "R4.2", "{} days to say that somebody else signed", ORDERS),
    "refund.guarantees.negotiated_days": Word("buyers and sellers", "R4.2", "{} days to agree on a refund", ORDERS),
    "refund.guarantees.fault_freight_minor.*": Word("sellers", "R4.9", "at most {} of the way back borne by a seller at fault", ORDERS),
    "refund.guarantees.trust_card.without_return_days": Word("buyers", "R4.7", "{} days for a refund without return by the card", ORDERS),
    "refund.guarantees.trust_card.damaged_hours": Word("buyers", "R4.7", "{} hours for a refund of damage by the card", ORDERS),
    "refund.guarantees.trust_card.freight_minor.*": Word("buyers", "R4.7", "up to {} of return freight paid by the card", ORDERS),
    "refund.guarantees.instant.score_min": Word("buyers", "R4.8", "a score of {} for an instant refund", ORDERS),
    "refund.guarantees.instant.below_minor.*": Word("buyers", "R4.8", "instant refunds of an order below {}", ORDERS),
    "refund.guarantees.authenticity.days": Word("buyers", "R4.9", "{} days to claim a counterfeit", ORDERS),
    "refund.guarantees.authenticity.fraud_multiple": Word("buyers and sellers", "R4.9", "{} times the price for a counterfeit", ORDERS),
    "refund.guarantees.authenticity.fraud_min_minor.*": Word("buyers and sellers", "R4.9", "at least {} owed for a counterfeit", ORDERS),
    "refund.guarantees.authenticity.food_multiple": Word("buyers and sellers", "R4.9", "{} times the price owed for unsafe food", ORDERS),
    "refund.guarantees.authenticity.food_min_minor.*": Word("buyers and sellers", "R4.9", "at least {} owed for unsafe food", ORDERS),
    "trust.prior_good": Word("everybody", "R5.3", "{} good items of the start", SCORES),
    "trust.prior_total": Word("everybody", "R5.3", "{} items of the start", SCORES),
    "trust.cap_per_counterparty": Word("everybody", "R5.2", "{} millionths of good items counted of one counterparty", SCORES),
    "trust.shown_from_items": Word("everybody", "R5.3", "{} items before a score is shown", SCORES),
    "trust.explained_items": Word("everybody", "R5.6", "{} items named one by one where a score is explained", SCORES),
    "trust.roles.*.half_life_days": Word("everybody", "R5.2", "{} days in which an item about a {key} weighs half", SCORES),
    "trust.roles.*.dimensions.*": Word("everybody", "R5.4", "{} of a {of}'s score from {key}", SCORES),
    "trust.evidence.*.weight": Word("everybody", "R5.5", "a weight of {} for {key}", ACTS),
    "trust.evidence.*.counts_for.*": Word("everybody", "R5.5", "{of} counted for a {key} in {}", ACTS),
    "trust.suspension_lead_minutes": Word("sellers and promoters", "R2.8", "{} minutes until a suspension takes effect", ACTS),
    "trust.suspension_days": Word("sellers and promoters", "R6.2", "suspensions of level 1 to 4 of {} days", ACTS),
    "trust.card_score_min": Word("buyers", "R4.7", "a score of {} for a trust card", ACTS),
    "trust.card_clean_days": Word("buyers", "R4.7", "{} days without abuse for a trust card", ACTS),
    "trust.ceiling.kinds": Word("everybody", "R5.3", "what puts a ceiling on a score, {}", SCORES),
    "trust.ceiling.days": Word("everybody", "R5.3", "{} days for which it does", SCORES),
    "trust.ceiling.score": Word("everybody", "R5.3", "a ceiling of {}", SCORES),
    "trust.tiers.*.least": Word("everybody", "R5.7", "a score of {} for the tier {key}", SCORES),
    "trust.tiers.*.traffic_pct": Word("sellers and promoters", "R5.7", "{} hundredths of the traffic in the tier {key}", SCORES),
    "trust.tiers.*.escrow_days": Word("sellers", "R5.7", "{} days in escrow in the tier {key}", ORDERS),
    "trust.tier_new.name": Word("everybody", "R5.7", "the name {} of the tier of who is new", SCORES),
    "trust.tier_new.least": Word("everybody", "R5.7", "a score of {} for who is new", SCORES),
    "trust.tier_new.traffic_pct": Word("sellers and promoters", "R5.7", "{} hundredths of the traffic for who is new", SCORES),
    "trust.tier_new.escrow_days": Word("sellers", "R5.7", "{} days in escrow for who is new", ORDERS),
    "trust.pass_minutes": Word("the platform", "R5.1", "{} minutes after midnight over which the day's scores are spread", ACTS),
    "trust.violations.b_points": Word("sellers and promoters", "R6.1, R5.5", "{} points for a violation of class B", ACTS),
    "trust.violations.a_points": Word("sellers and promoters", "R6.1, R5.5", "{} points for a violation of class A", ACTS),
    "trust.violations.remove_points": Word("sellers and promoters", "R6.1", "{} points until one is removed for good", ACTS),
    "trust.violations.study_points_max": Word("sellers and promoters", "R6.1", "{} points at most taken off for study", ACTS),
    "trust.violations.appeal_days": Word("sellers and promoters", "R6.2", "{} days to appeal against a violation", ACTS),
    "trust.violations.kinds.*.name": Word("sellers and promoters", "R6.1", "{} as the name of violations of kind {key}", ACTS),
    "trust.violations.kinds.*.points": Word("sellers and promoters", "R6.1", "{} as the points that {key} may be of", ACTS),
    "trust.violations.kinds.*.level": Word("sellers and promoters", "R6.1, R6.2", "level {} of suspension for {key}", ACTS),
}  # fmt: skip
