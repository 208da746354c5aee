"""`laotie verify` comes to the same scores as the service, and would notice a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest

from deploy.verify.report import Check
from deploy.verify.scores import checks
from shared.contracts.trust import ScoreChanged
from tests.unit.builders import POLICIES
from tests.unit.trust.market import ago, completed, evidence, parties, shipped, trust


@dataclass
class Told:
    """A log of nothing but these."""

    facts: tuple[ScoreChanged, ...]

    def of(self, kind: type[ScoreChanged]) -> Iterator[tuple[str, ScoreChanged]]:
        return ((f"score {n}", fact) for n, fact in enumerate(self.facts))


def check(facts: Iterable[ScoreChanged]) -> Check:
    (found,) = checks(cast("Any", Told(tuple(facts))), POLICIES)
    return found


@pytest.fixture(scope="module")
def life() -> tuple[ScoreChanged, ...]:
    """Many counterparties and one above the cap, several days and dimensions."""
    many = [completed(f"o{n}", buyer=f"b{n % 7}") for n in range(60)]
    parcels = [shipped(f"p{n}", parties(), buyer=f"b{n}") for n in range(20)]
    aged = [evidence(f"e{n}", when=ago(n * 9), counterparty=f"c{n % 2}") for n in range(30)]
    return tuple(fact for memory in (trust(*many, *parcels, *aged),) for fact in memory.facts if isinstance(fact, ScoreChanged))


def test_every_score_of_the_service_is_recomputed(life: tuple[ScoreChanged, ...]) -> None:
    found = check(life)
    assert found.holds, found.first
    assert found.counted == 2 * len(life) > 200
    assert len({fact.score for fact in life}) > 20
    assert {fact.subject_id.partition(":")[0] for fact in life} >= {"seller", "buyer"}
    assert any(bucket.group for fact in life for bucket in fact.added), "one counterparty has a cap of its own"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"score": 999}, "told was 999"),
        ({"rule_version": "none"}, "there is no policy none"),
        ({"as_of": "2027-01-01"}, "has ("),
    ],
)
def test_a_wrong_score_is_named(life: tuple[ScoreChanged, ...], change: dict[str, Any], said: str) -> None:
    found = check((*life[:-1], life[-1].model_copy(update=change)))
    assert found.differences
    assert said in found.first
    assert f"score {len(life) - 1}" in found.first
