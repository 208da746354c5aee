"""Whatever topic is faster, a life ends in the same facts, with the same ids and the same money, in all four services. Source: R2.1.

Shuffled is what lies between two steps of the clock, across all topics; within a topic the order is its app's.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.storefront import PlacedLine
from shared.contracts.types import FreeShipping
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts, life
from tests.unit.town import Town

ENDS = ("06-01 12:00", "06-02 12:00", "06-05 12:00", "06-07 12:00", "08-01 00:00")  # of the steps
RUNNING = {  # what a fact says of the moment at which it happened to be told: another order, another moment
    "order.shipped": {"shipped", "on_time"},
    "order.delivered": {"delivered", "signed_at"},
    "line.settled": {"order_settled"},
    "evidence.noted": {"state", "turn", "deadline"},
    "units.cancelled": {"order_cancelled"},
    "balance.credited": {"balance_minor", "sweep_at"},
    "score.changed": None,  # a score is told at each item; the last one is compared with the state
    "score.noted": None,  # likewise: a copy of what was told
}

SPLIT = ("units.cancelled", "order.completed")


@dataclass
class Life:
    """Events by step; the id of an event is its place."""

    steps: list[list[Message]] = field(default_factory=lambda: [[] for _ in ENDS])

    def add(self, step: int, *events: Message) -> None:
        self.steps[step].extend(events)

    def play(self, dice: random.Random | None, copies: int = 1) -> Town:
        town = Town(b.POLICIES, dice)
        for number, (events, end) in enumerate(zip(self.steps, ENDS, strict=True)):
            told = [(f"e{number}-{place}", event) for place, event in enumerate(events)] * copies
            if dice is not None:
                told = mixed(told, dice)
            town.tell(told)
            town.advance(b.at(end))
        return town


def mixed(told: list[tuple[str, Message]], dice: random.Random) -> list[tuple[str, Message]]:
    """Another order in which the order within each topic is kept."""
    by_topic: dict[str, list[tuple[str, Message]]] = {}
    for one in told:
        by_topic.setdefault(one[1].topic.name, []).append(one)
    result = []
    while by_topic:
        name = dice.choice(sorted(by_topic))
        result.append(by_topic[name].pop(0))
        by_topic = {topic: rest for topic, rest in by_topic.items() if rest}
    return result


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """One to three lines of two sellers, freight, a coupon, a seller who fulfils through another; every fate that apps can tell."""
    found = Life()
    count = draw(st.integers(1, 3))
    lines = [_line(draw, number) for number in range(1, count + 1)]
    freight = [b.cart(count + 1, 8_00, kind="freight", promoter_id=None, commission_bp=0)] if draw(st.booleans()) else []
    if not any(line.kind == "goods" and line.seller_id == b.SELLER for line in lines):
        freight = []
    bought = [*lines, *freight]
    gross = sum(line.unit_price_minor * line.quantity for line in lines)
    coupons = [b.coupon(draw(st.integers(1, gross - 1)), *(line.line_no for line in lines))] if gross > 1 and draw(st.booleans()) else []
    due = sum(line.unit_price_minor * line.quantity for line in bought) - sum(coupon.amount_minor for coupon in coupons)
    free = (FreeShipping(seller_id=b.SELLER, threshold_minor=gross, freight_minor=10_00),) if draw(st.booleans()) else ()
    found.add(0, b.placed(*bought, coupons=coupons, due=due, free_shipping=free))
    paid_on = draw(st.sampled_from([0] * 9 + [1]))  # too late now and then
    if paid_on and draw(st.booleans()):  # beside a payment that it does not know of, an unpaid cancellation is a race
        found.add(0, b.cancel())
    found.add(paid_on, b.succeeded(due, when="06-01 13:00" if paid_on else "06-01 10:10"))
    for line in lines:
        _fate(draw, found, line.line_no, line.quantity, line.kind, line.seller_id, line.fulfiller_id)
    return found


def _line(draw: st.DrawFn, number: int) -> PlacedLine:
    kind = draw(st.sampled_from(["goods", "goods", "goods", "virtual"]))
    fields: dict[str, Any] = {"seller_id": draw(st.sampled_from([b.SELLER, "s2"])), "kind": kind}
    if kind == "goods":
        fields["fulfiller_id"] = draw(st.sampled_from([None, None, "f1"]))
        fields["tags"] = draw(st.sampled_from([(), ("ship_24h",)]))
    return b.cart(number, draw(st.integers(1, 300_00)), draw(st.integers(1, 3)), **fields)


def _fate(draw: st.DrawFn, found: Life, line_no: int, quantity: int, kind: str, seller_id: str, fulfiller_id: str | None) -> None:
    fate = draw(st.sampled_from(["arrives", "arrives", "arrives", "cancelled", "given up", "late", "refused", "nothing"]))
    answers = fulfiller_id or seller_id
    if kind == "virtual":
        found.add(2, *(b.redeemed(f"use{line_no}-{unit}", line_no, when="06-05 08:00") for unit in range(draw(st.integers(0, quantity)))))
        return
    kept = quantity
    if fate == "cancelled":
        kept -= (gone := draw(st.integers(1, quantity)))
        found.add(0, b.cancel({line_no: gone}, b.PAYMENT_ID, cancel_id=f"cancel{line_no}"))
    elif fate == "given up":
        kept -= (gone := draw(st.integers(1, quantity)))
        found.add(0, b.seller_cancels({line_no: gone}, answers, b.PAYMENT_ID, cancel_id=f"cancel{line_no}"))
    elif fate == "nothing":
        return
    when = "06-02 10:00" if fate != "late" else "06-05 10:00"
    step = 1 if fate != "late" else 2
    for unit in range(kept):
        parcel = f"p{line_no}-{unit}"
        found.add(step, b.shipped(parcel, {line_no: 1}, when=when, shipper_id=fulfiller_id))
        if draw(st.booleans()):
            found.add(step, b.collected(parcel, when=when))
        end = b.parcel_refused if fate == "refused" and unit == 0 else b.signed
        found.add(2, end(parcel, when="06-05 11:00"))
    if kept and fate in ("arrives", "cancelled") and draw(st.booleans()):
        found.add(2, b.extended(line_no, when="06-05 11:30"))
    if kept and fate == "arrives":
        _after(draw, found, line_no, kept, answers)


def _after(draw: st.DrawFn, found: Life, line_no: int, units: int, answers: str) -> None:
    after = draw(st.sampled_from(["confirmed", "returned", "withdrawn", "exchanged", "disputed", "silence"]))
    case = f"case{line_no}"
    if after == "confirmed":
        found.add(2, b.receipt(line_no, when="06-05 11:40"))
    if after in ("returned", "withdrawn"):
        found.add(2, life.requested(case, line_no=line_no, quantity=draw(st.integers(1, units)), when="06-05 11:40"))
    if after == "withdrawn":
        found.add(3, life.withdrawn(case, when="06-06 10:00"))
    if after == "exchanged":
        found.add(2, life.requested(case, line_no=line_no, quantity=1, kind="exchange", when="06-05 11:40"))
        found.add(3, life.accepted(case, seller=answers, when="06-06 10:00"), life.posted(case, when="06-06 11:00"))
        found.add(3, life.confirmed(case, 1, seller=answers, when="06-06 12:00"))
        found.add(3, acts.replaced(case, f"again{line_no}", f"again{line_no}", seller=answers, when="06-06 13:00"))
        end = b.parcel_lost if draw(st.booleans()) else b.signed
        found.add(3, end(f"again{line_no}", when="06-07 10:00"))
    if after == "disputed":
        asked = life.requested(case, line_no=line_no, quantity=1, kind="refund_only", ground="quality", when="06-05 11:40")
        found.add(2, asked)
        found.add(3, life.declined(case, seller=answers, when="06-06 10:00"), acts.disputed(case, when="06-06 11:00"))
        found.add(3, acts.shown("ev1", case, when="06-06 12:00"), acts.shown_by_seller("ev2", case, seller=answers, when="06-06 12:00"))
        found.add(4, acts.ruled(draw(st.booleans()), f"ruling{line_no}", case, when="06-10 10:00"))
    if after == "returned":
        found.add(3, life.accepted(case, seller=answers, when="06-06 10:00"), life.posted(case, when="06-06 11:00"))
        found.add(3, life.confirmed(case, 1, seller=answers, when="06-06 12:00"))


def facts(town: Town) -> set[tuple[str, str, str]]:
    """All facts, but for what they say of the moment at which they were told.

    Freight goes with whichever of a seller's lines is the last, so where there is some, lines are compared one by one and without ids.
    """
    found = set()
    freight = any(kind == "order.accepted" and '"kind":"freight"' in value for _, kind, value in town.facts)
    for identity, kind, value in town.facts:
        free = RUNNING.get(kind, set())
        if free is None:
            continue
        body = {name: one for name, one in json.loads(value).items() if name not in free}
        parts = body.pop("lines") if freight and kind in SPLIT else [None]
        for part in parts:
            whole = {"lines": part, **({} if part else body)}
            found.add((identity if not freight else "", kind, json.dumps(whole, sort_keys=True)))
    return found


@settings(max_examples=40, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_a_shuffled_life_has_the_same_facts_ids_money_and_states_r2_1(played: Life, seed: int) -> None:
    straight, shuffled = played.play(None), played.play(random.Random(seed))
    assert facts(shuffled) == facts(straight)
    assert shuffled.refused() == straight.refused()
    assert shuffled.waiting() == straight.waiting()


def test_freight_dates_from_the_last_end_of_its_sellers_lines_whichever_was_told_last_r2_6() -> None:
    """The voucher was used before the goods were confirmed; the app tells of both, the carrier of the signing before or after that."""
    goods, voucher = b.cart(1, 20_00, seller_id=b.SELLER), b.cart(2, 10_00, kind="virtual", seller_id=b.SELLER)
    freight = b.cart(3, 8_00, kind="freight", promoter_id=None, commission_bp=0)
    signed = b.signed("p1", when="06-05 11:00")
    told = [b.receipt(1, when="06-05 11:40"), b.redeemed("use", 2, when="06-05 08:00")]
    planned = []
    for step in ([signed, *told], [*told, signed]):
        found = Life()
        found.add(0, b.placed(goods, voucher, freight), b.succeeded(38_00, when="06-01 10:10"))
        found.add(1, b.shipped("p1", {1: 1}, when="06-02 10:00"))
        found.add(2, *step)
        town = found.play(None)
        planned.append([json.loads(value) for _, kind, value in town.facts if kind == "settlement.planned"])
    for one in planned:
        (at,) = [fact["occurred_at"] for fact in one if fact["line_no"] == 3]
        assert at == "2026-06-05T03:40:00Z"


@settings(max_examples=40, deadline=None)
@given(lives(), st.integers(0, 2**32))
def test_told_twice_and_shuffled_nothing_is_paid_twice_r3_5(played: Life, seed: int) -> None:
    once = played.play(None)
    again = played.play(random.Random(seed), copies=2)
    paid = [value for _, kind, value in again.facts if kind in ("refund.instructed", "payout.instructed")]
    assert len(paid) == len(set(paid))
    assert money(again) == money(once)


def money(town: Town) -> dict[str, int]:
    """What every account holds at the end."""
    held: dict[str, int] = {}
    for row in town.services["payment"].rows.get("posting", []):
        held[row[2]] = held.get(row[2], 0) + row[4]
    return {account: amount for account, amount in held.items() if amount}
