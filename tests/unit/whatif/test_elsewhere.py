"""What was said of orders elsewhere is said in a what-if too, as it was recorded. Source: R9.2, R4.6."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.whatif import whatif
from tests.unit import builders as b
from tests.unit.refund.firsts import before, claimed
from tests.unit.refund.test_first_order_town import play
from tests.unit.whatif.tape import TapedTown
from tests.unit.whatif.test_other import END, asked, changed
from tests.unit.whatif.test_same import assert_nothing_differs


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32))
def test_first_orders_here_and_elsewhere_come_out_as_they_were_r9_2_r4_6(seed: int) -> None:
    town = play(random.Random(seed), b.POLICIES, TapedTown)
    assert_nothing_differs(whatif(town.past(), b.POLICIES, b.POLICIES))


def test_a_claim_within_fewer_days_is_refused_for_them_and_within_as_many_for_the_order_elsewhere_r9_2_r4_6() -> None:
    """Signed for on 06-01, claimed on 06-20: recorded is that the first order was elsewhere; after ten days it is too late for any."""
    life = [b.placed(when="06-01 10:00"), b.succeeded(when="06-01 10:10"), b.shipped(when="06-01 12:00"), b.signed(when="06-01 18:00")]
    told = [before(when="05-30 10:00")], "06-01 09:00"
    town = TapedTown().live(told, (life, "06-19 10:00"), ([claimed(when="06-20 10:00")], END))
    assert town.refused() == [("refund.requested", "first_order.elsewhere")]
    assert_nothing_differs(whatif(town.past(), b.POLICIES, b.POLICIES))
    data = asked(town, changed("refund.guarantees.first_order_days", 10))
    assert [(row["code"], row["count"]) for row in data["refusals_go"]] == [("first_order.elsewhere", 1)]
    assert [(row["code"], row["count"]) for row in data["refusals_come"]] == [("claim.window_over", 1)]
