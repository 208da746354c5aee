"""A seller's tier sets how long the money of its later lines stays in escrow. Source: R5.7, R2.6, R2.8."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.order.handlers import SERVICE
from services.order.model import PARTY
from services.order.model.party import AHEAD_MAX, TIERS_MAX, Escrow, Party
from services.payment.model.payment import evolve, settlement
from shared.contracts.order import OrderAccepted, OrderPaid
from shared.contracts.payment import EscrowFunded, SettlementPlanned
from shared.contracts.trust import TierChanged
from shared.contracts.types import SettleDays
from shared.messaging.memory import Memory
from shared.policy import Policies
from tests.unit import builders as b

NAMES = {tier.escrow_days: tier.name for tier in b.POLICY.trust.tiers}


def tier(days: int = 30, subject: str = f"seller:{b.SELLER}", since: str = "06-01 09:00") -> TierChanged:
    said: dict[str, Any] = {
        "tier": NAMES.get(days, "gone"),
        "before": "good",
        "score": 399,
        "as_of": "2026-06-01",
        "traffic_pct": 40,
        "rule_version": "1",
    }
    at = b.at(since)
    return TierChanged(subject_id=subject, escrow_days=days, effective_from=at, occurred_at=at - timedelta(minutes=10), **said)


def recorded(told: TierChanged) -> SettleDays:
    """Which tier counted stands in the order's terms: one told in the moment of the placement may, or may not."""
    return SettleDays(
        seller_id=told.subject_id.partition(":")[2], days=told.escrow_days, tier=told.tier, effective_from=told.effective_from
    )


def days_of(memory: Memory, when: str = "06-01 10:00") -> tuple[SettleDays, ...]:
    (accepted,) = [fact for fact in memory.when(b.placed(when=when)) if isinstance(fact, OrderAccepted)]
    return accepted.terms.settle_days_of


@pytest.mark.parametrize(
    ("tiers", "days"),
    [
        ((), None),
        ((tier(),), 30),
        ((tier(), tier()), 30),
        ((tier(since="06-01 10:00"),), 30),
        ((tier(since="06-01 10:01"),), None),
        ((tier(30), tier(10, since="06-01 09:30")), 10),
        ((tier(10, since="06-01 09:30"), tier(30)), 30),  # told last
        ((tier(30), tier(3, since="06-01 09:00")), 3),
        ((tier(subject="seller:s9"), tier(subject=f"promoter:{b.SELLER}"), tier(subject=f"buyer:{b.BUYER}")), None),
    ],
)
def test_an_order_keeps_the_days_that_its_seller_had_when_it_was_placed_r5_7_r2_8(tiers: tuple[TierChanged, ...], days: int | None) -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(*tiers)
    counted = [one for one in tiers if (one.subject_id, one.escrow_days) == (f"seller:{b.SELLER}", days)][:1]
    assert days_of(memory) == tuple(recorded(one) for one in counted)
    assert bool(counted) is (days is not None)
    assert memory.refused == []


@pytest.mark.parametrize(
    ("told", "expected"), [((), (20, "new")), ((tier(10),), (10, "fair")), ((tier(since="06-01 10:01"),), (20, "new"))]
)
def test_a_seller_of_whom_no_tier_was_told_is_new_and_has_the_days_of_that_r5_7(
    told: tuple[TierChanged, ...], expected: tuple[int, str]
) -> None:
    """In place of R2.6's day: said where the two differ."""
    newcomers = b.with_policy("trust", tier_new=b.POLICY.trust.tier_new.model_copy(update={"escrow_days": 20}))
    memory = Memory(SERVICE, newcomers)
    memory.when(*told)
    (one,) = days_of(memory)
    assert (one.seller_id, one.days, one.tier) == (b.SELLER, *expected)
    assert (one.effective_from is None) is (one.tier == "new")


@pytest.mark.parametrize("flips", [15, 16, 40, 200])
def test_a_busy_seller_at_a_bound_is_held_by_the_tier_that_has_begun_however_many_are_yet_to_begin_r5_7(flips: int) -> None:
    """Within the minutes until a change begins; then by the one of the moment. It never had the days of who is new in their place."""
    memory = Memory(SERVICE, b.POLICIES)
    poor = tier(30, since="05-01 10:00")
    told = [tier(3 + 4 * (number % 2)) for number in range(flips)]
    since = [b.at("06-01 10:10") + timedelta(seconds=number) for number in range(flips)]
    memory.when(poor, *(one.model_copy(update=_since(at)) for one, at in zip(told, since, strict=True)))
    party: Party = memory.entity(PARTY, f"seller:{b.SELLER}")
    for at in (b.at("06-01 10:00"), since[0] - timedelta(microseconds=1)):
        assert party.escrow_at(at) == Escrow(poor.effective_from, 30, "poor")
    for one, at in list(zip(told, since, strict=True))[-TIERS_MAX:]:
        assert party.escrow_at(at) == Escrow(at, one.escrow_days, one.tier)
    assert len(party.escrow) <= TIERS_MAX + AHEAD_MAX
    assert days_of(memory) == (recorded(poor),)


def _since(at: datetime) -> dict[str, datetime]:
    return {"effective_from": at, "occurred_at": at - timedelta(minutes=10)}


def test_so_many_changes_of_one_moment_are_one_r5_7() -> None:
    """A catch-up, or a night's deadlines: each tier begins so long after the latest of all that is known, so all begin together."""
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(poor := tier(30, since="05-01 10:00"), *(tier(3 + 4 * (n % 2), since="06-01 10:10") for n in range(99)))
    party: Party = memory.entity(PARTY, f"seller:{b.SELLER}")
    assert party.escrow == (Escrow(poor.effective_from, 30, "poor"), Escrow(b.at("06-01 10:10"), 3, "excellent"))


def test_a_tier_that_comes_later_changes_later_orders_only_r5_7() -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(b.placed(), tier(since="06-01 09:00"))
    (paid,) = [fact for fact in memory.when(b.succeeded()) if isinstance(fact, OrderPaid)]
    assert paid.terms.settle_days_of == ()


@pytest.mark.parametrize(
    ("days", "on"), [((), 7), ((SettleDays(seller_id=b.SELLER, days=30),), 30), ((SettleDays(seller_id="s9", days=3),), 7)]
)
def test_escrow_is_settled_on_the_day_of_the_sellers_tier_r5_7_r2_6(days: tuple[SettleDays, ...], on: int) -> None:
    terms = b.TERMS.model_copy(update={"settle_days_of": days})
    paid = b.order_paid(terms=terms)
    funded = EscrowFunded(
        order_id=paid.order_id, payment_id=paid.payment_id, currency=paid.currency, lines=paid.lines, settle_days=7, zone=b.ZONE,
        moves=None, settle_days_of=terms.settle_days_of, occurred_at=paid.occurred_at,
    )  # fmt: skip
    planned = SettlementPlanned(order_id=paid.order_id, line_no=1, occurred_at=b.at("06-05 10:00"))
    payment = evolve(evolve(None, funded), planned)
    assert settlement(payment, 1) == b.at("06-05 00:00") + timedelta(days=on)


def test_r9_1_a_new_table_of_tiers_changes_the_days_of_later_orders_of_sellers_who_keep_their_tier() -> None:
    """The tier was told once, under the old table; a tier that the new table does not have stays as it was told."""
    slower = tuple(one.model_copy(update={"escrow_days": one.escrow_days + 5}) for one in b.POLICY.trust.tiers)
    trust = b.POLICY.trust.model_copy(update={"tiers": slower})
    later = b.POLICY.model_copy(update={"version": "2", "effective_from": b.at("06-01 10:00"), "trust": trust})
    memory = Memory(SERVICE, Policies([b.POLICY, later]))
    memory.when(mine := tier(30), its := tier(12, subject="seller:s2"))
    for when, days, of_s2 in (("06-01 09:59", 30, 12), ("06-01 10:00", 35, 12)):
        lines = b.cart(1, 50_00), b.cart(2, 50_00, seller_id="s2")
        event = b.placed(*lines, order_id=f"o{when[-2:]}", when=when, due=100_00)
        (accepted,) = [fact for fact in memory.when(event) if isinstance(fact, OrderAccepted)]
        expected = (recorded(mine).model_copy(update={"days": days}), recorded(its).model_copy(update={"days": of_s2}))
        assert accepted.terms.settle_days_of == expected
