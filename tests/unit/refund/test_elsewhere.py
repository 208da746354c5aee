"""Who bought for years before its shop moved here has no first order again, and what was said by mistake is taken back. Source: R4.6."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from services.refund.model import CLUSTER, Cluster, Elsewhere, joined
from services.refund.model.cluster import ELSEWHERE_MAX
from shared.contracts.certificate import CertificateIssued
from shared.contracts.first_order import OrderedElsewhere
from tests.unit import builders as b
from tests.unit.refund.firsts import CLAIMED, PAID, Desk, before, claimed, delivered, joins, life, paid

SECOND = timedelta(seconds=1)


def test_an_order_elsewhere_was_the_first_one_r4_6() -> None:
    desk = Desk()
    (told, known) = desk.when(before())
    assert isinstance(told, OrderedElsewhere)
    assert (told.type, told.key, told.cluster, told.first_paid_at) == ("first_order.elsewhere", b.BUYER, b.BUYER, b.at("01-10 12:00"))
    assert known.type == "member.known"
    desk.when(*life(), claimed())
    assert (desk.codes, desk.granted, desk.used) == (["first_order.elsewhere"], [], [])


def test_the_certificate_promises_it_all_the_same_for_it_is_decided_when_it_is_claimed_r4_1_r4_6() -> None:
    (issued,) = [fact for fact in Desk(before(), paid()).facts if isinstance(fact, CertificateIssued)]
    (promise,) = [one for one in issued.guarantees if one.guarantee == "first_order"]
    assert (promise.granted, promise.conditional) == (True, True)


@pytest.mark.parametrize("place", range(3))
def test_it_may_come_before_or_after_the_order_as_long_as_it_comes_before_the_claim_r4_6(place: int) -> None:
    told = [*life()]
    told.insert(place, before())
    assert Desk(*told, claimed()).codes == ["first_order.elsewhere"]


def test_what_was_granted_before_it_was_known_stands_and_so_does_the_rest_of_that_order_r4_6() -> None:
    desk = Desk(*life("o1", "b1", b.line(1), b.line(2)), claimed("o1", "b1", 1), before("b1"), claimed("o1", "b1", 2))
    assert (desk.codes, len(desk.granted), desk.used) == ([], 2, ["o1"])
    desk.when(*life("o2", "b1", day=12), claimed("o2", "b1"))
    assert desk.codes == ["first_order.used"]


@pytest.mark.parametrize(("than", "codes"), [(-SECOND, ["first_order.elsewhere"]), (timedelta(), ["first_order.elsewhere"]), (SECOND, [])])
def test_only_what_was_paid_elsewhere_no_later_than_here_was_before_it_r4_6(than: timedelta, codes: list[str]) -> None:
    """Sellers move one after the other: who had its first order here may buy of those that have not moved yet."""
    desk = Desk(*life(), before(paid_at=b.at(PAID) + than, when="06-15 10:00"), claimed())
    assert desk.codes == codes


def test_a_later_order_here_is_told_that_another_one_here_is_the_first_r4_6() -> None:
    desk = Desk(*life("o1", day=10), *life("o2", day=12), before(paid_at="06-11 12:00", when="06-15 10:00"))
    desk.when(claimed("o2"), claimed("o1"))
    assert (desk.codes, desk.used) == (["first_order.not_first"], ["o1"])


def test_it_holds_for_all_who_are_the_same_person_whoever_was_told_of_first_r4_6() -> None:
    told = [joins("b2", "b1"), joins("b3", "b1"), before("b3")]
    for order in permutations(told):
        assert Desk(*order, *life("o1", "b2"), claimed("o1", "b2")).codes == ["first_order.elsewhere"]
        assert Desk(*life("o1", "b1"), *order, claimed("o1", "b1")).codes == ["first_order.elsewhere"]


def test_it_goes_along_when_a_member_moves_on_r4_6() -> None:
    """Of b3's cluster b2 alone is told that it is one with b1 so far."""
    desk = Desk(joins("b3", "b2"), before("b3"), *life("o1", "b1"), joins("b2", "b1"), claimed("o1", "b1"))
    assert desk.codes == ["first_order.elsewhere"]
    desk.when(before("b3", None, "05-31 10:00"), claimed("o1", "b1"))
    assert desk.codes == ["first_order.elsewhere"] * 2, "b3 is known in b2 still"
    desk.when(joins("b3", "b1"), claimed("o1", "b1"))
    assert (desk.codes, desk.used) == (["first_order.elsewhere"] * 2, ["o1"])


def test_what_was_said_of_the_wrong_buyer_is_taken_back_and_its_first_order_is_the_first_again_r4_6() -> None:
    desk = Desk(before(), *life(), claimed(), before(paid_at=None, when="06-16 12:00"), claimed(when="06-18 10:00"))
    assert (desk.codes, desk.used) == (["first_order.elsewhere"], [b.ORDER])


def test_and_said_again_it_holds_again_r4_6() -> None:
    desk = Desk(before(), before(paid_at=None, when="06-01 10:00"), before(when="06-02 10:00"), *life(), claimed())
    assert desk.codes == ["first_order.elsewhere"]


def test_taken_back_of_one_account_it_stands_for_the_other_r4_6() -> None:
    desk = Desk(joins("b2", "b1"), before("b1"), before("b2"), before("b1", None, "06-01 10:00"), *life("o1", "b1"), claimed("o1", "b1"))
    assert desk.codes == ["first_order.elsewhere"]


def test_what_is_dated_last_holds_in_whatever_order_it_comes_r4_6() -> None:
    """Each may be refused as it says nothing newer; what is known in the end is the same."""
    words = [before(), before(paid_at=None, when="06-01 10:00"), before(paid_at="02-02 10:00", when="06-02 10:00")]
    for order in permutations(words):
        desk = Desk(*order)
        assert desk.cluster(b.BUYER).elsewhere == {b.BUYER: Elsewhere(b.at("02-02 10:00"), b.at("06-02 10:00"))}
        assert set(desk.codes) <= {"first_order.elsewhere_known"}


def test_the_same_or_something_older_is_refused_and_changes_nothing_r2_1() -> None:
    desk = Desk(before())
    assert desk.when(before(), before(paid_at=None, when="05-30 10:00"), before(when="05-30 09:59")) == ()
    assert desk.codes == ["first_order.elsewhere_known"] * 3


def test_a_cluster_that_has_its_guarantee_used_knows_it_too_and_is_told_so_once_r4_6() -> None:
    desk = Desk(*life(), claimed(), before(), before())
    assert (desk.codes, list(desk.cluster(b.BUYER).elsewhere)) == (["first_order.elsewhere_known"], [b.BUYER])


def test_an_order_of_which_nothing_was_due_is_none_and_the_one_elsewhere_is_r4_6() -> None:
    desk = Desk(before(), paid("o1", b.BUYER, b.line(paid_minor=0)), delivered("o1"), claimed("o1"))
    assert desk.codes == ["first_order.elsewhere"]


def test_a_row_of_an_older_release_knows_of_none_r4_6() -> None:
    desk = Desk(*life())
    kept = CLUSTER.dump(desk.cluster(b.BUYER)).replace(',"elsewhere":{}', "")
    assert "elsewhere" not in kept
    assert CLUSTER.parse(kept) == desk.cluster(b.BUYER)


def test_a_cluster_of_very_many_accounts_is_bounded_and_meets_others_in_any_order_r4_6() -> None:
    def told(*numbers: int) -> Cluster:
        return Cluster(elsewhere={f"b{number:03}": Elsewhere(b.at(PAID), b.at(CLAIMED)) for number in numbers})

    many, more, few = told(*range(0, 90, 2)), told(*range(1, 90, 2)), told(3, 200)
    assert len(joined(many, more).elsewhere) == ELSEWHERE_MAX
    assert joined(joined(many, more), few) == joined(many, joined(more, few)) == joined(joined(few, many), more)
