"""What buyers were promised, computed again from what was paid and the policy that the order names. Source: R4.1, R4.5-R4.9, R2.4.

Written from the rules' text and shares no code with the services; a guarantee that is not in here is a difference.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.verify.evidence import score_at_start
from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from shared.contracts.card import CardGranted, CardRevoked, ScoreNoted
from shared.contracts.certificate import CertificateIssued
from shared.contracts.order import OrderPaid
from shared.contracts.types import Line
from shared.policy import Policies, Policy

NO_CARD = ("trust_card.no_card", "trust_card.not_valid", "trust_card.of_another")
LEFT_OUT = {"gift_minor": 0}  # what a line says that does not say it
Told = dict[str, Any]


@dataclass(slots=True)
class Known:
    """What trust told of cards (whose, since, until) and refund noted of scores. How much of it was known when a certificate was
    issued no topic says: it may lack the latest, and says nothing else than that.
    """

    cards: dict[str, tuple[str, datetime, datetime | None]] = field(default_factory=dict)
    scores: defaultdict[str, list[tuple[datetime, int]]] = field(default_factory=lambda: defaultdict(list))

    def card(self, order: OrderPaid) -> str:
        """Why the order's card is not valid, as is known now; empty: it is, or nothing is known of it. Source: R4.7, R4.1."""
        if order.trust_card_id is None:
            return "trust_card.no_card"
        buyer, since, until = self.cards.get(order.trust_card_id, (order.buyer_id, None, None))
        if buyer != order.buyer_id:
            return "trust_card.of_another"
        at = _placed(order)
        return "trust_card.not_valid" if (since is not None and at < since) or (until is not None and until <= at) else ""


@dataclass(slots=True)
class Judged:
    """What a certificate was written by: why no card counts, and the buyer's score."""

    no_card: str
    score: int


def checks(log: Log, policies: Policies) -> Iterator[Check]:
    check = Check("certificates: every guarantee for every line is what payment, terms and policy come to, under its hash")
    lines = Check("certificates: every line is the one that was paid for, its gifts at their list price")
    paid = {event.order_id: event for _, event in log.of(OrderPaid)}
    known = _known(log)
    for entry, issued in log.of(CertificateIssued):
        value = json.loads(entry.value or b"{}")
        found = _hash(value)
        check.that(issued.terms_sha256 == found, f"{entry}: its hash should be {found}")
        order, policy = paid.get(issued.order_id), policies.named(issued.terms.policy_version)
        if issued.hashed == "parts":
            continue  # issued before there was more than one guarantee
        if order is None or policy is None:
            check.that(any(log.starts.values()), f"{entry}: order {issued.order_id} was not paid, or its policy is not known")
            continue
        check.that(value.get("currency") == order.currency, f"{entry}: its currency should be {order.currency}")
        judged = _judged(check, entry, value, order, known, score_at_start(policy.trust))
        _lines(lines, entry, value, order)
        _compare(check, entry, list(_each(value)), [one for line in order.lines for one in _promises(line, order, policy, judged)])
    yield check
    yield lines


def _lines(check: Check, entry: Entry, value: Told, order: OrderPaid) -> None:
    """gift_minor: what the seller loses of a gift that stays: its list price, less what was paid for it. Source: R4.5."""
    told = {line["line_no"]: line for line in value["lines"]}
    for line in order.lines:
        expected = {
            "seller_id": line.seller_id,
            "quantity": line.quantity,
            "paid_minor": line.paid_minor,
            "kind": line.kind,
            "answers_id": line.fulfiller_id,
            "gift_of": line.gift_of,
            "gift_minor": 0 if line.gift_of is None else line.gross_minor - line.paid_minor,
            "promoter_id": line.promoter_id,
        }
        found = {name: told.get(line.line_no, {}).get(name, LEFT_OUT.get(name)) for name in expected}
        check.that(found == expected, f"{entry}, line {line.line_no}: should be {expected}, told was {found}")


def _known(log: Log) -> Known:
    known = Known()
    for _, granted in log.of(CardGranted):
        known.cards[granted.card_id] = (granted.buyer_id, granted.occurred_at, None)
    for _, revoked in log.of(CardRevoked):
        buyer, since, _ = known.cards.get(revoked.card_id, (revoked.buyer_id, revoked.occurred_at, None))
        known.cards[revoked.card_id] = (buyer, since, revoked.occurred_at)
    for _, noted in log.of(ScoreNoted):
        known.scores[noted.buyer_id].append((noted.occurred_at, noted.score))
    return known


def _judged(check: Check, entry: Entry, value: Told, order: OrderPaid, known: Known, at_start: int) -> Judged:
    """What it says of card and score, if that can be: never a reason that is none, never a score that was not shown by then."""
    truth, told = known.card(order), _told(value)
    no_card = truth if told is None else told
    possible = no_card == truth or (no_card == "" and order.trust_card_id is not None)
    check.that(possible, f"{entry}: card {order.trust_card_id} is {no_card or 'valid'}, should be {truth or 'valid'}")
    score = value.get("buyer_score")
    shown = {one for at, one in known.scores[order.buyer_id] if at <= _placed(order)}
    check.that(score is None or score in shown, f"{entry}: score {score} of {order.buyer_id} was not shown when it ordered")
    return Judged(no_card, at_start if score is None else score)


def _each(value: Told) -> Iterator[Told]:
    """What is promised for several lines at once, line by line; caps that are the price, by the line's."""
    paid = {line["line_no"]: line["paid_minor"] for line in value["lines"]}
    for one in value["guarantees"]:
        for line_no in (one["line_no"], *one.get("more_lines", ())):
            yield {**one, "line_no": line_no, "cap_minor": paid[line_no] if one.get("cap_of_line") else one["cap_minor"]}


def _told(value: Told) -> str | None:
    """Why no card counts, by any right that a seller offered; None: none was offered."""
    rights = [one for one in value["guarantees"] if one["rule"] == "R4.7" and one.get("withheld") != "trust_card.not_offered"]
    reasons = [one.get("withheld", "") for one in rights if one.get("withheld", "") in ("", *NO_CARD)]
    multiples = [one["multiple"] > one["multiple_by_law"] for one in value["guarantees"] if one["guarantee"] == "authenticity"]
    return reasons[0] if reasons else "" if any(multiples) else None


def _placed(order: OrderPaid) -> datetime:
    return order.placed_at or order.occurred_at


def _hash(value: Told) -> str:
    if value.get("hashed") == "value":
        kept = {name: value[name] for name in value if name not in ("occurred_at", "terms_sha256")}
        text = json.dumps(kept, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    else:
        text = json.dumps([value.get(name) for name in ("terms", "lines", "guarantees")], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _compare(check: Check, entry: Entry, told: list[Told], expected: list[Told]) -> None:
    by_name = {(one["line_no"], one["guarantee"]): one for one in told}
    names = {(one["line_no"], one["guarantee"]) for one in expected}
    check.that(by_name.keys() == names and len(told) == len(names), f"{entry}: promises {sorted(by_name)}, should be {sorted(names)}")
    for one in expected:
        said = by_name.get((one["line_no"], one["guarantee"]), {})
        wrong = {name: (said.get(name), value) for name, value in one.items() if value != (said[name] if name in said else _nothing(value))}
        if check.fails(not wrong):
            check.differ(f"{entry}, line {one['line_no']}, {one['guarantee']}: told and expected {wrong}")


def _nothing(value: Any) -> Any:
    """What a field means that is left out."""
    return type(value)()


def _promises(line: Line, order: OrderPaid, policy: Policy, judged: Judged) -> Iterator[Told]:
    terms, refund, card = policy.refund.guarantees, policy.refund, not judged.no_card
    goods = "" if line.kind == "goods" else "promise.freight" if line.kind == "freight" else "promise.goods_only"
    any_line = "promise.freight" if line.kind == "freight" else ""
    mind = _no_reason(line)

    def one(name: str, why: str, rule: str, cap: int = line.paid_minor, **more: Any) -> Told:
        base = {"line_no": line.line_no, "guarantee": name, "granted": not why, "withheld": why, "rule": rule}
        return {**base, "cap_minor": cap, "days": 0, "hours": 0, "funder": "seller", **more}

    yield one("no_reason", mind, "R4.5", days=refund.no_reason_days)
    yield one("exchange", mind, "R4.10", days=refund.no_reason_days)
    funder = "platform" if mind else "seller"
    yield one("first_order", any_line, "R4.6", days=terms.first_order_days, funder=funder, conditional=True)
    yield one("not_shipped", any_line, "R4.8")
    yield one("not_received", any_line, "R4.2", days=terms.not_received_days)
    yield one("resend", goods, "R4.2", days=terms.not_received_days)
    yield one("quality", any_line, "R4.2", days=terms.quality_days)
    yield one("damaged", goods, "R4.2", hours=terms.damaged_hours)
    yield one("wrong_item", goods, "R4.2", days=terms.wrong_item_days)
    yield one("negotiated", any_line, "R4.2", days=terms.negotiated_days)
    yield from _of_card(line, order, policy, any_line, goods, judged.no_card, one)
    yield from _of_law(line, order, policy, goods, card, one)
    yield from _of_shipping(line, order, goods, one)
    limit = terms.instant.below_minor.get(order.currency)
    tailored = line.kind == "virtual" or line.category in ("custom_made", "digital")
    why = "instant_refund.not_for_line" if tailored else any_line or ("promise.currency" if limit is None else "")
    if not tailored and judged.score < terms.instant.score_min:
        why = "instant_refund.score_too_low"
    yield one("instant_refund", why, "R4.8", min(line.paid_minor, max(0, (limit or 0) - 1)))


def _no_reason(line: Line) -> str:
    """R4.5."""
    if line.kind != "goods" or line.category in ("custom_made", "fresh", "newspaper"):
        return "no_reason.excluded"
    if line.gift_of is not None:
        return "promise.gift"
    return "no_reason.waived" if line.no_reason_waived else ""


def _of_card(line: Line, order: OrderPaid, policy: Policy, any_line: str, goods: str, no_card: str, one: Any) -> Iterator[Told]:
    """R4.7."""

    def why(base: str, tag: str) -> str:
        return base or ("trust_card.not_offered" if tag not in line.tags else no_card)

    rights = policy.refund.guarantees.trust_card
    cap = line.paid_minor if line.without_return_cap_minor is None else min(line.paid_minor, line.without_return_cap_minor)
    tag = "refund_without_return"
    yield one(tag, why(any_line, tag), "R4.7", cap, days=rights.without_return_days)
    freight = rights.freight_minor.get(order.currency)
    withheld = why(goods, "return_freight") or ("promise.currency" if freight is None else "")
    yield one("return_freight", withheld, "R4.7", freight or 0, pays_itself=True)
    yield one("damaged_refund", why(goods, "damaged_refund"), "R4.7", hours=rights.damaged_hours)


def _of_law(line: Line, order: OrderPaid, policy: Policy, goods: str, card: bool, one: Any) -> Iterator[Told]:
    """R4.9."""
    law = policy.refund.guarantees.authenticity
    offered = [int(tag[len("authentic_x") :]) for tag in line.tags if re.fullmatch(r"authentic_x\d{1,2}", tag)]
    times = max([law.fraud_multiple, *(offered if card else [])])
    least = law.fraud_min_minor.get(order.currency, 0)
    yield one("authenticity", goods, "R4.9", days=law.days, multiple=times, multiple_by_law=law.fraud_multiple, at_least_minor=least)
    food = goods or ("" if line.category in ("food", "fresh") else "promise.not_food")
    least = law.food_min_minor.get(order.currency, 0)
    times = law.food_multiple
    yield one("food_safety", food, "R4.9", days=law.days, multiple=times, multiple_by_law=times, at_least_minor=least)
    bound = policy.refund.guarantees.fault_freight_minor.get(order.currency, line.paid_minor)
    yield one("fault_freight", goods, "R4.9", bound, pays_itself=True)


def _of_shipping(line: Line, order: OrderPaid, goods: str, one: Any) -> Iterator[Told]:
    """R2.4."""
    terms = order.terms
    hours = terms.ship_hours_24h if "ship_24h" in line.tags and terms.ship_hours_24h is not None else terms.ship_hours
    for name, penalty, within in (("late_shipping", terms.late, hours), ("sham_shipping", terms.sham, terms.collect_hours or 0)):
        bp, least, most = (penalty.bp, penalty.min_minor, penalty.max_minor) if penalty else (0, 0, 0)
        why = goods or ("" if penalty else "promise.not_offered")
        yield one(name, why, "R2.4", most, hours=within, bp=bp, at_least_minor=least, pays_itself=True)
