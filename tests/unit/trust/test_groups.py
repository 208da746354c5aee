"""Counterparties that come back: in groups, in rows of a few, and what they come to. Source: R5.2, R5.1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random
from typing import Any

import pytest

from services.trust.handlers import SERVICE
from services.trust.model import GROUPS, GROUPS_A_ROW, Groups, Score, add, all_groups, groups_key, row_of, together
from shared.contracts.trust import EvidenceFound, GroupsWeighed
from shared.messaging.fold import Fold
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.builders import POLICIES
from tests.unit.trust import naive
from tests.unit.trust.market import ago, changes, evidence, score_of, voided
from tests.unit.trust.test_subject import as_naive

BUYERS = 40  # in three rows


class Counting(Memory):
    """read: the rows of groups that were looked up, by row."""

    def __init__(self) -> None:
        super().__init__(SERVICE, POLICIES)
        self.read: Counter[str] = Counter()

    def _load(self, fold: Fold, events: Iterable[Message]) -> None:
        super()._load(fold, events)
        self.read.update(key for kind, key in fold._places if kind is GROUPS)


def regulars(chance: Random, each: int = 8) -> list[EvidenceFound]:
    """Every buyer comes so often, on days from today to long ago, in some order."""
    found = []
    for number in range(BUYERS * each):
        day = ago(chance.choice((0, 0, 1, 30, 89, 90, 91, chance.randrange(400))))
        found.append(
            evidence(f"e{number}", *chance.choice((("goods",), ("goods", "logistics"))), counterparty=f"b{number % BUYERS}", when=day)
        )
    chance.shuffle(found)
    return found


def sums_of(memory: Memory) -> list[tuple[str, int, int, int]]:
    return [(row.dimension, row.positive, row.negative, row.weight_pct) for row in changes(memory)[-1].dimensions]


@pytest.mark.parametrize("seed", range(4))
def test_forty_regulars_come_to_what_the_definition_says_each_capped_on_its_own_r5_2(seed: int) -> None:
    chance, memory = Random(seed), Counting()
    found = regulars(chance)
    gone = set(chance.sample([item.evidence_id for item in found], 25))
    for place, item in enumerate(found, start=1):
        memory.send(item)
        if place % 50 == 0:
            known = as_naive(found[:place])
            assert (changes(memory)[-1].score, sums_of(memory)) == naive.explain(known, "seller", max(one.day for one in known))
    for name in gone:
        memory.send(voided(name.removeprefix("seller:s1/completed/")))
    left = as_naive([item for item in found if item.evidence_id not in gone])
    assert (changes(memory)[-1].score, sums_of(memory)) == naive.explain(left, "seller", max(one.day for one in as_naive(found)))
    assert len([key for key in all_groups("seller:s1", score_of(memory)) if memory.entity(GROUPS, key)]) > 2


def test_an_item_of_the_same_day_reads_one_row_of_groups_however_many_there_are() -> None:
    """R5.1: what an item costs does not grow with those who come back."""
    memory = Counting()
    for item in regulars(Random(1)):
        memory.send(item)
    memory.send(evidence("first of today", counterparty="b0", when=ago(0)))
    memory.read.clear()
    memory.send(evidence("b0 once more", counterparty="b0", when=ago(0)))
    memory.send(evidence("a stranger", counterparty="nobody", when=ago(0)))
    memory.send(evidence("bad", weight=-2, counterparty="b1", when=ago(0)))
    assert sum(memory.read.values()) == 1
    memory.read.clear()
    memory.send(evidence("tomorrow", counterparty="b0", when=ago(-1)))
    assert set(memory.read) == set(all_groups("seller:s1", score_of(memory))), "all is weighed anew"


def test_what_rows_and_score_hold_together_is_what_was_announced() -> None:
    memory = Counting()
    announced: Any = {}
    for item in regulars(Random(2)):
        memory.send(item)
    for fact in changes(memory):
        announced = add(announced, fact.added)
    score: Score = score_of(memory)
    rows: list[Groups] = [memory.entity(GROUPS, key) for key in all_groups("seller:s1", score)]
    assert together(score, rows) == announced
    assert all(len(row.buckets["goods"].grouped) <= GROUPS_A_ROW for row in rows)
    assert {fact.row for fact in memory.facts if isinstance(fact, GroupsWeighed)} == set(range(len(rows)))
    assert groups_key("seller:s1", 0) in set(all_groups("seller:s1", score))


def test_a_number_keeps_its_row_whatever_is_stored_there() -> None:
    assert [row_of(group) for group in (1, GROUPS_A_ROW, GROUPS_A_ROW + 1, 2 * GROUPS_A_ROW, 2 * GROUPS_A_ROW + 1)] == [0, 0, 1, 1, 2]
