"""Ten accounts, some of one person, order, link up and claim at the same moment, whatever topic is faster: all four services agree.

Source: R4.6.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payment.model import PAYMENT
from services.refund.model import CLUSTER
from shared.contracts.first_order import ClaimWaitsForFund, FundDrawn, FundStopped, MemberKnown, OrderCounted, OrderedElsewhere
from shared.contracts.member import MemberOrderedBefore
from shared.contracts.payment import LineSettled, RefundReserved
from shared.contracts.refund import RefundGranted
from shared.messaging.message import Message
from shared.policy import Policies
from shared.policy.document import FundPolicy
from tests.unit import builders as b
from tests.unit.order.fair import linked
from tests.unit.refund.firsts import before, claimed
from tests.unit.test_shuffled_lives import mixed
from tests.unit.town import Town
from tests.unit.verify.damaged import Copy, of_order
from tests.unit.verify.recorded import checked, log_of, tables_of, wrong

ACCOUNTS = 6
T = TypeVar("T", bound=Town)
TIGHT = b.with_policy("refund", fund=FundPolicy(day_minor={"CNY": 250_00}, hour_claims_max=2, hour_bp=9_000))


def of(event: Message, order_id: str) -> Message:
    return event.model_copy(update={"order_id": order_id})


def bought(number: int, *, waived: bool) -> list[Message]:
    order, payment = f"o{number}", f"pay{number}"
    placed = b.placed(b.cart(no_reason_waived=waived), order_id=order, buyer_id=f"b{number}")
    return [placed, of(b.succeeded(payment_id=payment, when=f"06-01 10:{10 + number % 3}"), order)]


def play(dice: random.Random, policies: Policies = b.POLICIES, town: Callable[[Policies, random.Random], T] = Town) -> T:  # type: ignore[assignment]
    """Every account orders once; links, and words of orders elsewhere, come before, between and after; half of the orders are paid for
    by the platform from the start.
    """
    found = town(policies, dice)
    links: list[Message] = [linked(f"b{dice.randrange(ACCOUNTS)}", f"t{dice.randrange(3)}") for _ in range(6)]
    words: list[Message] = [
        before(f"b{dice.randrange(ACCOUNTS)}", dice.choice([None, "06-01 10:05", "06-01 10:11"]), f"06-01 11:{number:02}")
        for number in range(4)
    ]
    cut = sorted(dice.randrange(7) for _ in range(2))
    orders = [event for number in range(ACCOUNTS) for event in bought(number, waived=bool(number % 2))]
    gone = {number for number in range(ACCOUNTS) if dice.random() < 0.2}
    cancels = [of(b.seller_cancels(cancel_id=f"x{number}"), f"o{number}") for number in gone]
    sent = [of(step, f"o{number}") for number in range(ACCOUNTS) if number not in gone for step in (b.shipped(), b.signed())]
    early: list[Message] = [claimed(f"o{number}", f"b{number}", when="06-05 10:00") for number in range(0, ACCOUNTS, 2)]
    late: list[Message] = [claimed(f"o{number}", f"b{number}", when="06-20 10:00") for number in range(1, ACCOUNTS, 2)]
    heard = dice.randrange(5)
    steps = [([*orders, *words[:heard]], "06-01 12:00"), ([*cancels, *sent, *links[: cut[0]]], "06-04 13:00"), (early, "06-06 00:00")]
    steps += [([*links[cut[0] : cut[1]], *words[heard:], *late], "06-25 00:00"), (links[cut[1] :], "08-01 00:00")]
    for place, (events, end) in enumerate(steps):
        told = [(f"e{place}-{number}", event) for number, event in enumerate(events)] * 2
        found.tell(mixed(told, dice))
        found.advance(b.at(end))
    return found


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_whatever_topic_is_faster_every_statement_holds_and_no_person_has_it_twice_but_joined_later_r4_6(seed: int, tight: bool) -> None:
    policies = TIGHT if tight else b.POLICIES
    town: Town = play(random.Random(seed), policies)
    assert wrong(checked(town, policies)) == []
    assert town.waiting() == []
    told = [fact for _, kind, fact in town.facts if kind == "first_order.doubled"]
    names = [name for (kind, name) in town.services["refund"].entities if kind == "known_cluster"]
    for name in names:
        uses = town.entity("refund", CLUSTER, name).uses
        assert len(uses) <= 1 + len(told)


def test_what_the_platform_pays_comes_from_its_fund_and_the_seller_has_all_of_the_line_r4_6() -> None:
    town = Town(b.POLICIES)
    town.tell(
        (f"e{number}", event)
        for number, event in enumerate([*bought(1, waived=True), *(of(one, "o1") for one in (b.shipped(), b.signed()))])
    )
    town.tell([("claim", claimed("o1", "b1", when="06-05 10:00"))])
    town.advance(b.at("08-01 00:00"))
    (settled,) = [
        LineSettled.model_validate_json(fact) for _, kind, fact in town.facts if kind == "line.settled" and "seller_minor" in fact
    ]
    assert (settled.seller_minor, settled.promoter_minor, settled.platform_minor) == (75_00, 20_00, 5_00)
    payment = town.entity("payment", PAYMENT, "o1")
    assert [(refund.state, refund.funder) for refund in payment.refunds.values()] == [("done", "platform")]
    assert wrong(checked(town)) == []


@pytest.mark.parametrize(("unsealed", "funder", "other"), [(True, "platform", "seller"), (False, "seller", "platform")])
def test_who_pays_for_digital_goods_is_computed_again_by_whether_they_were_unsealed_r4_6(unsealed: bool, funder: str, other: str) -> None:
    placed = b.placed(b.cart(category="digital"), order_id="o1", buyer_id="b1")
    claim = claimed("o1", "b1", when="06-05 10:00", unsealed=unsealed)
    town = Town(b.POLICIES)
    events = [placed, *(of(one, "o1") for one in (b.succeeded(), b.shipped(), b.signed())), claim]
    town.tell((f"e{number}", event) for number, event in enumerate(events))
    copy = Copy(log_of(town), tables_of(town))
    assert wrong(copy.checks()) == []
    granted = copy.forge(RefundGranted, funder=lambda was: other if was == funder else "")
    assert granted.event is not None
    assert any("who pays" in line for line in wrong(copy.checks()))


def test_an_order_of_which_nothing_was_due_is_nobodys_first_and_no_reason_to_refuse_another_r4_6() -> None:
    free = [b.placed(b.cart(unit_price_minor=0), order_id="o0", buyer_id="b1"), *(of(one, "o0") for one in (b.shipped(), b.signed()))]
    town = Town(b.POLICIES)
    events = [*free, claimed("o0", "b1", when="06-05 10:00")]
    town.tell((f"e{number}", event) for number, event in enumerate(events))
    assert town.refused() == [("refund.requested", "first_order.not_first")]
    assert wrong(checked(town)) == []


def two() -> Copy:
    """Two accounts of one person: o1's claim is paid by the platform, o2's is no first order."""
    town = Town(b.POLICIES)
    town.tell([("l0", linked("b2", "t1")), ("l1", linked("b1", "t1"))])
    events = [event for number in (1, 2) for event in bought(number, waived=True)]
    events += [of(step, f"o{number}") for number in (1, 2) for step in (b.shipped(), b.signed())]
    events += [claimed(f"o{number}", f"b{number}", when="06-05 10:00") for number in (1, 2)]
    town.tell((f"e{number}", event) for number, event in enumerate(events))
    town.advance(b.at("08-01 00:00"))
    return Copy(log_of(town), tables_of(town))


def beyond() -> Copy:
    """Two persons' claims on one day: the fund has less than the first asks for, the second is too much for an hour and stops it."""
    town = Town(b.POLICIES)
    events: list[Message] = []
    for number, price in ((1, 60_000_00), (2, 30_000_00)):
        cart = b.cart(unit_price_minor=price, no_reason_waived=True)
        bought = [b.placed(cart, order_id=f"o{number}", buyer_id=f"b{number}"), b.succeeded(price, payment_id=f"pay{number}")]
        claim = claimed(f"o{number}", f"b{number}", when=f"06-05 10:0{number}")
        events += [of(step, f"o{number}") for step in (*bought, b.shipped(), b.signed(), claim)]
    town.tell((f"e{number}", event) for number, event in enumerate(events))
    return Copy(log_of(town), tables_of(town))


def test_nothing_is_wrong_with_what_was_not_forged() -> None:
    assert wrong(two().checks()) == []
    assert wrong(moved().checks()) == []
    assert wrong(beyond().checks()) == []


LEFT: list[tuple[Callable[[Copy], object], str]] = [
    (lambda copy: copy.forge(ClaimWaitsForFund, of_order("o1"), amount_minor=50_000_00), "left to a person as fund.budget_spent"),
    (lambda copy: copy.forge(ClaimWaitsForFund, of_order("o2"), code="fund.budget_spent"), "left to a person as fund.budget_spent"),
    (lambda copy: copy.forge(ClaimWaitsForFund, of_order("o2"), amount_minor=25_000_00), "stopped within its bounds"),
    (lambda copy: copy.forge(FundStopped, hour=9), "day and hour"),
    (lambda copy: copy.lose(FundStopped), "left to a person as fund.stopped"),
]


@pytest.mark.parametrize(("damage", "named"), LEFT)
def test_what_the_fund_could_have_paid_and_left_to_a_person_is_named_r4_6(damage: Callable[[Copy], object], named: str) -> None:
    copy = beyond()
    damage(copy)
    assert any(named in line for line in wrong(copy.checks())), wrong(copy.checks())


def moved() -> Copy:
    """Two accounts of one person: b2 had ordered elsewhere, so o1's claim was refused; a word about b1 was older than another."""
    town = Town(b.POLICIES)
    town.tell([("l0", linked("b2", "t1")), ("l1", linked("b1", "t1")), ("w0", before("b2")), ("w1", before("b1", None, "05-31 10:00"))])
    events = [*bought(1, waived=True), *(of(step, "o1") for step in (b.shipped(), b.signed()))]
    town.tell((f"e{number}", event) for number, event in enumerate(events))
    town.tell([("w2", before("b1", "01-11 10:00", "05-30 11:00")), ("c1", claimed("o1", "b1", when="06-05 10:00"))])
    town.tell([("w3", before("b2", None, "06-06 10:00")), ("w4", before("b3", "06-02 10:00", "06-07 11:00"))])
    town.tell([("c2", claimed("o1", "b1", when="06-07 10:00", case_id="c2"))])
    assert town.refused() == [("member.ordered_before", "first_order.elsewhere_known"), ("refund.requested", "first_order.elsewhere")]
    return Copy(log_of(town), tables_of(town))


def said(buyer_id: str, *, none: bool = False) -> Callable[[Message], bool]:
    return lambda fact: isinstance(fact, OrderedElsewhere) and fact.buyer_id == buyer_id and (fact.first_paid_at is None) == none


def dated(when: str) -> Callable[[Message], bool]:
    return lambda event: event.occurred_at == b.at(when)


ELSEWHERE: list[tuple[Callable[[Copy], object], str]] = [
    (lambda copy: copy.forge(OrderedElsewhere, said("b2", none=True), first_paid_at=b.at("01-10 12:00")), "was elsewhere"),
    (lambda copy: copy.lose(OrderedElsewhere, said("b2", none=True)), "was elsewhere"),
    (lambda copy: copy.forge(OrderedElsewhere, said("b2"), first_paid_at=None), "was refused as first_order.elsewhere"),
    (lambda copy: copy.forge(OrderedElsewhere, said("b3"), cluster="b9"), "the cluster of b3 does not know it"),
    (lambda copy: copy.forge(OrderedElsewhere, said("b3"), first_paid_at=b.at("06-02 10:01")), "first_paid_at"),
    (lambda copy: copy.forge(MemberOrderedBefore, dated("05-30 11:00"), occurred_at=b.at("06-01 10:00")), "nothing as late was said of b1"),
    (lambda copy: copy.repeat(OrderedElsewhere, said("b3"), identity="again"), "of b3 it was said before"),
    (lambda copy: copy.stored("known_cluster", "b1", lambda body: body.update(elsewhere={})), "cluster b1: elsewhere"),
    (
        lambda copy: copy.stored("known_cluster", "b3", lambda body: body["elsewhere"]["b3"].update(first_paid_at=None)),
        "cluster b3: elsewhere",
    ),
    (lambda copy: copy.stored("known_member", "b3", lambda body: body.update(cluster="b1")), "cluster of b3"),
]


@pytest.mark.parametrize(("damage", "named"), ELSEWHERE)
def test_what_is_wrong_with_an_order_elsewhere_is_named_r4_6(damage: Callable[[Copy], object], named: str) -> None:
    copy = moved()
    damage(copy)
    assert any(named in line for line in wrong(copy.checks())), wrong(copy.checks())


DAMAGES: list[tuple[Callable[[Copy], object], str]] = [
    (lambda copy: copy.forge(RefundGranted, funder="seller"), "who pays"),
    (lambda copy: copy.forge(RefundReserved, platform_minor=1), "paid by the platform's fund"),
    (lambda copy: copy.forge(RefundReserved, funder="seller"), "is set aside for"),
    (lambda copy: copy.forge(FundDrawn, hour=9), "day and hour"),
    (lambda copy: copy.forge(FundDrawn, amount_minor=1), "what is granted by it"),
    (lambda copy: copy.lose(FundDrawn), "not out of its budget"),
    (lambda copy: copy.lose(OrderCounted, of_order("o1")), "the first order of b1 is"),
    (lambda copy: copy.forge(OrderCounted, of_order("o1"), paid_at=b.at("06-01 10:20")), "order o1"),
    (lambda copy: copy.lose(MemberKnown), "member.known of refund should follow"),
    (lambda copy: copy.stored("known_member", "b2", lambda body: body.update(cluster="b2")), "cluster of b2"),
    (lambda copy: copy.stored("known_cluster", "b1", lambda body: body.update(uses={})), "cluster b1: uses"),
    (lambda copy: copy.stored("fund", "2026-06-05/CNY", lambda body: body.update(minor=0)), "fund of 2026-06-05/CNY"),
]


@pytest.mark.parametrize(("damage", "named"), DAMAGES)
def test_what_was_forged_is_named_r4_6(damage: Callable[[Copy], object], named: str) -> None:
    copy = two()
    damage(copy)
    assert any(named in line for line in wrong(copy.checks())), wrong(copy.checks())


def test_a_gift_taken_back_after_its_line_was_given_up_counts_for_nothing_r4_6() -> None:
    """Its sellers gave up all that was waited for, so the order is no first order; verify says so too."""
    gift = b.cart(2, 20_00, 2, gift_of=1)
    town = Town(b.POLICIES)
    of_gift = b.coupon(40_00, 2, funder="seller")
    town.tell([("placed", b.placed(b.cart(), gift, coupons=[of_gift])), ("paid", b.succeeded())])
    town.tell([("given up", b.seller_cancels({1: 1, 2: 1}, payment_id=b.PAYMENT_ID))])
    town.tell([("taken back", b.cancel({2: 1}, b.PAYMENT_ID, when="06-01 11:00"))])
    assert [json.loads(value)["state"] for _, kind, value in town.facts if kind == "first_order.marked"] == ["void"]
    assert (town.refused(), wrong(checked(town))) == ([], [])
