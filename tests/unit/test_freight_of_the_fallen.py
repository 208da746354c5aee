"""Freight that went back for a seller's fault is its own again once no case is at fault any more. Source: R4.11, R3.10."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from services.payment.model.payment import PAYMENT
from shared.contracts.order import UnitsCancelled
from shared.contracts.owed import SellerReimbursed
from shared.contracts.payment import RefundInstructed
from shared.contracts.psp import RefundFailed, RefundSucceeded
from shared.contracts.refund import CaseClosed
from shared.contracts.storefront import PlacedLine
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import disputes
from tests.unit.payment.bank import balances
from tests.unit.refund import acts as a
from tests.unit.refund import life as l
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong

FUND = "platform:guarantee_fund"
FEES: dict[str, Any] = {"promoter_id": None, "commission_bp": 0, "fee_bp": 500}
TEA, CUP = b.cart(1, 60_00, **FEES), b.cart(2, 30_00, **FEES)
FREIGHT = b.cart(9, 8_00, kind="freight", **FEES)


def bought(*lines: PlacedLine) -> list[Message]:
    """All of it there by the fifth."""
    placed = b.placed(*lines, FREIGHT)
    parcel = {line.line_no: 1 for line in lines}
    return [placed, b.succeeded(placed.due_minor), b.shipped(units=parcel), b.signed(when="06-05 10:00")]


def lost(case: str = "c1", line_no: int = 1) -> list[Message]:
    """The seller refuses, and the platform rules for the buyer: the goods are bad."""
    asked = l.requested(case, line_no=line_no, quantity=1, kind="refund_only", ground="quality", when="06-06 10:00")
    refused = l.declined(case, when="06-06 11:00"), a.disputed(case, when="06-06 12:00")
    return [asked, *refused, a.ruled(ruling_id=f"rl-{case}", case_id=case, when="06-09 10:00")]


def won(case: str = "c1", at: str = "06-11") -> list[Message]:
    appeal = a.appealed_by_seller(case, when=f"{at} 10:00")
    return [appeal, a.appeal_ruled(ruling_id=f"ap-{case}", case_id=case, when=f"{at} 12:00")]


def changed_mind(line_no: int = 2, at: str = "06-06") -> list[Message]:
    asked = l.requested("c3", line_no=line_no, quantity=1, when=f"{at} 10:00")
    return [asked, l.accepted("c3", when=f"{at} 11:00"), l.posted("c3", when=f"{at} 12:00"), l.confirmed("c3", 1, when=f"{at} 13:00")]


class Bank(Town):
    """Of the freight it says nothing by itself."""

    silent = False

    def provider(self, fact: Message) -> Iterable[Message]:
        if not (self.silent and isinstance(fact, RefundInstructed) and fact.amount_minor == 8_00):
            yield from super().provider(fact)


def street(*told: Message, silent: bool = False, dice: random.Random | None = None, copies: int = 1) -> Bank:
    """By their times."""
    town = Bank(b.POLICIES, dice)
    town.silent = silent
    for number, event in enumerate(sorted(told, key=lambda one: one.occurred_at)):
        town.advance(event.occurred_at)
        town.tell([(f"e{number}", event)] * copies)
    return town


def freight_refund(town: Town) -> str:
    (fact,) = [fact for _, fact in town.services["order"].out if isinstance(fact, UnitsCancelled)]
    return fact.lines[0].refund_id


def at_fault(town: Town) -> list[tuple[str, ...] | None]:
    return [fact.at_fault for _, fact in town.services["order"].out if isinstance(fact, UnitsCancelled)]


def back(town: Town) -> list[tuple[int, int]]:
    """What the seller has from the platform: by the line of the case."""
    return [(fact.line_no, fact.refund_minor) for _, fact in town.services["payment"].out if isinstance(fact, SellerReimbursed)]


def test_a_seller_that_wins_on_appeal_has_goods_and_freight_back_r4_11_r3_10() -> None:
    town = street(*bought(TEA), *lost(), *won())
    assert (at_fault(town), back(town), wrong(checked(town))) == ([("c1",)], [(1, 57_00), (1, 7_60)], [])
    assert balances(town.services["payment"])[FUND] == -64_60


def test_after_settlement_it_is_what_the_seller_was_charged_r4_11_r3_6() -> None:
    later = [one.model_copy(update={"occurred_at": one.occurred_at + timedelta(days=8)}) for one in (*lost(), *won())]
    town = street(*bought(TEA), b.receipt(when="06-05 12:00"), *later)
    assert town.entity("payment", PAYMENT, b.ORDER).refunds[freight_refund(town)].fronted
    assert [minor for _, minor in back(town)] == [57_00, 7_60]
    assert (balances(town.services["payment"])[FUND], wrong(checked(town))) == (-64_60, [])


def test_another_case_at_fault_keeps_it_until_that_falls_too_r4_11_r3_10() -> None:
    told = [*bought(TEA, CUP), *lost("c1", 1), *lost("c2", 2), *won("c1")]
    town = street(*told)
    assert (at_fault(town), back(town)) == ([("c1", "c2")], [(1, 57_00)])
    town = street(*told, *won("c2", "06-12"))
    assert (back(town), wrong(checked(town))) == ([(1, 57_00), (2, 28_50), (2, 7_60)], [])


def test_a_fault_that_fell_before_the_freight_went_back_costs_nothing_r4_11_r3_10() -> None:
    """The buyer has the freight all the same: its goods went back, and one of them had been found bad."""
    town = street(*bought(TEA, CUP), *lost(), *won(), *changed_mind(at="06-12"))
    assert (at_fault(town), back(town), wrong(checked(town))) == ([("c1",)], [(1, 57_00), (1, 7_60)], [])


def test_freight_that_had_gone_back_anyway_is_lost_r3_10() -> None:
    """Nothing was sent in time, which is the seller's fault."""
    asked = l.requested("c1", quantity=1, kind="refund_only", ground="not_shipped", when="06-04 11:00")
    town = street(*bought(TEA)[:2], asked, l.accepted("c1", when="06-04 12:00"))
    (closed,) = [fact for _, fact in town.services["refund"].out if isinstance(fact, CaseClosed)]
    assert (closed.seller_at_fault, at_fault(town), wrong(checked(town))) == (True, [None], [])


def test_an_appeal_that_is_not_won_leaves_it_r4_11() -> None:
    town = street(*bought(TEA), *lost(), won()[0], a.appeal_ruled(False, "ap", "c1", when="06-11 12:00"))
    assert (back(town), wrong(checked(town))) == ([], [])


@pytest.mark.parametrize(("paid", "minor"), [(True, [57_00, 7_60]), (False, [57_00])])
def test_what_the_provider_has_not_answered_is_waited_for_and_what_it_does_not_pay_cost_nothing_r4_11(paid: bool, minor: list[int]) -> None:
    town = street(*bought(TEA), *lost(), *won(), silent=True)
    assert (back(town), town.waiting()) == ([(1, 57_00)], ["reimbursement.before_answer"])
    said: dict[str, Any] = {"order_id": b.ORDER, "refund_id": freight_refund(town), "occurred_at": b.at("06-11 13:00")}
    answer = RefundSucceeded(**said) if paid else RefundFailed(**said, reason="closed")
    town.tell([("late", answer), ("late", answer)])
    assert ([one for _, one in back(town)], town.waiting(), wrong(checked(town))) == (minor, [], [])


@pytest.mark.parametrize(("outcome", "minor"), [("won", [57_00, 7_60]), ("lost", [57_00])])
def test_beside_a_chargeback_it_is_what_went_back_after_all_r4_11_r3_8(outcome: str, minor: list[int]) -> None:
    """The bank freezes the freight before it went back, and takes what is left of the order, or does not."""
    frozen = disputes.opened(38_00, when="06-12 09:00"), *changed_mind(at="06-12")
    held = street(*bought(TEA, CUP), *lost(), *won(), *frozen)
    assert back(held) == [(1, 57_00)]
    town = street(*bought(TEA, CUP), *lost(), *won(), *frozen, disputes.closed(outcome, when="06-12 15:00"))  # type: ignore[arg-type]
    assert ([one for _, one in back(town)], town.waiting(), wrong(checked(town))) == (minor, [], [])


@pytest.mark.parametrize("seed", range(20))
def test_it_is_granted_once_whatever_comes_twice_or_in_another_order_r4_11(seed: int) -> None:
    told = [*bought(TEA, CUP), *lost("c1", 1), *lost("c2", 2), *won("c1"), *won("c2", "06-12")]
    town = street(*told, dice=random.Random(seed), copies=2)
    assert (sorted(minor for _, minor in back(town)), wrong(checked(town))) == ([7_60, 28_50, 57_00], [])
