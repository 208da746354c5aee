"""Who paid what of a case: every fen has a payer, and what they paid is what the buyer got. Source: R3.4-R3.6, R4.6."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from deploy.cli import borne
from deploy.cli.borne import flow_data, flow_lines, told
from deploy.cli.story import Step
from deploy.cli.waterfall import Share, Waterfall, waterfall
from deploy.verify.log import Entry
from shared.contracts.owed import CompensationGranted
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.payment import asks
from tests.unit.payment.bank import bank, example, hand_over
from tests.unit.payment.disputes import closed, opened
from tests.unit.payment.test_handling import handled

CASE, SELLER = b.CASE, b.SELLER


def step(number: int, event: Message, cause: str) -> Step:
    headers: dict[str, bytes | None] = {"ce_causationid": cause.encode()}
    entry = Entry(f"e{number}", event.type, event.topic.name, 0, number, b"o1", event.to_json(), headers, 0, None, event)
    return Step(number, entry, event.occurred_at, "It happened.", ("R3.4",), None, None, ())


def flow(memory: Memory, *events: Message, beside: Iterable[Message] = ()) -> Waterfall:
    """Of the case that these events bring about in the bank; each event is the cause of the facts that follow from it."""
    steps: list[Step] = []
    for event in beside:
        steps.append(step(len(steps), event, "refund"))
    for event in events:
        steps.append(step(len(steps), event, "outside"))
        facts = memory.when(event)
        steps += [step(len(steps) + nth, fact, steps[-1].entry.id) for nth, fact in enumerate(facts)]
        mine = f"e{len(steps)}"
        steps += [step(len(steps) + nth, fact, mine) for nth, fact in enumerate(hand_over(memory, facts))]
    return waterfall(steps, CASE, SELLER)


def by_account(found: Waterfall) -> dict[str, int]:
    assert sum(one.amount_minor for one in found.shares) == 0
    return {one.account: one.amount_minor for one in found.shares}


def test_before_settlement_escrow_pays_the_buyer_and_the_subsidy_goes_back_r3_4() -> None:
    """Paid 100, subsidy 20: a refund of 40 is 48 out of escrow."""
    found = flow(bank(b.order_paid(example())), b.granted("r1", 40_00), b.refund_paid("r1"))
    assert by_account(found) == {f"escrow:{b.ORDER}": -48_00, "psp:cash": 40_00, "platform:subsidy": 8_00}
    assert (found.buyer_minor, found.refunded_minor, found.refunds) == (40_00, 40_00, [("r1", 40_00, "seller", "done")])
    zh, en = told(found)["seller"]
    assert (
        en
        == "48.00 CNY came from the order's escrow: you are settled less by your share of it. 8.00 CNY of subsidy went back to who gave it."
    )
    assert zh == "48.00元从本订单待结算货款中支出，您的结算金额相应减少。优惠补贴8.00元退回出资方。"
    assert "48.00 paid - 8.00 to others = 40.00 CNY to the buyer" in list(flow_lines(found))


def settled() -> Memory:
    """R3.3's example, settled: seller 95, promoter 20, platform 5."""
    memory = bank(b.order_paid(example()), b.order_completed(1, when="06-05 09:00"))
    memory.advance(b.at("06-12 00:00:05"))
    hand_over(memory, memory.facts)
    return memory


def test_after_settlement_each_party_gives_back_its_share_r3_6() -> None:
    """Day 10: seller 38, promoter 8, platform fee 2 give buyer 40 and subsidy 8."""
    found = flow(settled(), b.granted("r1", 40_00, when="06-15 10:00"), b.refund_paid("r1", when="06-15 11:00"))
    shares = {"platform:commission": -2_00, f"balance:{SELLER}": -38_00, f"balance:{b.PROMOTER}": -8_00}
    assert by_account(found) == {**shares, "psp:cash": 40_00, "platform:subsidy": 8_00}
    assert {one.account: one.role for one in found.gave if one.party} == {
        f"balance:{SELLER}": "seller",
        f"balance:{b.PROMOTER}": "promoter",
    }
    _, en = told(found)["seller"]
    parts = (
        "38.00 CNY was taken from your balance.",
        "The promoter gave back 8.00 CNY of commission.",
        "The platform gave back 2.00 CNY of its fee.",
    )
    assert all(part in en for part in parts)


def test_until_it_is_taken_from_its_party_the_platform_fronts_it_r3_6() -> None:
    memory = settled()
    facts = [b.granted("r1", 40_00, when="06-15 10:00"), b.refund_paid("r1", when="06-15 11:00")]
    steps = [step(0, facts[0], "outside"), *(step(9, fact, "e0") for fact in memory.when(facts[0]))]
    steps += [step(20 + nth, fact, "e2") for nth, fact in enumerate(memory.when(facts[1]))]
    found = waterfall(steps, CASE, SELLER)
    assert by_account(found)["platform:advance"] == -46_00
    assert "The platform has fronted 46.00 CNY" in told(found)["seller"][1]


def test_the_guarantee_fund_leaves_the_seller_alone_r4_6() -> None:
    grant = b.granted("r1", 40_00).model_copy(update={"funder": "platform"})
    found = flow(bank(b.order_paid(example())), grant, b.refund_paid("r1"))
    assert by_account(found) == {"platform:guarantee_fund": -40_00, "psp:cash": 40_00}
    assert told(found)["seller"][1] == "The platform's guarantee fund paid the refund: your settlement is as without it."


def test_compensation_is_beside_the_refund_r4_9() -> None:
    granted = CompensationGranted(
        order_id=b.ORDER, case_id=CASE, line_no=1, compensation_id="late1", payee=b.BUYER, payer=SELLER, currency="CNY",
        amount_minor=10_00, why="return_freight", rule="R4.7", occurred_at=b.at("06-08 09:00"),
    )  # fmt: skip
    found = flow(bank(b.order_paid(example())), b.granted("r1", 40_00), b.refund_paid("r1"), granted, asks.compensation_paid())
    assert (found.buyer_minor, found.refunded_minor, found.compensated_minor) == (50_00, 40_00, 10_00)
    assert found.compensations == [("late1", "return_freight", 10_00, "done")]
    assert told(found)["buyer"][1] == "You got 50.00 CNY in all. Of it 40.00 CNY is the refund. Of it 10.00 CNY is compensation."
    assert "The platform advanced 10.00 CNY for you, which became a debt of yours." in told(found)["seller"][1]


@pytest.mark.parametrize(
    ("events", "became"),
    [((), "with the provider"), ((b.refund_failed("r1"),), "not paid by the provider")],
)
def test_what_is_not_paid_moves_nothing_and_is_said_r3_5(events: tuple[Any, ...], became: str) -> None:
    found = flow(bank(b.order_paid(example())), b.granted("r1", 40_00), *events)
    assert (found.shares, found.buyer_minor, [one[3] for one in found.refunds]) == ([], 0, [became])
    assert told(found) == dict.fromkeys(("buyer", "seller"), ("本次售后暂无款项支付。", "No money has been paid in this case."))
    assert flow_data(found)["pays"] == []


def test_no_word_on_money_can_be_taken_for_another_of_the_trade_r3_1_r3_7() -> None:
    """尚未付款 says that the buyer has not paid the order; 担保金 reads as 保证金, the deposit of the seller."""
    texts = [words[0] for words in vars(borne).values() if isinstance(words, tuple) and len(words) == 2]
    assert sum("保证金" in text for text in texts) == 1
    assert [text for text in texts if "尚未付款" in text or "担保金" in text] == []


def test_a_seller_that_won_on_appeal_reads_why_it_has_less_than_the_buyer_got_r4_11() -> None:
    """Of 86.90 that the buyer keeps, 82.56 had been the seller's: the rest would have been the platform's fee."""
    zh, en = told(Waterfall("CNY", [Share("balance:s1", "s1", "seller", 82_56, (), ())], reimbursed_minor=82_56))["seller"]
    assert zh == "申诉成功，平台补偿您82.56元，即本次售后由您实际承担的金额。"
    assert en == "You won on appeal: the platform paid you 82.56 CNY, what the case had cost you."


def test_other_cases_of_the_order_are_another_story() -> None:
    other = b.granted("r2", 20_00).model_copy(update={"case_id": "another"})
    memory = bank(b.order_paid(b.line(quantity=4)))
    found = flow(memory, b.granted("r1", 40_00), other, b.refund_paid("r2"), b.refund_paid("r1"))
    assert found.buyer_minor == 40_00


def test_of_what_a_bank_took_meanwhile_the_case_says_what_was_paid_r3_8() -> None:
    """100 granted, of which the buyer has 40 from its bank: 60, and 12 of subsidy."""
    memory = bank(b.order_paid(example()), opened(40_00, when="06-06 10:00"), closed("lost", when="06-07 10:00"))
    found = flow(memory, b.granted("r1", 100_00), b.refund_paid("r1"))
    assert (found.buyer_minor, found.refunded_minor, found.refunds) == (60_00, 60_00, [("r1", 60_00, "seller", "done")])


def compensation(memory: Memory, *events: Message) -> Waterfall:
    granted = CompensationGranted(
        order_id=b.ORDER, case_id=CASE, line_no=1, compensation_id="late1", payee=b.BUYER, payer=SELLER, currency="CNY",
        amount_minor=10_00, why="return_freight", rule="R4.7", occurred_at=b.at("06-08 09:00"),
    )  # fmt: skip
    return flow(memory, b.granted("r1", 40_00), b.refund_paid("r1"), granted, *events)


@pytest.mark.parametrize("first", [(), (asks.compensation_paid(),)], ids=["refused", "came back"])
def test_what_a_person_paid_by_hand_the_buyer_has_and_what_nobody_could_be_paid_it_has_not_r3_5(first: tuple[Message, ...]) -> None:
    """It read `You got 40.00 CNY in all. Of it 40.00 CNY is the refund. Of it 10.00 CNY is compensation.` of either."""
    given = (*first, asks.compensation_failed(when="06-20 10:00"))
    paid = compensation(bank(b.order_paid(example())), *given, handled("late1", "compensation"))
    assert (paid.buyer_minor, paid.refunded_minor, paid.compensated_minor) == (50_00, 40_00, 10_00)
    assert paid.compensations[0][3] == "paid, as a person found"
    assert told(paid)["buyer"][1] == "You got 50.00 CNY in all. Of it 40.00 CNY is the refund. Of it 10.00 CNY is compensation."
    owed = compensation(bank(b.order_paid(example())), *given, handled("late1", "compensation", how="unclaimed"))
    assert (owed.buyer_minor, owed.compensated_minor, by_account(owed)["platform:unclaimed"]) == (40_00, 0, 10_00)
    assert told(owed)["buyer"][1] == "You got 40.00 CNY in all. 10.00 CNY could not be paid to you: the platform still owes it to you."
    assert "58.00 paid - 18.00 to others = 40.00 CNY to the buyer" in list(flow_lines(owed))


def test_a_refund_that_came_back_is_not_told_as_if_nothing_were_the_matter_r3_5() -> None:
    memory = bank(b.order_paid(example()))
    paid = (b.granted("r1", 40_00), b.refund_paid("r1"), b.refund_failed("r1", when="06-20 10:00"))
    back = flow(memory, *paid)
    assert (back.buyer_minor, back.refunds[0][3]) == (40_00, "paid, and back at the provider")
    assert told(back)["buyer"][1].endswith("Some of it came back to the payment provider: the platform looks into it.")
    owed = flow(bank(b.order_paid(example())), *paid, handled("r1", how="unclaimed"))
    assert (owed.buyer_minor, owed.refunded_minor, by_account(owed)["platform:unclaimed"]) == (0, 0, 40_00)
    assert told(owed)["buyer"] == (
        "平台未能向您支付40.00元，该款项仍归您所有。",
        "40.00 CNY could not be paid to you: the platform still owes it to you.",
    )
    arrived = flow(bank(b.order_paid(example())), *paid, handled("r1", how="arrived"))
    assert (arrived.buyer_minor, arrived.refunded_minor, arrived.refunds[0][3]) == (40_00, 40_00, "done")
