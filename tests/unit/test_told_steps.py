"""`laotie explain` says of each step which thing it is about, and amounts in their own currency. Source: R1.1, R3.8, R3.9."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.cli.waterfall import waterfall
from services.order.handlers import SERVICE
from shared.contracts.payment import BreakFound
from shared.messaging.memory import Memory
from tests.unit import builders as b
from tests.unit.payment.disputes import closed, opened
from tests.unit.payment.statements import shop
from tests.unit.test_told_sentences import printed, step


def test_an_order_has_the_currency_that_it_was_accepted_in_whatever_money_came_before_r1_1_r2_3(capsys: pytest.CaptureFixture[str]) -> None:
    """Yuan came for it before the order of dinars was known: they are unwanted, and no amount of the order is shown in them."""
    paid = b.succeeded(100_00, currency="CNY")
    placed = b.placed(b.cart(1, 24_690), currency="KWD", due=24_690)
    order = Memory(SERVICE, b.POLICIES)
    facts = [*order.when(placed), b.case_closed(quantity=1, amount_minor=24_690)]
    steps = [step(event, event.occurred_at) for event in (paid, placed, *facts)]
    lines = printed(capsys, *steps)
    assert "buyer: 退款已完成，金额24.690 KWD / The refund is done: 24.690 KWD." in lines
    assert "payment_id pay1, amount 100.00 CNY" in lines
    assert waterfall(steps, b.CASE).currency == "KWD"


def test_of_two_chargebacks_each_step_says_which_and_how_it_ended_r3_8(capsys: pytest.CaptureFixture[str]) -> None:
    events = opened(40_00, "cb1"), opened(10_00, "cb2"), closed("won", "cb2"), closed("lost", "cb1", amount_minor=20_00)
    lines = printed(capsys, step(b.order_paid(), b.at(b.PAID)), *(step(event, event.occurred_at) for event in events))
    assert "chargeback_id cb1, payment_id pay1, amount 40.00, reason 10.4" in lines
    assert "chargeback_id cb2, payment_id pay1, amount 10.00, reason 10.4" in lines
    assert "chargeback_id cb2, outcome won" in lines
    assert "chargeback_id cb1, amount 20.00, outcome lost" in lines


def test_a_break_says_its_kind_its_movement_and_what_each_side_has_r3_9(capsys: pytest.CaptureFixture[str]) -> None:
    stated = b.stated(currency="JPY")
    (found,) = [fact for fact in shop().when(stated) if isinstance(fact, BreakFound)]
    lines = printed(capsys, *(step(event, event.occurred_at) for event in (b.order_paid(), stated, found)))
    assert "kind capture, reference pay1, line_id l1, day 2026-06-01, amount 10,000 JPY" in lines
    assert "break_kind currency, movement capture, reference pay1, line_id l1, day 2026-06-01, ours 100.00, theirs 10,000 JPY" in lines


@pytest.mark.parametrize(("caused_by", "said"), [("gone", True), ("e1", False), ("", False)])
def test_an_order_whose_beginning_is_in_no_topic_any_more_says_so(capsys: pytest.CaptureFixture[str], caused_by: str, said: bool) -> None:
    """A topic was shortened, so the story begins in its midst; what comes by time, or from a step that is told, is whole."""
    paid = step(b.order_paid(), b.at(b.PAID))
    headers = {"ce_causationid": caused_by.encode()}
    told = replace(paid, entry=replace(paid.entry, id="e2", headers=headers), cause=1 if caused_by == "e1" else None)
    lines = printed(capsys, step(b.succeeded(), b.at(b.PAID)), told)
    assert any(line.startswith("not whole: order.paid follows from what is in no topic any more") for line in lines) is said
