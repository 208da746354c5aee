"""Every event in every state: legal, refused with a catalogued code, waiting, or a deadline that no longer stands. Source: R2.1."""

from __future__ import annotations

from services.order.handlers import SERVICE
from tests.unit.order import matrix
from tests.unit.order import shop as s


def test_every_event_in_every_state_does_what_the_committed_table_says_r2_1() -> None:
    assert matrix.table().splitlines() == matrix.TABLE.read_text(encoding="utf-8").splitlines()


def test_no_event_outside_of_a_deadline_is_passed_over_in_silence_r2_1() -> None:
    timers = {kind.type for kind in SERVICE.input_types() if kind.topic.name == "order.timer.v1"} | {"suspension.found"}
    empty = {event for event in matrix.EVENTS for state in matrix.STATES if not matrix.cell(event, state)}
    assert empty == timers


def test_the_table_covers_all_events_and_states() -> None:
    forgotten = {kind.type for kind in set(SERVICE.input_types()) - set(matrix.OTHERS)} - set(matrix.EVENTS)
    assert not forgotten, f"tests/unit/order/matrix.py: {sorted(forgotten)} in EVENTS, or in OTHERS where it is about no order"
    assert sorted(matrix.EVENTS) == sorted(kind.type for kind in set(SERVICE.input_types()) - set(matrix.OTHERS))
    names = set(matrix.STATES) - {"held", "disputed", "kept back", "intercepted", "virtual", "stopped", "paid, then cancelled"}
    assert {s.state(make()) for make in matrix.STATES.values()} == names
