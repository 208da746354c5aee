"""What came was not as it had to be: quality, damaged, wrong; back, refunded, exchanged, sent again. Source: R4.2, R4.7, R4.9, R4.10."""

from __future__ import annotations

from tests.journeys.aftersale.words import (
    Then,
    accepts,
    asks,
    bought,
    day,
    disputes,
    goes_back,
    inspects,
    journey,
    line,
    ordered,
    parcel,
    posts,
    redeems,
    refuses,
    rules,
    sends_other,
)

ONE, TWO = line(1, 60_00), line(1, 30_00, quantity=2)
ALL_BACK = Then({"c": "60 case.refunded"}, refunded=60_00, seller=0)
LAST, OVER = day(15, "23:59:59"), day(16, "00:00:00")


def refused(code: str) -> Then:
    return Then({}, (code,), seller=57_00)


# fmt: off
JOURNEYS = [
    journey(
        "It broke within fifteen days: back it goes, in their last second",
        "R4.2", bought(ONE), asks(LAST, ground="quality"), goes_back(OVER), then=ALL_BACK,
    ),
    journey(
        "It broke a second after the fifteen days",
        "R4.2", bought(ONE), asks(OVER, ground="quality"), then=refused("claim.window_over"),
    ),
    journey(
        "It is bad and I keep it: the seller gives the money back",
        "R4.2", bought(ONE), asks(day(1), ground="quality", kind="refund_only"), accepts(day(2)), then=ALL_BACK,
    ),
    journey(
        "It has a scratch: a part of the money will do",
        "R1.4", bought(ONE), asks(day(1), ground="quality", kind="refund_only", amount_minor=20_00), accepts(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=20_00, seller=38_00),
    ),
    journey(
        "A part that is more than the whole",
        "R1.4", bought(ONE), asks(day(1), ground="quality", kind="refund_only", amount_minor=60_01), then=refused("refund.amount_exceeds"),
    ),
    journey(
        "Another one and a part of the money is not to be had",
        "R1.4", bought(ONE), asks(day(1), ground="quality", kind="exchange", amount_minor=20_00), then=refused("refund.amount_not_fit"),
    ),
    journey(
        "First a part as money, then the goods go back for the rest",
        "R1.4", bought(ONE), asks(day(1), ground="quality", kind="refund_only", amount_minor=20_00), accepts(day(2)),
        asks(day(3), "d", ground="quality"), goes_back(day(4), case="d"),
        then=Then({"c": "60 case.refunded", "d": "60 case.refunded"}, refunded=60_00, seller=0),
    ),
    journey(
        "The way back of bad goods is the seller's to pay",
        "R4.9", bought(ONE), asks(day(1), ground="quality"), accepts(day(2)), posts(day(2), freight_minor=12_00), inspects(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, beside={"return_freight": 12_00}, seller=-12_00),
    ),
    journey(
        "The way back without a reason is mine to pay",
        "R4.5", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(2), freight_minor=12_00), inspects(day(2)), then=ALL_BACK,
    ),
    journey(
        "Another one, please: it comes, I sign",
        "R4.10", bought(ONE), asks(day(1), ground="quality", kind="exchange"), goes_back(day(2)), sends_other(day(3)),
        parcel("signed", day(5), name="n"),
        then=Then({"c": "60 case.replacement_arrived"}, seller=57_00, at={"case.closed": day(5)}),
    ),
    journey(
        "Another one came, and its seven days begin anew",
        "R4.10", bought(ONE), asks(day(1), kind="exchange"), goes_back(day(2)), sends_other(day(3)), parcel("signed", day(5), name="n"),
        asks(day(12, "23:59:59"), "d"), goes_back(day(13), case="d"),
        then=Then({"c": "60 case.replacement_arrived", "d": "60 case.refunded"}, refunded=60_00, seller=0),
    ),
    journey(
        "Another one came, and its seven days are over, too",
        "R4.10", bought(ONE), asks(day(1), kind="exchange"), goes_back(day(2)), sends_other(day(3)), parcel("signed", day(5), name="n"),
        asks(day(13, "00:00:00"), "d"),
        then=Then({"c": "60 case.replacement_arrived"}, ("no_reason.window_over",), seller=57_00),
    ),
    journey(
        "While another one is under way there is no money for the first",
        "R4.10", bought(ONE), asks(day(1), ground="quality", kind="exchange"), goes_back(day(2)), sends_other(day(3)),
        asks(day(4), "d"), parcel("signed", day(5), name="n"),
        then=Then({"c": "60 case.replacement_arrived"}, ("case.line_open",), seller=57_00),
    ),
    journey(
        "The other one is not sent within 48 hours: the money comes instead",
        "R4.10", bought(ONE), asks(day(1), ground="quality", kind="exchange"), goes_back(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(4)}),
    ),
    journey(
        "The other one is sent in the last second of the 48 hours",
        "R4.10", bought(ONE), asks(day(1), ground="quality", kind="exchange"), goes_back(day(2)), sends_other(day(4, "11:59:59")),
        parcel("signed", day(5), name="n"), then=Then({"c": "60 case.replacement_arrived"}, seller=57_00),
    ),
    journey(
        "The other one is sent as the 48 hours are over: the money comes",
        "R4.10", bought(ONE), asks(day(1), ground="quality", kind="exchange"), goes_back(day(2)), sends_other(day(4)),
        then=Then({"c": "60 case.refunded"}, ("case.too_late",), 60_00, seller=0),
    ),
    journey(
        "The other one is lost on its way",
        "R4.10", bought(ONE), asks(day(1), ground="quality", kind="exchange"), goes_back(day(2)), sends_other(day(3)),
        parcel("lost", day(5), name="n"), then=ALL_BACK,
    ),
    journey(
        "Nobody ever signed for the other one: thirty days, and it counts as arrived",
        "R4.2", bought(ONE), asks(day(1), ground="quality", kind="exchange"), goes_back(day(2)), sends_other(day(3)),
        then=Then({"c": "60 case.replacement_presumed"}, seller=57_00, at={"case.closed": day(33)}),
    ),
    journey(
        "It came broken: a new one is sent, and I keep the shards",
        "R4.2", bought(ONE), asks(day(1), ground="damaged", kind="resend"), accepts(day(2)), sends_other(day(3)),
        parcel("signed", day(5), name="n"), then=Then({"c": "60 case.replacement_arrived"}, seller=57_00),
    ),
    journey(
        "Broken, and I say so in the last second of the 48 hours",
        "R4.2", bought(ONE), asks(day(2, "23:59:58"), ground="damaged"), goes_back(day(4)), then=ALL_BACK,
    ),
    journey(
        "Broken, and I say so when the 48 hours are over",
        "R4.2", bought(ONE), asks(day(2, "23:59:59"), ground="damaged"), then=refused("claim.window_over"),
    ),
    journey(
        "I got somebody else's: in the last second of the fifteen days",
        "R4.2", bought(ONE), asks(LAST, ground="wrong_item"), goes_back(OVER), then=ALL_BACK,
    ),
    journey(
        "I got somebody else's, fifteen days and a second ago",
        "R4.2", bought(ONE), asks(OVER, ground="wrong_item"), then=refused("claim.window_over"),
    ),
    journey(
        "Wrong goods: the seller is silent, and the money comes",
        "R4.3", bought(ONE), asks(day(2), ground="wrong_item", kind="refund_only"),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(4)}),
    ),
    journey(
        "A voucher cannot come broken",
        "R4.2", ordered(line(1, 60_00, kind="virtual")), redeems(day(1)), asks(day(2), ground="damaged"),
        then=refused("promise.goods_only"),
    ),
    journey(
        "Nobody offers an exchange for what did not come",
        "R4.2", bought(ONE), asks(day(1), ground="not_received", kind="exchange"), then=refused("claim.kind_not_offered"),
    ),
    journey(
        "Freight goes back with the goods, by no promise of its own",
        "R3.10", bought(ONE, line(2, 8_00, kind="freight")), asks(day(1), ground="quality", line_no=2, kind="refund_only"),
        then=Then({}, ("promise.freight",)),
    ),
    journey(
        "We agreed on a third of it",
        "R4.2", bought(TWO), asks(day(15, "23:59:59"), ground="negotiated", kind="refund_only", amount_minor=20_00), accepts(day(16)),
        then=Then({"c": "60 case.refunded"}, refunded=20_00, seller=38_00),
    ),
    journey(
        "We might have agreed in time",
        "R4.2", bought(TWO), asks(day(16, "00:00:00"), ground="negotiated", kind="refund_only", amount_minor=20_00),
        then=refused("claim.window_over"),
    ),
    journey(
        "We did not agree, and I let it rest",
        "R4.2", bought(ONE), asks(day(1), ground="negotiated", kind="refund_only", amount_minor=20_00), refuses(day(2)),
        then=Then({"c": "70 case.refusal_over"}, seller=57_00, at={"case.closed": day(9)}),
    ),
    journey(
        "The platform gives one of two for the fault",
        "R4.11, R1.4", bought(TWO), asks(day(1), ground="quality", kind="refund_only", quantity=2), refuses(day(2)), disputes(day(3)),
        rules(day(6), upheld=True, quantity=1),
        then=Then({"c": "60 case.refunded"}, refunded=30_00, seller=28_50),
    ),
]
# fmt: on
