"""It never left, or never came: not shipped, not received. Source: R4.2, R4.8, R2.5."""

from __future__ import annotations

from typing import Any

from tests.journeys.aftersale.words import (
    PLACED,
    Step,
    Then,
    accepts,
    asks,
    bought,
    cancels,
    contests,
    day,
    journey,
    late,
    line,
    ordered,
    parcel,
    posts,
    refuses,
    rules,
    sends_other,
    sent,
    shipped,
    withdraws,
)

ONE = line(1, 60_00)
GIFT, FREIGHT = line(2, 20_00, gift_of=1), line(3, 8_00, kind="freight")
GIVEN: list[Any] = [{"coupon_id": "gift", "funder": "seller", "amount_minor": 20_00, "line_nos": [2]}]
THREE_GIVEN: list[Any] = [{**GIVEN[0], "amount_minor": 15_00}]
ALL_BACK = Then({"c": "60 case.refunded"}, refunded=60_00, seller=0)
SOON, EVENING = day(0, "11:00:00"), day(0, "20:00:00")


def unsent(at: Any, **more: Any) -> Step:
    return asks(at, ground="not_shipped", kind="refund_only", **more)


def missing(at: Any, kind: str = "refund_only", **more: Any) -> Step:
    return asks(at, ground="not_received", kind=kind, **more)


# fmt: off
JOURNEYS = [
    journey(
        "It has not left, and it is less than three hundred: my money at once",
        "R4.8", ordered(line(1, 299_99)), unsent(SOON),
        then=Then({"c": "60 case.refunded"}, refunded=299_99, seller=0, at={"refund.granted": SOON}, facts=("shipment_hold.granted",)),
    ),
    journey(
        "It has not left, and it is three hundred: the seller is asked, and agrees",
        "R4.8", ordered(line(1, 300_00)), unsent(SOON), accepts(EVENING),
        then=Then({"c": "60 case.refunded"}, refunded=300_00, seller=0, at={"refund.granted": EVENING}),
    ),
    journey(
        "Three hundred, and the seller says nothing: 48 hours",
        "R4.8, R4.3", ordered(line(1, 300_00)), unsent(SOON),
        then=Then({"c": "60 case.refunded"}, refunded=300_00, seller=0, at={"refund.granted": day(2, "11:00:00")}),
    ),
    journey(
        "Two lines of an order are three hundred together: the second is not instant",
        "R4.8", ordered(line(1, 150_00), line(2, 150_00)), unsent(SOON), unsent(EVENING, case="d", line_no=2), accepts(day(1), "d"),
        then=Then({"c": "60 case.refunded", "d": "60 case.refunded"}, refunded=300_00, seller=0), in_order=True,
    ),
    journey(
        "Made for me alone: the seller is asked even for little",
        "R4.8", ordered(line(1, 60_00, category="custom_made")), unsent(SOON), refuses(EVENING),
        shipped(ONE, at=day(8)), parcel("signed", day(9)),
        then=Then({"c": "70 case.refusal_over"}, seller=57_00, at={"case.closed": day(7, "20:00:00")}),
    ),
    journey(
        "I sent back another thing than came: my next refund is not instant, the seller is asked",
        "R4.8, R5.3", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(2)), contests(day(3), "swapped"),
        rules(day(6), False, fault="buyer", finding="swapped_parcel"),
        ordered(ONE, at=day(8), order="{second}"), unsent(day(8, "13:00:00"), case="d", order="{second}"),
        then=Then(
            {"c": "70 case.ruled_for_seller", "d": "60 case.refunded"}, refunded=60_00, seller=57_00,
            at={"refund.granted": day(10, "13:00:00")}, withheld=("instant_refund.score_too_low",),
        ),
    ),
    journey(
        "It should have left two days ago: my money, and what the delay costs",
        "R4.8, R2.4", ordered(line(1, 300_00)), unsent(day(3)), accepts(day(3, "13:00:00")),
        then=Then({"c": "60 case.refunded"}, refunded=300_00, beside={"R2.4": 30_00}, seller=-30_00, facts=("shipping.late",)),
    ),
    journey(
        "We agree on it before it left: it is kept back, and a parcel handed in after that is called back",
        "R4.2, R4.8", ordered(ONE), asks(SOON, ground="negotiated", kind="refund_only"), accepts(EVENING), shipped(ONE, at=EVENING),
        then=Then(
            {"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": EVENING},
            facts=("shipment_hold.granted", "parcel.intercepted"),
        ), in_order=True,
    ),
    journey(
        "We agree on a rebate before it left: it comes all the same",
        "R4.2, R4.8", ordered(ONE), asks(SOON, ground="negotiated", kind="refund_only", amount_minor=20_00), accepts(EVENING),
        shipped(ONE, at=EVENING), parcel("signed", day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=20_00, seller=38_00, never=("shipment_hold.requested",)),
    ),
    journey(
        "A gift came with it, and freight: all of that is over with the line, and nothing is late",
        "R4.5, R3.10, R2.4", ordered(ONE, GIFT, FREIGHT, coupons=GIVEN), unsent(SOON),
        then=Then({"c": "60 case.refunded"}, refunded=68_00, seller=0, never=("shipping.late",)),
    ),
    journey(
        "The seller gives it up and forgets the gift: that is over too",
        "R4.5, R3.10, R2.4", ordered(ONE, GIFT, FREIGHT, coupons=GIVEN), cancels(SOON, 1, 1, app="merchant"),
        then=Then({}, refunded=68_00, seller=0, never=("shipping.late",)),
    ),
    journey(
        "One of three is money at once, and two gifts come with the two that are sent",
        "R4.5, R2.4", ordered(line(1, 20_00, quantity=3), line(2, 5_00, quantity=3, gift_of=1), coupons=THREE_GIVEN),
        unsent(SOON), shipped(line(1, 20_00, quantity=2), line(2, 5_00, quantity=2), at=EVENING), parcel("signed", day(1)),
        then=Then({"c": "60 case.refunded"}, refunded=20_00, seller=38_00, never=("shipping.late",)),
    ),
    journey(
        "It left an hour before I asked",
        "R4.8", sent(ONE), parcel("collected", SOON), unsent(EVENING), parcel("signed", day(2)),
        then=Then({}, ("not_shipped.sent",), seller=57_00),
    ),
    journey(
        "It left while I asked: a parcel handed in after that is called back",
        "R4.8", ordered(ONE), unsent(SOON), shipped(ONE, at=EVENING),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, facts=("parcel.intercepted",)), in_order=True,
    ),
    journey(
        "I took it back, so it is sent after all",
        "R4.8", ordered(line(1, 300_00)), unsent(SOON), withdraws(EVENING), shipped(ONE, at=day(1)), parcel("signed", day(2)),
        then=Then({"c": "70 case.withdrawn"}, seller=285_00),
    ),
    journey(
        "Of three I cancelled one, and the other two came and went back",
        "R1.4, R2.7", ordered(line(1, 20_00, quantity=3)), cancels(SOON, 1, 1), shipped(line(1, 20_00, quantity=2), at=EVENING),
        parcel("signed", day(1)), asks(day(2), quantity=2, ground="quality", kind="refund_only"), accepts(day(3)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, facts=("line.reduced",)),
    ),
    journey(
        "The seller will not send it: no case needed, and none possible",
        "R2.1, R4.2", ordered(ONE), cancels(SOON, 1, 1, app="merchant"), unsent(EVENING),
        then=Then({}, ("refund.nothing_left",), 60_00, seller=0),
    ),
    journey(
        "The carrier lost it: my money at once, nobody is asked",
        "R2.5", sent(ONE), parcel("lost", day(2)), missing(day(3)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(3)}),
    ),
    journey(
        "I turned it away at the door: my money at once",
        "R2.5", sent(ONE), parcel("refused", day(2)), missing(day(3)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(3)}),
    ),
    journey(
        "It does not come, and the seller is silent",
        "R4.2, R4.3", sent(ONE), missing(day(5)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(7)}),
    ),
    journey(
        "It does not come: the seller sends another",
        "R4.2", sent(ONE), missing(day(5), "resend"), accepts(day(6)), sends_other(day(7)), parcel("signed", day(9), name="n"),
        then=Then({"c": "60 case.replacement_arrived"}, seller=57_00),
    ),
    journey(
        "Somebody else signed: I say so in the last second of the seventh day",
        "R4.2", bought(ONE), missing(day(7, "23:59:59")), accepts(day(8)), then=ALL_BACK,
    ),
    journey(
        "Somebody else signed: a second too late",
        "R4.2", bought(ONE), missing(day(8, "00:00:00")), then=Then({}, ("claim.window_over",), seller=57_00),
    ),
    journey(
        "It came after all: the seller shows who signed, and I let it rest",
        "R4.2", sent(ONE), missing(day(3)), parcel("signed", day(4)), refuses(day(4, "13:00:00")),
        then=Then({"c": "70 case.refusal_over"}, seller=57_00),
    ),
    journey(
        "Late by two days: a tenth of it by itself, and the goods as well",
        "R4.12, R2.4", ordered(line(1, 80_00)), shipped(ONE, at=day(3)), parcel("signed", day(5)),
        then=Then({}, seller=68_00, facts=("compensation.done",), beside={"R2.4": 8_00}),
    ),
    journey(
        "The request was faster than the payment",
        "R2.1", ordered(ONE)[:1], late(unsent(PLACED), PLACED), ordered(ONE)[1:], then=ALL_BACK,
    ),
]
# fmt: on
