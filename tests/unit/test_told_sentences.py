"""`laotie explain` shows what buyer and seller read of a refusal and of a verdict, with the numbers of the case. Source: R4.1, R4.2."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from deploy.cli import explain
from deploy.cli.story import Step, Story
from deploy.verify.log import Entry
from shared.errors import numbers
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.refund import life


def step(event: Message, at: datetime, *refused: tuple[str, str, str]) -> Step:
    entry = Entry("e1", event.type, event.topic.name, 0, 1, b"o1", event.to_json(), {}, 0, None, event)
    return Step(1, entry, at, "It happened.", (), None, None, refused)


def printed(capsys: pytest.CaptureFixture[str], *steps: Step) -> list[str]:
    explain.show(Story(b.ORDER, ZoneInfo(b.ZONE), list(steps)))
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_a_refusal_is_told_to_both_sides_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    told = numbers(days=7, until=b.at("06-24 00:00"))
    asked = life.requested(when="06-24 00:00")
    lines = printed(capsys, step(asked, asked.occurred_at, ("refund", "no_reason.window_over", told)))
    english = "The time for no-reason return has passed (7 days from the day after signing); it ended at 2026-06-24 00:00:00."
    assert f"buyer: 已超过7天无理由退货期限，截止时间2026-06-24 00:00:00 / {english}" in lines
    assert f"seller: 已超过7天无理由退货期限，截止时间2026-06-24 00:00:00 / {english}" in lines


def test_a_verdict_is_told_with_its_amount_in_the_orders_currency(capsys: pytest.CaptureFixture[str]) -> None:
    paid, closed = b.order_paid(), b.case_closed(quantity=1, amount_minor=60_00)
    lines = printed(capsys, step(paid, paid.occurred_at), step(closed, closed.occurred_at))
    assert "buyer: 退款已完成，金额60.00元 / The refund is done: 60.00 CNY." in lines


def test_what_only_ops_read_is_not_told_to_them(capsys: pytest.CaptureFixture[str]) -> None:
    asked = life.requested()
    lines = printed(capsys, step(asked, asked.occurred_at, ("refund", "case.known", "")))
    assert not any(line.startswith(("buyer:", "seller:")) for line in lines)


@pytest.mark.parametrize(
    ("code", "buyer", "seller"),
    [
        ("buyer.differs", "You are not the buyer of this order.", "Whoever asked is not the buyer of this order."),
        (
            "seller.differs",
            "Whoever did this does not ship this line or answer for it.",
            "You do not ship this line or answer for it.",
        ),
        ("trust_card.of_another", "You ordered with another's card.", "The buyer ordered with another's card."),
    ],
)
def test_nobody_is_told_what_another_did(capsys: pytest.CaptureFixture[str], code: str, buyer: str, seller: str) -> None:
    """R4.2: each side reads its own sentence."""
    asked = life.requested()
    lines = printed(capsys, step(asked, asked.occurred_at, ("refund", code, "")))
    assert [line.split(" / ")[1] for line in lines if line.startswith(("buyer: ", "seller: "))] == [buyer, seller]


def test_a_seller_is_not_told_to_wait_for_its_own_answer(capsys: pytest.CaptureFixture[str]) -> None:
    """R4.2: each side reads its own sentence."""
    opened = b.case_opened().model_copy(update={"code": "case.applied"})
    seller = next(line for line in printed(capsys, step(opened, opened.occurred_at)) if line.startswith("seller:"))
    assert "请等待" not in seller
    assert "The buyer opened a case" in seller


def test_a_ruling_is_told_with_what_it_said(capsys: pytest.CaptureFixture[str]) -> None:
    """R4.11: who is called at night has to see which way it went."""
    for upheld in (True, False):
        ruled = b.ruling(upheld=upheld)
        assert any(
            f"matter sham_shipping, upheld {upheld}, remedy as_claimed" in line for line in printed(capsys, step(ruled, ruled.occurred_at))
        )


def test_a_promise_that_was_broken_is_told_with_its_hours_its_lines_and_what_it_is_of(capsys: pytest.CaptureFixture[str]) -> None:
    """R2.4: a seller asks why it was late, and of what its tenth is."""
    late = asks.shipping_late()
    assert any(
        "line_nos 1, hours 48, " in line and "base 100.00, amount 10.00" in line for line in printed(capsys, step(late, late.occurred_at))
    )
