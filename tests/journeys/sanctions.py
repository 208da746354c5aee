"""Stories of sellers who broke rules: points, study, removal, suspensions, appeals. Source: R6.1, R6.2, R2.8."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from tests.journeys.governance import NOW, World

LEAD, HOUR, DAY = timedelta(minutes=10), timedelta(hours=1), timedelta(days=1)
SUSPENDED = "order.seller_suspended"
Steps = Iterator[timedelta]


def level_for_days(world: World, level: int, days: int) -> Steps:
    """R6.2: long ago, so that its days are over in an hour; to the second."""
    world.violates("v", 0, level, ago=days * DAY + LEAD - HOUR)
    yield NOW
    world.orders("within")
    yield HOUR - timedelta(seconds=1)
    world.orders("last")
    yield timedelta(seconds=1)
    world.orders("after")
    yield NOW
    assert [world.became(one) for one in ("within", "last", "after")] == [SUSPENDED, SUSPENDED, "order.accepted"]
    (fact,) = world.facts("subject.suspended")
    span = datetime.fromisoformat(fact.body["until"]) - datetime.fromisoformat(fact.body["effective_from"])
    assert (fact.body["level"], span) == (level, days * DAY)


def level_5_is_for_good(world: World) -> Steps:
    world.violates("v", 0, 5, ago=399 * DAY)
    yield NOW
    world.orders("later")
    yield NOW
    (fact,) = world.facts("subject.suspended")
    assert (fact.body["until"], world.became("later")) == (None, SUSPENDED)


def it_takes_effect_ten_minutes_after(world: World) -> Steps:
    """R2.8: earlier orders stand."""
    world.violates("v", level=1)
    yield LEAD - timedelta(seconds=1)
    world.orders("before")
    yield timedelta(seconds=1)
    world.orders("then")
    world.pays("before")
    yield NOW
    assert (world.became("before"), world.became("then")) == ("order.paid", SUSPENDED)


def a_hundred_points_remove(world: World) -> Steps:
    for number in range(4):
        world.violates(f"v{number}")
    yield NOW
    assert world.points() == (80, 80, 0, False)
    world.violates("v4")
    yield LEAD
    assert world.points() == (100, 100, 0, True)
    world.orders("later")
    yield NOW
    assert world.became("later") == SUSPENDED
    told = json.loads(world.town.laotie("standing", world.seller, "--json"))
    assert (told["points"], told["suspended"], len(told["violations"])) == (100, True, 5)
    assert "removed since" in world.town.laotie("standing", world.seller)


def study_keeps_who_would_be_removed(world: World) -> Steps:
    world.studies("l1", 10)
    for number in range(5):
        world.violates(f"v{number}")
    yield LEAD
    assert world.points() == (90, 100, 10, False)
    world.orders("later")
    yield NOW
    assert world.became("later") == "order.accepted"


def points_are_never_shown_below_nothing(world: World) -> Steps:
    world.violates("v", 5)
    world.studies("l1", 50)
    yield NOW
    assert world.points() == (0, 5, 50, False)


def study_after_a_removal_gives_nothing_back(world: World) -> Steps:
    for number in range(5):
        world.violates(f"v{number}", ago=DAY)
    yield NOW
    world.studies("l1", 30)
    yield NOW
    assert world.points() == (70, 100, 30, True)
    world.orders("later")
    yield NOW
    assert world.became("later") == SUSPENDED


def one_hit_of_a_hundred_voids_study(world: World) -> Steps:
    world.studies("l1", 60, ago=DAY)
    world.violates("hit", None, kind="counterfeit_sale")
    yield LEAD
    assert world.points() == (100, 100, 0, True)
    world.decides("voided", "hit")
    yield NOW
    assert world.points() == (0, 0, 60, False)
    world.orders("later")
    yield NOW
    assert world.became("later") == "order.accepted"


def a_void_restores_points_score_and_freedom(world: World) -> Steps:
    for number in range(5):
        world.violates(f"v{number}", level=3 if number == 0 else 0, ago=DAY)
    yield NOW
    before = world.score()
    world.decides("voided", "v0")
    yield NOW
    assert (world.points(), world.score()[1]) == ((80, 80, 0, False), 4)
    assert world.score()[0] > before[0]
    world.orders("later")
    for number in range(1, 5):
        world.decides("voided", f"v{number}")
    yield NOW
    assert (world.became("later"), world.points(), world.score()) == ("order.accepted", (0, 0, 0, False), (800, 0))


def a_void_lifts_no_other_suspension(world: World) -> Steps:
    world.violates("short", level=1, ago=DAY)
    world.violates("long", level=2, ago=DAY)
    yield NOW
    world.decides("voided", "long")
    yield NOW
    world.orders("still")
    yield NOW
    world.decides("voided", "short")
    yield NOW
    world.orders("free")
    yield NOW
    assert (world.became("still"), world.became("free")) == (SUSPENDED, "order.accepted")


def a_void_of_nothing_comes_first(world: World) -> Steps:
    world.decides("voided", "v")
    yield NOW
    world.violates("v", 100, 5)
    yield LEAD
    world.orders("later")
    yield NOW
    assert (world.became("later"), world.facts("subject.suspended")) == ("order.accepted", [])
    assert world.score() == (800, 0)


def an_appeal_in_time_is_won(world: World) -> Steps:
    world.violates("v", level=4, ago=7 * DAY - timedelta(seconds=1))
    world.decides("appealed", "v")
    yield NOW
    assert world.appeals() == ["opened"]
    assert f"{world.seller}: appeal v, undecided" in world.town.laotie("attention", world.seller, status=1)
    world.decides("voided", "v")
    yield NOW
    world.orders("later")
    yield NOW
    assert (world.appeals(), world.became("later")) == (["opened", "won"], "order.accepted")
    assert "0 waiting for a person" in world.town.laotie("attention", world.seller)


def an_appeal_after_seven_days_is_refused(world: World) -> Steps:
    world.violates("v", ago=7 * DAY)
    yield NOW
    world.decides("appealed", "v")
    yield NOW
    assert (world.appeals(), world.refused(world.seller)) == ([], {"violation.appeal_too_late"})


def a_lost_appeal_cannot_be_told_again(world: World) -> Steps:
    world.violates("v", level=2, ago=DAY)
    world.decides("appealed", "v", ago=HOUR)
    world.decides("upheld", "v")
    yield NOW
    assert world.appeals() == ["opened", "lost"]
    world.decides("appealed", "v")
    world.orders("later")
    yield NOW
    assert (world.refused(world.seller), world.became("later")) == ({"violation.appeal_known"}, SUSPENDED)


def unknown_kinds_and_impossible_points_are_refused(world: World) -> Steps:
    world.violates("v1", kind="bad_mood")
    world.violates("v2", 15)
    world.violates("v3", 0, 6)
    world.violates("v4", -5)
    world.violates("v5", who="buyer:b1")
    yield NOW
    assert world.refused(world.seller) == {"violation.kind_unknown", "violation.points_differ", "event.invalid"}
    assert world.refused("buyer:b1") == {"event.invalid"}
    assert world.facts("points.changed") == []
    world.violates("v1", None, kind="false_advertising")
    yield NOW
    assert world.points() == (10, 10, 0, False)


def what_was_told_counts_once_whatever_is_told_again(world: World) -> Steps:
    event = world.violates("v", level=1)
    yield NOW
    world.violates("v", 5, 4, event_id=event)
    world.violates("v", 5, 4)
    yield NOW
    assert world.refused(world.seller) == {"event.id_reused", "violation.known"}
    assert (world.points(), [fact.body["level"] for fact in world.facts("subject.suspended")]) == ((20, 20, 0, False), [1])
