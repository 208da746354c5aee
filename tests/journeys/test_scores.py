"""Journeys of scores: what sellers, buyers, promoters see of theirs, why, and what it was before. Source: R5.1, R5.3, R5.6, R5.7."""

from __future__ import annotations

import json
import uuid
from datetime import date, timedelta
from typing import Any

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def sold(town: Town, name: str, lines: int, **more: Any) -> Deal:
    """So many lines of a seller, attributed, delivered and confirmed."""
    deal = Deal(town, name)
    cart = [line(number, 10_00, promoter_id=deal.promoter, **more) for number in range(1, lines + 1)]
    deal.delivered(*cart, due=lines * 10_00)
    deal.confirmed()
    town.idle()
    return deal


def asked(town: Town, *subjects: str, copies: int = 1) -> list[dict[str, Any]]:
    """The explanations that the platform asked for, all at once."""
    requests = {subject: f"why-{uuid.uuid4().hex[:8]}" for subject in subjects}
    for subject, request in requests.items():
        town.send("governance", "score.explanation_requested", subject, {"subject_id": subject, "request_id": request}, copies=copies)
    town.idle()
    told = [fact.body for subject in subjects for fact in town.facts(subject, "trust.v1", kind="score.explained")]
    found = [body for body in told if body["request_id"] in requests.values()]
    assert len(found) == len(subjects)
    return [body["explanation"] for body in found]


def violates(town: Town, subject: str, violation: str, points: int, copies: int = 1) -> None:
    body = {"subject_id": subject, "violation_id": violation, "kind": "off_platform", "points": points}
    town.send("governance", "violation.recorded", subject, body, copies=copies)


def acquits(town: Town, subject: str, violation: str, copies: int = 1) -> None:
    town.send("governance", "violation.voided", subject, {"subject_id": subject, "violation_id": violation}, copies=copies)


def printed(town: Town, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(town.laotie("trust", *arguments, "--json"))
    return found


def test_a_seller_its_promoter_and_its_buyer_are_told_why_by_item_event_and_day(town: Town) -> None:
    """R5.6: ten lines of one buyer are worth five (R5.2); P and N add up; each item names the event that told of it."""
    deal = sold(town, "why", 10)
    parcel, done = (
        next(fact for fact in town.facts(deal.order, "order.v1") if fact.type == kind).headers["ce_id"]
        for kind in ("order.shipped", "order.completed")
    )
    seller, promoter, buyer = asked(town, f"seller:{deal.seller}", f"promoter:{deal.promoter}", f"buyer:{deal.buyer}", copies=2)
    assert [(one["score"], one["new"], one["items"]) for one in (seller, promoter, buyer)] == [
        (830, False, 11), (827, False, 10), (853, False, 10),
    ]  # fmt: skip
    goods = next(one for one in seller["dimensions"] if one["dimension"] == "goods")
    assert (goods["positive"], goods["capped"]) == (5_000_000, 5_000_000)
    assert {item["event_id"] for item in seller["heaviest"]} == {parcel, done}
    assert f"a line was completed: order {deal.order}, line 1" in [item["reason"] for item in promoter["heaviest"]]
    assert {item["effect"] for item in buyer["heaviest"]} == {0}  # nine more stand behind the cap
    assert [item["effect"] for item in seller["heaviest"] if item["kind"] == "shipped_on_time"] == [3]
    text = town.laotie("trust", "explain", f"seller:{deal.seller}")
    assert f"seller:{deal.seller}: 830, tier good, 11 items" in text
    assert "(5.000000 more beyond the cap a counterparty)" in text
    assert json.dumps(printed(town, "explain", f"buyer:{deal.buyer}")) == json.dumps(buyer)


def test_at_a_past_moment_the_score_is_what_was_told_then(town: Town) -> None:
    """R5.1: every score that was told, from the topics alone, after much has happened since."""
    deal = sold(town, "past", 2)
    subject = f"seller:{deal.seller}"
    town.until(timedelta(days=1))
    violates(town, subject, "v-past", 20)
    town.idle()
    town.until(timedelta(days=1))
    acquits(town, subject, "v-past")
    town.idle()
    told = {fact.body["occurred_at"]: fact.body for fact in town.facts(subject, "trust.v1", kind="score.changed")}
    assert [body["score"] for body in told.values()][-3:] == [817, 777, 817]
    for at, body in list(told.items())[-3:]:
        then = printed(town, "score", subject, "--at", at)
        assert {name: then[name] for name in ("score", "items", "as_of", "dimensions", "ceiling", "rule_version")} == {
            name: body[name] for name in ("score", "items", "as_of", "dimensions", "ceiling", "rule_version")
        }
    days = sorted({body["as_of"] for body in told.values()})
    assert [printed(town, "score", subject, "--at", day)["items"] for day in days] == [3, 4, 3]
    before = (date.fromisoformat(days[0]) - timedelta(days=1)).isoformat()
    assert f"nothing is known of {subject} at {before}" in town.laotie("trust", "score", subject, "--at", before, status=1)
    assert f"nothing is known of {subject} before offset 0" in town.laotie("trust", "score", subject, "--offset", "0", status=1)


def test_a_counterfeit_caps_seller_and_promoter_until_a_day_that_is_told_and_lifts_nobody_before_r5_3(town: Town) -> None:
    deal = sold(town, "fake", 10)
    subjects = (f"seller:{deal.seller}", f"promoter:{deal.promoter}")
    claim: dict[str, Any] = {"kind": "claim", "ground": "counterfeit", "evidence_ids": ["e1"]}
    deal.asked_back("c1", **claim)
    town.idle()
    town.send("merchant", "case.refused", deal.order, {"order_id": deal.order, "case_id": "c1", "seller_id": deal.seller, "reason": "real"})
    town.idle()
    town.send(
        "storefront", "dispute.raised", deal.order, {"order_id": deal.order, "case_id": "c1", "buyer_id": deal.buyer, "reason": "fake"}
    )
    town.until(timedelta(days=2, hours=1))
    ruling = {"order_id": deal.order, "case_id": "c1", "ruling_id": "r1", "matter": "case", "upheld": True, "finding": "counterfeit"}
    town.send("ruling", "ruling.made", deal.order, ruling)
    town.idle()
    for said in asked(town, *subjects):
        until = date.fromisoformat(said["as_of"]) + timedelta(days=89)
        assert (said["score"], said["tier"], said["ceiling"], said["ceiling_until"]) == (399, "poor", 399, until.isoformat())
        assert (said["lift"]["by"], said["lift"]["tier"], said["lift"]["facts"]) == ("ceiling", "weak", [])
        item = said["heaviest"][0]
        assert (item["kind"], item["score_without"] > 800, item["effect"]) == ("counterfeit", True, 399 - item["score_without"])
    seller = subjects[0]
    last, first = (printed(town, "score", seller, "--at", (until + timedelta(days=n)).isoformat()) for n in (0, 1))
    assert (last["score"], last["ceiling"], first["ceiling"]) == (399, 399, None)
    assert first["score"] > 700


def test_what_would_lift_a_buyer_is_told_done_and_lifts_it_r5_7(town: Town) -> None:
    """Shown after one more; then to the next tier by lines of so many other sellers, and by one fewer not."""
    deal = sold(town, "lift", 9)
    subject = f"buyer:{deal.buyer}"
    (new,) = asked(town, subject)
    assert (new["new"], new["lift"]["by"], new["lift"]["facts"]) == (True, "shown", [{"kind": "completed", "count": 1}])
    bought(town, deal, 1)
    (shown,) = asked(town, subject)
    assert (shown["new"], shown["tier"], shown["lift"]["by"], shown["lift"]["tier"]) == (False, "good", "facts", "excellent")
    (needed,) = shown["lift"]["facts"]
    assert needed["kind"] == "completed"
    bought(town, deal, needed["count"] - 1)
    (short,) = asked(town, subject)
    assert (short["tier"], short["lift"]["facts"]) == ("good", [{"kind": "completed", "count": 1}])
    bought(town, deal, 1)
    (lifted,) = asked(town, subject)
    assert (lifted["tier"], lifted["lift"]["by"]) == ("excellent", "highest")
    tiers = [fact.body["tier"] for fact in town.facts(subject, "trust.v1", kind="tier.changed")]
    assert tiers == ["good", "excellent"]


def bought(town: Town, deal: Deal, sellers: int) -> None:
    """By the same buyer, a line of each of so many sellers that it knew not before."""
    other = Deal(town, "more")
    other.buyer = deal.buyer
    other.delivered(*(line(n, 10_00, seller_id=f"{other.seller}-{n}") for n in range(1, sellers + 1)), due=sellers * 10_00)
    other.confirmed()
    town.idle()


def test_a_voided_violation_restores_the_score_and_is_named_no_more_r6_2(town: Town) -> None:
    subject = f"promoter:void-{uuid.uuid4().hex[:6]}"
    violates(town, subject, "v1", 100)
    town.idle()
    (bad,) = asked(town, subject)
    assert (bad["score"], [item["reason"] for item in bad["heaviest"]]) == (608, ["a violation of class A: v1"])
    assert [(item["effect"], item["score_without"]) for item in bad["heaviest"]] == [(-192, 800)]
    acquits(town, subject, "v1")
    town.idle()
    (good,) = asked(town, subject)
    assert (good["score"], good["items"], good["heaviest"], good["rest"]) == (800, 0, [], [])


def test_twice_backwards_and_with_tombstones_first_it_is_the_same_explanation_r5_1(town: Town) -> None:
    """Two sellers of whom the same is told; of one in order, of the other the last first and everything three times."""
    mark = uuid.uuid4().hex[:6]
    one, other = f"seller:x{mark}", f"seller:y{mark}"
    acts: list[tuple[str, int]] = [("v1", 5), ("v2", 20), ("v2", 0), ("v3", 100), ("v4", 10), ("v4", 0)]  # 0: is voided
    for subject, order, copies in ((one, acts, 1), (other, acts[::-1], 3)):
        for violation, points in order:
            if points:
                violates(town, subject, violation, points, copies)
            else:
                acquits(town, subject, violation, copies)
        town.idle()
    straight, backwards = asked(town, one, other)
    assert straight["items"] == 2
    for said in (straight, backwards):
        for item in said["heaviest"]:
            assert item.pop("event_id")
    assert json.dumps(backwards).replace(other, one) == json.dumps(straight)


def test_of_whom_nothing_is_known_nothing_is_explained_and_the_command_says_so(town: Town) -> None:
    subject = f"buyer:nobody-{uuid.uuid4().hex[:6]}"
    town.send("governance", "score.explanation_requested", subject, {"subject_id": subject, "request_id": "q"})
    town.send("governance", "score.explanation_requested", "shop:1", {"subject_id": "shop:1", "request_id": "q"})
    town.idle()
    assert town.refused(subject) == ["score.subject_unknown"]
    assert set(town.refused("shop:1")) == {"event.invalid"}
    assert town.facts(subject) == []
    assert f"nothing is known of {subject}" in town.laotie("trust", "explain", subject, status=1)
    assert "is no subject like" in town.laotie("trust", "score", "shop:1", status=2)


def test_a_void_of_nothing_is_where_a_seller_begins_and_what_it_voids_never_counts(town: Town) -> None:
    """R5.1: evidence of whom nothing is known is how every subject begins; a tombstone may be first."""
    subject = f"seller:begins-{uuid.uuid4().hex[:6]}"
    acquits(town, subject, "v1", copies=2)
    town.idle()
    (empty,) = asked(town, subject)
    assert (empty["score"], empty["items"], empty["tier"]) == (800, 0, "new")
    violates(town, subject, "v1", 100, copies=2)
    town.idle()
    assert asked(town, subject) == [empty]


def test_a_tier_follows_a_score_and_both_are_recomputed_item_by_item(town: Town) -> None:
    """R5.7: a seller of ten lines is told good; a violation of class A makes it fair, its void good again."""
    deal = sold(town, "tier", 10)
    subject = f"seller:{deal.seller}"
    violates(town, subject, "v-tier", 100)
    town.idle()
    (fair,) = asked(town, subject)
    assert (fair["score"], fair["tier"], fair["lift"]["tier"]) == (758, "fair", "good")
    acquits(town, subject, "v-tier")
    town.idle()
    tiers = [(fact.body["before"], fact.body["tier"]) for fact in town.facts(subject, "trust.v1", kind="tier.changed")]
    assert tiers == [("new", "good"), ("good", "fair"), ("fair", "good")]
