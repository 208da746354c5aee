"""Whatever topic was faster, a life ends in the same facts. Source: R2.1, R1.2."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.order.model import ORDER as KIND
from services.order.model import Order, due
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.shop import order, shop, state

LATER = b.at("09-01 00:00")
QUICK = settings(max_examples=30, deadline=None)


@st.composite
def lives(draw: st.DrawFn) -> list[Message]:
    """One to three lines, parcels that hold some of their units each, some signed, some lines confirmed; a second payment now and then."""
    quantities = {line_no: draw(st.integers(1, 3)) for line_no in range(1, draw(st.integers(1, 3)) + 1)}
    lines = [b.cart(line_no, draw(st.integers(1, 500_00)), quantity) for line_no, quantity in quantities.items()]
    total = sum(line.unit_price_minor * line.quantity for line in lines)
    events: list[Message] = [b.placed(*lines), b.succeeded(total)]
    if draw(st.booleans()):
        events.append(b.succeeded(total, "pay2", when="06-01 10:20"))
    for line_no, quantity in quantities.items():
        arrives = draw(st.booleans())
        for unit in range(quantity):
            parcel, day = f"p{line_no}-{unit}", draw(st.integers(2, 5))
            events.append(b.shipped(parcel, {line_no: 1}, when=f"06-0{day} 10:00"))
            if arrives or draw(st.booleans()):
                events.append(b.signed(parcel, when=f"06-{draw(st.integers(6, 28)):02} 10:00"))
        if arrives and draw(st.booleans()):
            events.append(b.receipt(line_no, when="06-29 10:00"))
    return events


def told(memory: Memory) -> set[str]:
    """What does not depend on which parcel happened to be the last one told."""
    free = {"order.shipped": {"shipped", "on_time"}, "order.delivered": {"delivered", "part_of", "signed_at"}}
    return {f"{fact.type} {fact.model_dump_json(exclude=free.get(fact.type))}" for fact in memory.facts}


@QUICK
@given(lives(), st.randoms())
def test_shuffled_lives_reach_the_same_facts_and_the_same_order(events: list[Message], chance: Random) -> None:
    straight, shuffled = shop(*events), shop()
    straight.advance(LATER)
    others = events[1:]
    chance.shuffle(others)
    payments = [event for event in others if event.type == "payment.succeeded"]
    if len(payments) == 2:  # of two payments, the first told wins: that is a race, not an order of topics
        first, second = sorted(map(others.index, payments))
        others[first], others[second] = sorted(payments, key=lambda event: event.occurred_at)
    place = chance.randrange(len(others) + 1)
    shuffled.when(*others[:place], events[0], *others[place:])
    shuffled.advance(LATER)
    assert told(shuffled) == told(straight)
    assert order(shuffled).lines == order(straight).lines
    assert (sorted(shuffled.refused), shuffled.held(b.ORDER)) == (sorted(straight.refused), [])
    assert set(straight.refused) <= {("receipt.confirmed", "receipt.confirmed_before")}, "too late: time had confirmed it"


@QUICK
@given(lives(), st.integers(1, 5))
def test_a_life_told_twice_is_lived_once(events: list[Message], copies: int) -> None:
    once, often = shop(), shop()
    for number, event in enumerate(events):
        once.send(event, f"e{number}")
        for _ in range(copies):
            often.send(event, f"e{number}")
    assert once.facts == often.facts


@QUICK
@given(lives(), st.integers(0, 40))
def test_state_is_what_its_facts_fold_to_and_timers_are_those_that_it_names(events: list[Message], day: int) -> None:
    memory = shop(*events)
    memory.advance(b.at("06-02 10:00") if day == 0 else b.at(f"06-{min(day, 30):02} 10:00"))
    replayed = Memory(memory.service, memory.policies).given(*memory.facts)
    assert replayed.entity(KIND, b.ORDER) == order(memory)
    assert replayed.armed == memory.armed == {(timer.type, timer.subject): timer for timer in due(order(memory))}
    stored = KIND.body.dump_json(order(memory))
    assert KIND.body.validate_json(stored) == order(memory)


@QUICK
@given(lives())
def test_no_unit_leaves_twice_and_every_line_that_left_is_completed_in_the_end(events: list[Message]) -> None:
    memory = shop(*events)
    memory.advance(LATER)
    found: Order = order(memory)
    for line in found.lines.values():
        assert 0 <= line.sent <= line.line.quantity
        assert line.completed is (line.sent == line.line.quantity)
    completed = [one.line_no for fact in memory.facts if fact.type == "order.completed" for one in fact.lines]  # type: ignore[attr-defined]
    assert len(completed) == len(set(completed))
    assert state(memory) in ("paid", "completed")
