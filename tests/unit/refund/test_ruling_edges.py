"""The first moment of a ruling, and the most that it may give. Source: R4.11, R3.5."""

from __future__ import annotations

import pytest

from shared.contracts.refund import RefundGranted
from tests.unit.builders import at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.refund.matrix import shop


@pytest.mark.parametrize("heard", [True, False])
def test_a_ruling_of_the_moment_in_which_the_evidence_ends_counts_r4_11(heard: bool) -> None:
    """Whether it comes before or after the deadline is done with."""
    memory = shop(*a.DISPUTED, *([a.HEARD] if heard else []), a.ruled(when="06-21 12:00"))
    memory.advance(at(a.HEARD))
    assert (memory.refused, l.case_of(memory).ruled, l.case_of(memory).ruled_at) == ([], "buyer", at("06-21 12:00"))


def test_a_ruling_of_before_that_stays_too_early_however_late_it_comes_r4_11() -> None:
    memory = shop(*a.DISPUTED, a.HEARD)
    memory.send(a.ruled(when="06-21 11:59:59"))
    assert l.codes(memory) == ["ruling.too_early"]


def test_a_ruling_may_give_all_that_was_paid_for_the_line_r4_11_r3_5() -> None:
    memory = shop(*a.DISPUTED, a.HEARD, a.ruled(remedy="refund_only", amount_minor=100_00))
    (grant,) = (fact for fact in memory.facts if isinstance(fact, RefundGranted))
    assert (grant.amount_minor, memory.refused) == (100_00, [])
