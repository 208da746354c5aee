"""Refund against shipment over order, refund and payment, whatever topic is faster: of each unit exactly one wins. Source: R4.8, R2.1."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.order.model import ORDER, Order
from services.refund.model import PURCHASE, Purchase
from shared.contracts.hold import ParcelIntercepted, ShipmentHoldGranted, ShipmentHoldRefused, ShipmentHoldRequested
from shared.contracts.order import ParcelSent, UnitsCancelled
from shared.contracts.payment import RefundDone
from shared.contracts.refund import CaseClosed, CaseOpened
from shared.contracts.storefront import Ground
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import life
from tests.unit.test_shuffled_lives import mixed
from tests.unit.town import Town

WHEN, END = "06-01 12:00", "06-20 00:00"  # when all of it happens; when every deadline of it has passed
Told = list[tuple[str, Message]]


class Race:
    """One line, and what the apps say of it at one moment: a case for units that have not left, parcels, cancellations, answers."""

    def __init__(self, quantity: int, price: int) -> None:
        self.quantity = quantity
        self.told: list[Message] = []
        self.bought = [b.placed(b.cart(quantity=quantity, unit_price_minor=price)), b.succeeded(quantity * price)]

    def run(self, dice: random.Random, copies: int = 1) -> Town:
        """Most often the order is paid when the race begins; now and then that is news of the same moment."""
        town = Town(b.POLICIES, dice, ("order", "payment", "refund"))
        bought = [(f"p{number}", event) for number, event in enumerate(self.bought)]
        told = [(f"e{number}", event) for number, event in enumerate(self.told)]
        if dice.random() < 0.8:
            town.tell(bought)
        town.tell(mixed((bought + told) * copies, dice))
        town.advance(b.at(END))
        return town


@st.composite
def races(draw: st.DrawFn, *, decided: bool, ground: Ground = "not_shipped") -> Race:
    """decided: a case for all units, parcels with all units, and nobody who takes anything back: each unit has to end somewhere."""
    quantity = draw(st.integers(1, 3))
    race = Race(quantity, draw(st.sampled_from([50_00, 150_00])))  # instant for few units, for the seller to answer for more
    asked = quantity if decided else draw(st.integers(1, quantity))
    wish: dict[str, Any] = {"kind": "refund_only", "ground": ground, "when": WHEN}
    race.told.append(life.requested("c1", quantity=asked, **wish))
    left = quantity
    while left and (decided or draw(st.booleans())):
        left -= (units := draw(st.integers(1, left)))
        race.told.append(b.shipped(f"p{left}", {1: units}, when=WHEN))
    if draw(st.booleans()):
        race.told.append(b.cancel({1: draw(st.integers(1, quantity))}, b.PAYMENT_ID, when=WHEN))
    if draw(st.booleans()):
        race.told.append(life.accepted("c1", when="06-01 13:00"))
    elif not decided and draw(st.booleans()):
        race.told.append(draw(st.sampled_from([life.withdrawn("c1", when="06-01 13:00"), life.declined("c1", when="06-01 13:00")])))
    if draw(st.booleans()):
        race.told.append(b.seller_cancels({1: draw(st.integers(1, quantity))}, payment_id=b.PAYMENT_ID, when=WHEN))
    return race


def told_by(town: Town, service: str) -> list[Message]:
    return [fact for _, fact in town.services[service].out]


def ends(town: Town) -> tuple[int, int, int]:
    """Units sent, cancelled, refunded by a case; and that they, the order's and refund's books, and the money agree."""
    order: Order = town.entity("order", ORDER, b.ORDER)
    purchase: Purchase = town.entity("refund", PURCHASE, b.ORDER)
    line, facts = order.lines[1], told_by(town, "order")
    closed = [fact for fact in told_by(town, "refund") if isinstance(fact, CaseClosed)]
    refunded = sum(fact.refunded_quantity for fact in closed)
    cancelled = sum(part.quantity for fact in facts if isinstance(fact, UnitsCancelled) for part in fact.lines)
    sent = sum(units.quantity for fact in facts if isinstance(fact, ParcelSent) for units in fact.units)
    assert (line.sent, line.cancelled, line.refunded - line.cancelled) == (sent, cancelled, refunded)
    assert purchase.lines[1].granted_quantity == cancelled + refunded
    paid = sum(fact.amount_minor for fact in told_by(town, "payment") if isinstance(fact, RefundDone))
    assert paid == line.refunded_minor == line.line.paid_minor * (cancelled + refunded) // line.line.quantity
    return sent, cancelled, refunded


def announced(town: Town) -> None:
    """Each request is answered once, a granted one is refunded or set free, and what a hold stopped is told, with every parcel once."""
    facts = told_by(town, "order")
    opened = [fact.case_id for fact in told_by(town, "refund") if isinstance(fact, CaseOpened)]
    requests = [fact.case_id for fact in told_by(town, "refund") if isinstance(fact, ShipmentHoldRequested)]
    answers = [fact for fact in facts if isinstance(fact, ShipmentHoldGranted | ShipmentHoldRefused)]
    assert opened == requests == [fact.case_id for fact in answers]
    granted = sum(fact.quantity for fact in answers if isinstance(fact, ShipmentHoldGranted))
    assert sum(fact.refunded_quantity for fact in told_by(town, "refund") if isinstance(fact, CaseClosed)) in (0, granted)
    stopped = [fact for fact in facts if isinstance(fact, ParcelIntercepted)]
    assert granted or not stopped
    parcels = Counter(event.parcel_id for _, event in town.sent if isinstance(event, type(b.shipped())))
    outcomes = Counter(fact.parcel_id for fact in facts if isinstance(fact, ParcelSent | ParcelIntercepted))
    assert outcomes.keys() <= parcels.keys()
    assert all(count == 1 for count in outcomes.values())
    order: Order = town.entity("order", ORDER, b.ORDER)
    assert order.lines[1].kept == 0 or any(case.state == 12 for case in _cases(town)), "the end of the case ends the hold"


def _cases(town: Town) -> list[Any]:
    purchase: Purchase = town.entity("refund", PURCHASE, b.ORDER)
    return list(purchase.cases.values())


@settings(max_examples=80, deadline=None)
@given(races(decided=True), st.integers(0, 2**32), st.integers(1, 2))
def test_each_unit_is_refunded_cancelled_or_sent_and_never_two_of_them_r4_8(race: Race, seed: int, copies: int) -> None:
    town = race.run(random.Random(seed), copies)
    sent, cancelled, refunded = ends(town)
    assert sent + cancelled + refunded <= race.quantity
    announced(town)
    if refunded:
        assert refunded == race.quantity, "the hold was for all of it: nothing left, nothing was cancelled"
    elif not cancelled:
        assert sent == race.quantity, "no refund, no cancellation: every parcel left"


@settings(max_examples=80, deadline=None)
@given(races(decided=False), st.integers(0, 2**32), st.integers(1, 2))
def test_nothing_is_paid_or_sent_twice_whoever_takes_what_back_r4_8(race: Race, seed: int, copies: int) -> None:
    town = race.run(random.Random(seed), copies)
    assert sum(ends(town)) <= race.quantity
    announced(town)


@settings(max_examples=80, deadline=None)
@given(races(decided=False, ground="negotiated"), st.integers(0, 2**32), st.integers(1, 2))
def test_what_is_agreed_on_is_not_paid_for_and_sent_where_the_order_was_asked_r4_8(race: Race, seed: int, copies: int) -> None:
    """It was asked for the units that, for all that was known, had not left: they were kept back, or nothing was refunded."""
    town = race.run(random.Random(seed), copies)
    sent, cancelled, refunded = ends(town)
    facts = told_by(town, "order")
    requests = [fact for fact in told_by(town, "refund") if isinstance(fact, ShipmentHoldRequested)]
    answers = [fact for fact in facts if isinstance(fact, ShipmentHoldGranted | ShipmentHoldRefused)]
    assert len(requests) == len(answers)
    requested = [fact.quantity for fact in requests if not fact.standing]  # what is granted is kept as well, and paid all the same
    held = [fact.quantity for fact in answers if isinstance(fact, ShipmentHoldGranted) and not fact.standing]
    if held and refunded:
        assert sent + cancelled + sum(held) <= race.quantity
    if requested and not held:
        assert not refunded


@pytest.mark.parametrize("ground", ["not_shipped", "negotiated"])
def test_both_ways_happen_r4_8(ground: Ground) -> None:
    """The same words, heard in one order or the other; what is agreed on after the parcel left, as all know, is paid all the same."""
    race = Race(1, 50_00)
    race.told = [life.requested(quantity=1, kind="refund_only", ground=ground, when=WHEN), b.shipped(when=WHEN)]
    outcomes = {ends(race.run(random.Random(seed))) for seed in range(40)}
    assert outcomes == {(1, 0, 0), (0, 0, 1)} | ({(1, 0, 1)} if ground == "negotiated" else set())
