"""`laotie explain` begins with where the order stands: what support is asked for most. Source: R2.1, R2.4-R2.6, R3.2, R4.2."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from deploy.cli import explain
from deploy.cli.short import appealed, in_short
from deploy.cli.story import Step, Story
from deploy.verify.log import Entry
from services.order.model import ORDER
from services.payment.model import PAYMENT
from services.refund.model import PURCHASE
from shared.contracts.handling import Handled
from shared.contracts.owed import CouponRestored
from shared.contracts.types import Coupon
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.messaging.shape import Kind
from tests.unit import builders as b
from tests.unit.order import shop
from tests.unit.payment import asks
from tests.unit.payment.bank import bank, example
from tests.unit.payment.disputes import opened
from tests.unit.payment.test_bounced import back, compensated, of_case
from tests.unit.payment.test_handling import handled
from tests.unit.refund import acts
from tests.unit.refund import matrix as cases


def step(number: int, event: Message) -> Step:
    entry = Entry(f"e{number}", event.type, event.topic.name, 0, number, b"o1", event.to_json(), {}, 0, None, event)
    return Step(number, entry, event.occurred_at, "It happened.", ("R2.2",), None, None, ())


def story(*memories: Memory, facts: Iterable[Message] = ()) -> Story:
    """Of the order, from what these services keep, told of and look forward to."""
    steps = [step(number, fact) for number, fact in enumerate([fact for memory in memories for fact in memory.facts] + list(facts), 1)]
    found = Story(b.ORDER, ZoneInfo(b.ZONE), steps)
    kinds: dict[str, Kind[Any, Any]] = {"order": ORDER, "payment": PAYMENT, "refund": PURCHASE}
    for memory in memories:
        kind = kinds[memory.service.name]
        found.bodies[memory.service.name] = json.loads(kind.body.dump_json(memory.entity(kind, b.ORDER)))
        found.deadlines += [
            {"service": memory.service.name, "kind": name, "subject": subject, "due_at": timer.occurred_at, "sent_at": None}
            for (name, subject), timer in memory.armed.items()
        ]
    return found


@pytest.mark.parametrize(("given", "item"), [(of_case, "r1"), (compensated, "late1")])
def test_what_came_back_after_it_was_paid_is_not_done_until_a_person_has_found_who_has_it_r3_5(
    given: Callable[[], Memory], item: str
) -> None:
    """It read `done`."""
    memory = given()
    memory.when(back(item))
    (line,) = [line for line in in_short(story(memory)) if f" {item}" in line]
    assert ", paid, and back at the provider: a person decides [" in line
    memory.when(handled(item, of="compensation" if item == "late1" else "refund", when="06-21 10:00"))
    (line,) = [line for line in in_short(story(memory)) if f" {item}" in line]
    assert ", done at " in line


@pytest.mark.parametrize(("given", "item"), [(of_case, "r1"), (compensated, "late1")])
def test_what_nobody_could_be_paid_is_owed_and_not_done_r3_5(given: Callable[[], Memory], item: str) -> None:
    """It read `to the buyer, done at`."""
    memory = given()
    of: Handled = "compensation" if item == "late1" else "refund"
    memory.when(back(item), handled(item, of=of, when="06-21 10:00", how="unclaimed"))
    (line,) = [line for line in in_short(story(memory)) if f" {item}" in line]
    assert ", which nobody could be paid: the platform owes it [" in line


def test_it_stands_before_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    explain.show(story(shop.paid()))
    printed = capsys.readouterr().out.splitlines()
    assert printed[1:3] == ["in short:", "  order: paid, 100.00 CNY, at 2026-06-01 10:10:00"]
    assert printed.index("step by step:") < next(number for number, line in enumerate(printed) if "order/order.accepted" in line)


def test_what_time_brings_next_to_a_line_and_when_r2_4_r2_5_r2_6() -> None:
    assert in_short(story(shop.accepted()))[0].startswith("order: accepted, 100.00 CNY, to be paid before 2026-06-01 10:30:00")
    assert in_short(story(shop.paid()))[-1] == "line 1: not shipped, to be sent before 2026-06-03 10:10:00 [R2.4]"
    shipped = "line 1: shipped, confirmed by itself at 2026-07-02 10:00:00, sooner once it was signed for [R2.5]"
    assert in_short(story(shop.shipped()))[-1] == shipped
    assert in_short(story(shop.delivered()))[-1] == "line 1: delivered, confirmed by itself at 2026-06-12 10:00:00 [R2.5]"
    confirmed = story(shop.completed(), bank(b.order_paid(), b.order_completed(1)))
    assert "line 1: completed, to be settled at 2026-06-12 00:00:00 [R2.6]" in in_short(confirmed)


def test_a_line_that_was_cancelled_is_not_one_that_was_never_shipped_r2_1() -> None:
    """It read `not shipped, 100.00 refunded`, be that money on its way or there."""
    memory = shop.shop(b.placed(), b.succeeded(), b.cancel(payment_id=b.PAYMENT_ID))
    assert in_short(story(memory))[-1] == "line 1: cancelled, 100.00 goes back"
    assert in_short(story(shop.closed()))[-1] == "line 1: refunded in full, 100.00 goes back"


def test_what_is_not_sent_as_a_whole_or_never_is_told_as_it_is_r2_1_r2_5_r3_10() -> None:
    """A voucher, freight and a line of which one unit had left read `not shipped`."""
    voucher = shop.shop(b.placed(b.cart(kind="virtual", quantity=2, unit_price_minor=50_00)), b.succeeded())
    assert in_short(story(voucher))[-1] == "line 1: not used"
    voucher.when(b.redeemed())
    assert in_short(story(voucher))[-1] == "line 1: used in part"
    freight = b.cart(2, 10_00, kind="freight", promoter_id=None, commission_bp=0)
    goods = shop.shop(b.placed(b.cart(quantity=2, unit_price_minor=50_00), freight), b.succeeded(110_00), b.shipped(when="06-02 10:00"))
    assert in_short(story(goods))[-2:] == [
        "line 1: shipped in part, to be sent before 2026-06-03 10:10:00 [R2.4]",
        "line 2: goes with its goods",
    ]


def test_a_rejected_order_says_why_to_who_asks_r2_1(capsys: pytest.CaptureFixture[str]) -> None:
    """It read `order: rejected, 0 minor `, and no sentence stood anywhere."""
    told = story(shop.rejected())
    words = "buyer: 订单金额有误，请重新下单 / The order's amount is not right. Please order again."
    assert in_short(told)[:2] == ["order: rejected", f"  {words}"]
    explain.show(told)
    assert [line.strip() for line in capsys.readouterr().out.splitlines()].count(words) == 2  # in short, and where it happened


def test_a_second_payment_says_why_it_goes_back_r2_2() -> None:
    memory = shop.shop(b.placed(), b.succeeded(), b.succeeded(payment_id="p2"))
    lines = in_short(story(memory))
    at = lines.index("payment p2: 100.00 CNY goes back [R2.2, R2.3]")
    assert lines[at + 1].endswith("/ This order was paid before. The second payment will be returned in full.")


def test_what_escrow_got_and_gave_comes_to_what_is_left_r3_2() -> None:
    """Paid 100, subsidy 20; a refund of 40 takes 8 of the subsidy with it."""
    memory = bank(b.order_paid(example()), b.granted("r1", 40_00), b.refund_paid("r1"))
    told = in_short(story(memory))
    assert told[0] == "escrow, subsidies with it: 120.00 came in, 48.00 went back, 72.00 CNY left"
    assert told[-1] == "refund r1 of line 1: 40.00 CNY to the buyer, done at 2026-06-08 10:00:00 [R3.5]"


def test_a_dispute_of_the_bank_says_who_decides_r3_8() -> None:
    told = in_short(story(bank(b.order_paid(), opened())))
    assert told[-1].endswith("100.00 CNY disputed, the bank decides [R3.8]")


def test_a_case_says_whose_turn_it_is_until_when_and_what_both_sides_read_r4_2_r4_11() -> None:
    """It read `state 20, both's turn until 2026-06-21 12:00:00+08:00`."""
    told = in_short(story(cases.shop(*acts.DISPUTED)))
    at = next(number for number, line in enumerate(told) if line.startswith("case "))
    assert told[at] == f"case {b.CASE}: 20 dispute, both sides' turn until 2026-06-21 12:00:00"
    assert told[at + 1].endswith("/ You asked the platform to judge; evidence is taken until 2026-06-21 12:00:00.")
    assert told[at + 2].endswith("/ The buyer asked the platform to judge; evidence is taken until 2026-06-21 12:00:00.")


def test_money_under_way_says_where_it_is_and_until_when_an_answer_is_due_r3_5() -> None:
    """It read `refund r1: reserved`."""
    told = in_short(story(bank(b.order_paid(), b.granted("r1", 40_00))))
    assert told[-1] == (
        "refund r1 of line 1: 40.00 CNY to the buyer, with the payment provider, which is to answer before 2026-06-11 09:00:00 [R3.5]"
    )
    unwanted = bank(b.order_paid(), b.payment_unwanted())
    assert any("goes back as refund " in line for line in in_short(story(unwanted, facts=[b.payment_unwanted()])))


def test_a_promise_that_was_broken_says_who_bears_it_and_by_which_rule_r2_4() -> None:
    told = in_short(story(bank(b.order_paid(), asks.shipping_late())))
    assert told[-1].startswith("compensation late1: 10.00 CNY to the buyer, borne by s1, with the payment provider, ")
    assert told[-1].endswith(" [R2.4]")


@pytest.mark.parametrize(
    ("restored", "new_user", "said"),
    [
        ((b.at("06-30 00:00"),), False, "the buyer's again, until 2026-06-30 00:00:00"),
        ((None,), False, "the buyer's again"),
        ((), True, "used, for new users: it never comes back"),
        ((), False, "used"),
    ],
)
def test_a_coupon_says_whether_it_came_back_and_until_when_r4_13(restored: tuple[Any, ...], new_user: bool, said: str) -> None:
    back = [
        CouponRestored(order_id=b.ORDER, buyer_id=b.BUYER, coupon_id="cp", expires_at=at, occurred_at=b.at("06-08 09:00"))
        for at in restored
    ]
    coupon = Coupon(coupon_id="cp", funder="platform", amount_minor=10_00, line_nos=(1,), new_user=new_user)
    memory = shop.shop(b.placed(due=90_00, coupons=(coupon,)), b.succeeded(90_00))
    assert in_short(story(memory, facts=back))[-1] == f"coupon cp of the platform: {said} [R4.13]"


@pytest.mark.parametrize(
    ("side", "won", "state", "words"),
    [
        ("seller", None, 60, "open, the platform rules by 2026-07-05 10:00:00, else the ruling stands"),
        ("seller", True, 60, "won; the buyer keeps what it has, the platform pays the seller"),
        ("seller", True, 70, "won"),
        ("buyer", True, 60, "won"),
        ("buyer", False, 70, "lost, the ruling stands"),
    ],
)
def test_an_appeal_says_whose_it_is_and_what_follows_r4_11(side: str, won: bool | None, state: int, words: str) -> None:
    """Both sides read `The appeal was upheld. The ruling falls.`: a buyer asks whether it is to pay back."""
    case = {"state": state, "appeal": {"side": side, "won": won, "until": b.at("07-05 10:00").isoformat()}}
    assert list(appealed(Story(b.ORDER, ZoneInfo(b.ZONE), []), case)) == [f"appeal of the {side}: {words} [R4.11]"]
