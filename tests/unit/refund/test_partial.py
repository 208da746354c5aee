"""Money and units in part, cases that lose their units, and attempts after each other. Source: R1.4, R4.3, R4.2."""

from __future__ import annotations

import pytest

from shared.contracts.refund import CaseApproved, CaseClosed, RefundGranted
from shared.contracts.storefront import CaseKind, Ground, RefundRequested
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit.builders import at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.refund.life import codes
from tests.unit.refund.matrix import shop
from tests.unit.refund.test_buyers import granted as granted_card


def asked(amount_minor: int, kind: CaseKind = "refund_only", quantity: int = 3) -> RefundRequested:
    told = l.requested(kind=kind, ground="quality", quantity=quantity)
    return told.model_copy(update={"amount_minor": amount_minor})


def grants(memory: Memory) -> list[tuple[int, int]]:
    return [(fact.quantity, fact.amount_minor) for fact in memory.facts if isinstance(fact, RefundGranted)]


def not_received(case_id: str, quantity: int, when: str) -> RefundRequested:
    return l.requested(case_id, quantity=quantity, kind="refund_only", ground="not_received", when=when)


def test_an_amount_alone_takes_no_units_and_the_rest_goes_to_the_last_r1_4() -> None:
    memory = shop(*l.SIGNED, asked(20_00), l.accepted(), l.done(amount_minor=20_00))
    assert grants(memory) == [(0, 20_00)]
    assert l.purchase_of(memory).lines[1].left == 3
    returned = (l.requested("c2", when="06-22 12:00"), l.accepted("c2", when="06-22 13:00"), l.posted("c2", when="06-22 14:00"))
    memory.when(*returned, l.confirmed("c2", when="06-22 15:00"))
    assert grants(memory)[-1] == (3, 80_00)  # min(slice, paid - granted)


def test_units_and_amounts_mixed_never_come_to_more_than_was_paid_r1_4() -> None:
    memory = shop(*l.SIGNED, asked(33_00, quantity=1), l.accepted(), l.done(amount_minor=33_00))
    for number, expected in ((2, (1, 33_33)), (3, (1, 33_33)), (4, (1, 34))):
        name = f"c{number}"
        memory.when(l.requested(name, quantity=1, when="06-22 12:00"), l.accepted(name, when="06-22 12:10"))
        memory.when(l.posted(name, when="06-22 12:20"), l.confirmed(name, 1, when="06-22 12:30"), l.done(name, 1, when="06-22 12:40"))
        assert grants(memory)[-1] == expected
    assert sum(minor for _, minor in grants(memory)) == 100_00


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (asked(100_01), "refund.amount_exceeds"),
        (asked(33_34, quantity=1), "refund.amount_exceeds"),
        (asked(0), "refund.amount_not_fit"),
        (asked(10_00, kind="exchange"), "refund.amount_not_fit"),
    ],
)
def test_amounts_beyond_the_units_share_are_refused_and_change_nothing_r1_4(request_: RefundRequested, code: str) -> None:
    memory = l.shop(*l.SIGNED, request_)
    assert (codes(memory), dict(l.purchase_of(memory).cases)) == ([code], {})


@pytest.mark.parametrize(("minor", "quantity"), [(100_00, 3), (33_33, 1), (66_66, 2), (1, 1)])
def test_an_amount_of_all_that_its_units_come_to_is_taken_r1_4(minor: int, quantity: int) -> None:
    assert grants(shop(*l.SIGNED, asked(minor, quantity=quantity), l.accepted())) == [(0, minor)]


def test_an_amount_asked_for_with_a_return_is_its_ceiling_r1_4() -> None:
    memory = shop(*l.SIGNED, asked(50_00, kind="return_and_refund"), l.accepted(), l.posted(), l.confirmed(quantity=1))
    assert grants(memory) == [(1, 33_33)]


def test_the_seller_agrees_to_money_alone_and_it_is_granted_or_is_silent_and_it_is_r4_3() -> None:
    agreed = shop(*l.SIGNED, l.requested(kind="refund_only", ground="quality"), l.accepted()).facts[-1]
    assert isinstance(agreed, RefundGranted)
    assert (agreed.by, agreed.code, agreed.rule) == ("seller", "case.agreed", "R4.3")
    memory = shop(*l.SIGNED, l.requested(kind="refund_only", ground="quality"))
    (silent,) = memory.advance(at("06-19 10:00:05"))
    assert isinstance(silent, RefundGranted)
    assert (silent.by, silent.occurred_at, l.case_of(memory).answer) == ("silence", at("06-19 10:00"), "silence")


def test_a_parcel_that_the_carrier_lost_is_refunded_at_once_by_its_word_r2_5() -> None:
    """And the order's, that they have neither left again nor were cancelled (R4.8)."""
    memory = shop(l.paid(), a.sent(), a.failed(), not_received("c1", 3, "06-16 12:00"))
    opened, asked = memory.facts[-2:]
    assert (getattr(opened, "turn", ""), asked.type, grants(memory)) == ("nobody", "shipment_hold.requested", [])
    grant = memory.send(a.kept(when="06-16 12:00"))[-1]
    assert isinstance(grant, RefundGranted)
    assert (grant.by, grant.code, grant.rule, grant.amount_minor) == ("carrier", "case.parcel_failed", "R4.2", 100_00)


def test_what_was_lost_and_left_again_in_the_same_moment_is_not_refunded_r4_8_r2_5() -> None:
    memory = shop(l.paid(), a.sent(), a.failed(), not_received("c1", 3, "06-16 12:00"), a.left(when="06-16 12:00"))
    assert (grants(memory), l.case_of(memory).state) == ([], 70)


def test_units_sent_again_after_they_failed_are_not_failed_any_more_r2_5() -> None:
    line = l.purchase_of(shop(l.paid(), a.sent(), a.failed(), a.sent("w2", quantity=2))).lines[1]
    assert (line.sent, line.failed) == (2, 1)


def test_units_that_the_carrier_lost_are_refunded_at_once_by_its_word_once_r2_5_r4_2() -> None:
    """Four units in two parcels: one is lost and refunded, the other arrives. Of those the seller is asked."""
    parcels = (a.sent("w1", quantity=2), a.sent("w2", quantity=2), a.failed("w1", quantity=2))
    lost = (not_received("c1", 2, "06-16 12:00"), a.kept(quantity=2, when="06-16 12:00"))
    memory = shop(l.paid(l.line(quantity=4, paid_minor=400_00)), *parcels, *lost, l.done(amount_minor=200_00))
    memory.when(l.delivered(when="06-22 12:00"), not_received("c2", 2, "06-22 13:00"))
    assert (grants(memory), l.case_of(memory, "c2").turn) == ([(2, 200_00)], "seller")


def test_two_parcels_that_are_lost_one_after_the_other_are_each_refunded_at_once_r2_5() -> None:
    parcels = (a.sent("w1", quantity=2), a.sent("w2", quantity=2), a.failed("w1", quantity=2))
    lost = (not_received("c1", 2, "06-16 12:00"), a.kept(quantity=2, when="06-16 12:00"))
    memory = shop(l.paid(l.line(quantity=4, paid_minor=400_00)), *parcels, *lost, l.done(amount_minor=200_00))
    memory.when(a.failed("w2", quantity=2, when="06-22 12:00"), not_received("c2", 2, "06-22 13:00"))
    memory.send(a.kept("c2", 2, when="06-22 13:00"))
    assert grants(memory) == [(2, 200_00), (2, 200_00)]


def test_what_has_not_left_is_not_refunded_as_not_received_beside_what_has_r4_2_r4_8() -> None:
    memory = shop(l.paid(), a.sent(quantity=1), not_received("c1", 3, "06-15 12:00"))
    assert ([one.reason for one in memory.held("o1")], dict(l.purchase_of(memory).cases)) == (["case.before_shipping"], {})
    memory.send(a.sent("w2", quantity=2, when="06-15 13:00"))
    assert l.case_of(memory).turn == "seller"


UNSHIPPED = (l.paid(l.line(paid_minor=400_00)), l.requested(kind="refund_only", ground="not_shipped", when="06-11 10:00"))


def test_money_for_goods_that_have_not_left_waits_for_the_order_and_the_sellers_word_is_remembered_r4_8() -> None:
    memory = shop(*UNSHIPPED, l.accepted(when="06-11 11:00"))
    agreed = next(fact for fact in memory.facts if isinstance(fact, CaseApproved))
    assert (agreed.state, agreed.turn, agreed.deadline, agreed.by, l.case_of(memory).agreed) == (10, "nobody", None, "seller", "seller")
    memory.when(l.accepted(when="06-11 12:00"), l.declined(when="06-11 12:00"))
    assert (codes(memory), grants(memory)) == (["case.wrong_state", "case.wrong_state"], [])
    memory.send(a.kept(when="06-11 13:00"))
    assert grants(memory) == [(3, 400_00)]


def test_a_silent_seller_agrees_to_what_the_order_keeps_back_and_to_nothing_that_left_r4_8_r4_3() -> None:
    kept = shop(*UNSHIPPED, a.kept())
    kept.advance(at("06-13 10:00:05"))
    assert grants(kept) == [(3, 400_00)]
    left = shop(*UNSHIPPED, "06-13 10:00:05", a.left(when="06-13 11:00"))
    end = left.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (grants(left), end.code, end.outcome) == ([], "case.shipped", "rejected")


@pytest.mark.parametrize("life", [l.OPEN, l.DECLINED, l.APPROVED, l.RETURNED, a.DISPUTED, a.SENDING])
def test_a_case_whose_units_are_all_cancelled_meanwhile_ends_r1_4(life: tuple[Message, ...]) -> None:
    memory = shop(*life)
    memory.send(a.cancelled(when="06-23 12:00"))
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.code, end.outcome, memory.armed) == ("case.units_cancelled", "agreed", {})


def test_a_case_whose_units_are_cancelled_in_part_grants_what_is_left_r1_4() -> None:
    memory = shop(*l.RETURNED, a.cancelled(2, 66_66), l.confirmed(quantity=3))
    assert grants(memory) == [(1, 33_34)]


def test_the_sellers_cap_is_of_the_line_however_many_claims_its_units_take_r4_7() -> None:
    """R1.4: 50.00 of the 100.00 for three units; the last, by a ground that has no such cap, takes the rest."""
    offered = {"tags": ("refund_without_return",), "without_return_cap_minor": 50_00}
    order = l.paid(l.line().model_copy(update=offered)).model_copy(update={"trust_card_id": "card1", "placed_at": at("06-10 11:00")})
    memory = shop(granted_card(), order, l.delivered())
    grounds: dict[str, Ground] = {"c1": "trust_card", "c2": "trust_card", "c3": "quality"}
    for name, ground in grounds.items():
        memory.when(l.requested(name, quantity=1, kind="refund_only", ground=ground))
        memory.when(l.accepted(name), l.done(name, 33_33))
    assert grants(memory) == [(1, 33_33), (1, 16_67), (1, 50_00)]


def test_a_withdrawn_case_is_asked_for_again_up_to_five_times_from_every_open_state_r4_3() -> None:
    for life in (l.OPEN, l.DECLINED, a.DISPUTED, l.APPROVED, l.RETURNED):
        memory = shop(*life)
        memory.when(l.withdrawn(when="06-20 12:00" if life is not l.OPEN else "06-18 12:00"), l.requested("c2", when="06-21 12:00"))
        assert (l.case_of(memory).state, l.case_of(memory, "c2").state, l.purchase_of(memory).lines[1].attempts) == (70, 10, 2)
