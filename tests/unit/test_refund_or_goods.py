"""Goods or money for the same units, never both, also where a case goes on late: through all four services. Source: R4.8, R4.10, R4.11."""

from __future__ import annotations

import random

import pytest

from deploy.verify import holds
from services.order.model import ORDER
from services.refund.model import PURCHASE, Purchase
from shared.contracts.hold import ShipmentHoldGranted
from shared.contracts.refund import CaseClosed
from shared.contracts.storefront import CaseKind
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.test_cases_together import Street, case_of, street, told
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, index, log_of, wrong

PAID = (b.placed(b.cart(unit_price_minor=400_00)), b.succeeded(400_00))  # too much to be refunded at once
AGAINST = (
    *PAID,
    l.requested(kind="refund_only", ground="not_shipped", quantity=1, when="06-01 11:00"),
    l.declined(when="06-01 12:00"),
    a.disputed(when="06-01 13:00"),
    "06-03 13:00:05",
    a.ruled(upheld=False, when="06-04 10:00"),
    a.appealed(when="06-05 10:00"),
)
WON = a.appeal_ruled(when="06-06 10:00")
LOST = (
    b.placed(),
    b.succeeded(),
    b.shipped(),
    b.parcel_lost(when="06-04 10:00"),
    l.requested(kind="resend", ground="not_received", quantity=1, when="06-05 10:00"),
)
SENDING = (*LOST, l.accepted(when="06-05 11:00"))
LATE = "06-07 11:00:05"  # two days after the seller agreed to send others, with the grace


def end(town: Town) -> tuple[int, str, str]:
    closed = [fact for _, fact in town.services["refund"].out if isinstance(fact, CaseClosed)]
    return closed[-1].state, closed[-1].code, closed[-1].outcome


def fine(town: Town) -> tuple[list[object], ...]:
    return [*town.refused()], [*town.waiting()], [*wrong(checked(town))]


FINE: tuple[list[object], ...] = ([], [], [])


def left_and_paid(town: Town) -> tuple[int, int]:
    """Units that left and may arrive, units that were paid back."""
    purchase: Purchase = town.entity("refund", PURCHASE, b.ORDER)
    return town.entity("order", ORDER, b.ORDER).lines[1].sent, purchase.lines[1].granted_quantity


def test_an_appeal_won_after_the_goods_left_pays_nothing_and_they_can_be_claimed_otherwise_r4_8_r4_11() -> None:
    town = street(*AGAINST, b.shipped(when="06-05 12:00"), WON)
    assert (left_and_paid(town), end(town), fine(town)) == ((1, 0), (70, "case.shipped", "rejected"), FINE)
    town.tell([("s", b.signed(when="06-08 10:00")), ("c2", l.requested("c2", quantity=1, when="06-09 10:00"))])
    assert town.entity("refund", PURCHASE, b.ORDER).cases["c2"].state == 10


def test_an_appeal_won_before_the_goods_left_holds_them_back_and_pays_once_r4_8_r4_11() -> None:
    town = street(*AGAINST, WON)
    assert (left_and_paid(town), end(town), fine(town)) == ((0, 1), (60, "case.refunded", "refunded"), FINE)
    assert (told(town).count("shipment_hold.granted"), told(town).count("refund.done")) == (2, 1)
    town.tell([("late", b.shipped(when="06-06 09:00"))])
    assert (told(town)[-1], left_and_paid(town), fine(town)) == ("parcel.intercepted", (0, 1), FINE)


def test_what_was_agreed_on_before_it_left_asks_again_for_as_many_after_an_appeal_r4_8_r4_11() -> None:
    """Of three two had not left when the buyer asked for all: those two the order is asked for, and both may have left since."""
    against = (
        b.placed(b.cart(quantity=3)),
        b.succeeded(300_00),
        b.shipped("w1", {1: 1}),
        l.requested(kind="refund_only", ground="negotiated", quantity=3, when="06-03 11:00"),
        l.declined(when="06-03 12:00"),
        a.disputed(when="06-03 13:00"),
        "06-05 13:00:05",
        a.ruled(upheld=False, when="06-06 10:00"),
        a.appealed(when="06-06 11:00"),
    )
    won = a.appeal_ruled(when="06-08 10:00")
    assert left_and_paid(street(*against, won)) == (1, 3)
    town = street(*against, b.shipped("w2", {1: 2}, "06-07 12:00"), won)
    assert (left_and_paid(town), end(town), fine(town)) == ((3, 0), (70, "case.shipped", "rejected"), FINE)


def test_verify_names_money_for_what_was_not_kept_back_again_r4_8_r4_11() -> None:
    log = log_of(street(*AGAINST, WON))
    assert [check.first for check in holds.checks(log) if not check.holds] == []
    for facts in log.lanes.values():
        facts[:] = [entry for entry in facts if not (isinstance(entry.event, ShipmentHoldGranted) and entry.event.again)]
    index(log)
    (named,) = (check.first for check in holds.checks(log) if not check.holds)
    assert str(named).endswith("1 units are to be kept, 0 were")


@pytest.mark.parametrize("seed", range(12))
def test_an_appeal_won_and_a_parcel_of_the_same_moment_bring_one_of_the_two_r4_8_r4_11(seed: int) -> None:
    town = at_once(seed, AGAINST, WON, b.shipped(when="06-06 10:00"))
    assert sum(left_and_paid(town)) == 1
    assert fine(town) == FINE


def test_the_orders_word_on_the_first_request_is_no_answer_to_the_second_r4_8_r4_11() -> None:
    """The first was granted and heard late: the units were free since the ruling, and left."""
    memory = l.shop(l.paid(l.line(paid_minor=400_00)), l.requested(kind="refund_only", ground="not_shipped", when="06-11 10:00"))
    memory.when(l.declined(when="06-11 11:00"), a.disputed(when="06-11 12:00"))
    memory.advance(b.at("06-13 12:00:05"))
    memory.when(a.ruled(upheld=False, when="06-14 10:00"), a.appealed(when="06-15 10:00"), a.appeal_ruled(when="06-16 10:00"))
    assert memory.when(a.kept(when="06-11 10:01")) == ()
    assert (l.case_of(memory).state, l.case_of(memory).turn) == (10, "nobody")
    memory.send(a.left(when="06-16 10:00").model_copy(update={"again": True}))
    assert (l.case_of(memory).state, memory.refused) == (70, [])
    assert "refund.granted" not in b.types(memory.facts)


def test_lost_goods_that_left_again_as_any_parcel_end_the_case_that_asked_for_them_r4_2_r4_10() -> None:
    for meanwhile in (LOST, SENDING):
        town = street(*meanwhile, b.shipped("w2", when="06-06 10:00"), LATE, "06-12 10:00")
        assert (left_and_paid(town), end(town), fine(town)) == ((1, 0), (60, "case.sent_again", "resent"), FINE)


def test_lost_goods_that_left_before_the_case_but_were_told_of_after_end_it_too_r4_2() -> None:
    town = street(*SENDING, b.shipped("w2", when="06-04 12:00"), LATE)
    assert (left_and_paid(town), end(town), fine(town)) == ((1, 0), (60, "case.sent_again", "resent"), FINE)


def test_what_was_sent_again_as_any_parcel_and_is_lost_too_can_be_asked_back_r2_5_r4_2() -> None:
    town = street(*SENDING, b.shipped("w2", when="06-06 10:00"), b.parcel_lost("w2", when="06-08 10:00"))
    town.tell([("c2", l.requested("c2", kind="refund_only", ground="not_received", quantity=1, when="06-09 10:00"))])
    assert (left_and_paid(town), end(town), fine(town)) == ((0, 1), (60, "case.refunded", "refunded"), FINE)


def test_lost_goods_that_nobody_sent_again_are_held_back_and_paid_at_the_deadline_r4_10_r4_8() -> None:
    town = street(*SENDING, LATE)
    assert (left_and_paid(town), end(town), fine(town)) == ((0, 1), (60, "case.refunded", "refunded"), FINE)
    assert told(town).count("shipment_hold.granted") == 1
    town.tell([("late", b.shipped("w2", when="06-07 10:00"))])
    assert (told(town)[-1], left_and_paid(town), fine(town)) == ("parcel.intercepted", (0, 1), FINE)


@pytest.mark.parametrize("seed", range(12))
def test_a_parcel_of_the_moment_in_which_the_deadline_passes_is_goods_or_money_r4_10_r4_8(seed: int) -> None:
    """The order has let it leave, and the refund service has not heard of it when the deadline passes."""
    town = Street(b.POLICIES, random.Random(seed))
    play(town, SENDING)
    order, refund = town.services["order"], town.services["refund"]
    before, passed = len(order.out), len(refund.out)
    if seed % 2:
        order.send(b.shipped("w2", when="06-07 10:59"), "w2")
        town.sent.append(("w2", b.shipped("w2", when="06-07 10:59")))
    refund.advance(b.at(LATE))
    assert "refund.granted" not in [fact.type for _, fact in refund.out], "not before the order's word"
    town._publish(refund.out[passed:])
    town._publish(order.out[before:])
    town.tell([] if seed % 2 else [("w2", b.shipped("w2", when="06-07 10:59"))])
    assert sum(left_and_paid(town)) == 1
    assert fine(town) == FINE


def test_a_replacement_told_while_the_order_is_asked_is_refused_and_part_of_the_lost_may_be_asked_again_r4_10_r2_1() -> None:
    memory = l.shop(l.paid(), a.sent(), a.failed(), l.requested(kind="resend", ground="not_received"), l.accepted())
    memory.advance(b.at("06-20 10:00:05"))
    assert (l.case_of(memory).state, l.case_of(memory).turn, l.case_of(memory).hold) == (10, "nobody", "asked")
    memory.send(a.replaced(when="06-20 09:00"))
    assert memory.refused == [("replacement.sent", "case.wrong_state")]
    memory.send(a.kept(when="06-20 10:00"))
    grant = memory.facts[-1].model_dump()
    assert [grant[name] for name in ("code", "rule", "by", "quantity")] == ["case.replacement_late", "R4.10", "silence", 3]


def test_of_lost_goods_that_left_again_in_part_the_rest_can_be_asked_back_r4_2_r2_5() -> None:
    lost = (b.placed(b.cart(quantity=3)), b.succeeded(300_00), b.shipped(units={1: 3}), b.parcel_lost(when="06-04 10:00"))
    asked = l.requested(kind="resend", ground="not_received", quantity=2, when="06-05 10:00")
    town = street(*lost, asked, b.shipped("w2", {1: 1}, "06-05 11:00"))
    assert case_of(town).state == 10, "two are still there for it"
    town.tell([("w3", b.shipped("w3", {1: 1}, "06-05 12:00"))])
    assert (end(town), left_and_paid(town)) == ((60, "case.sent_again", "resent"), (2, 0))
    town.tell([("c2", l.requested("c2", kind="refund_only", ground="not_received", quantity=1, when="06-06 10:00"))])
    assert (left_and_paid(town), fine(town)) == ((2, 1), FINE)


def test_no_replacement_is_sent_for_a_case_that_ended_while_it_was_due_r4_10_r2_1() -> None:
    for last in (l.withdrawn(when="06-05 12:00"), b.shipped("w2", when="06-05 12:00")):
        town = street(*SENDING, last, a.replaced(when="06-05 13:00"))
        assert (town.refused(), end(town)[0] >= 60, case_of(town).ended) == ([("replacement.sent", "case.closed")], True, True)


@pytest.mark.parametrize("kind", ["return_and_refund", "refund_only"])
def test_a_voucher_that_was_used_and_is_paid_back_is_not_kept_back_as_well_r4_8_r2_5(kind: CaseKind) -> None:
    """Of three that were used one is refunded: verify takes none of the others for kept when the next case asks for one."""
    town = street(
        b.placed(b.cart(quantity=3, kind="virtual", promoter_id=None, commission_bp=0, unit_price_minor=200_00)),
        b.succeeded(600_00),
        b.redeemed(quantity=3, when="06-01 11:00"),
        l.requested(kind=kind, ground="quality", quantity=1, when="06-01 12:00"),
        l.accepted(when="06-01 13:00"),
        *([l.posted(when="06-01 14:00"), l.confirmed(quantity=1, when="06-01 15:00")] if kind == "return_and_refund" else []),
        l.requested("c2", kind="refund_only", ground="not_shipped", quantity=1, when="06-02 10:00"),
    )
    assert end(town) == (70, "case.shipped", "rejected")
    assert fine(town) == FINE


def at_once(seed: int, before: tuple[Message | str, ...], *events: Message) -> Town:
    """What the events bring, in any order in which the services may hear of it."""
    town = Street(b.POLICIES, random.Random(seed))
    play(town, before)
    town.tell((f"o{number}", event) for number, event in enumerate(events))
    return town


def play(town: Town, events: tuple[Message | str, ...]) -> None:
    for number, one in enumerate(events):
        if isinstance(one, str):
            town.advance(b.at(one))
        else:
            town.tell([(f"e{number}", one)])
