"""Units that the guarantee fund had paid for are cancelled, or refunded all the same: its money is not left in escrow. R3.2, R4.6."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.order import UnitsCancelled
from shared.contracts.payment import LineSettled, RefundReserved
from shared.contracts.types import Line
from shared.messaging.message import Message
from shared.money import unit_slice
from tests.unit import builders as b
from tests.unit.payment.bank import CASH, ESCROW, SUBSIDY, balances, bank, check, confirmed, funded, payment, postings
from tests.unit.payment.disputes import closed, opened
from tests.unit.payment.test_guarantee_fund import FUND, by_fund, refused
from tests.unit.payment.test_handling import handled
from tests.unit.payment.test_machine import lines
from tests.unit.payment.test_verified import Bank, checked, postings_left_out


def cancelled(units: int, amount_minor: int, refund_id: str = "x", when: str = "06-09 10:00") -> UnitsCancelled:
    return b.units_cancelled((1, units, amount_minor), refund_id=refund_id, when=when)


def by_fund_paid(amount_minor: int, quantity: int = 0, refund_id: str = "f1") -> tuple[Any, Any]:
    return by_fund(refund_id, amount_minor, quantity), b.refund_paid(refund_id)


def test_of_units_cancelled_later_the_buyer_gets_what_the_fund_has_not_given_and_the_fund_that_r3_2_r4_6() -> None:
    memory = funded(b.line(quantity=2))
    memory.when(*by_fund_paid(40_00), cancelled(2, 100_00))
    done = b.only(memory.when(b.refund_paid("x1")))
    assert postings(done.moves) == {ESCROW: -100_00, CASH: 60_00, FUND: 40_00}
    assert (refused(memory), balances(memory)) == ([], {})
    check(memory.rows["posting"])


def test_units_that_the_fund_paid_itself_are_its_own_again_with_nothing_for_the_buyer_r4_6() -> None:
    """One of two by the fund; both are cancelled at once, or one after the other: the buyer has 50 of each, the fund is whole."""
    together, apart = (funded(b.line(quantity=2, subsidies={"platform": 20_00})) for _ in range(2))
    together.when(*by_fund_paid(50_00, 1), cancelled(2, 100_00), b.refund_paid("x1"))
    (reserved,) = (fact for fact in together.facts if isinstance(fact, RefundReserved) and fact.funder == "seller")
    assert (reserved.buyer_minor, reserved.quantity, reserved.fund_minor, reserved.fund_quantity) == (50_00, 1, 50_00, 1)
    assert (reserved.platform_minor, balances(together)) == (20_00, {})
    apart.when(*by_fund_paid(50_00, 1), cancelled(1, 50_00), b.refund_paid("x1"))
    assert payment(apart).left_of(1) == (0, 0)
    assert balances(apart) == {FUND: -50_00, ESCROW: 60_00, SUBSIDY: -10_00}
    assert b.types(apart.when(cancelled(1, 50_00, "y"))) == ["refund.reserved", "refund.done"]
    assert (refused(apart), balances(apart)) == ([], {})


def test_all_of_it_by_the_fund_and_all_cancelled_needs_no_provider_r4_6() -> None:
    for quantity in (0, 2):
        memory = funded(b.line(quantity=2, subsidies={"platform": 20_00}))
        memory.when(*by_fund_paid(100_00, quantity))
        assert b.types(memory.when(cancelled(2, 100_00))) == ["refund.reserved", "refund.done"]
        assert (refused(memory), balances(memory)) == ([], {})


def test_of_the_units_that_stay_the_line_settles_as_if_the_fund_had_paid_nothing_r4_6_r3_3() -> None:
    """80 by the fund, one of two units cancelled: 20 more to the buyer, 30 to the fund, and 50 are settled: 10 and 2.50 of it."""
    memory = confirmed(b.line(quantity=2))
    memory.when(*by_fund_paid(80_00), cancelled(1, 50_00), b.refund_paid("x1"))
    assert balances(memory) == {FUND: -50_00, ESCROW: 50_00}
    memory.advance(b.at("06-13 00:00"))
    (line,) = (fact for fact in memory.facts if isinstance(fact, LineSettled))
    assert (line.seller_minor, line.promoter_minor, line.platform_minor) == (37_50, 10_00, 2_50)
    assert balances(memory)[FUND] == -50_00


def test_the_funds_refund_under_way_comes_back_once_it_is_paid_and_never_where_it_is_not_r3_5_r4_6() -> None:
    paid, not_paid = funded(b.line(quantity=2)), funded(b.line(quantity=2))
    for memory in (paid, not_paid):
        memory.when(by_fund("f1", 40_00, 0), cancelled(2, 100_00))
        assert b.types(memory.when(b.refund_paid("x1"))) == ["refund.done"]
        assert balances(memory)[ESCROW] == 40_00
    paid.when(b.refund_paid("f1"))
    assert balances(paid) == {}
    not_paid.when(b.refund_failed("f1"), by_fund("f2", 40_00, 0), b.refund_paid("f2"))
    assert balances(not_paid) == {}


def test_what_a_person_settles_by_hand_makes_the_fund_whole_as_well_and_not_before_r3_5() -> None:
    memory = funded(b.line(quantity=2))
    memory.when(*by_fund_paid(40_00), cancelled(2, 100_00), b.refund_failed("x1"))
    assert balances(memory)[FUND] == -40_00
    memory.when(handled("x1"))
    assert balances(memory) == {CASH: -60_00, "platform:by_hand": 60_00}


def test_a_case_that_takes_the_rest_of_units_makes_the_fund_whole_too_r4_6_r3_4() -> None:
    """The fund gave 80; a case refunds both units with the 20 that are left: nothing settles for them."""
    memory = funded(b.line(quantity=2))
    memory.when(*by_fund_paid(80_00), b.granted("r1", 20_00, 2), b.refund_paid("r1"))
    assert balances(memory) == {}
    memory.when(b.order_completed())
    memory.advance(b.at("06-20 00:00"))
    (line,) = (fact for fact in memory.facts if isinstance(fact, LineSettled))
    assert (line.seller_minor, line.promoter_minor, line.platform_minor) == (0, 0, 0)


def test_after_another_case_it_does_too_and_what_was_not_paid_of_the_line_before_changes_nothing_r4_6_r3_5() -> None:
    """Of three units one went back, the fund gave 20, the last two go back with the 80 that are left; 80 had failed once."""
    memory = funded(b.line(paid_minor=150_00, quantity=3))
    memory.when(b.granted("r0", 80_00, 0), b.refund_failed("r0"), b.granted("r1", 50_00, 1), b.refund_paid("r1"), *by_fund_paid(20_00))
    memory.when(b.granted("r2", 80_00, 2), b.refund_paid("r2"))
    assert balances(memory) == {}


def test_the_fund_has_back_what_it_paid_once_though_a_bank_left_less_to_the_units_r4_6_r3_8() -> None:
    """Of 100 for two units it gave 40 and a bank took 30: with the first unit it has 20 back, with the second the other 20."""
    memory = funded(b.line(quantity=2))
    memory.when(*by_fund_paid(40_00), opened(30_00, when="06-09 09:00"), closed("lost", when="06-09 09:30"))
    memory.when(cancelled(1, 50_00), b.refund_paid("x1"), cancelled(1, 50_00, "y"))
    refunds = payment(memory).refunds
    assert [(refunds[name].buyer_minor, refunds[name].fund_minor) for name in ("x1", "y1")] == [(30_00, 20_00), (0, 20_00)]
    assert (refused(memory), balances(memory)) == ([], {})


def test_a_case_that_leaves_something_of_the_line_takes_nothing_for_the_fund_r4_6() -> None:
    """Less than what is left was agreed on: the line is settled with the rest, as if the fund had paid nothing."""
    memory = funded(b.line(quantity=2))
    memory.when(*by_fund_paid(40_00), b.granted("r1", 30_00, 2), b.refund_paid("r1"))
    assert balances(memory) == {CASH: -30_00, FUND: -40_00, ESCROW: 70_00}


def test_of_a_line_that_others_paid_for_the_subsidy_goes_back_with_units_that_the_fund_gave_r1_4_r3_4() -> None:
    """Of three units it gave two; two are cancelled, then the third."""
    memory = funded(b.line(paid_minor=0, quantity=3, subsidies={"platform": 30_00}))
    memory.when(by_fund("f1", 0, 2), cancelled(2, 0))
    assert balances(memory) == {SUBSIDY: -10_00, ESCROW: 10_00}
    memory.when(cancelled(1, 0, "y"))
    assert (refused(memory), balances(memory)) == ([], {})


def test_of_units_cancelled_after_money_alone_the_fund_has_back_what_would_have_gone_back_without_it_r4_6_r1_4() -> None:
    """Of three units one was used, 50 went back for no unit: the order counts the line as refunded in full, so nothing of it is settled."""
    one, other = funded(b.line(paid_minor=150_00, quantity=3)), funded(b.line(paid_minor=150_00, quantity=3))
    one.when(b.granted("r1", 50_00, 1), b.refund_paid("r1"), *by_fund_paid(20_20), b.granted("r2", 50_00, 0), b.refund_paid("r2"))
    one.when(cancelled(1, 50_00), b.refund_paid("x1"))
    other.when(b.granted("r1", 100_00, 0), b.refund_paid("r1"), *by_fund_paid(50_00))
    assert b.types(other.when(cancelled(2, 50_00))) == ["refund.reserved", "refund.done"]
    for memory in (one, other):
        assert (refused(memory), balances(memory)) == ([], {})


def test_what_a_case_did_not_pay_of_its_units_is_settled_and_not_the_funds_r4_6_r3_3() -> None:
    """20 of 50 were agreed on for one of three units, the fund gave 110, one is cancelled: 80 are settled, as if it had paid nothing."""
    memory = confirmed(b.line(paid_minor=150_00, quantity=3))
    memory.when(b.granted("r1", 20_00, 1), b.refund_paid("r1"), *by_fund_paid(110_00), cancelled(1, 50_00), b.refund_paid("x1"))
    memory.advance(b.at("06-13 00:00"))
    (line,) = (fact for fact in memory.facts if isinstance(fact, LineSettled))
    assert line.seller_minor + line.promoter_minor + line.platform_minor == 80_00


def test_of_what_the_fund_has_back_nobody_had_a_share_r3_6_r4_6() -> None:
    """Of 150 the fund gave 110, one of three units is cancelled, 40 fail: 100 are settled, of which the 40 then take 8 and 2."""
    memory = confirmed(b.line(paid_minor=150_00, quantity=3))
    memory.when(*by_fund_paid(110_00), b.granted("r1", 40_00, 0), cancelled(1, 50_00), b.refund_failed("r1"))
    memory.advance(b.at("06-13 00:00"))
    memory.when(b.granted("r2", 40_00, 0, when="06-14 10:00"))
    refund = payment(memory).refunds["r2"]
    assert (refund.fronted, refund.commission_minor, refund.fee_minor) == (True, 8_00, 2_00)


def test_a_subsidy_goes_back_once_where_the_fund_s_part_failed_and_a_case_pays_it_r3_4_r3_5() -> None:
    """All of it had gone back with the two units that were cancelled, one of which the fund was to pay."""
    memory = funded(b.line(quantity=2, subsidies={"platform": 20_00}))
    memory.when(by_fund("f1", 50_00, 1), cancelled(2, 100_00), b.refund_paid("x1"), b.refund_failed("f1"))
    memory.when(b.granted("r2", 50_00, 1), b.refund_paid("r2"))
    assert (refused(memory), balances(memory)) == ([], {})


def test_what_the_fund_pays_last_gives_it_nothing_of_what_it_paid_before_r4_6_r3_3() -> None:
    """It pays 40, then the 60 that are left with both units: the line is settled as if it had paid nothing."""
    memory = confirmed(b.line(quantity=2))
    memory.when(*by_fund_paid(40_00), *by_fund_paid(60_00, 2, "f2"))
    memory.advance(b.at("06-13 00:00"))
    (line,) = (fact for fact in memory.facts if isinstance(fact, LineSettled))
    assert (line.seller_minor + line.promoter_minor + line.platform_minor, balances(memory)[FUND]) == (100_00, -100_00)


def test_a_case_gets_no_more_than_the_fund_left_of_the_line_r4_6_r3_5() -> None:
    """The fund has 40 of it: 80 of the seller is too much, as it were of any line of which 60 are left."""
    memory = funded(b.line(quantity=2))
    memory.when(*by_fund_paid(40_00), b.granted("r1", 80_00, 2))
    assert (refused(memory), balances(memory)) == (["refund.exceeds_paid"], {ESCROW: 100_00, FUND: -40_00, CASH: -60_00})


def test_units_of_which_banks_and_fund_gave_all_wait_for_no_other_refund_r3_5_r3_8() -> None:
    """Of 300 for three units a bank took 100, the fund gave 100 of two, 50 more are under way for money alone; two are cancelled."""
    memory = funded(b.line(paid_minor=300_00, quantity=3))
    memory.when(*by_fund_paid(100_00, 2), opened(100_00, when="06-09 09:00"), closed("lost", when="06-09 09:30"))
    memory.when(b.granted("r1", 50_00, 0, when="06-09 09:40"), cancelled(2, 200_00))
    assert (payment(memory).refunds["x1"].state, payment(memory).refunds["x1"].drawn_minor) == ("reserved", 150_00)


def test_units_that_another_refund_has_are_waited_for_though_a_bank_gave_their_money_r3_5_r3_8() -> None:
    memory = funded(b.line(paid_minor=200_00, quantity=2))
    memory.when(opened(100_00, when="06-09 09:00"), closed("lost", when="06-09 09:30"))
    memory.when(b.granted("r1", 60_00, 2, when="06-09 09:40"), cancelled(1, 100_00))
    assert payment(memory).refunds["x1"].state == "held"
    memory.when(b.refund_failed("r1"), b.refund_paid("x1"))
    assert (refused(memory), balances(memory)) == ([], {})


def test_a_unit_that_others_paid_for_goes_back_once_r1_4() -> None:
    memory = funded(b.line(paid_minor=0, subsidies={"platform": 30_00}))
    memory.when(b.granted("r1", 0, 1), cancelled(1, 0))
    assert (refused(memory), balances(memory)) == (["refund.quantity_exceeds"], {})


def test_what_a_bank_took_is_not_the_funds_r3_8_r4_6() -> None:
    memory = funded(b.line(quantity=2))
    memory.when(*by_fund_paid(40_00), opened(30_00, when="06-09 09:00"), closed("lost", when="06-09 09:30"))
    memory.when(cancelled(2, 100_00), b.refund_paid("x1"))
    assert balances(memory) == {}


def test_held_by_a_chargeback_it_is_the_same_once_that_ends_r3_8_r4_6() -> None:
    memory = bank(b.order_paid(b.line(quantity=2)))
    memory.when(*by_fund_paid(50_00, 1), opened(1_00, when="06-09 09:00"), cancelled(2, 100_00))
    memory.when(closed("won", when="06-10 09:00"), b.refund_paid("x1"))
    assert (refused(memory), balances(memory)) == ([], {})


def test_of_a_settled_line_nothing_is_the_funds_again_r4_6() -> None:
    memory = confirmed(b.line(quantity=2))
    memory.when(*by_fund_paid(80_00))
    memory.advance(b.at("06-12 00:01"))
    memory.when(b.granted("r1", 20_00, 2, when="06-14 10:00"), b.refund_paid("r1", when="06-14 11:00"))
    assert balances(memory)[FUND] == -80_00
    check(memory.rows["posting"])


@settings(max_examples=60, deadline=None)
@given(lines(1), st.data())
def test_however_fund_cancellations_and_settlement_follow_escrow_ends_empty_and_the_fund_pays_for_what_settled_r3_2_r4_6(
    line: Line, data: st.DataObject
) -> None:
    """The fund pays units or an amount, before or after some units are cancelled, and the provider may take its time; what is not
    cancelled is settled. The buyer never has more than was paid; where nothing is settled, the fund is whole.
    """
    made = Bank()
    made.tell(b.succeeded(line.paid_minor), b.order_paid(line))
    keeps = data.draw(st.integers(0, line.quantity - 1))
    units = data.draw(st.integers(0, line.quantity))
    amount = unit_slice(line.paid_minor, line.quantity, 0, units) if units else data.draw(st.integers(0, line.paid_minor))
    first = data.draw(st.integers(0, line.quantity - keeps))
    rest = line.quantity - keeps - first
    events: list[Message] = [by_fund("f1", amount, units)]
    cuts = (("x", 0, first), ("y", first, rest))
    events += [cancelled(gone, unit_slice(line.paid_minor, line.quantity, before, gone), name) for name, before, gone in cuts if gone]
    if first and data.draw(st.booleans()):  # the fund asked in between
        events[0], events[1] = events[1], events[0]
    late = data.draw(st.booleans())
    for event in events:
        made.tell(event)
        if not late:
            answer(made)
    answer(made)
    if keeps:
        made.tell(b.order_completed())
    made.until("08-01 00:00")
    end = balances(made.memory)
    assert (end.get(ESCROW, 0), sum(end.values())) == (0, 0)
    buyer = sum(one.buyer_minor for one in payment(made.memory).refunds.values() if one.state == "done")
    assert buyer <= line.paid_minor
    settled = unit_slice(line.paid_minor, line.quantity, line.quantity - keeps, keeps)
    assert -end.get(FUND, 0) <= settled
    if not keeps:
        assert (buyer, end.get(FUND, 0), end.get(SUBSIDY, 0)) == (line.paid_minor, 0, 0)
    check(made.memory.rows.get("posting", []))
    assert postings_left_out(checked(made)) == []


def answer(made: Bank) -> None:
    """Of all that the provider was told of, in the order of its ids."""
    for name, one in sorted(payment(made.memory).refunds.items()):
        if one.state == "reserved":
            made.tell(b.refund_paid(name))
