"""Every refusal and verdict of a case has a sentence for both sides, in both languages, with its numbers. Source: R4.1, R4.2."""

from __future__ import annotations

import re
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from services.refund.decide.dispute import show
from services.refund.rules import CATALOGUE as CATALOGUE_OF_GUARANTEES
from shared import errors
from shared.errors import CATALOGUE, numbers
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.messaging.shape import Reject
from shared.texts import GUARANTEES, Language, Reader, name_of, numbers_in, numbers_of, sentence
from tests.unit import builders as b
from tests.unit.order.fair import fair, rejected, wanted
from tests.unit.refund import acts, life
from tests.unit.refund.matrix import shop

AT = b.at("06-24 00:00")
READ = [code for code in get_args(errors.RefundCode) if CATALOGUE[code].zh]
UNREAD = {
    "card.known",
    "case.known",
    "certificate.exists",
    "first_order.elsewhere_known",
    "return.signed_before",
    "ruling.exceeds_claim",
    "ruling.finds_unheard",
    "ruling.too_early",
    "ruling.too_late",
}
FIELDS = {name for entry in CATALOGUE.values() for text in (entry.zh, entry.en) for name in re.findall(r"\{([a-z_]+)\}", text)}
TIMES = ("until", "since", "deadline", "occurred_at", "appeal_until")
SAMPLES = {name: AT if name in TIMES else 12_34 if name.endswith("_minor") else 7 for name in FIELDS}


@pytest.mark.parametrize("code", READ)
@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("reader", ["buyer", "seller"])
def test_each_refund_code_is_a_sentence_with_all_of_its_numbers_and_with_none(code: str, language: str, reader: str) -> None:
    entry = CATALOGUE[code]
    full = sentence(code, SAMPLES, language, reader, currency="CNY", zone="Asia/Shanghai")  # type: ignore[arg-type]
    bare = sentence(code, {}, language, reader)  # type: ignore[arg-type]
    for text in (full, bare):
        assert text
        assert not set("[]{}–") & set(text), text
    template = (entry.seller_zh if language == "zh" else entry.seller_en) if reader == "seller" and entry.seller_zh else entry.zh
    for name in re.findall(r"\{([a-z_]+)\}", template):
        shown = (
            "2026-06-24 00:00:00" if name in TIMES else ("12.34元" if language == "zh" else "12.34 CNY") if name.endswith("_minor") else "7"
        )
        assert shown in full


def test_chinese_is_set_in_chinese_punctuation() -> None:
    texts = [(code, text) for code, entry in CATALOGUE.items() for text in (entry.zh, entry.seller_zh)]
    assert [code for code, text in texts if set(",;:?!()") & set(text)] == []


def test_each_guarantee_has_a_name_of_its_own_in_both_languages_r4_1() -> None:
    unnamed = {rule.name for rule in CATALOGUE_OF_GUARANTEES} - GUARANTEES.keys()
    assert not unnamed, f"shared/texts.py: {sorted(unnamed)} in GUARANTEES; an id that left stays: old certificates name it"
    for names in ([name.zh for name in GUARANTEES.values()], [name.en for name in GUARANTEES.values()]):
        assert len(set(names)) == len(names)
        assert all(names)
    assert not any(character.isdigit() for name in GUARANTEES.values() for text in name for character in text), "the certificate has them"
    assert (name_of("no_reason", "en"), name_of("of_tomorrow", "zh")) == ("Return without reason", "of_tomorrow")


def test_what_is_refused_for_good_has_a_sentence() -> None:
    """But for what no buyer and no seller sees: copies, and what the platform's own staff did wrong."""
    wordless = {code for code in get_args(errors.RefundCode) if not CATALOGUE[code].zh and not CATALOGUE[code].retryable} - UNREAD
    assert not wordless, f"shared/errors.py: {sorted(wordless)} say nothing to buyer and seller: zh and en, or in UNREAD of this file"
    assert [code for code in get_args(errors.RefundCode) if not CATALOGUE[code].zh and not CATALOGUE[code].retryable] == sorted(
        UNREAD & set(get_args(errors.RefundCode))
    )


def test_numbers_of_a_refusal_survive_as_text_and_words_are_no_numbers() -> None:
    told = numbers(days=7, hours=None, until=AT, left=-1)
    assert told == "days=7; until=2026-06-23T16:00:00Z; left=-1"
    assert numbers_of(told) == {"days": 7, "until": AT, "left": -1}
    assert numbers_of("3 of 2") == {}
    assert numbers_of("") == {}


def test_a_window_that_has_passed_is_told_with_its_length_and_its_end_r4_5() -> None:
    told = numbers_of(numbers(days=7, until=AT))
    english = sentence("no_reason.window_over", told, "en", zone="Asia/Shanghai")
    assert english == "The time for no-reason return has passed (7 days from the day after signing); it ended at 2026-06-24 00:00:00."
    assert sentence("no_reason.window_over", told, "zh", zone="Asia/Shanghai") == "已超过7天无理由退货期限，截止时间2026-06-24 00:00:00"


def test_buyer_and_seller_read_their_own_sentence() -> None:
    assert sentence("trust_card.no_card", {}, "en", "buyer").startswith("You ")
    assert sentence("trust_card.no_card", {}, "en", "seller").startswith("The buyer ")


@pytest.mark.parametrize("code", ["case.seller_refused", "case.none_accepted"])
def test_who_may_dispute_a_refusal_and_until_when_is_told_to_each_side_in_its_own_words_r4_11(code: str) -> None:
    read = {reader: sentence(code, {"deadline": AT}, "en", reader, zone="Asia/Shanghai") for reader in ("buyer", "seller")}
    assert read["buyer"].endswith("You can ask the platform to judge until 2026-06-24 00:00:00.")
    assert read["seller"].startswith("You ")
    assert read["seller"].endswith("The buyer can ask the platform to judge until 2026-06-24 00:00:00.")


def test_who_sent_the_goods_back_reads_what_happens_and_when_if_nobody_inspects_them_r4_4() -> None:
    """By silence, as they are accepted then."""
    memory = shop(*life.RETURNED, acts.door_signed())
    fact = next(fact for fact in reversed(memory.facts) if getattr(fact, "code", "") == "case.goods_received")
    case = life.purchase_of(memory).cases[b.CASE]
    until = f"{case.deadline.astimezone(ZoneInfo(b.ZONE)):%Y-%m-%d %H:%M:%S}" if case.deadline else ""
    assert sentence("case.goods_received", numbers_in(fact), "zh", zone=b.ZONE) == f"退货已签收，等待商家验货，{until}前未验货视为通过"
    assert f"not inspected by {until}, all is accepted" in sentence("case.goods_received", numbers_in(fact), "en", "seller", zone=b.ZONE)


@pytest.mark.parametrize("code", ["case.shipped", "case.sent_again", "not_shipped.sent"])
def test_a_seller_is_not_told_that_it_can_ask_for_what_its_buyer_can(code: str) -> None:
    for language, you, buyer in (("en", "You can", "The buyer can"), ("zh", "您", "买家")):
        told = sentence(code, {}, language, "seller")  # type: ignore[arg-type]
        assert (you in told, buyer in told) == (False, True)


def test_a_default_judgment_says_until_when_it_can_be_appealed_r4_11() -> None:
    told = sentence("case.default_judgment", {"appeal_until": AT}, "zh", "seller", zone="Asia/Shanghai")
    assert told == "平台逾期未裁决，按买家诉求处理，您可于2026-06-24 00:00:00前申诉"


@pytest.mark.parametrize(
    ("code", "loser", "winner"),
    [
        ("case.ruled_for_buyer", "seller", "buyer"),
        ("case.default_judgment", "seller", "buyer"),
        ("case.ruled_for_seller", "buyer", "seller"),
    ],
)
def test_only_who_lost_is_told_that_it_can_appeal_r4_11(code: str, loser: Reader, winner: Reader) -> None:
    """An appeal of the other side is refused with appeal.not_loser."""
    you = {who: sentence(code, {"appeal_until": AT}, "en", who, zone="Asia/Shanghai") for who in (loser, winner)}
    zh = {who: sentence(code, {"appeal_until": AT}, "zh", who, zone="Asia/Shanghai") for who in (loser, winner)}
    assert you[loser].endswith("; you can appeal until 2026-06-24 00:00:00.")
    assert you[winner].endswith(f"; the {loser} can appeal until 2026-06-24 00:00:00.")
    assert zh[loser].endswith("，您可于2026-06-24 00:00:00前申诉")
    assert zh[winner].endswith(f"，{'商家' if loser == 'seller' else '买家'}可于2026-06-24 00:00:00前申诉")


@pytest.mark.parametrize("code", ["case.ruled_for_buyer", "case.default_judgment"])
def test_a_verdict_that_asks_for_the_goods_says_until_when_r4_4_r4_11(code: str) -> None:
    for language, said in (("en", "the next step is due by 2026-06-24 00:00:00"), ("zh", "下一步截止时间2026-06-24 00:00:00")):
        assert said in sentence(code, {"deadline": AT}, language, zone="Asia/Shanghai")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "who"),
    [
        *((f"case.{name}", "buyer") for name in ("disputed_by_buyer", "withdrawn")),
        *(
            (f"case.{name}", "seller")
            for name in ("agreed", "disputed_by_seller", "inspected", "not_inspected", "replacement_late", "silence_agreed")
        ),
    ],
)
def test_what_one_did_is_told_to_it_as_its_own_r4_2(code: str, who: Reader) -> None:
    other: Reader = "seller" if who == "buyer" else "buyer"
    for language, you, name in (("en", "You ", f"The {who} "), ("zh", "您", "买家" if who == "buyer" else "商家")):
        assert sentence(code, {}, language, who).startswith(you)  # type: ignore[arg-type]
        assert sentence(code, {}, language, other).startswith(name)  # type: ignore[arg-type]


def test_a_buyer_reads_what_was_deducted_of_its_refund_and_no_nothings_r3_10_r4_5() -> None:
    granted = b.granted("r1", 60_00).model_copy(update={"code": "case.inspected", "freight_minor": 10_00})
    assert sentence(granted.code, numbers_in(granted), "en", currency="CNY") == (
        "The seller accepted the goods, units: 1; 60.00 CNY is refunded; 10.00 CNY of freight was deducted, as it is no longer free."
    )
    assert sentence(granted.code, numbers_in(granted), "zh", currency="CNY") == (
        "商家验货通过，数量1件，退款金额60.00元，已扣除运费10.00元（不再满足包邮条件）"
    )
    kept = granted.model_copy(update={"freight_minor": 0, "gifts_minor": 3_00})
    assert sentence(kept.code, numbers_in(kept), "zh", currency="CNY") == "商家验货通过，数量1件，退款金额60.00元，已扣除未退回的赠品3.00元"


@pytest.mark.parametrize("told", [acts.DISPUTED, (*acts.DISPUTED, acts.HEARD)])
def test_evidence_that_is_too_late_is_told_when_its_time_was_over_r4_11(told: tuple[Message | str, ...]) -> None:
    found = show(acts.shown(when="06-21 12:00:06"), life.purchase_of(shop(*told)))
    assert isinstance(found, Reject)
    until = numbers_of(found.detail)
    assert sentence("evidence.too_late", until, "zh", zone="Asia/Shanghai") == "举证时间已结束，截止时间2026-06-21 12:00:00"


def test_the_numbers_of_a_verdict_are_those_of_its_fact() -> None:
    closed = b.case_closed(quantity=1, amount_minor=60_00)
    assert sentence(closed.code, numbers_in(closed), "zh", currency="CNY") == "退款已完成，金额60.00元"


def test_another_currency_than_the_yuan_is_shown_by_its_code_in_both_languages_r1_1() -> None:
    told = {language: sentence("case.refunded", {"refunded_minor": 5_000}, language, currency="JPY") for language in get_args(Language)}
    assert told == {"zh": "退款已完成，金额5,000 JPY", "en": "The refund is done: 5,000 JPY."}


def test_a_code_that_is_not_in_the_catalogue_or_not_for_them_says_nothing() -> None:
    assert sentence("refund.line_settled", {}, "en") == ""
    assert sentence("case.before_card", {}, "zh") == ""


@pytest.mark.parametrize(
    ("memory", "code", "zh", "en"),
    [
        (
            fair(wanted(quantity=3), limit=2),
            "campaign.limit_reached",
            "超出活动限购数量",
            "This is more than the campaign's limit for one person.",
        ),
        (fair(wanted(quantity=3), units=2), "campaign.sold_out", "活动商品库存不足", "Not that many units of the product are left."),
    ],
)
def test_who_wants_three_where_two_may_be_had_reads_neither_that_all_are_gone_nor_that_some_were_bought_r2_7(
    memory: Memory, code: str, zh: str, en: str
) -> None:
    assert rejected(memory) == [(b.ORDER, code)]
    assert (sentence(code, {}, "zh"), sentence(code, {}, "en")) == (zh, en)
