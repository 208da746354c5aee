"""Cancelled units beside refunds that were submitted and disputes of their bank, in every order of the three. Source: R3.5, R3.8, R2.6."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from deploy.verify import handled, money
from services.payment.model import PAYMENT
from shared.contracts.order import UnitsCancelled
from shared.contracts.payment import LineSettled
from shared.contracts.psp import RefundSucceeded
from shared.contracts.refund import RefundGranted
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.disputes import closed, opened
from tests.unit.town import Town
from tests.unit.verify.recorded import log_of, tables_of, wrong

PAID, FAILED = b.refund_paid, b.refund_failed


class Order(Town):
    """One of two units of 100.00, all confirmed on 06-05; the provider says nothing unless it is told to."""

    def provider(self, fact: Message) -> Iterable[Message]:
        return () if fact.type == "refund.instructed" else super().provider(fact)

    def hear(self, *events: Message) -> None:
        """At one-minute steps from the first one's time."""
        for event in events:
            self.count += 1
            at = b.at("06-06 10:00") + timedelta(minutes=self.count)
            self.tell([(f"e{self.count}", event.model_copy(update={"occurred_at": at}))])

    count = 0

    @property
    def reserved(self) -> list[str]:
        return [name for name, one in self.entity("payment", PAYMENT, b.ORDER).refunds.items() if one.state == "reserved"]

    def refunds(self) -> dict[str, tuple[str, int]]:
        found = self.entity("payment", PAYMENT, b.ORDER)
        return {name: (one.state, one.buyer_minor) for name, one in found.refunds.items()}

    def end(self) -> None:
        """The provider pays all that it was asked for; then half a year passes."""
        while self.reserved:
            self.hear(*(PAID(name) for name in self.reserved))
        self.advance(b.at("12-31 00:00"))

    def settled(self) -> list[int]:
        return [fact.seller_minor + fact.promoter_minor + fact.platform_minor for _, fact in self.services["payment"].out
                if isinstance(fact, LineSettled)]  # fmt: skip

    def broken(self) -> list[str]:
        log = log_of(self)
        return wrong([*handled.checks(log), *money.checks(log, tables_of(self))])


def order(*events: Message) -> Order:
    made = Order(b.POLICIES, services=("payment",))
    made.tell([("captured", b.succeeded(200_00)), ("paid", b.order_paid(b.line(1, 200_00, quantity=2))), ("done", b.order_completed(1))])
    made.hear(*events)
    return made


UNDER_WAY = b.granted("r1", 100_00, 1)


def test_all_units_cancelled_while_it_was_open_are_paid_back_once_the_refund_beside_them_failed_r3_8() -> None:
    both = b.units_cancelled((1, 1, 100_00), refund_id="x"), b.units_cancelled((1, 1, 100_00), refund_id="y")
    made = order(UNDER_WAY, opened(50_00), *both, closed("won"), FAILED("r1"))
    made.end()
    assert {name: state for name, (state, _) in made.refunds().items()} == {"r1": "failed", "x1": "done", "y1": "done"}
    assert (made.settled(), made.broken()) == ([], [])


def test_what_a_bank_took_before_it_failed_leaves_the_rest_to_the_cancelled_units_not_to_the_seller_r3_8() -> None:
    made = order(UNDER_WAY, opened(100_00), b.units_cancelled((1, 1, 100_00)), closed("lost"), FAILED("r1"))
    made.end()
    assert (made.refunds()["x1"], made.broken()) == (("done", 100_00), [])
    assert sum(made.settled()) == 0


@pytest.mark.parametrize(("answer", "x"), [(FAILED, ("done", 200_00)), (PAID, ("refused", 0))])
def test_a_refund_that_has_their_money_is_waited_for_however_long_it_takes_r3_5(answer: Any, x: tuple[str, int]) -> None:
    """Of the three days after which its silence is announced nothing is left, and of the day for which events wait neither."""
    made = order(b.granted("r1", 200_00, 2), b.units_cancelled((1, 2, 200_00)))
    made.advance(b.at("07-06 10:00"))
    assert (made.refunds()["x1"][0], made.settled(), made.waiting(), made.broken()) == ("held", [], [], [])
    made.hear(answer("r1"))
    made.end()
    assert (made.refunds()["x1"], made.settled(), made.broken()) == (x, [], [])


@pytest.mark.parametrize("minor", [50_00, 150_00])
@pytest.mark.parametrize(("answer", "failed"), [(FAILED, True), (PAID, False)])
def test_beside_money_alone_all_that_is_left_of_the_line_goes_back_r3_5(minor: int, answer: Any, *, failed: bool) -> None:
    """Both are cancelled, and the seller had agreed to money for their line in the same moment: all of it is the buyer's."""
    for first in (True, False):
        case, units = (b.granted("r1", minor, 0), answer("r1")), b.units_cancelled((1, 2, 200_00))
        made = order(*(case[0], units, case[1]) if first else (*case, units))
        made.end()
        expected = ("done", 200_00 if failed else 200_00 - minor)
        assert (made.refunds()["x1"], made.settled(), made.broken()) == (expected, [], [])


def test_units_that_cases_were_paid_for_go_back_once_and_the_others_with_what_is_left_r3_5() -> None:
    for units, left in ((1, 50_00), (2, 50_00)):
        made = order(b.granted("r1", 150_00, units), PAID("r1"), b.units_cancelled((1, 2, 200_00)))
        made.end()
        gone = made.entity("payment", PAYMENT, b.ORDER).refunds["x1"]
        assert (gone.buyer_minor, gone.units, made.settled(), made.broken()) == (left, 2 - units, [], [])


def test_disputed_meanwhile_they_are_held_until_both_have_ended_r3_5_r3_8() -> None:
    for last in ((FAILED("r1"), closed("won")), (closed("won"), FAILED("r1"))):
        made = order(b.granted("r1", 200_00, 2), b.units_cancelled((1, 1, 100_00)), opened(100_00), last[0])
        assert made.refunds()["x1"][0] == "held"
        made.hear(last[1])
        made.end()
        assert (made.refunds()["x1"], made.settled(), made.broken()) == (("done", 100_00), [100_00], [])


def told(dice: random.Random) -> list[Message]:
    """Refunds of cases, cancellations and disputes, in any order, each before what answers it."""
    lives: list[list[Message]] = []
    for at, units in enumerate(dice.choice([(1,), (2,), (1, 1), (1, 1)])):
        lives.append([b.units_cancelled((1, units, units * 100_00), refund_id=f"x{at}-")])
    for at in range(dice.choice([1, 1, 2])):
        minor, units = dice.choice([(50_00, 0), (100_00, 1), (100_00, 1), (150_00, 1), (200_00, 2)])
        lives.append([b.granted(f"r{at}", minor, units), dice.choice([PAID, FAILED, FAILED])(f"r{at}")])
    for at in range(dice.choice([0, 1, 1, 2])):
        lives.append([opened(dice.choice([30_00, 100_00, 200_00]), f"cb{at}"), closed(dice.choice(["won", "lost"]), f"cb{at}")])
    turns = [at for at, life in enumerate(lives) for _ in life]
    dice.shuffle(turns)
    return [lives[at].pop(0) for at in turns]


@pytest.mark.parametrize("seed", range(120))
def test_in_every_order_what_was_paid_for_cancelled_units_is_the_buyers_as_far_as_it_is_there_r3_5_r3_8(seed: int) -> None:
    """What cases and banks gave counts, and nothing is refused of which something is left. Where cases were paid for no unit twice, all
    of it is paid for them; nothing is held or under way for ever.
    """
    events = told(random.Random(seed))
    made = order(*events)
    made.end()
    found = made.entity("payment", PAYMENT, b.ORDER)
    assert {state for state, _ in made.refunds().values()} <= {"done", "failed", "refused"}
    left, free = found.left_of(1)
    gone = [part for event in events if isinstance(event, UnitsCancelled) for part in event.lines]
    for part in gone:
        refused = made.refunds()[part.refund_id][0] == "refused"
        assert not refused or not left, f"{part.refund_id}: {left} for {free} are left"
    paid = {event.refund_id for event in events if isinstance(event, RefundSucceeded)}
    cases = [event for event in events if isinstance(event, RefundGranted) and event.refund_id in paid]
    units = sum(part.quantity for part in gone)
    back = sum(one.buyer_minor for one in found.returned_of(1) if one.state == "done")
    banks = sum(gone.buyer_minor for one in found.chargebacks.values() for gone in one.debited)
    assert back + banks >= min(200_00, units * 100_00)
    if all(event.amount_minor == event.quantity * 100_00 for event in cases) and units + sum(event.quantity for event in cases) <= 2:
        assert back >= units * 100_00
    assert made.broken() == []
