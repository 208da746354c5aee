"""The order service in memory, brought to a state by the usual events."""

from __future__ import annotations

from collections import deque

from services.order.handlers import SERVICE
from services.order.model import ORDER as KIND
from services.order.model import Order
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.policy import Policies
from tests.unit import builders as b

LOOK_BACK_HOURS = 4  # a suspension looks through every second of them: thousands an hour, and these lives need no more
POLICIES = Policies(
    policy.model_copy(update={"order": policy.order.model_copy(update={"suspension_look_back_hours": LOOK_BACK_HOURS})})
    for policy in b.POLICIES.versions
)


class Shop(Memory):
    """Tells itself what the service tells itself. Returns what outsiders see; `facts` has the rest as well."""

    def send(self, event: Message, id: str = "") -> tuple[Message, ...]:
        found = list(super().send(event, id))
        queue = deque(fact for fact in found if isinstance(fact, SERVICE.sends) and isinstance(fact, SERVICE.input_types()))
        while queue:
            more = super().send(queue.popleft())
            found.extend(more)
            queue.extend(fact for fact in more if isinstance(fact, SERVICE.sends) and isinstance(fact, SERVICE.input_types()))
        return tuple(fact for fact in found if not fact.topic.internal)


def shop(*events: Message, policies: Policies = POLICIES) -> Memory:
    memory = Shop(SERVICE, policies)
    memory.when(*events)
    return memory


def order(memory: Memory) -> Order:
    found: Order = memory.entity(KIND, b.ORDER)
    return found


def state(memory: Memory) -> str:
    found = memory.entity(KIND, b.ORDER)
    return found.state if found is not None else "none"


def codes(memory: Memory) -> list[str]:
    return [code for _, code in memory.refused]


def waiting(memory: Memory) -> list[str]:
    return [held.reason for held in memory.held(b.ORDER)]


def accepted() -> Memory:
    return shop(b.placed())


def paid() -> Memory:
    return shop(b.placed(), b.succeeded())


def shipped() -> Memory:
    return shop(b.placed(), b.succeeded(), b.shipped())


def delivered() -> Memory:
    return shop(b.placed(), b.succeeded(), b.shipped(), b.signed())


def completed() -> Memory:
    return shop(b.placed(), b.succeeded(), b.shipped(), b.signed(), b.receipt())


def settled() -> Memory:
    return shop(b.placed(), b.succeeded(), b.shipped(), b.signed(), b.receipt(), b.line_settled())


def rejected() -> Memory:
    return shop(b.placed(due=1))


def expired() -> Memory:
    memory = accepted()
    memory.advance(b.at("06-01 10:30:05"))
    return memory


def closed() -> Memory:
    """Refunded in full after delivery."""
    events = b.case_opened(), b.case_closed(quantity=1, amount_minor=100_00)
    memory = delivered()
    memory.when(*events)
    return memory


def stopped() -> Memory:
    """Closed unpaid: its seller was suspended when it was placed, and that was found late."""
    memory = accepted()
    memory.when(b.subject_suspended())
    return memory
