"""Walks every event through every state of an order and writes the table that people read: `python -m tests.unit.order.matrix`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from shared.contracts.campaign import LimitShifted
from shared.contracts.governance import AllotmentSet, ProductReviewed
from shared.contracts.identity import ClusterJoined, ClustersMet, MemberMoved
from shared.contracts.member import IdentityLinked
from shared.contracts.standing import SubjectReinstated, SubjectSuspended
from shared.contracts.suspension import OrderAttributed, OrdersSought, SuspensionFound
from shared.contracts.trust import TierChanged
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit import walked
from tests.unit.order import shop as s

TABLE = Path(__file__).parents[3] / "services" / "order" / "STATES.md"
HEAD = """# Every event in every state of an order

Rule R2.1: an event is legal in a state, or it is refused with a code and changes nothing, or it waits for its cause. A row for each
event about an order, a column for each state of an order of one line (`held`: delivered, with an open case; `disputed`: paid, which the
buyer's bank disputes; `kept back`: paid, with a case that has its units; `intercepted`: the same, after a parcel that took them;
`virtual`: paid, of virtual goods; `stopped`: closed unpaid, its seller suspended). A name is the fact that follows; `✗` a code with
which the event is refused; `…` the code of what it waits for; an empty cell: a deadline that does not stand then, or a suspension of
an order that ended.
Written by `python -m tests.unit.order.matrix`; tests/unit/order/test_matrix.py walks it again.
"""


def disputed() -> Memory:
    memory = s.paid()
    memory.when(b.chargeback_received(when="06-02 09:00"))
    return memory


def held() -> Memory:
    memory = s.delivered()
    memory.when(b.case_opened())
    return memory


def kept_back() -> Memory:
    memory = s.paid()
    memory.when(b.case_opened(when="06-02 09:00"), b.hold_requested(when="06-02 09:00"))
    return memory


def intercepted() -> Memory:
    memory = kept_back()
    memory.when(b.shipped())
    return memory


def cancelled() -> Memory:
    memory = s.accepted()
    memory.when(b.cancel())
    return memory


def given_up() -> Memory:
    memory = s.paid()
    memory.when(b.seller_cancels())
    return memory


STATES: dict[str, Callable[[], Memory]] = {
    "none": s.shop,
    "accepted": s.accepted,
    "rejected": s.rejected,
    "expired": s.expired,
    "cancelled": cancelled,
    "paid": s.paid,
    "disputed": disputed,
    "kept back": kept_back,
    "intercepted": intercepted,
    "virtual": lambda: s.shop(b.placed(b.cart(kind="virtual")), b.succeeded()),
    "shipped": s.shipped,
    "delivered": s.delivered,
    "held": held,
    "completed": s.completed,
    "settled": s.settled,
    "closed": s.closed,
    "stopped": s.stopped,
    "paid, then cancelled": given_up,
}
EVENTS: dict[str, Message] = {
    event.type: event
    for event in (
        b.placed(),
        b.cancel(when="06-10 10:00"),
        b.seller_cancels(when="06-10 10:00"),
        b.succeeded(payment_id="pay9"),
        b.window_over(),
        b.shipping_due(),
        b.shipped("p9"),
        b.collected(),
        b.signed(),
        b.parcel_refused(),
        b.parcel_lost(),
        b.ruling(),
        b.receipt(when="06-10 10:00"),
        b.extended(when="06-10 10:00"),
        b.redeemed(when="06-10 10:00"),
        b.confirmation_due(),
        b.case_opened("c9", when="06-10 11:00"),
        b.case_replaced(when="06-10 11:00"),
        b.case_closed(when="06-10 11:00"),
        b.hold_requested(when="06-10 11:00"),
        b.case_reopened(when="06-10 11:00"),
        b.line_settled(),
        b.chargeback_received(when="06-10 11:00"),
        b.chargeback_ended(when="06-10 11:00"),
        SuspensionFound(order_id=b.ORDER, subject_id="promoter:k1", violation_id="v9", occurred_at=b.at("06-10 12:00")),
    )
}
# What is about no order: its own tests say what comes of it.
OTHERS = (
    ProductReviewed,
    AllotmentSet,
    LimitShifted,
    IdentityLinked,
    ClustersMet,
    ClusterJoined,
    MemberMoved,
    SubjectSuspended,
    SubjectReinstated,
    TierChanged,
    OrderAttributed,
    OrdersSought,
)


@cache
def cell(event: str, state: str) -> str:
    """What follows, and that nothing else does."""
    return walked.cell(STATES[state](), EVENTS[event], ("order", b.ORDER))


def table() -> str:
    return walked.table(HEAD, EVENTS, STATES, cell)


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
