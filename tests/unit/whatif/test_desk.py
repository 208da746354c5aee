"""A what-if's desk sees of many keys those that exist, and knows of which it asked. Source: R9.2."""

from __future__ import annotations

from datetime import timedelta

import pytest

from deploy.whatif.desk import ABSENT, Decided, Desk, Place, State
from deploy.whatif.hindsight import Hindsight
from services.order.model import PARTY, RECENT, Recent, recent_key
from shared.contracts.suspension import OrdersSought
from tests.unit import builders as b

HERE = b.at("06-01 12:00")


def sought(second: int, last: int) -> OrdersSought:
    return OrdersSought(
        subject_id="seller:s1", violation_id="v1", effective_from=HERE - timedelta(days=400_000), until=None,
        second=second, second_last=last, occurred_at=HERE,
    )  # fmt: skip


def desk(*seconds: int, subject: str = "seller:s1") -> Desk:
    """What was remembered of it in those seconds."""
    found = Desk("order", b.POLICIES)
    after: dict[Place, State] = {(RECENT, recent_key(subject, second)): State(1, Recent({f"o{second}": HERE})) for second in seconds}
    found.keep(Decided((), (), (), after))
    return found


@pytest.mark.parametrize(("first", "last"), [(1_000, 1_010), (95, 105), (0, 5), (7, 7), (8, 7)])
def test_a_look_back_finds_what_is_there_and_nothing_else_r2_8(first: int, last: int) -> None:
    """Also where the numbers get one digit more, and so are not in the order of their texts."""
    there = (0, 5, 7, 95, 99, 100, 105, 106, 999, 1_000, 1_005, 1_010, 1_011)
    verdict = desk(*there).decide(sought(first, last), "e1")
    assert isinstance(verdict, Decided)
    assert [getattr(fact, "order_id", "") for fact in verdict.facts] == [f"o{second}" for second in there if first <= second <= last]


def test_another_subject_is_not_seen_r2_8() -> None:
    assert desk(1_000, subject="seller:s10").decide(sought(1_000, 1_010), "e1") == Decided((), (), (), {})


def test_what_was_asked_for_and_is_not_there_was_looked_at_r9_2() -> None:
    """So what stands aside for it is called when it comes."""
    found = desk(1_005)
    found.decide(sought(1_000, 1_010), "e1")
    assert list(found.touched) == [(PARTY, "seller:s1"), (RECENT, recent_key("seller:s1", 1_005))]
    looked = [(kind, key) for kind, key in found.looked() if kind is RECENT]
    assert sorted(key for _, key in looked) == [recent_key("seller:s1", second) for second in range(1_000, 1_011)]
    assert found.states.get(looked[-1], ABSENT) is ABSENT


def test_of_a_dozen_that_an_event_looks_at_each_may_have_changed_just_before_r9_2() -> None:
    """As an explanation looks at a score and its groups of counterparties."""
    places: list[Place] = [(PARTY, f"seller:s{number}") for number in range(12)]
    hindsight = Hindsight()
    hindsight.remember({}, places, 0)
    assert {place for glimpse in hindsight.glimpses(places) if len(glimpse) == 1 for place in glimpse} == set(places)
