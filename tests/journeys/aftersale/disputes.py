"""The seller refused: evidence, a ruling, an appeal, and the money that follows. Source: R4.11, R4.2, R4.3."""

from __future__ import annotations

from typing import Any

from tests.journeys.aftersale.words import (
    Step,
    Then,
    accepts,
    appeals,
    asks,
    bought,
    contests,
    day,
    disputes,
    inspects,
    journey,
    line,
    posts,
    refuses,
    rules,
    seller_appeals,
    seller_disputes,
    seller_shows,
    shows,
)

ONE = line(1, 60_00)
GIVEN: Any = [{"coupon_id": "gift", "funder": "seller", "amount_minor": 20_00, "line_nos": [3]}]
FREE: Any = [{"seller_id": "{seller}", "threshold_minor": 99_00, "freight_minor": 10_00}]
BAD: Any = {"ground": "quality", "kind": "refund_only"}
# asked on day 1, refused on day 2, disputed on day 3: heard on day 5, ruled until day 12
OPEN = (*bought(ONE), asks(day(1), **BAD), refuses(day(2)), disputes(day(3)))
FOR_BUYER, FOR_SELLER = rules(day(6), True), rules(day(6), False)
WON = Then({"c": "60 case.refunded"}, refunded=60_00, seller=0)
LOST = Then({"c": "70 case.ruled_for_seller"}, seller=57_00)


def lost(*codes: str) -> Then:
    return Then(LOST.cases, codes, seller=57_00)


def appealed(*steps: Step) -> tuple[Step, ...]:
    return (*OPEN, *steps)


# fmt: off
JOURNEYS = [
    journey("The platform is on my side", "R4.11", OPEN, FOR_BUYER, then=WON),
    journey("The platform is on the seller's side", "R4.11", OPEN, FOR_SELLER, then=LOST),
    journey(
        "The platform says nothing for seven days: I am right",
        "R4.11", OPEN, then=Then(WON.cases, refunded=60_00, seller=0, at={"case.heard": day(5), "case.ruled": day(12)}),
    ),
    journey(
        "The platform speaks as the seven days are over: too late",
        "R4.11", OPEN, rules(day(12), False), then=Then(WON.cases, ("ruling.too_late",), 60_00, seller=0, at={"case.ruled": day(12)}),
    ),
    journey(
        "The platform speaks before both had their 48 hours",
        "R4.11", OPEN, rules(day(5, "11:59:59"), False), FOR_BUYER, then=Then(WON.cases, ("ruling.too_early",), 60_00, seller=0),
    ),
    journey(
        "Both show what they have in the last second",
        "R4.11", OPEN, shows(day(5, "11:59:59")), seller_shows(day(5, "11:59:59")), FOR_BUYER,
        then=Then(WON.cases, refunded=60_00, seller=0, facts=("evidence.noted",)),
    ),
    journey(
        "I show the same twice",
        "R4.11", OPEN, shows(day(4)), shows(day(4, "13:00:00")), FOR_SELLER, then=lost("evidence.known"),
    ),
    journey(
        "Both show it as the 48 hours are over: nobody looks",
        "R4.11", OPEN, shows(day(5)), seller_shows(day(5)), FOR_SELLER,
        then=Then(LOST.cases, ("evidence.too_late",), seller=57_00, never=("evidence.noted",), until=day(5)),
    ),
    journey(
        "I dispute in the last second of seven days",
        "R4.11", bought(ONE), asks(day(1), **BAD), refuses(day(2)), disputes(day(9, "11:59:59")), rules(day(12), True), then=WON,
    ),
    journey(
        "I dispute as the seven days are over",
        "R4.2", bought(ONE), asks(day(1), **BAD), refuses(day(2)), disputes(day(9)),
        then=Then({"c": "70 case.refusal_over"}, ("case.too_late",), seller=57_00, at={"case.closed": day(9)}),
    ),
    journey(
        "The platform gives me a part",
        "R4.11", OPEN, rules(day(6), True, amount_minor=25_00), then=Then(WON.cases, refunded=25_00, seller=33_25),
    ),
    journey(
        "The platform gives more than I paid: that is no ruling",
        "R4.11", OPEN, rules(day(6), True, amount_minor=60_01), rules(day(7), False), then=lost("ruling.exceeds_claim"),
    ),
    journey(
        "The platform wants the goods back first",
        "R4.11", OPEN, rules(day(6), True, remedy="return_and_refund"), posts(day(7)), inspects(day(8)), then=WON,
    ),
    journey(
        "I changed my mind, and the platform blames the seller: no freight is taken off, and the gift may stay",
        "R3.10, R4.5, R4.11",
        bought(ONE, line(2, 50_00), line(3, 20_00, gift_of=1), coupons=GIVEN, free_shipping=FREE),
        asks(day(1)), refuses(day(2)), disputes(day(3)), rules(day(6), True, fault="seller"),
        posts(day(7), freight_minor=12_00), inspects(day(8), gifts_returned=False),
        then=Then(WON.cases, refunded=60_00, beside={"return_freight": 12_00}, seller=47_50 - 12_00),
    ),
    journey(
        "The platform rules a case that is over", "R4.11", bought(ONE), asks(day(1), **BAD), accepts(day(2)), rules(day(6), False),
        then=Then(WON.cases, ("case.closed",), 60_00, seller=0),
    ),
    journey(
        "The seller does not answer but calls the platform",
        "R4.11", bought(ONE), asks(day(1), **BAD), seller_disputes(day(3, "11:59:59")), rules(day(6), False), then=LOST,
    ),
    journey(
        "Another parcel came back, says the seller, and it is right",
        "R4.11", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(2)), contests(day(3), "swapped"),
        rules(day(6), False, fault="buyer", finding="swapped_parcel"), then=LOST,
    ),
    journey(
        "Another parcel came back, says the seller, and it is wrong: no second return",
        "R4.11", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(2)), contests(day(3), "swapped"), rules(day(6), True), then=WON,
    ),
    journey(
        "Nothing was accepted of what I sent, and I dispute that",
        "R4.11, R4.4", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(2)), inspects(day(2, "13:00:00"), 0), disputes(day(3)),
        FOR_BUYER, then=WON,
    ),
    journey(
        "I appeal in the last second of seven days, and win",
        "R4.11", OPEN, FOR_SELLER, appeals(day(13, "11:59:59")), rules(day(14), True, matter="appeal"),
        then=Then(WON.cases, refunded=60_00, seller=0, facts=("case.reopened",)),
    ),
    journey(
        "I appeal as the seven days are over",
        "R4.11", OPEN, FOR_SELLER, appeals(day(13)), then=Then(LOST.cases, ("appeal.too_late",), seller=57_00, until=day(13)),
    ),
    journey(
        "I appeal, and lose again",
        "R4.11", OPEN, FOR_SELLER, appeals(day(7)), rules(day(8), False, matter="appeal"), then=LOST,
    ),
    journey(
        "I appeal, and nobody rules: the first ruling stands",
        "R4.11", OPEN, FOR_SELLER, appeals(day(7)), then=Then(LOST.cases, seller=57_00, at={"case.appeal_ended": day(14)}),
    ),
    journey(
        "I appeal twice",
        "R4.11", OPEN, FOR_SELLER, appeals(day(7)), rules(day(8), False, matter="appeal"), appeals(day(9)), then=lost("appeal.known"),
    ),
    journey(
        "I won, and appeal all the same",
        "R4.11", OPEN, FOR_BUYER, appeals(day(7)), then=Then(WON.cases, ("appeal.not_loser",), 60_00, seller=0),
    ),
    journey(
        "The seller appeals, and wins: the platform pays it, I keep what I have",
        "R4.11", OPEN, FOR_BUYER, seller_appeals(day(7)), rules(day(8), True, matter="appeal"),
        then=Then(WON.cases, refunded=60_00, seller=57_00, fund=57_00, facts=("case.appeal_ended", "seller.reimbursed")),
    ),
    journey(
        "The seller appeals, and loses",
        "R4.11", OPEN, FOR_BUYER, seller_appeals(day(7)), rules(day(8), False, matter="appeal"),
        then=Then(WON.cases, refunded=60_00, seller=0, never=("seller.reimbursed",)),
    ),
    journey(
        "The seller appeals while the goods are still to come back, and wins: no money moves",
        "R4.11", bought(ONE), asks(day(1)), refuses(day(2)), disputes(day(3)), FOR_BUYER, seller_appeals(day(7)),
        rules(day(8), True, matter="appeal"),
        then=Then({"c": "70 case.appeal_won_by_seller"}, seller=57_00),
    ),
    journey(
        "The fake was none after all, says the appeal: the platform bears refund and multiple",
        "R4.11, R4.9", bought(ONE), asks(day(1), ground="counterfeit", kind="claim", evidence_ids=["e"]), refuses(day(2)),
        disputes(day(3)), rules(day(6), True, finding="counterfeit"), seller_appeals(day(7)), rules(day(8), True, matter="appeal"),
        then=Then(WON.cases, refunded=60_00, beside={"statutory": 500_00}, seller=57_00, fund=557_00),
    ),
]
# fmt: on
