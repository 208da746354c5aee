"""What a service says of itself must hold before it begins: the engine would find out at some event, and stop there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.messaging.checks import check_service
from shared.messaging.message import Topic
from shared.messaging.shape import Kind, Service
from tests.unit.messaging.test_engine import TOPICS
from tests.unit.messaging.trade import JAR, PANTRY, SERVICE, SHOP, TIMER, Coin, Taken, evolve


def without(topic: Topic) -> Sequence[Topic]:
    return [other for other in TOPICS if other is not topic]


def others(name: str) -> Sequence[Topic]:
    """Those that every service has."""
    return [Topic(f"{name}.{need}.v1", "", (name,), own=True) for need in ("timer", "parked")]


def test_a_service_whose_words_fit_begins() -> None:
    check_service(SERVICE, TOPICS)


@pytest.mark.parametrize(
    ("service", "topics", "said"),
    [
        (
            replace(SERVICE, kinds=(*SERVICE.kinds, Kind("pot", Taken, lambda fact: fact.jar, evolve))),
            TOPICS,
            "taken changes both jar and pot",
        ),
        (replace(SERVICE, sends=(*SERVICE.sends, Taken)), TOPICS, "taken is sent and yet a fact of jar"),
        (SERVICE, without(TIMER), "pantry.timer.v1 is not among the topics"),
        (SERVICE, without(TOPICS[-1]), "pantry.parked.v1 is not among the topics"),
        (SERVICE, without(SHOP), "coin is on shop.v1, which is not among the topics"),
        (SERVICE, without(PANTRY), "is on pantry.v1, which is not among the topics"),
        (Service("cellar", Coin, SERVICE.handle, (JAR,)), [*TOPICS, *others("cellar")], "cellar may not write pantry.v1"),
        (Service("cellar", Coin, SERVICE.handle, ()), [*TOPICS, *others("cellar")], "cellar takes coin and is no reader of shop.v1"),
    ],
)
def test_one_whose_words_do_not_is_named_with_what_is_wrong(service: Service, topics: Sequence[Topic], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        check_service(service, topics)
