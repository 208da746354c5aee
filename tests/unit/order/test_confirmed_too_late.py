"""What the buyer confirms after time had confirmed it, told before the timer: as after an outage. Source: R2.5, R1.2."""

from __future__ import annotations

import pytest

from shared.contracts.order import OrderCompleted
from tests.unit import builders as b
from tests.unit.order.shop import codes, delivered, shop


@pytest.mark.parametrize(
    ("when", "how", "at"),
    [("06-12 09:59:59", "confirmed", "06-12 09:59:59"), ("06-12 10:00", "auto", "06-12 10:00"), ("06-15 10:00", "auto", "06-12 10:00")],
)
@pytest.mark.parametrize("lines", [(), (1,)])
def test_time_confirms_what_the_buyer_confirms_too_late_though_that_is_told_before_the_timer_r2_5_r1_2(
    when: str, how: str, at: str, lines: tuple[int, ...]
) -> None:
    memory = delivered()
    memory.when(b.receipt(*lines, when=when))
    memory.advance(b.at("06-20 10:00"))
    (done,) = [fact for fact in memory.facts if isinstance(fact, OrderCompleted)]
    assert (done.how, done.occurred_at, codes(memory)) == (how, b.at(at), [] if how == "confirmed" else ["receipt.confirmed_before"])


def test_a_line_that_time_had_confirmed_is_none_of_all_that_the_buyer_confirms_though_it_is_told_later_r2_5_r1_2() -> None:
    memory = shop(b.placed(b.cart(1), b.cart(2)), b.succeeded(200_00), b.shipped("p1", {1: 1}), b.shipped("p2", {2: 1}, "06-06 10:00"))
    memory.when(b.signed("p2", "06-07 10:00"), b.receipt(when="06-13 10:00"), b.signed("p1", "06-04 10:00"))
    memory.advance(b.at("06-20 10:00"))
    done = [(line.line_no, fact.how, fact.occurred_at) for fact in memory.facts if isinstance(fact, OrderCompleted) for line in fact.lines]
    assert sorted(done) == [(1, "auto", b.at("06-12 10:00")), (2, "confirmed", b.at("06-13 10:00"))]
