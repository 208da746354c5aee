"""Every event in every state of a case: legal, refused with a catalogued code, waiting, or a deadline that no longer stands.

Source: R2.1, R4.2.
"""

from __future__ import annotations

import pytest

from services.refund.handlers import SERVICE
from services.refund.model import PURCHASE
from tests.unit.builders import CASE, ORDER
from tests.unit.refund import life, matrix

DEADLINES = {
    "answer.due": {"10", "10 claim", "10 shown", "10 unshipped"},
    "refusal.over": {"12"},
    "evidence.due": {"20"},
    "ruling.due": {"20 heard"},
    "posting.due": {"30"},
    "inspection.due": {"40", "40 received"},
    "replacement.due": {"40 sending"},
    "replacement.over": {"45"},
    "appeal.over": {"70 appealed"},
}


def test_every_event_in_every_state_does_what_the_committed_table_says_r2_1() -> None:
    assert matrix.table().splitlines() == matrix.TABLE.read_text(encoding="utf-8").splitlines()


def test_the_table_covers_every_event_about_a_case() -> None:
    told = {event.split(" ")[0] for event in (*matrix.EVENTS, *matrix.TIMERS)}
    forgotten = {kind.type for kind in SERVICE.input_types()} - set(matrix.OTHERS) - told
    assert not forgotten, f"tests/unit/refund/matrix.py: {sorted(forgotten)} in EVENTS, or in OTHERS where it is about no case"
    assert told == {kind.type for kind in SERVICE.input_types()} - set(matrix.OTHERS)
    both = {kind.type for kind in SERVICE.input_types() if kind.topic.name == "merchant.v1"} & {
        kind.type for kind in SERVICE.input_types() if kind.topic.name == "storefront.v1"
    }
    assert {event.split(" ")[0] for event in matrix.EVENTS if event.endswith("by the seller")} == both


@pytest.mark.parametrize("timer", matrix.TIMERS)
def test_a_deadline_acts_in_its_own_states_and_is_dropped_in_any_other_r1_2(timer: str) -> None:
    assert {state for state in matrix.STATES if matrix.cell(timer, state)} == DEADLINES[timer]


@pytest.mark.parametrize("state", matrix.STATES)
def test_whoever_has_the_turn_has_a_deadline_unless_it_is_the_provider_or_nobody_r4_2(state: str) -> None:
    memory = matrix.shop(*matrix.STATES[state])
    for case in memory.entity(PURCHASE, ORDER).cases.values():
        assert state.startswith(str(case.state))
        assert (case.deadline is not None) == (case.turn not in ("provider", "nobody") and state != "50 stuck")
    assert len(memory.armed) == sum(state in states for states in DEADLINES.values())


@pytest.mark.parametrize("state", [state for state in matrix.STATES if state != "none"])
def test_every_fact_of_a_case_says_its_code_rule_turn_and_deadline_r4_2(state: str) -> None:
    """What a clerk, or trust, works from alone."""
    memory = matrix.shop(*matrix.STATES[state])
    facts = [fact for fact in memory.facts if getattr(fact, "case_id", None) == CASE and hasattr(fact, "turn")]
    assert facts
    for fact in facts:
        assert getattr(fact, "code", "")
        assert getattr(fact, "rule", "")
    last, case = facts[-1], life.case_of(memory)
    assert (getattr(last, "state", 0), getattr(last, "turn", ""), getattr(last, "deadline", 0)) == (case.state, case.turn, case.deadline)
