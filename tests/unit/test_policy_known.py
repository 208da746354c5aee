"""Of a time whose policies a process does not know yet it decides nothing, be that time not the event's own. Source: R9.1, V2.

A shop's clock or a carrier's may be ten minutes ahead, so what they told is dated later than what others tell after it. Here `2` begins
at noon; a process that looked last at 11:49 knows all of 11:59, and not that version, which was published at 11:49:30.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.order.handlers import SERVICE as ORDER
from services.payment.handlers import SERVICE as PAYMENT
from services.refund.handlers import SERVICE as REFUND
from services.trust.handlers import SERVICE as TRUST
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.messaging.shape import Service
from shared.policy import Policies
from tests.unit import builders as b
from tests.unit.trust.market import changes, evidence
from tests.unit.trust.rulebook import points, violation

SECOND = b.POLICY.model_copy(update={"version": "2", "effective_from": b.at("06-01 12:00")})
ALL = Policies([b.POLICY, SECOND])
BEHIND = Policies([b.POLICY]).up_to(b.at("06-01 11:59"))


def behind(service: Service, *told: Message) -> Memory:
    """Another process took these and knew all; now one decides that is behind."""
    memory = Memory(service, ALL)
    memory.when(*told)
    memory.policies = BEHIND
    return memory


def paid(when: str = "06-01 11:57") -> Message:
    """Of an order that was placed by a clock that is ahead."""
    terms = b.TERMS.model_copy(update={"policy_version": "2"})
    return b.order_paid(when=when, terms=terms).model_copy(update={"placed_at": b.at("06-01 12:01")})


NOTED_LATER = [
    (behind(TRUST, evidence("e1", when=b.at("06-01 12:01"))), evidence("e2", when=b.at("06-01 11:58"))),
    (behind(TRUST, violation("v1", when="06-01 12:01")), violation("v2", when="06-01 11:58")),
    (behind(ORDER, b.succeeded(when="06-01 12:01")), b.placed(when="06-01 11:57")),
    (behind(PAYMENT), paid()),
    (behind(REFUND), paid()),
]
NAMES = ["a score's latest item", "the latest violation", "a payment that waited", "escrow", "a certificate"]


@pytest.mark.parametrize(("memory", "event"), NOTED_LATER, ids=NAMES)
def test_r9_1_v2_who_is_behind_decides_by_no_version_of_a_time_that_others_noted(memory: Memory, event: Message) -> None:
    """Neither by the last one that it knows, nor is the event parked: all of the batch is tried again once it has looked."""
    before = dict(memory.entities)
    with pytest.raises(TimeoutError, match="is not known yet"):
        memory.send(event)
    assert (memory.entities, memory.refused) == (before, [])


def test_r9_1_v2_up_to_its_last_look_it_decides_as_everybody() -> None:
    for policies in (BEHIND, ALL):
        assert policies.at(b.at("06-01 11:59")) == b.POLICY
    with pytest.raises(TimeoutError):
        BEHIND.version_at(b.at("06-01 11:59") + timedelta(microseconds=1))
    assert ALL.at(b.at("06-01 12:00")) == SECOND


def test_r5_1_r9_1_once_it_has_looked_it_goes_by_the_version_of_the_latest_item() -> None:
    memory = behind(TRUST, evidence("e1", when=b.at("06-01 12:01")), violation("v1", when="06-01 12:01"))
    memory.policies = ALL
    memory.when(evidence("e2", when=b.at("06-01 11:58")), violation("v2", when="06-01 11:58"))
    assert [fact.rule_version for fact in changes(memory)] == ["2", "2"]
    assert points(memory) == (40, 40, 0, False)


def test_r4_1_r9_1_a_version_of_a_known_time_that_was_never_published_is_parked_not_waited_for() -> None:
    with pytest.raises(AssertionError, match="policy version 2 is not known here"):
        behind(REFUND).send(paid().model_copy(update={"placed_at": b.at("06-01 11:56")}))
