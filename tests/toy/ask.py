"""Questions that several engine tests ask of a world."""

from __future__ import annotations

from shared.messaging.stripes import stripe_of
from tests.toy.outside import Seen
from tests.toy.world import World


def of(world: World, topic: str, key: str, type: str = "") -> list[Seen]:
    return [seen for seen in world.facts(topic) if seen.key == key and type in ("", seen.headers["ce_type"])]


def steps(world: World, life: str) -> list[Seen]:
    """The facts of a life's six steps, by step."""
    facts = [seen for name in ("alpha", "beta", "gamma") for seen in of(world, f"{name}.v1", life) if "step" in seen.value]
    return sorted(facts, key=lambda seen: seen.value["step"])


def codes(world: World, name: str, key: str) -> list[str]:
    return [code for of_key, code in world.refused(name) if of_key == key]


def elsewhere(world: World, key: str) -> int:
    """A partition that is not the key's own."""
    return (stripe_of(key, world.stripes) + 1) % world.stripes


def notes(world: World, key: str) -> list[int]:
    return [seen.value["n"] for seen in of(world, "alpha.v1", key, "life.noted")]
