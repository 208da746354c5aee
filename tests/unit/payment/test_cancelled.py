"""Money of units that were cancelled before they left: back at once, each line its own refund. Source: R2.1, R3.4, R3.5."""

from __future__ import annotations

from tests.unit import builders as b
from tests.unit.payment.bank import balances, bank, codes, confirmed, example, funded, hand_over, payment, waiting


def test_cancelled_units_are_reserved_and_instructed_line_by_line_r3_5() -> None:
    memory = funded(b.line(1), b.line(2, 50_00))
    facts = memory.when(b.units_cancelled((1, 1, 100_00), (2, 1, 50_00)))
    assert b.types(facts) == ["refund.reserved", "refund.instructed"] * 2
    assert [fact.amount_minor for fact in facts if fact.type == "refund.instructed"] == [100_00, 50_00]  # type: ignore[attr-defined]
    memory.when(b.refund_paid("x1"), b.refund_paid("x2"))
    assert balances(memory) == {}


def test_the_subsidys_part_goes_back_to_its_funder_r3_4() -> None:
    memory = funded(example())
    memory.when(b.units_cancelled(), b.refund_paid("x1"))
    assert balances(memory) == {}


def test_units_of_which_nothing_was_paid_need_no_provider() -> None:
    memory = funded(b.line(paid_minor=0, subsidies={"platform": 10_00}))
    assert b.types(memory.when(b.units_cancelled((1, 1, 0)))) == ["refund.reserved", "refund.done"]
    assert balances(memory) == {}


def test_a_cancellation_is_paid_once_and_waits_for_its_escrow_r3_5() -> None:
    early, twice = bank(), funded()
    assert (early.when(b.units_cancelled()), waiting(early)) == ((), ["payment.before_escrow"])
    assert b.types(early.when(b.order_paid())) == ["escrow.funded", "refund.reserved", "refund.instructed"]
    twice.when(b.units_cancelled(), b.units_cancelled())
    assert codes(twice) == ["refund.known"]


def test_a_cancellation_beside_a_refund_of_the_same_units_pays_one_of_them_r3_5() -> None:
    """Which of them, the provider's answer says: what is not paid is there for the other."""
    paid, failed = funded(), funded()
    for memory in (paid, failed):
        memory.when(b.case_opened(), b.granted(amount_minor=100_00))
        assert b.types(memory.when(b.units_cancelled(), b.units_cancelled())) == ["refund.held"]
        assert codes(memory) == ["refund.known"]
    done, refused = paid.when(b.refund_paid("r1"))
    assert (done.type, refused.type, refused.code) == ("refund.done", "refund.refused", "refund.exceeds_paid")  # type: ignore[attr-defined]
    assert set(payment(paid).refunds) == {"r1", "x1"}
    assert b.types(failed.when(b.refund_failed("r1"))) == ["refund.not_paid", "refund.reserved", "refund.instructed"]
    failed.when(b.refund_paid("x1"))
    assert (balances(failed), waiting(failed)) == ({}, [])


def test_what_is_left_of_a_line_settles_when_the_rest_of_it_is_confirmed_r3_3() -> None:
    memory = funded(b.line(quantity=2))
    memory.when(b.units_cancelled((1, 1, 50_00)), b.refund_paid("x1"), b.order_completed(1))
    settled, *_ = memory.advance(b.at("06-13 00:00"))
    assert (settled.type, settled.seller_minor, settled.promoter_minor, settled.platform_minor) == ("line.settled", 37_50, 10_00, 2_50)  # type: ignore[attr-defined]


def test_freight_is_settled_like_a_line_of_its_own_with_the_fee_and_without_commission_r3_10() -> None:
    memory = confirmed(b.line(1), b.line(2, 10_00, kind="freight", promoter_id=None))
    settled = [fact for fact in memory.advance(b.at("06-13 00:00")) if fact.type == "line.settled"]
    assert [(fact.line_no, fact.seller_minor, fact.promoter_minor) for fact in settled] == [(1, 75_00, 20_00), (2, 9_50, 0)]  # type: ignore[attr-defined]


def test_freight_of_a_seller_at_fault_is_fronted_once_it_is_settled_and_judged_by_when_the_buyer_applied_r3_10_r3_6() -> None:
    """Confirmed on 06-05: within 15 days of it the platform returns its fee of 0.50; later the seller bears all 10.00."""
    for applied, seller in (("06-20 23:59", 9_50), ("06-21 00:00", 10_00)):
        memory = confirmed(b.line(1, promoter_id=None), b.line(2, 10_00, kind="freight", promoter_id=None))
        hand_over(memory, memory.advance(b.at("06-12 00:01")))
        back = b.units_cancelled((2, 1, 10_00), when="06-25 10:00").model_copy(update={"applied_at": b.at(applied)})
        assert b.types(memory.when(back)) == ["refund.reserved", "refund.instructed"]
        done, charged = memory.when(b.refund_paid("x2", when="06-25 11:00"))
        assert (done.type, charged.type, charged.party, charged.amount_minor) == ("refund.done", "account.charged", b.SELLER, seller)  # type: ignore[attr-defined]
        hand_over(memory, (charged,))
        assert balances(memory).get("platform:advance", 0) == 0
