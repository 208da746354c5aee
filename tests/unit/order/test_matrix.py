"""Every event in every state: legal, refused with a catalogued code, waiting, or a deadline that no longer stands. Source: R2.1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.order.handlers import SERVICE
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
    "order.placed": ("order.accepted", EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS, EXISTS),
    "payment.succeeded": ("? payment.before_order", "order.paid", *[GOES_BACK] * 9),
    "parcel.shipped": (EARLY, "? parcel.before_payment", LATE, LATE, "order.shipped", *[FULL] * 6),
    "parcel.signed": (EARLY, "? parcel.before_shipped", LATE, LATE, "? parcel.before_shipped", "order.delivered", *[TWICE] * 5),
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
    ),
    "case.opened": ("? case.before_order", "? case.before_payment", LATE, LATE, *["line.held"] * 7),
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
    ),
    "payment_window.over": ("", "order.expired", *[""] * 9),
    "confirmation.due": ("", "", "", "", "", "", "order.completed", "", "", "", ""),
}
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
    assert sorted(TABLE) == sorted(EVENTS) == sorted(kind.type for kind in SERVICE.input_types())
    assert {s.state(make()) for make in STATES.values()} == set(STATES) - {"held"}
