"""The service in memory: what tests, verify and simulation stand on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.messaging.memory import Memory
from tests.unit.messaging.trade import JAR, MEND, NOON, SERVICE, SHELF, Coin, Shelf, Taken, Versions


@pytest.fixture
def memory() -> Iterator[Memory]:
    MEND.clear()
    yield Memory(SERVICE, Versions())
    MEND.clear()


def coin(n: int, jar: str = "a", what: str = "ok") -> Coin:
    return Coin(jar=jar, n=n, what=what, occurred_at=NOON)


def test_an_event_gives_its_facts_and_its_rows(memory: Memory) -> None:
    facts = memory.send(coin(1))
    assert [fact.type for fact in facts] == ["taken", "shelved", "told"]
    assert memory.entity(JAR, "a").coins == (1,)
    assert [row[1] for row in memory.rows["ledger"]] == [1]


def test_the_same_id_again_does_nothing(memory: Memory) -> None:
    assert memory.send(coin(1), "one")
    assert memory.send(coin(1), "one") == ()


def test_what_waited_follows_its_cause(memory: Memory) -> None:
    assert memory.when(coin(3), coin(2)) == ()
    assert [row.state for row in memory.held("a")] == ["waiting", "waiting"]
    assert [fact.n for fact in memory.send(coin(1)) if isinstance(fact, Taken)] == [1, 2, 3]
    assert memory.held("a") == []


def test_a_touch_that_grew_for_a_waiting_event_is_settled_at_once(memory: Memory) -> None:
    memory.send(coin(2))
    memory.send(coin(1, what="far"))
    assert memory.entity(JAR, "a").coins == (1, 2)
    assert memory.entity(SHELF, "far") == Shelf(1)


def test_of_several_waiting_events_whose_touches_grew_each_has_its_turn(memory: Memory) -> None:
    memory.when(coin(3), coin(2), coin(5))
    assert [fact.n for fact in memory.send(coin(1, what="far")) if isinstance(fact, Taken)] == [1, 2, 3]
    assert [(row.state, memory.entity(SHELF, "far")) for row in memory.held("a")] == [("waiting", Shelf(2))]


def test_refusals_are_remembered_and_bugs_are_raised(memory: Memory) -> None:
    memory.send(coin(1, what="no"))
    assert memory.refused == [("coin", "order.closed")]
    with pytest.raises(AssertionError, match="boom"):
        memory.send(coin(1, what="boom"))


def test_timers_fire_in_order_once_their_grace_is_over(memory: Memory) -> None:
    memory.when(coin(1, "a"), coin(1, "b"))
    assert memory.advance(NOON + timedelta(hours=1)) == ()
    closed = memory.advance(NOON + timedelta(hours=1, seconds=5))
    assert [fact.key for fact in closed] == ["a", "b"]
    assert memory.armed == {}


def test_state_can_be_given_as_facts(memory: Memory) -> None:
    memory.given(Taken(jar="a", n=1, occurred_at=NOON), Taken(jar="a", n=2, occurred_at=NOON + timedelta(hours=1)))
    assert memory.entity(JAR, "a").coins == (1, 2)
    assert [timer.occurred_at for timer in memory.armed.values()] == [NOON + timedelta(hours=2)]
    assert [fact.n for fact in memory.send(coin(3)) if isinstance(fact, Taken)] == [3]
