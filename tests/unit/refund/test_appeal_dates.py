"""An appeal is of a ruling that was made, a ruling on it of an appeal that was made, whatever is told first. Source: R4.11, R1.2."""

from __future__ import annotations

import pytest

from services.refund import decide
from shared.contracts.refund import CaseClosed
from shared.messaging.shape import Reject
from tests.unit.builders import ORDER, at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.refund.life import codes
from tests.unit.refund.matrix import shop

HEARD = (*a.DISPUTED, a.HEARD)
LOST = a.ruled(upheld=False, when="06-23 10:00")


@pytest.mark.parametrize(("when", "refused"), [("06-23 09:59:59", ["appeal.too_early"]), ("06-23 10:00", [])])
def test_an_appeal_dated_before_its_ruling_is_refused_and_may_come_again_r4_11(when: str, refused: list[str]) -> None:
    memory = shop(*HEARD, LOST)
    memory.send(a.appealed(when=when))
    assert codes(memory) == refused
    if refused:
        assert decide.appeal(a.appealed(when=when), l.purchase_of(memory)) == Reject("appeal.too_early", "since=2026-06-23T02:00:00Z")
        memory.send(a.appealed(when="06-29 10:00"))
    assert l.case_of(memory).appealing


@pytest.mark.parametrize(("when", "refused"), [("06-23 09:59:59", ["appeal.too_early"]), ("06-23 10:00", [])])
def test_so_it_is_where_it_waited_for_its_ruling_r4_11(when: str, refused: list[str]) -> None:
    memory = shop(*HEARD)
    memory.send(a.appealed(when=when))
    assert [held.reason for held in memory.held(ORDER)] == ["appeal.before_ruling"]
    memory.send(LOST)
    assert (codes(memory), l.case_of(memory).appealing) == (refused, not refused)


def test_an_appeal_against_a_default_judgment_counts_from_its_deadline_r4_11() -> None:
    memory = shop(*HEARD)
    memory.advance(at("06-28 12:00:05"))
    memory.when(a.appealed_by_seller(when="06-28 11:59:59"), a.appealed_by_seller(when="06-28 12:00"))
    assert (codes(memory), l.case_of(memory).appealing) == (["appeal.too_early"], True)


def test_a_ruling_dated_before_the_appeal_that_it_judges_is_refused_r4_11() -> None:
    memory = shop(*HEARD, LOST, a.appealed(when="06-24 10:00"))
    memory.send(a.appeal_ruled(when="06-24 09:59:59"))
    assert codes(memory) == ["ruling.too_early"]
    memory.send(a.appeal_ruled(ruling_id="rl3", when="06-24 10:00"))
    assert (len(codes(memory)), l.case_of(memory).reopened) == (1, True)


def test_a_claim_that_is_upheld_on_appeal_was_ruled_on_then_not_when_it_was_lost_r4_11_r5_1() -> None:
    """What it says of the seller is of the day of which the ruling for the buyer is."""
    claim = (*l.SIGNED, l.requested(kind="refund_only", ground="quality"), l.declined(), a.disputed(), a.HEARD, LOST)
    memory = shop(*claim, a.appealed(when="06-27 10:00"), a.appeal_ruled(when="07-03 10:00"), l.done(when="07-05 10:00"))
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.state, end.seller_at_fault, end.ruled_at) == (60, True, at("07-03 10:00"))
