"""Every event in every state: legal, refused with a catalogued code, waiting, or a deadline that no longer stands. Source: R2.1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.order.handlers import SERVICE
from shared.contracts.campaign import LimitShifted
from shared.contracts.governance import AllotmentSet, ProductReviewed
from shared.contracts.identity import ClusterJoined, ClustersMet, MemberMoved
from shared.contracts.member import IdentityLinked
from shared.contracts.suspension import OrderAttributed, OrdersSought, SuspensionFound
from shared.contracts.trust import SubjectSuspended
from shared.errors import CATALOGUE
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order import shop as s


def held() -> Memory:
    memory = s.delivered()
    memory.when(b.case_opened())
    return memory


STATES: dict[str, Callable[[], Memory]] = {
    "none": s.shop,
    "accepted": s.accepted,
    "rejected": s.rejected,
    "expired": s.expired,
    "paid": s.paid,
    "shipped": s.shipped,
    "delivered": s.delivered,
    "held": held,
    "completed": s.completed,
    "settled": s.settled,
    "closed": s.closed,
    "stopped": s.stopped,
}
EVENTS: dict[str, Message] = {
    "order.placed": b.placed(),
    "payment.succeeded": b.succeeded(payment_id="pay9"),
    "parcel.shipped": b.shipped("p9"),
    "parcel.signed": b.signed(),
    "receipt.confirmed": b.receipt(when="06-10 10:00"),
    "case.opened": b.case_opened("c9", when="06-10 11:00"),
    "case.closed": b.case_closed(when="06-10 11:00"),
    "line.settled": b.line_settled(),
    "payment_window.over": b.window_over(),
    "confirmation.due": b.confirmation_due(),
    "suspension.found": SuspensionFound(order_id=b.ORDER, subject_id="promoter:k1", violation_id="v9", occurred_at=b.at("06-10 12:00")),
}
EXISTS, LATE, GOES_BACK, FULL, TWICE = (
    "- order.exists",
    "- order.closed",
    "payment.unwanted",
    "- parcel.exceeds_ordered",
    "- parcel.signed_before",
)
EARLY, UNOPENED, UNCONFIRMED = "? order.before_placed", "? case.before_opened", "? settlement.before_completion"
# In the order of STATES. A fact's type: legal. `- code`: refused. `? code`: waits. Empty: a deadline that does not stand.
TABLE: dict[str, tuple[str, ...]] = {
    "order.placed": ("order.accepted", *[EXISTS] * 11),
    "payment.succeeded": ("? payment.before_order", "order.paid", *[GOES_BACK] * 10),
    "parcel.shipped": (EARLY, "? parcel.before_payment", LATE, LATE, "order.shipped", *[FULL] * 6, LATE),
    "parcel.signed": (EARLY, "? parcel.before_shipped", LATE, LATE, "? parcel.before_shipped", "order.delivered", *[TWICE] * 5, LATE),
    "receipt.confirmed": (
        EARLY,
        "? receipt.before_delivery",
        LATE,
        LATE,
        "? receipt.before_delivery",
        "? receipt.before_delivery",
        "order.completed",
        "- receipt.case_open",
        "- receipt.confirmed_before",
        "- receipt.confirmed_before",
        "- line.refunded",
        LATE,
    ),
    "case.opened": ("? case.before_order", "? case.before_payment", LATE, LATE, *["line.held"] * 7, LATE),
    "case.closed": (
        "? case.before_order",
        "? case.before_payment",
        LATE,
        LATE,
        UNOPENED,
        UNOPENED,
        UNOPENED,
        "line.freed",
        UNOPENED,
        UNOPENED,
        "- case.closed",
        LATE,
    ),
    "line.settled": (
        EARLY,
        UNCONFIRMED,
        LATE,
        LATE,
        UNCONFIRMED,
        UNCONFIRMED,
        UNCONFIRMED,
        UNCONFIRMED,
        "line.settled",
        "- settlement.known",
        "- line.refunded",
        LATE,
    ),
    "payment_window.over": ("", "order.expired", *[""] * 10),
    "confirmation.due": ("", "", "", "", "", "", "order.completed", "", "", "", "", ""),
    "suspension.found": (EARLY, "order.closed", "", "", *["order.under_suspension"] * 7, ""),
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
    OrderAttributed,
    OrdersSought,
)
CELLS = [(event, state, outcome) for event, row in TABLE.items() for state, outcome in zip(STATES, row, strict=True)]


@pytest.mark.parametrize(("event", "state", "outcome"), CELLS, ids=[f"{event}-{state}" for event, state, _ in CELLS])
def test_every_event_in_every_state_r2_1(event: str, state: str, outcome: str) -> None:
    memory = STATES[state]()
    before = s.order(memory)
    facts = memory.when(EVENTS[event])
    code = outcome[2:]
    if outcome.startswith("-"):
        assert (facts, s.codes(memory)[-1:], s.order(memory)) == ((), [code], before)
    elif outcome.startswith("?"):
        assert (facts, s.waiting(memory)[-1:], s.order(memory)) == ((), [code], before)
    else:
        assert b.types(facts) == ([outcome] if outcome else [])
        assert s.codes(memory) == []
    assert not code or outcome[0] not in "-?" or CATALOGUE[code].retryable is (outcome[0] == "?")


def test_the_table_covers_all_events_and_states() -> None:
    assert sorted(TABLE) == sorted(EVENTS) == sorted(kind.type for kind in set(SERVICE.input_types()) - set(OTHERS))
    assert {s.state(make()) for make in STATES.values()} == set(STATES) - {"held", "stopped"}
