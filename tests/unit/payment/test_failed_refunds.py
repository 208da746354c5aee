"""A refund that the provider did not pay waits for a person until a ruling decides, and then for nobody. Source: R3.5."""

from __future__ import annotations

from typing import Any

from shared.contracts.payment import RefundDecided
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment.bank import bank, payment
from tests.unit.payment.disputes import closed, opened


def failed() -> Memory:
    memory = bank(b.order_paid(), b.case_opened(), b.granted("r1", 40_00), b.refund_failed("r1"))
    assert payment(memory).refunds["r1"].waits
    return memory


def again(**fields: Any) -> Any:
    return b.granted("r2", 40_00, when="06-09 09:00").model_copy(update={"attempt": 2, "again_of": "r1", **fields})


def test_a_refund_that_is_granted_again_waits_for_nobody_r3_5() -> None:
    memory = failed()
    told = memory.when(again())
    assert [fact.type for fact in told] == ["refund.decided", "refund.reserved", "refund.instructed"]
    assert told[0] == RefundDecided(order_id=b.ORDER, refund_id="r1", how="granted_again", occurred_at=b.at("06-09 09:00"))
    assert not payment(memory).refunds["r1"].waits
    memory.when(b.refund_failed("r2", when="06-10 10:00"))
    assert [refund_id for refund_id, one in payment(memory).refunds.items() if one.waits] == ["r2"], "the second one does now"


def test_a_refund_that_is_granted_again_twice_is_decided_once_r3_5() -> None:
    memory = failed()
    memory.when(again(), again())
    assert memory.refused == [("refund.granted", "refund.known")]
    assert sum(isinstance(fact, RefundDecided) for fact in memory.facts) == 1


def test_a_refund_that_is_granted_again_beyond_what_is_left_is_decided_all_the_same_r3_5() -> None:
    told = failed().when(again(amount_minor=500_00))
    assert [fact.type for fact in told] == ["refund.decided", "refund.refused"]


def test_a_refund_that_is_granted_again_while_a_chargeback_is_open_is_decided_at_once_r3_8() -> None:
    memory = failed()
    memory.when(opened(10_00, when="06-08 12:00"))
    assert [fact.type for fact in memory.when(again())] == ["refund.decided", "refund.held"]
    memory.when(closed("won", when="06-12 12:00"))
    assert not payment(memory).refunds["r1"].waits
    assert payment(memory).refunds["r2"].state == "reserved"


def test_a_refund_that_a_ruling_gives_up_waits_for_nobody_r3_5() -> None:
    memory = failed()
    told = memory.when(b.case_closed(when="06-09 10:00").model_copy(update={"given_up": "r1"}))
    assert [fact.type for fact in told][:2] == ["refund.decided", "settlement.freed"]
    assert not payment(memory).refunds["r1"].waits


def test_only_what_failed_is_decided_r3_5() -> None:
    memory = bank(b.order_paid(), b.case_opened(), b.granted("r1", 40_00), b.refund_paid("r1"))
    assert not any(isinstance(fact, RefundDecided) for fact in memory.when(again(again_of="r1"), again(refund_id="r3", again_of="r9")))
