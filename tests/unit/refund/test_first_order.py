"""The first order of a person: a hundred days to have the money back, once. A test for each sentence of R4.6."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.certificate import CertificateIssued
from shared.contracts.first_order import FirstOrderDoubled, FirstOrderUsed
from shared.contracts.refund import CaseClosed, CaseOpened
from shared.contracts.types import Category, Line
from tests.unit import builders as b
from tests.unit.refund.firsts import NO_SELLER, Desk, cancelled, claimed, delivered, joins, life, money_came, paid

SECOND = timedelta(seconds=1)


def test_the_first_paid_order_is_refunded_without_return_and_at_once_r4_6() -> None:
    desk = Desk(*life())
    facts = desk.when(claimed())
    assert b.types(facts) == ["case.opened", "first_order.used", "refund.granted"]
    opened, used, granted = facts
    assert isinstance(opened, CaseOpened)
    assert (opened.ground, opened.rule, opened.deadline) == ("first_order", "R4.6", None)
    assert isinstance(used, FirstOrderUsed)
    assert (used.order_id, used.cluster, used.payment_id) == (b.ORDER, b.BUYER, f"pay-{b.ORDER}")
    assert (granted.state, granted.amount_minor, granted.by, granted.funder) == (50, 100_00, "promise", "seller")  # type: ignore[attr-defined]


def test_the_certificate_promises_it_conditionally_r4_1() -> None:
    (issued,) = [fact for fact in Desk(paid()).facts if isinstance(fact, CertificateIssued)]
    (promise,) = [one for one in issued.guarantees if one.guarantee == "first_order"]
    assert (promise.granted, promise.conditional, promise.days) == (True, True, 100)


@pytest.mark.parametrize(("late", "codes"), [(-SECOND, []), (timedelta(), ["claim.window_over"])])
def test_a_hundred_days_from_the_day_after_signing_to_the_second_r1_3(late: timedelta, codes: list[str]) -> None:
    desk = Desk(*life())
    desk.when(claimed(when=b.at("09-25 00:00") + late))
    assert desk.codes == codes


def test_the_second_order_of_a_buyer_is_not_the_first_r4_6() -> None:
    desk = Desk(*life("o1", day=10), *life("o2", day=11))
    desk.when(claimed("o2"))
    assert (desk.codes, desk.granted) == (["first_order.not_first"], [])


def test_of_two_orders_paid_at_the_same_moment_the_lesser_payment_is_first_r4_6() -> None:
    desk = Desk(paid("o1", payment_id="pay2"), paid("o2", payment_id="pay1"), delivered("o1"), delivered("o2"))
    desk.when(claimed("o1"), claimed("o2"))
    assert (desk.codes, desk.used) == (["first_order.not_first"], ["o2"])


def test_one_per_identity_cluster_r4_6() -> None:
    """b1 and b2 share a phone: b2's order came later."""
    desk = Desk(*life("o1", "b1", day=10), *life("o2", "b2", day=11), joins("b2", "b1"))
    desk.when(claimed("o2", "b2"), claimed("o1", "b1"))
    assert (desk.codes, desk.used) == (["first_order.not_first"], ["o1"])


def test_the_cluster_is_judged_as_known_when_it_is_claimed_r4_6() -> None:
    """Linked after the claim: it stands; the cluster has used its guarantee for that order then, though another was paid before."""
    desk = Desk(*life("o1", "b1", day=10), *life("o2", "b2", day=11))
    desk.when(claimed("o2", "b2"), joins("b2", "b1"), claimed("o1", "b1"))
    assert (desk.codes, desk.used) == (["first_order.used"], ["o2"])


def test_two_uses_that_a_later_link_joins_both_stand_and_it_is_told_r4_6() -> None:
    desk = Desk(*life("o1", "b1", day=10), *life("o2", "b2", day=11), claimed("o1", "b1"), claimed("o2", "b2"))
    (told,) = [fact for fact in desk.when(joins("b2", "b1")) if isinstance(fact, FirstOrderDoubled)]
    assert (told.order_id, told.buyer_id, told.other_order_id, told.other_buyer_id) == ("o2", "b2", "o1", "b1")
    assert len(desk.granted) == 2
    assert desk.when(joins("b2", "b1")) == ()


def test_several_lines_of_the_winning_order_may_be_claimed_and_it_is_used_once_r4_6() -> None:
    desk = Desk(*life("o1", "b1", b.line(1), b.line(2)), claimed("o1", "b1", 1), claimed("o1", "b1", 2))
    assert (desk.used, len(desk.granted), desk.codes) == (["o1"], 2, [])


def test_further_lines_may_be_claimed_after_a_link_to_another_use_r4_6() -> None:
    first, second = life("o1", "b1", b.line(1), b.line(2)), life("o2", "b2", b.line(1), b.line(2), day=11)
    desk = Desk(*first, *second, claimed("o1", "b1"), claimed("o2", "b2"), joins("b2", "b1"))
    desk.when(claimed("o2", "b2", 2), claimed("o1", "b1", 2))
    assert (desk.codes, len(desk.granted)) == ([], 4)


def test_an_order_that_its_seller_cancelled_does_not_consume_it_r4_6() -> None:
    desk = Desk(paid("o1"), *life("o2", day=11), cancelled("o1", by="seller"), claimed("o2"))
    assert (desk.codes, desk.used) == ([], ["o2"])


def test_one_that_its_buyer_cancelled_after_payment_does_r4_6() -> None:
    desk = Desk(paid("o1"), *life("o2", day=11), cancelled("o1", by="buyer"), claimed("o2"))
    assert desk.codes == ["first_order.not_first"]


def test_so_does_one_of_which_the_buyer_cancelled_a_part_and_the_seller_the_rest_r4_6() -> None:
    desk = Desk(paid("o1"), cancelled("o1", by="buyer", whole=False), *life("o2", day=11))
    desk.when(cancelled("o1", by="seller").model_copy(update={"lines": b.units_cancelled(refund_id="rest").lines}), claimed("o2"))
    assert desk.codes == ["first_order.not_first"]


def test_so_does_one_of_which_the_seller_cancelled_a_part_alone_r4_6() -> None:
    desk = Desk(paid("o1", b.BUYER, b.line(quantity=2)), cancelled("o1", by="seller", whole=False), *life("o2", day=11), claimed("o2"))
    assert desk.codes == ["first_order.not_first"]


def test_a_member_who_brings_nothing_tells_its_cluster_nothing_r4_6() -> None:
    assert b.types(Desk(joins("b2", "b1")).facts) == ["member.known"]


def test_what_the_seller_gave_up_altogether_is_gone_from_the_line_too_r4_6_r3_5() -> None:
    desk = Desk(paid(), cancelled())
    assert b.types(desk.facts[-2:]) == ["line.reduced", "first_order.marked"]
    desk.when(delivered(), claimed())
    assert desk.codes == ["refund.nothing_left"]


def test_so_does_a_refunded_one_r4_6() -> None:
    """Refunded by this guarantee: used. The next order of the buyer has none."""
    desk = Desk(*life("o1"), claimed("o1"), money_came("c-o1-1"), *life("o2", day=20, signed="06-26 10:00"))
    desk.when(claimed("o2", when="06-28 10:00"))
    assert desk.codes == ["first_order.used"]


def test_an_order_of_which_nothing_was_due_is_no_paid_order_r4_6() -> None:
    desk = Desk(paid("o1", b.BUYER, b.line(paid_minor=0)), *life("o2", day=11), claimed("o2"))
    assert (desk.codes, desk.used) == ([], ["o2"])


def test_the_seller_funds_while_its_no_reason_promise_runs_then_the_platform_r4_6() -> None:
    """Signed on 06-16: the seller's seven days end on 06-24 00:00."""
    for when, funder in (("06-23 23:59:59", "seller"), ("06-24 00:00:00", "platform")):
        desk = Desk(*life())
        desk.when(claimed(when=when))
        assert [fact.funder for fact in desk.granted] == [funder]


@pytest.mark.parametrize("line", [NO_SELLER, b.line(category="fresh"), b.line(category="custom_made")])
def test_for_lines_without_a_no_reason_promise_the_platform_funds_from_the_start_r4_6(line: Line) -> None:
    desk = Desk(*life("o1", "b1", line), claimed("o1", "b1"))
    assert [fact.funder for fact in desk.granted] == ["platform"]


@pytest.mark.parametrize(
    ("category", "unsealed", "funder"),
    [("digital", False, "seller"), ("digital", True, "platform"), ("standard", True, "seller")],
)
def test_for_digital_goods_that_were_unsealed_the_platform_funds_from_the_start_r4_6_r4_5(
    category: Category, unsealed: bool, funder: str
) -> None:
    desk = Desk(*life("o1", "b1", b.line(category=category)))
    desk.when(claimed("o1", "b1").model_copy(update={"unsealed": unsealed}))
    assert ([fact.funder for fact in desk.granted], desk.codes) == ([funder], [])


def test_the_end_of_the_case_says_who_paid_r4_6() -> None:
    desk = Desk(*life("o1", "b1", NO_SELLER), claimed("o1", "b1"))
    (closed,) = desk.when(money_came("c-o1-1"))
    assert isinstance(closed, CaseClosed)
    assert (closed.state, closed.funder, closed.refunded_minor, closed.seller_at_fault) == (60, "platform", 100_00, False)


def test_somebody_elses_order_cannot_be_claimed() -> None:
    desk = Desk(*life("o1", "b1"), claimed("o1", "b2"))
    assert (desk.codes, desk.used) == (["buyer.differs"], [])


def test_a_claim_that_overtakes_the_signing_waits_for_it_r2_1() -> None:
    desk = Desk(paid(), claimed(), delivered())
    assert (desk.codes, desk.used) == ([], [b.ORDER])


def test_a_claim_told_twice_pays_once() -> None:
    desk = Desk(*life(), claimed(), claimed())
    assert (desk.codes, len(desk.granted)) == (["case.known"], 1)
