"""Laws of a purchase that hold for any order of events: nothing is granted twice, and every history folds to the same state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.refund.model import PURCHASE
from shared.contracts.refund import CaseClosed, RefundGranted
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.builders import ORDER, at, public
from tests.unit.refund.life import (
    DECLINED,
    DONE,
    OPEN,
    SIGNED,
    STUCK,
    accepted,
    confirmed,
    declined,
    delivered,
    done,
    line,
    money_refused,
    not_paid,
    paid,
    posted,
    purchase_of,
    requested,
    shop,
    withdrawn,
)

CASES = ("c1", "c2", "c3", "c4", "c5", "c6")
OUTCOMES: list[Callable[[str, datetime], Message]] = [
    lambda case_id, when: done(case_id, 1, when=when),
    lambda case_id, when: money_refused(case_id, when=when),
    lambda case_id, when: not_paid(case_id, when=when),
]
LIVES = [DONE, STUCK, DECLINED, (*OPEN, withdrawn()), (*DONE[:-1], money_refused())]


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(LIVES).flatmap(lambda life: st.tuples(st.just(life), st.permutations(life))))
def test_a_life_ends_in_the_same_facts_in_whatever_order_its_events_come(lives: tuple[tuple[Message, ...], list[Message]]) -> None:
    """R2.1: each event waits for its cause."""
    straight, shuffled = (shop(*life) for life in lives)
    assert shuffled.facts == straight.facts
    assert purchase_of(shuffled) == purchase_of(straight)
    assert shuffled.armed == straight.armed
    assert (shuffled.held(ORDER), shuffled.refused) == ([], [])


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(LIVES).flatmap(lambda life: st.permutations(life * 2)))
def test_events_told_twice_under_new_ids_change_nothing(events: list[Message]) -> None:
    """The copy comes to a later state and is refused there, or opens no second window."""
    once = {event.type for event in events}
    memory = shop(*events)
    types = public(memory.facts)
    assert len(types) == len(set(types))
    assert len(types) == len(once)


Act = Callable[[datetime], Message]


@st.composite
def acts(draw: st.DrawFn) -> Act:
    """Something that a buyer, the seller or payment does in one of a few cases; it need not make sense."""
    case_id, quantity = draw(st.sampled_from(CASES)), draw(st.integers(1, 5))
    choices: list[Act] = [
        lambda when: requested(case_id, quantity=quantity, when=when),
        lambda when: withdrawn(case_id, when=when),
        lambda when: accepted(case_id, when=when),
        lambda when: declined(case_id, when=when),
        lambda when: posted(case_id, when=when),
        lambda when: confirmed(case_id, quantity - 1, when=when),
        lambda when: done(case_id, 1, when=when),
        lambda when: money_refused(case_id, when=when),
        lambda when: not_paid(case_id, when=when),
    ]
    return draw(st.sampled_from(choices))


@st.composite
def plans(draw: st.DrawFn) -> list[tuple[Act, int]]:
    """Whole returns and stray acts in a row, each with the hours since the one before."""
    plan: list[Act] = []
    for case_id in draw(st.lists(st.sampled_from(CASES), max_size=8)):
        plan.extend(draw(st.lists(acts(), max_size=3)))
        plan.extend(_return(case_id, draw(st.integers(1, 3)), draw(st.integers(0, 3)), draw(st.sampled_from(OUTCOMES))))
    return [(act, draw(st.integers(0, 12))) for act in plan]


def _return(case_id: str, units: int, fewer: int, outcome: Callable[[str, datetime], Message]) -> list[Act]:
    return [
        lambda when: requested(case_id, quantity=units, when=when),
        lambda when: accepted(case_id, when=when),
        lambda when: posted(case_id, when=when),
        lambda when: confirmed(case_id, max(0, units - fewer), when=when),
        lambda when: outcome(case_id, when),
    ]


@settings(max_examples=30, deadline=None)
@given(plans(), st.integers(0, 1_000))
def test_whatever_is_done_no_unit_and_no_fen_is_granted_twice(plan: list[tuple[Act, int]], paid_minor: int) -> None:
    """R3.5, R4.3, R4.4: any acts at any times, deadlines firing in between."""
    memory = shop(paid(line(quantity=5, paid_minor=paid_minor)), delivered())
    now = at("06-16 11:00")
    for act, hours in plan:
        now += timedelta(hours=hours)
        memory.advance(now)
        memory.send(act(now))
        _check(memory, paid_minor)
    memory.advance(now + timedelta(days=60))
    _check(memory, paid_minor)
    assert all(case.state in (50, 60, 70) for case in purchase_of(memory).cases.values())


def _check(memory: Memory, paid_minor: int) -> None:
    purchase = purchase_of(memory)
    bought = purchase.lines[1]
    lost = {fact.case_id for fact in memory.facts if isinstance(fact, CaseClosed) and fact.state == 70}
    grants = [fact for fact in memory.facts if isinstance(fact, RefundGranted) and fact.case_id not in lost]
    units, minor = sum(fact.quantity for fact in grants), sum(fact.amount_minor for fact in grants)
    assert (units, minor) == (bought.granted_quantity, bought.granted_minor)
    assert units <= 5
    assert minor == paid_minor * units // 5  # cumulative slices leave nothing behind
    assert len({fact.refund_id for fact in grants}) == len(grants)
    unended = [case.id for case in purchase.cases.values() if not case.ended]
    assert unended == ([bought.open_case] if bought.open_case else [])
    assert bought.attempts == len(purchase.cases) <= 5
    assert set(memory.armed.values()) == set(PURCHASE.due(purchase))


@settings(max_examples=25, deadline=None)
@given(plans())
def test_the_facts_alone_give_the_same_state_and_the_snapshot_survives_storage(plan: list[tuple[Act, int]]) -> None:
    """Law 1: state changes only by folding facts."""
    memory = shop(*SIGNED)
    now = at("06-16 11:00")
    for act, hours in plan:
        now += timedelta(hours=hours)
        memory.advance(now)
        memory.send(act(now))
    rebuilt = Memory(memory.service, memory.policies).given(*memory.facts)
    assert rebuilt.entities == memory.entities
    assert rebuilt.armed == memory.armed
    stored = PURCHASE.body.dump_json(purchase_of(memory))
    assert PURCHASE.body.validate_json(stored) == purchase_of(memory)
