"""Journeys in the words of ops who change the rules, and of those for whom they change. Source: R9.1, R2.8."""

from __future__ import annotations

import json
import os
import signal
from datetime import timedelta
from typing import Any

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line
from tests.journeys.outside import cloud_event
from tests.journeys.rules import LEAD, SERVICES, document, in_force, name, publish, standing
from tests.journeys.test_crash import BACK_S, row
from tests.toy.outside import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
SECOND = timedelta(seconds=1)


def promised(town: Town, deal: Deal, when: str = "") -> str:
    """By which version an order placed now, or then, is accepted."""
    said: dict[str, Any] = {"occurred_at": when} if when else {}
    deal.placed(line(1, 50_00), due=50_00, **said)
    town.idle()
    version: str = deal.fact("order.v1", "order.accepted")["terms"]["policy_version"]
    return version


def test_a_version_is_in_force_to_the_second_for_every_service(town: Town) -> None:
    """R9.1: published with a plain client; it is known at once, and counts from its moment on."""
    version, begins = name("to-the-second"), town.now + timedelta(minutes=30)
    publish(town, document(version, begins, {"order.pay_minutes": 45}))
    assert {coming for _, coming in standing(town).values()} == {version}
    town.until(begins + 2 * SECOND)
    assert {current for current, _ in standing(town).values()} == {version}
    assert standing(town).keys() == set(SERVICES)
    before, then = Deal(town, "just-before"), Deal(town, "just-then")
    assert promised(town, before, (begins - SECOND).isoformat()) != version
    assert promised(town, then, begins.isoformat()) == version
    times = [deal.fact("order.v1", "order.accepted") for deal in (before, then)]
    assert [one["pay_by"][:19] for one in times] == [
        (begins - SECOND + timedelta(minutes=30)).isoformat()[:19],
        (begins + timedelta(minutes=45)).isoformat()[:19],
    ]
    publish(town, document(name("as-it-was"), town.now + LEAD))
    town.until(LEAD)


def test_a_case_is_judged_by_the_certificate_and_not_by_later_rules(town: Town) -> None:
    """R4.1, R4.5: seven days were promised; three are promised to whoever buys later."""
    old, new = Deal(town, "seven-days"), Deal(town, "three-days")
    old.delivered(line(1, 60_00), due=60_00)
    with in_force(town, "three-days", {"refund.no_reason_days": 3}):
        new.delivered(line(1, 60_00), due=60_00)
        town.until(timedelta(days=5))
        for deal in (old, new):
            deal.asked_back("back")
        town.idle()
    assert "case.opened" in old.types("refund.v1")
    assert new.refused() == ["no_reason.window_over"]
    certificates = [deal.fact("refund.v1", "certificate.issued") for deal in (old, new)]
    days = [next(one["days"] for one in found["guarantees"] if one["guarantee"] == "no_reason") for found in certificates]
    assert days == [7, 3]


def test_an_invalid_document_is_refused_by_every_service_once_and_the_last_good_one_stays(town: Town) -> None:
    """R9.1: weights that do not sum, a tag that no rule knows, and a typo, each named by its field."""
    good = promised(town, Deal(town, "good"))
    version = name("invalid")
    faults = {"payment.fee_bp": -5, "order.tags": ["ship_24h", "ship_48h"], "refund.no_reason_day": 9}
    for path, value in faults.items():
        publish(town, document(version, town.now + LEAD, {path: value}), copies=1)
    assert town.refused(version) == ["policy.invalid"] * 3 * len(SERVICES)
    errors = {fact.headers["x-error"] for fact in town.facts(version, *(f"{service}.parked.v1" for service in SERVICES))}
    assert all(any(field in error for error in errors) for field in ("payment.fee_bp", "ship_48h", "refund.no_reason_day"))
    town.until(LEAD + SECOND)
    assert promised(town, Deal(town, "still-good")) == good


def test_an_older_document_is_refused(town: Town) -> None:
    """R9.1: what would begin before, or when, a version does that was accepted earlier."""
    first, older, same = name("first"), name("older"), name("same")
    begins = town.now + timedelta(hours=1)
    publish(town, document(first, begins))
    publish(town, document(older, begins - timedelta(minutes=20)))
    publish(town, document(same, begins))
    assert town.refused(older) == town.refused(same) == ["policy.older"] * 4
    assert {coming for _, coming in standing(town).values()} == {first}
    town.until(begins)


def test_a_version_that_would_begin_too_soon_is_refused(town: Town) -> None:
    """R2.8: ten minutes at least."""
    version = name("soon")
    publish(town, document(version, town.now + LEAD - SECOND))
    assert town.refused(version) == ["policy.too_soon"] * 4
    publish(town, document(version, town.now + LEAD))
    assert {coming for _, coming in standing(town).values()} == {version}, "mended, under the same name"
    town.until(LEAD)


def test_a_versions_name_is_used_once(town: Town) -> None:
    """R9.1: two bodies of one version: the second is refused, before and after the first is in force."""
    version = name("once")
    publish(town, document(version, town.now + LEAD))
    publish(town, document(version, town.now + LEAD, {"payment.fee_bp": 900}))
    town.until(LEAD)
    publish(town, document(version, town.now + LEAD, {"payment.fee_bp": 901}))
    assert town.refused(version) == ["policy.version_reused"] * 8
    deal = Deal(town, "once")
    assert promised(town, deal) == version
    assert deal.fact("order.v1", "order.accepted")["lines"][0]["fee_bp"] == 500


def test_the_same_document_again_is_nothing_new(town: Town) -> None:
    """R9.1: doubled by its sender, told again a day later, and written in another order."""
    version = name("again")
    body = document(version, town.now + LEAD)
    publish(town, body, copies=3)
    town.until(timedelta(days=1))
    publish(town, dict(reversed(body.items())))
    assert town.refused(version) == []
    rows = [one for one in json.loads(town.laotie("policy", "history", "--json")) if one["key"] == version]
    assert [one["became"] for one in rows] == ["in force", "known", "known", "known"]


def test_two_versions_ahead_each_has_its_time(town: Town) -> None:
    """R9.1: orders of three times, each with its own fee, whatever was published when."""
    now, second, third = town.now, name("second"), name("third")
    publish(town, document(second, now + timedelta(hours=1), {"payment.fee_bp": 600}))
    publish(town, document(third, now + timedelta(hours=2), {"payment.fee_bp": 700}))
    publish(town, document(name("as-it-was"), now + timedelta(hours=3)))
    fees = []
    for hour in range(4):
        town.until(now + timedelta(hours=hour, seconds=1))
        deal = Deal(town, f"hour{hour}")
        promised(town, deal)
        fees.append(deal.fact("order.v1", "order.accepted")["lines"][0]["fee_bp"])
    assert fees == [500, 600, 700, 500]


def test_a_service_that_died_meanwhile_promises_what_was_in_force_at_the_placement(town: Town) -> None:
    """R9.1: refund is killed between placement and payment, while the next version begins."""
    deal = Deal(town, "restarted")
    version = promised(town, deal)
    with in_force(town, "after-the-crash", {"refund.answer_hours": 12}):
        _restart(town, "refund-1")
        deal.paid(50_00)
        town.idle()
        issued = deal.fact("refund.v1", "certificate.issued")
        assert (issued["terms"]["policy_version"], issued["terms"]["answer_hours"]) == (version, 48)


def test_a_service_that_was_down_while_a_version_was_published_finds_it_before_it_decides(town: Town) -> None:
    """R9.1: order stands still, a version comes and begins, an order is placed; then it dies and comes back."""
    version, begins = name("unseen"), town.now + LEAD
    pid = row(town, "order-1")["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        headers = cloud_event("ops", "policy.published", version)
        value = json.dumps({"occurred_at": town.now.isoformat(), **document(version, begins, {"order.pay_minutes": 60})})
        town.send_raw("ops", "policy.v1", version, value, headers)
        deal = Deal(town, "unseen")
        deal.placed(line(1, 50_00), due=50_00, occurred_at=begins.isoformat())
    finally:
        os.kill(pid, signal.SIGKILL)
    until(
        lambda: bool(row(town, "order-1")["alive"] and row(town, "order-1")["pid"] != pid),
        BACK_S,
        lambda: town.laotie("status", status=None),
    )
    town.idle()
    assert deal.fact("order.v1", "order.accepted")["terms"]["policy_version"] == version
    town.until(LEAD)
    publish(town, document(name("as-it-was"), town.now + LEAD))
    town.until(LEAD)


def test_a_changed_fee_is_taken_of_orders_placed_from_then_on_only(town: Town) -> None:
    """R3.3: both are settled under the new version; only the later order pays its fee."""
    old, new = Deal(town, "five-percent"), Deal(town, "ten-percent")
    old.delivered(line(1, 100_00), due=100_00)
    with in_force(town, "ten-percent", {"payment.fee_bp": 1_000}):
        new.delivered(line(1, 100_00), due=100_00)
        for deal in (old, new):
            deal.confirmed()
        town.idle()
        town.until(timedelta(days=8))
    assert [deal.fact("payment.v1", "line.settled")["platform_minor"] for deal in (old, new)] == [5_00, 10_00]


def test_a_changed_penalty_is_owed_by_orders_placed_from_then_on_only(town: Town) -> None:
    """R2.4: both are late under the new version."""
    old, new = Deal(town, "ten-percent-late"), Deal(town, "thirty-percent-late")
    old.placed(line(1, 100_00), due=100_00)
    town.idle()
    old.paid(100_00)
    town.idle()
    with in_force(town, "harder", {"order.late.bp": 3_000}):
        new.placed(line(1, 100_00), due=100_00)
        town.idle()
        new.paid(100_00)
        town.idle()
        town.until(timedelta(days=3))
    assert [deal.fact("order.v1", "shipping.late")["amount_minor"] for deal in (old, new)] == [10_00, 30_00]


def test_a_changed_weight_counts_for_what_happens_from_then_on(town: Town) -> None:
    """R5.5: what was completed before weighs as it did then."""
    old, new = Deal(town, "weight-one"), Deal(town, "weight-three")
    for deal in (old, new):
        deal.delivered(line(1, 100_00), due=100_00)
    old.confirmed()
    town.idle()
    with in_force(town, "heavier", {"trust.evidence.completed.weight": 3}):
        new.confirmed()
        town.idle()
    weights = []
    for deal in (old, new):
        told = town.facts(f"seller:{deal.seller}", "trust.v1", kind="score.changed")[-1].body
        weights.append({one["dimension"]: one["positive"] for one in told["dimensions"]}["goods"])
    assert weights == [1_000_000, 3_000_000]


def test_a_changed_table_of_tiers_is_seen_from_then_on_only(town: Town) -> None:
    """R5.7: the tier is told with the days of its time, and an order has those of the table at its own placement."""
    deal, later, last = Deal(town, "tiered"), Deal(town, "tiered-later"), Deal(town, "tiered-last")
    later.seller = last.seller = deal.seller
    tiers = document("x", town.now)["trust"]["tiers"]
    slower = [one | {"escrow_days": one["escrow_days"] + 2} for one in tiers]
    assert promised(town, deal)
    deal.paid(50_00)
    town.idle()
    with in_force(town, "slower", {"trust.shown_from_items": 1, "trust.tiers": slower}):
        deal.shipped()
        deal.signed()
        town.idle()
        deal.confirmed()
        town.idle()
        (told,) = town.facts(f"seller:{deal.seller}", "trust.v1", kind="tier.changed")
        days = next(one["escrow_days"] for one in slower if one["name"] == told.body["tier"])
        assert told.body["escrow_days"] == days
        town.until(LEAD)
        promised(town, later)
        assert _escrow(later) == days
        assert _escrow(deal) is None, "no tier was told when it was placed"
    promised(town, last)
    assert _escrow(last) == days - 2


def test_everything_was_decided_by_the_version_of_its_time(town: Town) -> None:
    """R9.1: what `laotie verify` says after all that."""
    assert town.verified() == []


def _escrow(deal: Deal) -> int | None:
    told = deal.fact("order.v1", "order.accepted")["terms"]["settle_days_of"]
    return next((one["days"] for one in told), None)


def _restart(town: Town, process: str) -> None:
    pid = row(town, process)["pid"]
    os.kill(pid, signal.SIGKILL)
    until(
        lambda: bool(row(town, process)["alive"] and row(town, process)["pid"] != pid), BACK_S, lambda: town.laotie("status", status=None)
    )
