"""What buyer and seller read is so in every situation in which its code is told. Source: R4.1, R4.2."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from deploy.cli import borne
from deploy.cli.short import said
from shared.contracts.order import PaymentUnwanted
from shared.contracts.refund import CaseFact, RefundGranted
from shared.errors import CATALOGUE
from shared.messaging.message import Message
from shared.texts import GUARANTEES, Language, Reader, numbers_in, numbers_of, sentence
from tests.unit import builders as b
from tests.unit.refund import acts as a
from tests.unit.refund import life
from tests.unit.refund.matrix import CLAIM, shop
from tests.unit.test_cases_together import street
from tests.unit.town import Told

REFUNDED = ("is refunded", "退款金额")
PART = life.requested().model_copy(update={"amount_minor": 50_00})
HEARD = (*life.SIGNED, PART, life.declined(), a.disputed(), "06-21 12:00:05")
LIVES: dict[str, tuple[tuple[Message | str, ...], list[int]]] = {  # what it comes to, and what was granted
    "ruled: the goods come back first": ((*HEARD, a.ruled()), []),
    "ruled: they come back, less is accepted": (
        (*HEARD, a.ruled(), life.posted(when="06-24 10:00"), life.confirmed(quantity=1, when="06-26 10:00")),
        [33_33],
    ),
    "ruled: more than is left": ((*HEARD, a.ruled(remedy="refund_only", amount_minor=100_00)), [100_00]),
    "by default": ((*HEARD, "06-28 12:00:05"), []),
    "on appeal: the goods come back first": (
        (*HEARD, a.ruled(False), a.appealed(), a.appeal_ruled(remedy="return_and_refund")),
        [],
    ),
    "on appeal": ((*HEARD, a.ruled(False), a.appealed(), a.appeal_ruled()), [50_00]),
}


def told(fact: Any, language: Language) -> str:
    return sentence(fact.code, numbers_in(fact), language, currency="CNY", zone=b.ZONE)


@pytest.mark.parametrize(("steps", "granted"), LIVES.values(), ids=LIVES)
def test_an_amount_is_refunded_where_it_is_granted_and_nowhere_else_r4_4_r4_11(
    steps: tuple[Message | str, ...], granted: list[int]
) -> None:
    """A ruling, and an appeal that is won, say the amount of the claim; the money may need the goods first, and come to less."""
    facts = [fact for fact in shop(*steps).facts if isinstance(fact, CaseFact)]
    assert [fact.amount_minor for fact in facts if isinstance(fact, RefundGranted)] == granted
    for fact in facts:
        for language, words in zip(get_args(Language), reversed(REFUNDED), strict=True):
            assert (words in told(fact, language)) is isinstance(fact, RefundGranted), (fact, told(fact, language))


def refusal(memory: Told, language: Language = "en", reader: Reader = "buyer") -> str:
    """What is read of the last event that was refused, with its numbers."""
    headers = [dict(out.headers) for out in memory.written if "x-reason" in dict(out.headers)][-1]
    code, detail = ((headers[name] or b"").decode() for name in ("x-reason", "x-error"))
    return sentence(code, numbers_of(detail), language, reader, currency="CNY", zone=b.ZONE)


def refused(*told: Message | str) -> Told:
    memory = Told("refund", b.POLICIES)
    for one in told:
        if isinstance(one, str):
            memory.advance(b.at(one))
        else:
            memory.send(one)
    assert memory.refused
    return memory


def test_who_answers_for_a_line_is_not_told_to_be_its_seller_where_another_fulfils_it_r8_1() -> None:
    """The seller of a line that another party fulfils read `You are not the seller of this line.`"""
    line = life.line().model_copy(update={"fulfiller_id": "warehouse"})
    memory = refused(life.paid(line), life.delivered(), life.requested(), life.accepted())
    assert life.codes(memory) == ["seller.differs"]
    assert refusal(memory, "en", "seller") == "You do not ship this line or answer for it."
    assert refusal(memory, "zh", "seller") == "该商品的发货与售后不由您负责"


def test_a_seller_that_accepts_more_than_came_back_reads_of_no_request_of_its_own_r4_4() -> None:
    """It read `More units are asked for (4) than are left (3).`"""
    memory = refused(*life.RETURNED, life.confirmed(quantity=4))
    assert refusal(memory, "en", "seller") == "The number of units (4) is more than it can be (3)."
    assert refusal(memory, "zh", "seller") == "数量4件超过可处理的数量3件"


def test_who_asks_for_nothing_is_not_told_that_this_kind_of_case_has_no_amount_r4_2() -> None:
    memory = refused(*life.SIGNED, life.requested().model_copy(update={"amount_minor": 0}))
    assert life.codes(memory) == ["refund.amount_not_fit"]
    assert refusal(memory) == "This amount cannot be asked for in this kind of case."


def test_what_was_cancelled_is_not_still_to_be_sent_r4_8() -> None:
    """Of three units two left and one was cancelled: `still to be sent: 1`."""
    asks = life.requested(kind="refund_only", ground="not_shipped", quantity=2, when="06-15 10:00")
    memory = refused(life.paid(), a.sent(quantity=2), a.cancelled(quantity=1, amount_minor=33_33, when="06-14 12:00"), asks)
    assert "; still to be sent: 0. " in refusal(memory)


def test_who_used_its_voucher_is_not_told_to_wait_until_it_has_arrived_r2_5_r4_8() -> None:
    """It read `The goods have left already. You can open a case once they have arrived.`"""
    asks = life.requested(kind="refund_only", ground="not_shipped", quantity=2, when="06-06 10:00")
    town = street(b.placed(b.cart(kind="virtual", quantity=2, unit_price_minor=50_00)), b.succeeded(), b.redeemed(), asks)
    closed = [fact for _, fact in town.services["refund"].out if isinstance(fact, CaseFact)][-1]
    assert (closed.type, closed.code) == ("case.closed", "case.shipped")
    assert told(closed, "en") == "The goods have left or were used already. You can open a case for what was sent once it has arrived."
    assert told(closed, "zh") == "商品已发货或已使用，已发货的可在签收后申请售后"


@pytest.mark.parametrize("reason", get_args(PaymentUnwanted.model_fields["reason"].annotation))
def test_whose_payment_is_unwanted_reads_that_it_goes_back_in_full_r2_2_r2_3(reason: str) -> None:
    """Of an order that was closed it read `This order is closed.` alone."""
    unwanted = b.payment_unwanted().model_copy(update={"reason": reason})
    zh, en = (sentence(*said(unwanted), language, currency="CNY") for language in get_args(Language))
    assert "将全额退回" in zh
    assert "in full." in en


def test_a_freight_line_is_not_sent_to_a_case_that_it_cannot_have_r2_1_r3_10() -> None:
    """A case of it is refused with promise.freight; and no seller opens one."""
    assert sentence("cancel.not_allowed", {}, "en") == (
        "This line cannot be cancelled by itself: freight goes back with its goods; for others please open a case."
    )
    assert "买家申请售后" in sentence("cancel.not_allowed", {}, "zh", "seller")


def test_part_of_what_came_back_is_not_told_as_all_of_it_r4_4() -> None:
    """Announced 3, accepted 2."""
    fact = [fact for fact in shop(*life.RETURNED, life.confirmed(quantity=2)).facts if isinstance(fact, CaseFact)][-1]
    assert told(fact, "en").startswith("The seller accepted the goods, units: 2; ")
    assert told(fact, "zh").startswith("商家验货通过，数量2件，")


def test_a_claim_that_nobody_answered_says_until_when_evidence_is_taken_r4_9_r4_11() -> None:
    fact = shop(*life.SIGNED, CLAIM, "07-01 10:00:05").facts[-1]
    assert (fact.type, getattr(fact, "code", "")) == ("case.disputed", "case.claim_unanswered")
    assert told(fact, "en").endswith("The platform judges; evidence is taken until 2026-07-03 10:00:00.")
    assert told(fact, "zh").endswith("平台已介入，举证截止时间2026-07-03 10:00:00")


def test_no_sentence_names_days_that_are_the_policys_r4_5_r9_1() -> None:
    """`no_reason_days` may be 10: 七天 stood in three of them."""
    texts = [(code, text) for code, entry in CATALOGUE.items() for text in (entry.zh, entry.en, entry.seller_zh, entry.seller_en)]
    assert [code for code, text in texts if re.search(r"[一二三四五六七八九十\d]+(天|小时)|\d+ (day|hour)", text)] == []


@pytest.mark.parametrize("other", ["卖家", "店家", "主播", "推广者"])
def test_each_party_has_one_name_r1_4(other: str) -> None:
    """买家, 商家, 达人, 平台, as the names of the guarantees and the words on money have them."""
    names = [text for words in (*vars(borne).values(), *GUARANTEES.values()) if isinstance(words, tuple) for text in words]
    texts = [text for entry in CATALOGUE.values() for text in (entry.zh, entry.seller_zh)]
    assert [text for text in (*texts, *names) if other in str(text)] == []


def test_who_sends_another_parcel_under_a_number_of_before_reads_why_it_is_refused_r4_10() -> None:
    """A copy is passed over in silence; this is no copy."""
    memory = refused(*a.SENDING[:1], a.sent(), *a.SENDING[1:], a.replaced(parcel_id="w1"))
    assert (life.codes(memory), refusal(memory, "en", "seller")) == (["parcel.known"], "This parcel was shipped before.")
