"""Granted and done stay within what was paid, and every fen finds its way back. Source: R3.4, R3.5."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from services.payment.handlers import SERVICE
from shared.contracts.payment import RefundDone
from shared.contracts.types import Line
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.money import unit_slice
from tests.unit import builders as b
from tests.unit.payment.bank import balances, check, payment
from tests.unit.payment.test_machine import lines


@settings(max_examples=40, deadline=None)
@given(lines(1), st.lists(st.tuples(st.integers(0, 120_00), st.integers(1, 5)), min_size=1, max_size=5), st.data())
def test_any_interleaving_of_grants_answers_and_settlement_keeps_the_ceiling_r3_5(
    line: Line, grants: list[tuple[int, int]], data: st.DataObject
) -> None:
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(b.order_paid(line), b.order_completed())
    moments: list[datetime | Message] = [b.at("06-12 00:01")]
    for number, (amount, quantity) in enumerate(grants):
        answer = b.refund_paid if data.draw(st.booleans()) else b.refund_failed
        moments += [b.granted(f"r{number}", amount, quantity), answer(f"r{number}"), b.refund_paid(f"r{number}")]
    for moment in data.draw(st.permutations(moments)):
        if isinstance(moment, datetime):
            memory.advance(moment)
        else:
            memory.when(moment)
        check(memory.rows.get("posting", []))
    done = Counter[str]()
    for fact in memory.facts:
        if isinstance(fact, RefundDone):
            done[fact.refund_id] += 1
    assert all(times == 1 for times in done.values())
    refunds = payment(memory).refunds.values()
    assert sum(refund.buyer_minor for refund in refunds if refund.counts) <= line.paid_minor


@settings(max_examples=40, deadline=None)
@given(lines(1), st.lists(st.integers(1, 5), min_size=1, max_size=5), st.data())
def test_refunds_of_all_units_return_every_fen_whatever_failed_in_between_r3_4(line: Line, cuts: list[int], data: st.DataObject) -> None:
    """Slices are tried in any order, some fail and are tried again under another id: at the end escrow is empty."""
    memory = Memory(SERVICE, b.POLICIES)
    memory.when(b.order_paid(line))
    edges = sorted({0, line.quantity, *(cut for cut in cuts if cut < line.quantity)})
    slices = [(low, high - low) for low, high in pairwise(edges)]
    for low, units in data.draw(st.permutations(slices)):
        amount = unit_slice(line.paid_minor, line.quantity, low, units)
        for attempt in range(data.draw(st.integers(0, 2)) if amount else 0):
            memory.when(b.granted(f"r{low}-{attempt}", amount, units), b.refund_failed(f"r{low}-{attempt}"))
        memory.when(b.granted(f"r{low}", amount, units), *([b.refund_paid(f"r{low}")] if amount else []))
    assert (memory.refused, balances(memory), payment(memory).refunded_in_full(1)) == ([], {}, True)
    check(memory.rows.get("posting", []))
