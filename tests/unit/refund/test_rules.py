"""Each guarantee, granted and refused for each of its reasons, at both edges of its window to the second. Source: R4.2, R4.5-R4.9, R1.3.

Times are Shanghai's of 2026; signed on 06-16 23:59:59.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

import pytest

from services.refund import rules
from services.refund.rules.claim import Claim
from shared.contracts.storefront import CaseKind, Ground
from shared.messaging.shape import Reject, Wait
from shared.texts import numbers_of
from tests.unit import builders as b
from tests.unit.refund.promised import OFFERED, SECOND, SIGNED, bought, claim, judged, promise

DAYS = {7: b.at("06-24 00:00"), 15: b.at("07-02 00:00"), 100: b.at("09-25 00:00")}  # the first instant that is too late
ENDS = {
    ("return_and_refund", "no_reason"): DAYS[7],
    ("exchange", "no_reason"): DAYS[7],
    ("refund_only", "first_order"): DAYS[100],
    ("refund_only", "trust_card"): DAYS[7],
    ("return_and_refund", "quality"): DAYS[15],
    ("refund_only", "quality"): DAYS[15],
    ("exchange", "quality"): DAYS[15],
    ("return_and_refund", "damaged"): SIGNED + timedelta(hours=48),
    ("resend", "damaged"): SIGNED + timedelta(hours=48),
    ("exchange", "wrong_item"): DAYS[15],
    ("resend", "wrong_item"): DAYS[15],
    ("claim", "counterfeit"): DAYS[7],
    ("refund_only", "not_received"): DAYS[7],
    ("resend", "not_received"): DAYS[7],
    ("refund_only", "negotiated"): DAYS[15],
    ("resend", "negotiated"): DAYS[15],
}


@pytest.mark.parametrize(("kind", "ground"), ENDS)
def test_a_window_admits_its_last_second_and_refuses_the_next_one_r1_3(kind: CaseKind, ground: Ground) -> None:
    end = ENDS[(kind, ground)]
    assert judged(kind, ground, claim(SIGNED, kind)) is None
    assert judged(kind, ground, claim(end - SECOND, kind)) is None
    late = judged(kind, ground, claim(end, kind))
    assert isinstance(late, Reject)
    assert late.code == ("no_reason.window_over" if ground == "no_reason" else "claim.window_over")
    long = {"hours": 48} if ground == "damaged" else {"days": next(days for days, over in DAYS.items() if over == end)}
    assert numbers_of(late.detail) == {**long, "until": end}


@pytest.mark.parametrize(("kind", "ground"), [one for one in ENDS if one[1] not in ("not_received", "negotiated")])
def test_a_claim_before_signing_is_refused_and_one_before_its_news_waits_r2_1(kind: CaseKind, ground: Ground) -> None:
    early = judged(kind, ground, claim(SIGNED - SECOND, kind))
    assert isinstance(early, Reject)
    assert early.code == ("no_reason.not_signed" if ground == "no_reason" else "claim.not_signed")
    assert judged(kind, ground, replace(claim(SIGNED, kind), signed_at=None)) == Wait("case.before_signing")


@pytest.mark.parametrize(("kind", "ground"), [(kind, rule.ground) for rule in rules.CATALOGUE for kind in rule.kinds])
def test_what_the_certificate_withholds_cannot_be_claimed_r4_1(kind: CaseKind, ground: Ground) -> None:
    freight = b.line(kind="freight")
    rule = rules.find(kind, ground)
    assert rule is not None
    why = promise(rule.name, freight).withheld
    assert why
    assert judged(kind, ground, claim(SIGNED + SECOND), freight) == Reject(why)


def test_no_other_kinds_and_grounds_are_offered_r4_2() -> None:
    offered = {(kind, ground) for kind in get_args(CaseKind) for ground in get_args(Ground) if rules.find(kind, ground) is not None}
    assert offered == ENDS.keys() | {
        ("refund_only", "not_shipped"),
        ("refund_only", "damaged"),
        ("exchange", "damaged"),
        ("return_and_refund", "wrong_item"),
        ("refund_only", "wrong_item"),
        ("return_and_refund", "negotiated"),
        ("exchange", "negotiated"),
    }


def test_the_goods_were_at_fault_in_those_cases_and_in_no_others_r4_2() -> None:
    assert {rule.ground for rule in rules.CATALOGUE if rule.seller_at_fault} == {
        "quality",
        "damaged",
        "wrong_item",
        "counterfeit",
        "not_received",
    }


def test_unsealed_digital_goods_have_no_no_reason_return_and_sealed_ones_do_r4_5() -> None:
    digital, at = b.line(category="digital"), SIGNED + SECOND
    assert "sealed" in promise("no_reason", digital).conditions
    assert judged("return_and_refund", "no_reason", claim(at, unsealed=True), digital) == Reject("no_reason.unsealed")
    assert judged("return_and_refund", "no_reason", claim(at), digital) is None
    assert judged("return_and_refund", "no_reason", claim(at, unsealed=True)) is None  # only digital goods are sealed


def test_nor_are_unsealed_digital_goods_exchanged_without_a_reason_r4_5_r4_10() -> None:
    digital, at = b.line(category="digital"), SIGNED + SECOND
    assert judged("exchange", "no_reason", claim(at, unsealed=True), digital) == Reject("no_reason.unsealed")
    assert judged("exchange", "no_reason", claim(at), digital) is None
    assert judged("exchange", "no_reason", claim(at, unsealed=True)) is None
    assert promise("exchange").conditions == ("goods_back", "gifts_back")
    assert promise("exchange", digital).conditions == promise("no_reason", digital).conditions == ("goods_back", "gifts_back", "sealed")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"category": "custom_made"}, "no_reason.excluded"),
        ({"category": "fresh"}, "no_reason.excluded"),
        ({"category": "newspaper"}, "no_reason.excluded"),
        ({"no_reason_waived": True}, "no_reason.waived"),
        ({"gift_of": 2}, "promise.gift"),
        ({"kind": "virtual"}, "no_reason.excluded"),
        ({"kind": "freight"}, "no_reason.excluded"),
    ],
)
def test_what_has_no_no_reason_return_has_no_exchange_and_is_the_platforms_first_order_r4_5_r4_6(fields: Any, code: str) -> None:
    line = b.line(**fields)
    assert (promise("no_reason", line).withheld, promise("exchange", line).withheld) == (code, code)
    assert judged("return_and_refund", "no_reason", claim(SIGNED), line) == Reject(code)  # type: ignore[arg-type]
    assert promise("first_order", line).funder == "platform"


def test_the_first_order_is_conditional_for_a_hundred_days_and_an_exchange_does_not_begin_them_again_r4_6_r4_10() -> None:
    promised = promise("first_order")
    assert (promised.granted, promised.conditional, promised.days, promised.funder) == (True, True, 100, "seller")
    replaced = replace(claim(DAYS[100], "refund_only"), signed_at=DAYS[100] - SECOND, first_signed_at=SIGNED)
    assert isinstance(judged("refund_only", "first_order", replaced), Reject)
    assert judged("refund_only", "first_order", replace(replaced, at=DAYS[100] - SECOND)) is None


# trust card (R4.7)


RIGHTS = ("refund_without_return", "return_freight", "damaged_refund")


@pytest.mark.parametrize("name", RIGHTS)
def test_a_right_of_the_card_needs_the_sellers_tag_and_the_card_r4_7(name: str) -> None:
    assert promise(name).granted
    assert promise(name, b.line(tags=())).withheld == "trust_card.not_offered"
    assert promise(name, of=bought(card=None)).withheld == "trust_card.no_card"


def test_the_card_counts_as_it_was_at_placement_r4_7_r4_1() -> None:
    at = SIGNED + SECOND
    assert judged("refund_only", "trust_card", claim(at, "refund_only", card=None)) == Reject("trust_card.not_known")
    assert judged("refund_only", "trust_card", claim(at, "refund_only", card=False)) == Reject("trust_card.not_valid")
    assert judged("refund_only", "trust_card", claim(at, "refund_only")) is None


def test_without_return_gives_at_most_the_sellers_cap_and_at_most_what_was_paid_r4_7() -> None:
    tagged = b.line(paid_minor=80_00, tags=OFFERED)
    assert promise("refund_without_return", tagged).cap_minor == 80_00
    for cap, given in ((50_00, 50_00), (80_01, 80_00), (0, 0)):
        assert promise("refund_without_return", tagged.model_copy(update={"without_return_cap_minor": cap})).cap_minor == given


def test_without_return_and_first_order_ask_nobody_r4_6_r4_7() -> None:
    for ground in ("trust_card", "first_order"):
        rule = rules.find("refund_only", ground)
        assert rule is not None
        assert rule.at_once(promise(rule.name), claim(SIGNED, "refund_only"))


def test_damaged_goods_are_refunded_at_once_for_24_hours_with_the_card_only_r4_7() -> None:
    rule = rules.find("refund_only", "damaged")
    assert rule is not None
    promised, day = promise("damaged"), SIGNED + timedelta(hours=24)
    assert rule.at_once(promised, claim(day - SECOND, "refund_only"))
    assert not rule.at_once(promised, claim(day, "refund_only"))
    assert not rule.at_once(promised, claim(SIGNED, "return_and_refund"))
    assert not rule.at_once(promised, claim(SIGNED, "refund_only", card=False))
    assert not rule.at_once(promise("damaged", of=bought(card=None)), claim(SIGNED, "refund_only"))
    assert rule.judge(promised, claim(day, "refund_only", card=None)) is None  # the seller answers: no card is needed
    assert rule.judge(promised, claim(SIGNED, "refund_only", card=False)) is None


def test_freight_back_is_actual_up_to_the_cap_by_card_and_the_sellers_where_it_is_at_fault_r4_7_r4_9() -> None:
    card, fault = promise("return_freight"), promise("fault_freight")
    way_back = rules.freight.way_back
    assert (card.cap_minor, card.pays_itself) == (20_00, True)
    assert way_back(card, fault, 12_00, card_valid=True, seller_at_fault=False) == 12_00
    assert way_back(card, fault, 20_01, card_valid=True, seller_at_fault=False) == 20_00
    assert way_back(card, fault, 12_00, card_valid=False, seller_at_fault=False) == 0
    assert way_back(promise("return_freight", b.line()), fault, 12_00, card_valid=True, seller_at_fault=False) == 0
    assert way_back(None, fault, 35_00, card_valid=False, seller_at_fault=True) == 35_00
    assert way_back(card, fault, 100_01, card_valid=True, seller_at_fault=True) == 100_00


def test_where_the_policy_names_no_bound_for_the_currency_freight_back_is_at_most_what_was_paid_for_the_line_r4_9() -> None:
    """The buyer alone says how much it was."""
    fault = promise("fault_freight", of=bought(currency="KWD"))
    assert rules.freight.way_back(None, fault, 10**12, card_valid=False, seller_at_fault=True) == b.line().paid_minor


# instant refund (R4.8)


def test_instant_refund_is_for_buyers_of_good_standing_and_not_for_custom_or_virtual_goods_r4_8() -> None:
    assert promise("instant_refund", of=bought(card=None, score=600)).granted  # neither card nor tag
    assert [promise("instant_refund", b.line(paid_minor=minor)).cap_minor for minor in (299_99, 300_00)] == [299_99, 299_99]
    assert promise("instant_refund", of=bought(score=599)).withheld == "instant_refund.score_too_low"
    for category in ("custom_made", "digital"):  # what comes on a disc or as a key is as good as virtual
        assert promise("instant_refund", b.line(category=category)).withheld == "instant_refund.not_for_line"
        assert promise("not_shipped", b.line(category=category)).at_once is None
    assert promise("instant_refund", b.line(kind="virtual")).withheld == "instant_refund.not_for_line"
    assert promise("instant_refund", of=bought(currency="USD")).withheld == "promise.currency"


def test_instant_refund_stays_below_three_hundred_for_the_order_so_far_r4_8() -> None:
    rule = rules.find("refund_only", "not_shipped")
    assert rule is not None
    asked = Claim(b.at("06-02 09:00"), None, b.ZONE, kind="refund_only", units=1)
    promised = promise("not_shipped")
    assert rule.at_once(promised, replace(asked, minor=299_99))
    assert not rule.at_once(promised, replace(asked, minor=300_00))
    assert rule.at_once(promised, replace(asked, minor=100_00, so_far_minor=199_99))
    assert not rule.at_once(promised, replace(asked, minor=100_00, so_far_minor=200_00))
    assert not rule.at_once(promise("not_shipped", of=bought(score=599)), replace(asked, minor=1))


def test_what_has_left_cannot_be_claimed_as_not_shipped_r4_8() -> None:
    asked = Claim(b.at("06-02 09:00"), None, b.ZONE, kind="refund_only", quantity=2, units=3)
    assert judged("refund_only", "not_shipped", replace(asked, sent=1)) is None
    refused = judged("refund_only", "not_shipped", replace(asked, sent=2))
    assert refused == Reject("not_shipped.sent", "wanted=2; left=1")


# not received, negotiated (R4.2, R2.5)


def test_a_parcel_that_the_carrier_lost_needs_no_answer_r2_5() -> None:
    rule = rules.find("refund_only", "not_received")
    assert rule is not None
    asked = Claim(b.at("06-05 09:00"), None, b.ZONE, kind="refund_only", quantity=2)
    promised = promise("not_received")
    assert rule.judge(promised, asked) == Wait("case.before_shipping")
    assert rule.judge(promised, replace(asked, sent=2)) is None
    assert not rule.at_once(promised, replace(asked, sent=2))
    assert not rule.at_once(promised, replace(asked, failed=1, sent=1))
    assert rule.at_once(promised, replace(asked, failed=2))


def test_both_may_agree_before_anything_was_signed_r4_2() -> None:
    assert judged("refund_only", "negotiated", Claim(b.at("06-01 10:11"), None, b.ZONE, kind="refund_only")) is None
