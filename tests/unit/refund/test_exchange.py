"""Other goods in place of the first: when they are due, what their arrival begins anew, and what happens if they do not come.

Source: R4.10, R4.2, R4.4.
"""

from __future__ import annotations

import pytest

from shared.contracts.dispute import CaseReopened
from shared.contracts.exchange import CaseExchanging, CaseReplaced
from shared.contracts.refund import CaseClosed, CaseDeclined, RefundGranted, WindowOpened
from shared.contracts.storefront import Ground
from shared.messaging.message import Message
from tests.unit.builders import ORDER, at
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.refund.life import codes
from tests.unit.refund.matrix import shop

LOST = (l.paid(), a.sent(), a.failed())
RESEND = (*LOST, l.requested(kind="resend", ground="not_received", when="06-16 12:00"))


def test_the_seller_sends_other_goods_within_48_hours_of_the_inspection_r4_10() -> None:
    memory = shop(*a.SENDING)
    due = memory.facts[-1]
    assert isinstance(due, CaseExchanging)
    assert (due.state, due.turn, due.deadline, due.quantity, due.by) == (40, "seller", at("06-24 10:00"), 3, "seller")
    memory.send(a.replaced(when="06-24 09:59:59"))
    told = memory.facts[-1]
    assert isinstance(told, CaseReplaced)
    assert (told.state, told.turn, told.deadline, told.parcel_id, told.kind) == (45, "buyer", at("07-24 09:59:59"), "r1", "exchange")


def test_not_sent_within_48_hours_is_refunded_exactly_then_r4_10() -> None:
    memory = shop(*a.SENDING)
    memory.send(a.replaced(when="06-24 10:00:00"))
    assert codes(memory) == ["case.too_late"]
    (grant,) = memory.advance(at("06-24 10:00:05"))
    assert isinstance(grant, RefundGranted)
    assert (grant.occurred_at, grant.by, grant.code, grant.amount_minor) == (at("06-24 10:00"), "silence", "case.replacement_late", 100_00)


def test_fewer_units_accepted_fewer_units_exchanged_and_none_is_a_refusal_r4_4_r4_10() -> None:
    some = shop(*a.SENDING[:-1], l.confirmed(quantity=2)).facts[-1]
    assert isinstance(some, CaseExchanging)
    assert some.quantity == 2
    none = shop(*a.SENDING[:-1], l.confirmed(quantity=0)).facts[-1]
    assert isinstance(none, CaseDeclined)


def test_a_seller_silent_at_the_inspection_owes_the_exchange_and_then_the_money_r4_4_r4_10() -> None:
    memory = shop(*a.SENDING[:-1])
    memory.advance(at("06-30 10:00:05"))
    assert [fact.type for fact in memory.facts[-2:]] == ["case.exchanging", "refund.granted"]
    grant = memory.facts[-1]
    assert isinstance(grant, RefundGranted)
    assert grant.occurred_at == at("06-29 10:00")


def test_every_window_begins_again_at_the_replacements_signing_but_that_of_the_first_order_r4_10() -> None:
    memory = shop(*a.REPLACED, a.arrived(when="06-25 23:59:59"))
    window, end = memory.facts[-2:]
    assert isinstance(window, WindowOpened)
    assert isinstance(end, CaseClosed)
    assert (window.restarted, window.line_nos, window.signed_at) == (True, (1,), at("06-25 23:59:59"))
    assert (end.state, end.outcome, end.code, end.refunded_minor) == (60, "exchanged", "case.replacement_arrived", 0)
    line = l.purchase_of(memory).lines[1]
    assert (line.signed_at, line.first_signed_at, line.left) == (at("06-25 23:59:59"), at("06-16 10:00"), 3)
    memory.when(l.requested("c2", when="07-03 00:00:00"), l.requested("c3", when="07-02 23:59:59"))
    assert codes(memory) == ["no_reason.window_over"]
    assert l.case_of(memory, "c3").state == 10


def test_the_old_line_is_not_refundable_while_the_exchange_runs_r4_10() -> None:
    memory = shop(*a.REPLACED)
    memory.when(l.requested("c2", when="06-23 12:00"), l.withdrawn(when="06-23 12:00"))
    assert codes(memory) == ["case.line_open", "case.wrong_state"]


@pytest.mark.parametrize("how", ["refused", "lost"])
def test_a_replacement_that_the_carrier_loses_is_refunded_at_once_r4_10(how: str) -> None:
    memory = shop(*a.REPLACED, a.failed("r1", "refused" if how == "refused" else "lost", quantity=0, replacement=True, when="06-24 10:00"))
    grant = memory.facts[-1]
    assert isinstance(grant, RefundGranted)
    assert (grant.by, grant.code, grant.amount_minor) == ("carrier", "case.replacement_failed", 100_00)


def test_what_the_order_takes_for_an_ordinary_parcel_ends_no_exchange_whatever_its_name_r4_10() -> None:
    memory = shop(*a.REPLACED)
    memory.when(a.failed("r1", quantity=0, when="06-24 10:00"), l.delivered(when="06-25 10:00").model_copy(update={"parcel_id": "r1"}))
    assert (l.case_of(memory).state, l.purchase_of(memory).lines[1].signed_at) == (45, at("06-16 10:00"))


def test_what_left_again_before_the_buyer_asked_ends_the_case_at_the_moment_of_its_last_step_r4_2_r2_5() -> None:
    memory = shop(*RESEND)
    end = memory.send(a.sent("w2", when="06-16 11:00"))[-1]
    assert isinstance(end, CaseClosed)
    assert (end.code, end.outcome, end.occurred_at) == ("case.sent_again", "resent", at("06-16 12:00"))


@pytest.mark.parametrize(
    ("before", "state"),
    [
        *(((), 10), ((l.declined(when="06-17 10:00"),), 12)),
        ((l.declined(when="06-17 10:00"), a.disputed(when="06-17 11:00")), 20),
        ((l.accepted(when="06-17 10:00"),), 40),
    ],
)
def test_lost_units_that_leave_as_any_parcel_end_the_resend_wherever_it_stands_r4_2_r2_5(before: tuple[Message, ...], state: int) -> None:
    memory = shop(*RESEND, *before)
    assert l.case_of(memory).state == state
    memory.send(a.sent("w2", when="06-18 10:00"))
    assert (l.case_of(memory).state, memory.facts[-1].type) == (60, "case.closed")


def test_what_leaves_beside_a_replacement_under_way_is_not_it_r4_10() -> None:
    memory = shop(*RESEND, l.accepted(when="06-17 10:00"), a.replaced(when="06-18 10:00"), a.sent("w2", when="06-18 11:00"))
    assert l.case_of(memory).state == 45


@pytest.mark.parametrize("units", [1, 2])
def test_a_resend_ends_once_fewer_are_lost_than_it_asked_for_and_an_exchange_or_another_ground_never_so_r4_2_r4_10(units: int) -> None:
    resend = shop(*LOST, l.requested(kind="resend", ground="not_received", quantity=2, when="06-16 12:00"), a.sent("w2", quantity=units))
    assert l.case_of(resend).state == (10 if units == 1 else 60)
    money = shop(*LOST, l.requested(kind="refund_only", ground="not_received", when="06-16 12:00"), a.sent("w2", when="06-16 13:00"))
    assert l.case_of(money).state == 10


def test_a_replacement_that_nobody_signs_for_counts_as_arrived_after_thirty_days_r4_2() -> None:
    memory = shop(*a.REPLACED)
    assert memory.advance(at("07-23 10:00:04")) == ()
    opened, end = memory.advance(at("07-23 10:00:05"))
    assert isinstance(opened, WindowOpened)
    assert isinstance(end, CaseClosed)
    assert (opened.signed_at, opened.restarted, end.state, end.outcome, end.code, end.occurred_at) == (
        at("07-23 10:00"), True, 60, "exchanged", "case.replacement_presumed", at("07-23 10:00"),
    )  # fmt: skip
    memory.send(a.arrived(when="07-25 10:00"))  # the signing, told late, still begins the windows
    assert l.purchase_of(memory).lines[1].signed_at == at("07-25 10:00")


@pytest.mark.parametrize(("when", "state"), [("07-30 23:59:59", 10), ("07-31 00:00:00", None)])
def test_a_buyer_to_whom_no_replacement_came_can_say_so_once_it_counts_as_arrived_r4_10_r4_2(when: str, state: int | None) -> None:
    """While it is under way nothing is refundable, and the windows of the first signing are long over."""
    memory = shop(*a.REPLACED, "07-23 10:00:05")
    memory.send(l.requested("c2", kind="refund_only", ground="not_received", when=when))
    cases = l.purchase_of(memory).cases
    assert (cases["c2"].state if "c2" in cases else None, codes(memory)) == (state, [] if state else ["claim.window_over"])


def test_a_replacement_told_before_the_inspection_waits_for_it_r2_1() -> None:
    memory = l.shop(*a.SENDING[:-1], a.replaced())
    assert [held.reason for held in memory.held(ORDER)] == ["replacement.before_due"]
    memory.send(l.confirmed())
    assert (l.case_of(memory).state, memory.held(ORDER)) == (45, [])


def test_a_lost_parcel_is_sent_again_and_then_signed_for_r4_2_r2_5() -> None:
    memory = shop(*RESEND, l.accepted(when="06-17 10:00"))
    due = memory.facts[-1]
    assert isinstance(due, CaseExchanging)
    assert (due.state, due.turn, due.deadline) == (40, "seller", at("06-19 10:00"))
    memory.when(a.replaced(when="06-18 10:00"), a.arrived(when="06-20 10:00"))
    (end,) = (fact for fact in memory.facts if isinstance(fact, CaseClosed))
    assert (end.outcome, end.fault, l.purchase_of(memory).lines[1].signed_at) == ("resent", "seller", at("06-20 10:00"))


@pytest.mark.parametrize(("ground", "fault"), [("quality", "seller"), ("no_reason", "nobody")])
def test_other_goods_for_a_fault_are_no_refund_for_the_fault_r4_10_r5_5(ground: Ground, fault: str) -> None:
    """Whose fault it was is told; of what was refunded for it there is nothing, so it counts against no score."""
    asked = l.requested(kind="exchange", ground=ground)
    memory = shop(*l.SIGNED, asked, l.accepted(), l.posted(), l.confirmed(), a.replaced(), a.arrived(when="06-25 10:00"))
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (end.outcome, end.fault, end.seller_at_fault, end.line_refunded) == ("exchanged", fault, False, False)


def test_whoever_owed_the_answer_to_a_resend_gave_it_r4_3_r5_5() -> None:
    """The first answer, of its own moment, though nothing but goods follows it."""
    by_seller = shop(*RESEND, l.accepted(when="06-17 10:00"))
    silent = shop(*RESEND, "06-18 12:00:05")
    for memory, answer, when in ((by_seller, "seller", "06-17 10:00"), (silent, "silence", "06-18 12:00")):
        case = l.case_of(memory)
        assert (case.sending, case.answer, case.answered_at) == (True, answer, at(when))


def test_a_buyer_takes_a_resend_back_but_not_an_exchange_whose_goods_are_with_the_seller_r4_2() -> None:
    resend = shop(*RESEND, l.accepted(when="06-17 10:00"))
    resend.send(l.withdrawn(when="06-17 12:00"))
    assert l.case_of(resend).state == 70
    exchange = shop(*a.SENDING)
    exchange.send(l.withdrawn(when="06-22 12:00"))
    assert (codes(exchange), l.case_of(exchange).state) == (["case.wrong_state"], 40)


def test_an_exchange_that_is_won_on_appeal_is_money_r4_11_r4_10() -> None:
    memory = shop(*l.SIGNED, a.EXCHANGE, l.declined(), a.disputed(), a.HEARD, a.ruled(upheld=False), a.appealed(), a.appeal_ruled())
    again, grant = memory.facts[-2:]
    assert isinstance(again, CaseReopened)
    assert isinstance(grant, RefundGranted)
    assert (again.kind, l.case_of(memory).kind, grant.by, grant.amount_minor) == ("refund_only", "refund_only", "appeal", 100_00)


def test_a_waybill_or_a_parcel_used_before_is_refused_and_changes_nothing_r4_4_r4_10() -> None:
    used = shop(*a.SENDING)
    used.when(a.replaced(waybill="SF1"), a.replaced(parcel_id="w1").model_copy(update={"order_id": ORDER}))
    assert codes(used)[0] == "return.waybill_used"
    known = shop(l.paid(), a.sent(), l.delivered(), *a.SENDING[2:])
    known.send(a.replaced(parcel_id="w1"))
    assert (codes(known), l.case_of(known).state) == (["parcel.known"], 40)


def test_a_waybill_used_by_a_case_of_another_order_is_refused_r4_4() -> None:
    memory = shop(*l.APPROVED, l.posted())
    other = [event.model_copy(update={"order_id": "o2"}) for event in (l.paid(), l.delivered(), l.requested(), l.accepted())]
    memory.when(*other, l.posted(order_id="o2"))
    assert codes(memory) == ["return.waybill_used"]
    memory.send(l.posted(order_id="o2", waybill="SF2"))
    assert len(memory.refused) == 1


def test_the_door_receipt_and_the_inspection_and_the_money_are_three_events_r4_4() -> None:
    memory = shop(*l.RETURNED, a.door_signed())
    case = l.case_of(memory)
    assert (case.state, case.received, case.deadline) == (40, True, at("06-27 10:00"))  # the seller's days do not begin again
    memory.when(a.door_signed(), l.confirmed(quantity=2))
    assert codes(memory) == ["return.signed_before"]
    assert [fact.type for fact in memory.facts[-2:]] == ["case.received", "refund.granted"]
    assert [held.reason for held in l.shop(*l.APPROVED, a.door_signed()).held(ORDER)] == ["case.before_return"]


def test_a_replacement_that_is_lost_after_time_closed_its_case_is_not_refunded_by_it_r4_10() -> None:
    memory = shop(*a.REPLACED)
    memory.advance(at("07-24 00:00"))
    end = memory.facts[-1]
    assert isinstance(end, CaseClosed)
    assert (l.case_of(memory).state, end.outcome) == (60, "exchanged")
    assert memory.send(a.failed("r1", quantity=0, replacement=True, when="07-25 10:00")) == ()


def test_other_goods_for_a_part_that_was_lost_begin_no_window_of_a_line_whose_rest_is_on_its_way_r4_10_r1_3() -> None:
    memory = shop(l.paid(), a.sent("w1", quantity=1), a.sent("w2", quantity=2), a.failed("w1", quantity=1))
    memory.when(l.requested(kind="resend", ground="not_received", quantity=1, when="06-16 12:00"), l.accepted(when="06-17 10:00"))
    memory.when(a.replaced(when="06-18 10:00"))
    told = memory.when(a.arrived(when="06-20 10:00").model_copy(update={"delivered": (), "part_of": (1,)}))
    assert [fact for fact in told if isinstance(fact, WindowOpened)] == []
    assert (l.case_of(memory).state, l.purchase_of(memory).lines[1].signed_at) == (60, None)
