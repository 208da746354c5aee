"""Where a bank took a part of a line meanwhile, a case's refund is of what it left. Source: R1.4, R3.5, R3.8."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.payment import RefundDone, RefundReserved
from shared.contracts.types import Line
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment.bank import ESCROW, balances, check, confirmed, example, funded, payment
from tests.unit.payment.disputes import CONTESTED, closed, opened
from tests.unit.payment.test_guarantee_fund import refused
from tests.unit.payment.test_machine import lines
from tests.unit.payment.test_verified import Bank, checked, postings_left_out

TAKEN = (opened(40_00, when="06-06 10:00"), closed("lost", when="06-07 10:00"))


def reserved(memory: Memory) -> RefundReserved:
    return next(fact for fact in memory.facts if isinstance(fact, RefundReserved))


def test_the_rest_is_refunded_at_once_and_each_fact_says_what_and_why_r1_4_r3_8() -> None:
    memory = funded(example())
    memory.when(*TAKEN, b.granted(amount_minor=100_00), b.refund_paid())
    one = reserved(memory)
    assert (one.buyer_minor, one.asked_minor, one.platform_minor) == (60_00, 100_00, 12_00)
    done = next(fact for fact in memory.facts if isinstance(fact, RefundDone))
    assert (done.amount_minor, done.bank_minor) == (60_00, 40_00)
    assert (refused(memory), balances(memory)) == ([], {})
    check(memory.rows["posting"])


def test_what_is_more_than_was_paid_beside_other_refunds_is_refused_r3_5() -> None:
    memory = funded(b.line(quantity=5))
    memory.when(*TAKEN, b.granted("r1", 20_00), b.granted("r2", 80_01), b.granted("r3", 80_00), b.granted("r4", 1))
    assert refused(memory) == ["refund.exceeds_paid"] * 2
    assert [fact.buyer_minor for fact in memory.facts if isinstance(fact, RefundReserved)] == [20_00, 40_00]


def test_where_a_bank_left_nothing_it_is_refused_r3_8() -> None:
    memory = funded()
    memory.when(opened(when="06-06 10:00"), closed("lost", when="06-07 10:00"), b.granted(amount_minor=100_00))
    assert refused(memory) == ["refund.exceeds_paid"]


def test_granted_while_it_was_open_it_is_of_what_the_end_leaves_r3_8() -> None:
    for outcome, left in (("lost", 60_00), ("won", 100_00)):
        memory = funded()
        memory.when(opened(40_00), b.granted(amount_minor=100_00), closed(outcome))  # type: ignore[arg-type]
        assert (reserved(memory).buyer_minor, refused(memory)) == (left, [])
        memory.when(b.refund_paid("r1", when="07-21 10:00"))
        assert balances(memory) == {}


def test_of_a_settled_line_the_parties_return_what_is_left_r3_6_r3_8() -> None:
    memory = confirmed(example())
    memory.advance(b.at("06-12 00:01"))
    memory.when(opened(40_00, when="06-13 10:00"), closed("lost", when="06-14 10:00"))
    memory.when(b.granted("r1", 100_00, when="06-15 10:00"), b.refund_paid("r1", when="06-15 11:00"))
    refund = payment(memory).refunds["r1"]
    assert (refund.buyer_minor, refund.platform_minor, refund.commission_minor, refund.fee_minor) == (60_00, 12_00, 12_00, 3_00)
    check(memory.rows["posting"])


def test_what_the_provider_did_not_pay_of_it_is_granted_again_as_it_was_r3_5_r3_8() -> None:
    memory = funded()
    memory.when(*TAKEN, b.granted("r1", 100_00), b.refund_failed("r1"), b.granted("r2", 100_00), b.refund_paid("r2"))
    assert (refused(memory), balances(memory)) == ([], {})


@settings(max_examples=60, deadline=None)
@given(lines(1), st.data())
def test_in_whatever_order_banks_and_cases_take_their_part_nothing_is_paid_twice_and_escrow_ends_empty_r3_5_r3_8(
    line: Line, data: st.DataObject
) -> None:
    """A dispute of a part is opened and decided at any moment among grants for all of it and their answers, told twice or not."""
    made = Bank()
    made.tell(b.succeeded(line.paid_minor), b.order_paid(line))
    disputed = data.draw(st.integers(1, max(1, line.paid_minor)))
    outcome = data.draw(st.sampled_from(["won", "lost", "lost"]))
    bank: list[Message] = [opened(disputed, "cb1"), closed(outcome, "cb1")]  # type: ignore[arg-type]
    amount = data.draw(st.sampled_from([line.paid_minor, line.paid_minor // 2]))
    case: list[Message] = [b.granted("r1", amount, line.quantity), data.draw(st.sampled_from([b.refund_paid, b.refund_failed]))("r1")]
    case += [b.granted("r2", amount, line.quantity), b.refund_paid("r2")]
    while bank or case:
        event = (bank if bank and (not case or data.draw(st.booleans())) else case).pop(0)
        made.tell(*[event] * data.draw(st.integers(1, 2)))
    for name, one in list(payment(made.memory).refunds.items()):
        if one.state == "reserved":
            made.tell(b.refund_paid(name))
    made.tell(b.order_completed())
    made.until("09-01 00:00")
    end, found = balances(made.memory), payment(made.memory)
    assert (end.get(ESCROW, 0), sum(end.values())) == (0, 0)
    taken = sum(one.buyer_minor for one in found.returned_of(1) if one.counts)
    assert taken <= line.paid_minor
    assert amount < line.paid_minor or taken == line.paid_minor or not any(one.counts for one in found.refunds_of(1))
    assert -end.get(CONTESTED, 0) == sum(one.excess_minor for one in found.chargebacks.values())
    assert postings_left_out(checked(made)) == []


def test_one_that_took_what_another_lies_on_leaves_no_line_less_than_nothing_for_a_third_r3_8() -> None:
    """Of three lines of a fen the first two are the first one's, but what a bank takes comes from whichever line has something left."""
    memory = funded(*(b.line(line_no, 1) for line_no in (1, 2, 3)))
    lies = [memory.when(opened(minor, name)) for name, minor in (("cb1", 2), ("cb2", 1))]
    assert [[line.line_no for line in fact.lines] for (fact,) in lies] == [[1, 2], [3]]  # type: ignore[attr-defined]
    memory.when(closed("lost", "cb2"))
    (third,) = memory.when(opened(1, "cb3"))
    assert [line.line_no for line in third.lines] == [3]  # type: ignore[attr-defined]
    memory.when(closed("lost", "cb1", when="07-21 10:00"))
    assert balances(memory) == {}


def test_what_a_bank_took_of_another_line_makes_no_room_in_this_one_r3_5_r3_8() -> None:
    """100.00 each, 60.00 of the first refunded: of 70.00 the bank takes 20.00 and 50.00. Of the first 40.00 may be asked for, no more."""
    memory = funded(b.line(1, quantity=3), b.line(2))
    memory.when(b.granted("r1", 60_00), b.refund_paid("r1"), opened(70_00), closed("lost"))
    memory.when(b.granted("r2", 40_01, when="07-21 10:00"), b.granted("r3", 40_00, when="07-21 11:00"))
    assert refused(memory) == ["refund.exceeds_paid"]
    last = [fact for fact in memory.facts if isinstance(fact, RefundReserved)][-1]
    assert (last.refund_id, last.buyer_minor) == ("r3", 20_00)
