"""Stories of promoters, voters and campaigns: what governance and members say, and who feels it. Source: R2.7, R2.8, R6.3."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.journeys.governance import NOW, World
from tests.journeys.sanctions import DAY, HOUR, SUSPENDED, Steps

PROMOTER_SUSPENDED = "order.promoter_suspended"


def a_suspended_promoter_sells_nothing_and_its_seller_goes_on(world: World) -> Steps:
    world.violates("v", level=1, ago=DAY, who=world.promoter)
    yield NOW
    world.orders("with", promoter=True)
    world.orders("without")
    yield NOW
    assert (world.became("with"), world.became("without")) == (PROMOTER_SUSPENDED, "order.accepted")
    world.decides("voided", "v", who=world.promoter)
    yield NOW
    world.orders("again", promoter=True)
    yield NOW
    assert world.became("again") == "order.accepted"


def found_late_unpaid_orders_are_closed_and_paid_ones_listed(world: World) -> Steps:
    """R2.8, by a removal that only an earlier violation brought, told late."""
    for number in range(4):
        world.violates(f"v{number}", ago=HOUR)
    yield NOW
    world.orders("unpaid")
    world.orders("paid")
    yield NOW
    world.pays("paid")
    yield NOW
    world.violates("v4", ago=2 * HOUR)
    yield NOW
    (fact,) = world.facts("subject.suspended")
    assert (fact.body["cause"], fact.body["level"]) == ("points", 5)
    assert (world.became("unpaid"), world.became("paid")) == (SUSPENDED, "order.under_suspension")


def one_vote_a_day_and_the_next_day_another(world: World) -> Steps:
    world.votes("b", "v1")
    yield NOW
    world.votes("b", "v2")
    world.votes("b", "v3", "k2")
    yield NOW
    assert (world.tallies(), world.refused(world.name("b"))) == ([(1, 1)], {"vote.day_used"})
    yield 12 * HOUR - timedelta(seconds=1)
    world.votes("b", "v4")
    yield timedelta(seconds=1)
    world.votes("b", "v5")
    world.votes("c", "v6")
    yield NOW
    assert (world.tallies(), world.tallies("k2")) == ([(1, 1), (1, 2), (2, 3)], [])
    assert world.facts("score.changed", world.promoter) == []


def accounts_of_one_person_have_one_vote(world: World) -> Steps:
    world.links("b", "c")
    yield NOW
    world.votes("b", "v1")
    yield NOW
    world.votes("c", "v2")
    yield NOW
    assert (world.tallies(), world.refused(world.name("c"))) == ([(1, 1)], {"vote.day_used"})


def nobody_votes_for_itself(world: World) -> Steps:
    world.links("k", "b")
    yield NOW
    world.votes("k", "v1")
    world.votes("b", "v2")
    yield NOW
    assert (world.tallies(), world.refused(world.name("k")) | world.refused(world.name("b"))) == ([], {"vote.for_oneself"})
    assert "nothing is known" in world.town.laotie("standing", world.promoter, status=1)


def an_allotment_never_goes_below_what_is_taken(world: World) -> Steps:
    """R2.7: refused, and taken once it can be; raised; an approval taken back."""
    campaign, said = world.name("c"), allotment(world)
    world.say("governance", "product.reviewed", campaign, HOUR, **said, approved=True)
    world.say("governance", "allotment.set", campaign, HOUR, **said, units=3)
    yield NOW
    order = world.orders("two", units=2, campaign_id=campaign)
    yield NOW
    world.say("governance", "allotment.set", campaign, **said, units=1)
    yield NOW
    assert (world.became("two"), world.refused(campaign)) == ("allotment.taken", {"campaign.below_taken"})
    world.say("storefront", "order.cancel_requested", order, order_id=order, buyer_id=world.name("b-two"), cancel_id="x")
    yield NOW
    world.say("governance", "allotment.set", campaign, **said, units=1)
    yield timedelta(seconds=1)
    world.orders("more", units=2, campaign_id=campaign)
    yield NOW
    world.say("governance", "allotment.set", campaign, **said, units=2)
    yield NOW
    world.orders("again", units=2, campaign_id=campaign)
    yield timedelta(seconds=1)
    world.say("governance", "product.reviewed", campaign, **said, approved=False)
    yield NOW
    world.orders("late", campaign_id=campaign)
    yield NOW
    assert [world.became(one) for one in ("more", "again", "late")] == ["campaign.sold_out", "allotment.taken", "campaign.not_reviewed"]


def allotment(world: World) -> dict[str, Any]:
    return {"campaign_id": world.name("c"), "sku": "tea"}
