"""Who returns which part of a refund: never more than it got, and all of it in the end. Source: R1.4, R3.6."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payment.model import Shares
from services.payment.rules.shares import NOTHING, shares
from shared.contracts.payment import AccountCharged, LineSettled
from shared.contracts.types import Line
from shared.messaging.memory import Memory
from shared.money import unit_slice
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import CASH, PREFUNDED, balances, bank, check, hand_over

SETTLED = st.builds(Shares, st.integers(0, 200), st.integers(0, 60), st.integers(0, 60))


def plus(one: Shares, other: Shares) -> Shares:
    return Shares(*(left + right for left, right in zip(one, other, strict=True)))


def test_40_of_100_with_20_and_5_is_30_8_and_2_r3_6() -> None:
    assert shares(Shares(75_00, 20_00, 5_00), NOTHING, 40_00) == Shares(30_00, 8_00, 2_00)


def test_the_promoters_part_is_floored_of_all_that_is_refunded_r1_4() -> None:
    """10 of 99 that earned 19: floor(1.9) = 1; the next 10: floor(3.8) - 1 = 2."""
    settled = Shares(76, 19, 4)
    first = shares(settled, NOTHING, 10)
    assert (first.promoter, shares(settled, first, 10).promoter) == (1, 2)


def test_a_part_that_is_behind_takes_no_more_than_there_is_to_share_so_that_nobody_gets_something_r3_6() -> None:
    """Of the platform's 8 only 6 came so far, as a step failed: 8 are due by now, and 1 is refunded."""
    assert shares(Shares(0, 1, 8), Shares(0, 1, 6), 1) == Shares(0, 0, 1)


def test_more_than_was_settled_cannot_be_shared() -> None:
    with pytest.raises(ValueError, match="11 after"):
        shares(Shares(5, 3, 2), NOTHING, 11)


@given(SETTLED, st.data())
def test_in_whatever_steps_nobody_returns_more_than_it_got_and_all_return_it_exactly_r3_6(settled: Shares, data: st.DataObject) -> None:
    """Some steps fail and are taken out again, so what came before may be any subset of earlier steps."""
    steps: list[Shares] = []
    while (gone := sum(map(sum, steps))) < sum(settled):
        before = Shares(*(sum(part) for part in zip(NOTHING, *steps, strict=True)))
        amount = data.draw(st.integers(1, sum(settled) - gone))
        step = shares(settled, before, amount)
        assert sum(step) == amount
        assert min(step) >= 0
        assert all(part <= most for part, most in zip(plus(before, step), settled, strict=True))
        steps.append(step)
        if len(steps) < 30 and data.draw(st.booleans()) and data.draw(st.booleans()):
            steps.pop(data.draw(st.integers(0, len(steps) - 1)))
        elif len(steps) >= 30:
            steps.append(shares(settled, plus(before, step), sum(settled) - gone - amount))
    assert Shares(*(sum(part) for part in zip(NOTHING, *steps, strict=True))) == settled


@st.composite
def lines(draw: st.DrawFn) -> Line:
    subsidies = {"platform": draw(st.integers(0, 30)), "promoter": draw(st.integers(0, 30))}
    given_ = {funder: share for funder, share in subsidies.items() if share}
    return b.line(1, draw(st.integers(1, 300)), draw(st.integers(1, 6)), given_, commission_bp=draw(st.integers(0, 9_500)))  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(lines(), st.data())
def test_refunds_of_all_units_after_settlement_return_what_was_settled_to_the_last_fen_in_any_order_r3_6(
    line: Line, data: st.DataObject
) -> None:
    memory = settled(line)
    (was,) = [fact for fact in memory.facts if isinstance(fact, LineSettled)]
    for number, unit in enumerate(data.draw(st.permutations(range(line.quantity)))):
        amount = unit_slice(line.paid_minor, line.quantity, unit, 1)
        if amount and data.draw(st.booleans()):
            memory.when(b.granted(f"f{number}", amount, when="06-13 10:00"), b.refund_failed(f"f{number}", when="06-13 11:00"))
        facts = memory.when(b.granted(f"r{number}", amount, when="06-13 12:00"))
        facts += memory.when(b.refund_paid(f"r{number}", when="06-13 13:00")) if amount else ()
        hand_over(memory, facts)
        check(memory.rows["posting"])
    charged = {"refund": 0, "clawback": 0}
    for fact in memory.facts:
        if isinstance(fact, AccountCharged):
            charged[fact.reason] += fact.amount_minor
    assert (charged, memory.refused) == ({"refund": was.seller_minor, "clawback": was.promoter_minor}, [])
    assert balances(memory) == {CASH: -1_00, PREFUNDED: 1_00}


def settled(line: Line) -> Memory:
    memory = bank(policies=b.with_policy("payment", sweep=False))
    memory.when(asks.prefunded(1_00))
    hand_over(memory, memory.when(b.order_paid(line), b.order_completed()))
    hand_over(memory, memory.advance(b.at("06-12 00:01")))
    return memory
