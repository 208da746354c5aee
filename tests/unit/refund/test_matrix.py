"""Each state of a case against each event: what it leads to, what it waits for, why it is refused. Source: R2.1, R4.2-R4.4."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.contracts.refund import AnswerDue, CaseTimer, InspectionDue, PostingDue, RefusalOver
from shared.messaging.message import Message
from tests.unit.builders import CASE, ORDER, at
from tests.unit.refund.life import (
    APPROVED,
    DECLINED,
    DONE,
    GRANTED,
    OPEN,
    RETURNED,
    SIGNED,
    STUCK,
    WITHDRAWN,
    accepted,
    case_of,
    confirmed,
    declined,
    done,
    money_refused,
    not_paid,
    posted,
    requested,
    shop,
    withdrawn,
)

STATES: dict[str, tuple[Message, ...]] = {
    "none": SIGNED,
    "10": OPEN,
    "12": DECLINED,
    "30": APPROVED,
    "40": RETURNED,
    "50": GRANTED,
    "stuck": STUCK,
    "60": DONE,
    "70": WITHDRAWN,
}
EVENTS: dict[str, Callable[[], Message]] = {
    "requested": requested,
    "accepted": accepted,
    "declined": declined,
    "posted": posted,
    "confirmed": confirmed,
    "withdrawn": withdrawn,
    "done": done,
    "refused": money_refused,
    "not_paid": not_paid,
}
# A number is the state that the case is in afterwards; ? waits for its cause, ! is refused.
TABLE = """
            none             10               12           30               40               50           stuck        60       70
requested   10               !known           !known       !known           !known           !known       !known       !known   !known
accepted    ?before_request  30               !wrong_state !wrong_state     !wrong_state     !wrong_state !wrong_state !closed  !closed
declined    ?before_request  12               !wrong_state !wrong_state     !wrong_state     !wrong_state !wrong_state !closed  !closed
posted      ?before_request  ?before_approval !wrong_state 40               !wrong_state     !wrong_state !wrong_state !closed  !closed
confirmed   ?before_request  ?before_return   !wrong_state ?before_return   50               !wrong_state !wrong_state !closed  !closed
withdrawn   ?before_request  70               70           70               70               !wrong_state !wrong_state !closed  !closed
done        ?before_grant    ?before_grant    !wrong_state ?before_grant    ?before_grant    60           60           !closed  !closed
refused     ?before_grant    ?before_grant    !wrong_state ?before_grant    ?before_grant    70           70           !closed  !closed
not_paid    ?before_grant    ?before_grant    !wrong_state ?before_grant    ?before_grant    50           !wrong_state !closed  !closed
"""
HEAD, *BODY = TABLE.strip("\n").splitlines()
CELLS = [(event, state, cell) for event, *cells in (row.split() for row in BODY) for state, cell in zip(HEAD.split(), cells, strict=True)]
TIMERS: dict[type[CaseTimer], tuple[str, str]] = {
    AnswerDue: ("10", "30"),
    RefusalOver: ("12", "70"),
    PostingDue: ("30", "70"),
    InspectionDue: ("40", "50"),
}


def test_the_table_names_every_state_and_every_event() -> None:
    assert {(event, state) for event, state, _ in CELLS} == {(event, state) for event in EVENTS for state in STATES}


@pytest.mark.parametrize(("event", "state", "cell"), CELLS)
def test_state_and_event(event: str, state: str, cell: str) -> None:
    memory = shop(*STATES[state])
    facts = memory.send(EVENTS[event]())
    codes = [code for _, code in memory.refused]
    waits = [held.reason for held in memory.held(ORDER)]
    if cell.startswith("!"):
        assert (facts, codes, waits) == ((), [f"case.{cell[1:]}"], [])
    elif cell.startswith("?"):
        prefix = "refund" if cell == "?before_grant" else "case"
        assert (facts, codes, waits) == ((), [], [f"{prefix}.{cell[1:]}"])
    else:
        assert (len([fact for fact in facts if fact.type != "waybill.used"]), codes, waits) == (1, [], [])
        assert str(case_of(memory).state) == cell


@pytest.mark.parametrize("state", [state for state in STATES if state != "none"])
@pytest.mark.parametrize("timer", TIMERS)
def test_a_deadline_acts_in_its_own_state_and_is_dropped_in_any_other(timer: type[CaseTimer], state: str) -> None:
    memory = shop(*STATES[state])
    own, then = TIMERS[timer]
    fired = timer(order_id=ORDER, case_id=CASE, occurred_at=case_of(memory).deadline or at("06-30 10:00"))
    facts = memory.send(fired)
    assert len(facts) == (1 if state == own else 0)
    assert str(case_of(memory).state) == (then if state == own else state.replace("stuck", "50"))
    assert memory.refused == []


@pytest.mark.parametrize("state", STATES)
def test_whoever_has_the_turn_has_a_deadline_unless_it_is_the_provider_or_a_person(state: str) -> None:
    memory = shop(*STATES[state])
    for case in memory.entity(memory.service.kinds[0], ORDER).cases.values():
        assert (case.deadline is not None) == (case.turn in ("buyer", "seller"))
    assert len(memory.armed) == (1 if state in ("10", "12", "30", "40") else 0)
