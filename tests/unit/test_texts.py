"""Every refusal and verdict of a case has a sentence for both sides, in both languages, with its numbers. Source: R4.1, R4.2."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from shared import errors
from shared.errors import CATALOGUE, numbers
from shared.texts import numbers_in, numbers_of, sentence
from tests.unit import builders as b

AT = b.at("06-24 00:00")
READ = [code for code in get_args(errors.RefundCode) if CATALOGUE[code].zh]
UNREAD = {"case.known", "certificate.exists", "return.signed_before", "ruling.exceeds_claim", "ruling.too_early", "ruling.too_late"}
FIELDS = {name for entry in CATALOGUE.values() for text in (entry.zh, entry.en) for name in re.findall(r"\{([a-z_]+)\}", text)}
SAMPLES = {name: AT if name in ("until", "deadline") else 12_34 if name.endswith("_minor") else 7 for name in FIELDS}


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
        shown = "2026-06-24 00:00:00" if name in ("until", "deadline") else "12.34 CNY" if name.endswith("_minor") else "7"
        assert shown in full


def test_what_is_refused_for_good_has_a_sentence() -> None:
    """But for what no buyer and no seller sees: copies, and what the platform's own staff did wrong."""
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
    assert sentence("no_reason.window_over", told, "zh", zone="Asia/Shanghai") == "已超过7天无理由退货期限,截止时间2026-06-24 00:00:00"


def test_buyer_and_seller_read_their_own_sentence() -> None:
    assert sentence("trust_card.no_card", {}, "en", "buyer").startswith("You ")
    assert sentence("trust_card.no_card", {}, "en", "seller").startswith("The buyer ")


def test_the_numbers_of_a_verdict_are_those_of_its_fact() -> None:
    closed = b.case_closed(quantity=1, amount_minor=60_00)
    assert sentence(closed.code, numbers_in(closed), "zh", currency="CNY") == "退款已完成,金额60.00 CNY"


def test_a_code_that_is_not_in_the_catalogue_or_not_for_them_says_nothing() -> None:
    assert sentence("refund.line_settled", {}, "en") == ""
    assert sentence("case.before_card", {}, "zh") == ""
