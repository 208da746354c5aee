"""What the provider refused and then says that it paid: nothing moves, and who is to settle it is told. Source: R3.5."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.payment.store import ATTENTION
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import balances, bank, codes
from tests.unit.payment.test_handling import UNWANTED, cancelled, handled, uncompensated, unwanted

PAID: dict[str, tuple[Callable[[], Memory], str, Message]] = {
    "unwanted money": (unwanted, UNWANTED, b.refund_paid(UNWANTED)),
    "a cancelled unit": (cancelled, "x1", b.refund_paid("x1")),
    "a compensation": (uncompensated, "late1", asks.compensation_paid()),
}


def waits(memory: Memory) -> dict[str, str]:
    """By item, why."""
    return {row[2]: row[3] for row in ATTENTION.merged(memory.rows["attention"]) if row[3]}


def case() -> Memory:
    return bank(b.order_paid(), b.case_opened(), b.granted("r1", 10_00, when="06-08 09:00"), b.refund_failed("r1", when="06-08 10:00"))


@pytest.mark.parametrize(("given", "item", "said"), PAID.values(), ids=PAID)
def test_it_says_so_to_who_settles_it_and_moves_nothing_r3_5(given: Callable[[], Memory], item: str, said: Message) -> None:
    memory = given()
    before = balances(memory)
    assert waits(memory) == {item: "not paid"}
    (fact,) = memory.when(said)
    assert fact.type.endswith(".contradicted")
    assert (waits(memory), balances(memory), codes(memory)) == ({item: "contradicted"}, before, [])
    memory.when(said.model_copy(update={"occurred_at": b.at("06-30 10:00")}))
    assert (codes(memory), waits(memory)) == ([fact.type], {item: "contradicted"})
    memory.when(handled(item, "compensation" if item == "late1" else "refund"))
    assert waits(memory) == {}


def test_of_a_case_it_waits_so_until_a_ruling_decides_r3_5() -> None:
    memory = case()
    memory.when(b.refund_paid("r1", when="06-08 11:00"))
    assert waits(memory) == {"r1": "contradicted"}
    memory.when(b.granted("r2", 10_00, when="06-09 09:00").model_copy(update={"attempt": 2, "again_of": "r1"}))
    assert waits(memory) == {}


def test_what_a_person_has_settled_waits_no_more_whatever_the_provider_says_r3_5() -> None:
    memory = unwanted()
    memory.when(handled(UNWANTED), b.refund_paid(UNWANTED))
    assert (waits(memory), codes(memory)) == ({}, ["refund.contradicted"])
