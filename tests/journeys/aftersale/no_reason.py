"""No reason asked: seven days in which a buyer may send goods back. Source: R4.5, R4.3, R4.4, R1.3, R1.4, R3.10."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.journeys.aftersale.words import (
    SIGNED,
    Then,
    accepts,
    asks,
    bought,
    day,
    door_signs,
    goes_back,
    inspects,
    journey,
    late,
    line,
    ordered,
    parcel,
    posts,
    refuses,
    sent,
    shipped,
    withdraws,
)

LAST, OVER = day(7, "23:59:59"), day(8, "00:00:00")
FULFILLED = line(1, 60_00, fulfiller_id="{other}")
ONE, THREE = line(1, 60_00), line(1, 34_00, quantity=3)
TWO_OFF: Any = [{"coupon_id": "two", "funder": "seller", "amount_minor": 2_00, "line_nos": [1]}]  # three units for 100.00
GIFT = line(2, 20_00, gift_of=1)
GIVEN: Any = [{"coupon_id": "gift", "funder": "seller", "amount_minor": 20_00, "line_nos": [2]}]
FREE: Any = [{"seller_id": "{seller}", "threshold_minor": 99_00, "freight_minor": 10_00}]
ALL_BACK = Then({"c": "60 case.refunded"}, refunded=60_00, seller=0)
KEPT = Then({}, seller=57_00)  # 5% of 60.00 is the platform's


def refused(code: str, until: timedelta | None = None) -> Then:
    return Then({}, (code,), seller=57_00, until=until)


# fmt: off
JOURNEYS = [
    journey(
        "In the last second of the seventh day I ask, the goods go back, and I have all my money",
        "R4.5, R1.3", bought(ONE), asks(LAST), goes_back(OVER), then=ALL_BACK,
    ),
    journey(
        "A second later it is too late",
        "R4.5, R1.3", bought(ONE), asks(OVER), then=refused("no_reason.window_over", OVER),
    ),
    journey(
        "I asked in time, the news of it came the next morning",
        "R1.2", bought(ONE), late(asks(LAST), day(8)), goes_back(day(8)), then=ALL_BACK,
    ),
    journey(
        "I asked in time before anybody knew that the parcel was signed for",
        "R2.1", sent(ONE), late(parcel("signed", day(0, "11:00:00")), day(2)),
        asks(day(1)), goes_back(day(2)), then=ALL_BACK,
    ),
    journey(
        "I asked before I signed for the parcel",
        "R4.5", bought(ONE), late(asks(day(0, "23:59:58")), day(1)), then=refused("no_reason.not_signed"),
    ),
    journey(
        "At purchase I confirmed that it does not apply",
        "R4.5", bought(line(1, 60_00, no_reason_waived=True)), asks(day(1)), then=refused("no_reason.waived"),
    ),
    *[
        journey(
            f"It was {category}, which is not taken back without a reason",
            "R4.5", bought(line(1, 60_00, category=category)), asks(day(1)), then=refused("no_reason.excluded"),
        )
        for category in ("custom_made", "fresh", "newspaper")
    ],
    journey(
        "The software's seal is broken",
        "R4.5", bought(line(1, 60_00, category="digital")), asks(day(1), unsealed=True), then=refused("no_reason.unsealed"),
    ),
    journey(
        "The software's seal is whole",
        "R4.5", bought(line(1, 60_00, category="digital")), asks(day(1)), goes_back(day(2)), then=ALL_BACK,
    ),
    journey(
        "Two of three go back, and their slice of what I paid",
        "R1.4", bought(THREE, coupons=TWO_OFF), asks(day(1), quantity=2), goes_back(day(2), 2),
        then=Then({"c": "60 case.refunded"}, refunded=66_66, seller=31_68),
    ),
    journey(
        "First two, then the third: all of it comes back, the odd fen with the last",
        "R1.4", bought(THREE, coupons=TWO_OFF), asks(day(1), quantity=2), goes_back(day(2), 2),
        asks(day(3), "d"), goes_back(day(3), case="d"),
        then=Then({"c": "60 case.refunded", "d": "60 case.refunded"}, refunded=100_00, seller=0), in_order=True,
    ),
    journey(
        "Three announced, two accepted, two paid",
        "R4.4", bought(THREE, coupons=TWO_OFF), asks(day(1), quantity=3), goes_back(day(2), 2),
        then=Then({"c": "60 case.refunded"}, refunded=66_66, seller=31_68),
    ),
    journey(
        "More than I bought",
        "R4.3", bought(THREE, coupons=TWO_OFF), asks(day(1), quantity=4), then=Then({}, ("refund.quantity_exceeds",), seller=95_00),
    ),
    journey(
        "Nothing of what came back is accepted, and I leave it at that",
        "R4.4, R4.2", bought(ONE), asks(day(1)), goes_back(day(2), 0),
        then=Then({"c": "70 case.refusal_over"}, seller=57_00, at={"case.closed": day(9)}),
    ),
    journey(
        "The seller says nothing: 48 hours to the second, and it is agreed",
        "R4.3", bought(ONE), asks(day(2)), posts(day(5)), inspects(day(5)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"case.approved": day(4)}),
    ),
    journey(
        "The seller answers in the last second",
        "R4.3", bought(ONE), asks(day(2)), accepts(day(4, "11:59:59")), posts(day(5)), inspects(day(5)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"case.approved": day(4, "11:59:59")}),
    ),
    journey(
        "The seller refuses as the 48 hours are over: too late, it is agreed",
        "R4.3", bought(ONE), asks(day(2)), refuses(day(4)), posts(day(5)), inspects(day(5)),
        then=Then(
            {"c": "60 case.refunded"}, ("case.too_late",), 60_00, seller=0, at={"case.approved": day(4)},
            never=("case.declined",), until=day(4),
        ),
    ),
    journey(
        "I never post the goods: ten days, and the case is closed",
        "R4.4", bought(ONE), asks(day(1)), accepts(day(2)),
        then=Then({"c": "70 case.not_posted"}, seller=57_00, at={"case.closed": day(12)}),
    ),
    journey(
        "I post them in the last second of the ten days",
        "R4.4", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(12, "11:59:59")), inspects(day(15)), then=ALL_BACK,
    ),
    journey(
        "I post them as the ten days are over",
        "R4.4", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(12)),
        then=Then({"c": "70 case.not_posted"}, ("case.too_late",), seller=57_00, at={"case.closed": day(12)}),
    ),
    journey(
        "The seller says nothing of the goods: seven days after the waybill I have my money",
        "R4.4", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(5)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(12)}),
    ),
    journey(
        "The seller's refusal was in time, its news came after the 48 hours: what they brought stands",
        "R1.2", bought(ONE), asks(day(2)), late(refuses(day(4, "11:00:00")), day(4, "13:00:00")), posts(day(5)), inspects(day(5)),
        then=Then({"c": "60 case.refunded"}, ("case.wrong_state",), 60_00, seller=0, at={"case.approved": day(4)}),
    ),
    journey(
        "The goods are at the seller's door, then looked at, then paid: three events",
        "R4.4", bought(ONE), asks(day(1)), accepts(day(2)), posts(day(2)), door_signs(day(3)), inspects(day(4)),
        then=Then(
            {"c": "60 case.refunded"}, refunded=60_00, seller=0,
            at={"case.returned": day(2), "case.received": day(3), "refund.granted": day(4)},
        ),
    ),
    journey(
        "I use the number of my case again",
        "R4.2", bought(ONE), asks(day(1)), asks(day(1, "13:00:00")), goes_back(day(2)),
        then=Then({"c": "60 case.refunded"}, ("case.known",), 60_00, seller=0),
    ),
    journey(
        "It is too late to take it back: the money is mine already",
        "R4.2", bought(ONE), asks(day(1)), goes_back(day(2)), withdraws(day(3)),
        then=Then({"c": "60 case.refunded"}, ("case.closed",), 60_00, seller=0),
    ),
    journey(
        "Who sends it in the seller's place answers for it; the seller itself does not",
        "R8.1", ordered(FULFILLED), shipped(FULFILLED, shipper_id="{other}"), parcel("signed", SIGNED),
        asks(day(1)), refuses(day(1, "13:00:00")), accepts(day(2), seller_id="{other}"), posts(day(2)),
        inspects(day(2), seller_id="{other}"),
        then=Then({"c": "60 case.refunded"}, ("seller.differs",), 60_00, seller=0),
    ),
    journey(
        "I think again, and again",
        "R4.3", bought(ONE), asks(day(1)), withdraws(day(1)), asks(day(2), "d"), goes_back(day(3), case="d"),
        then=Then({"c": "70 case.withdrawn", "d": "60 case.refunded"}, refunded=60_00, seller=0),
    ),
    journey(
        "Five times I asked and took it back; the sixth time nobody listens",
        "R4.3", bought(ONE), *[(asks(day(1), f"c{n}"), withdraws(day(1), f"c{n}")) for n in range(5)], asks(day(2), "c5"),
        then=Then({f"c{n}": "70 case.withdrawn" for n in range(5)}, ("case.attempts_used",), seller=57_00), in_order=True,
    ),
    journey(
        "I ask twice for one line",
        "R4.3", bought(ONE), asks(day(1)), asks(day(1, "13:00:00"), "d"), goes_back(day(2)),
        then=Then({"c": "60 case.refunded"}, ("case.line_open",), 60_00, seller=0),
    ),
    journey(
        "I ask again for what I have back already",
        "R3.5", bought(ONE), asks(day(1)), goes_back(day(2)), asks(day(3), "d"),
        then=Then({"c": "60 case.refunded"}, ("refund.nothing_left",), 60_00, seller=0),
    ),
    journey(
        "Somebody else asks for my money", "R4.2", bought(ONE), asks(day(1), buyer_id="{double}"), then=refused("buyer.differs"),
    ),
    journey("I ask for a line that I did not buy", "R4.2", bought(ONE), asks(day(1), line_no=9), then=refused("line.unknown")),
    journey(
        "Another seller answers for mine",
        "R4.3", bought(ONE), asks(day(1)), refuses(day(2), seller_id="{other}"),
        then=Then({"c": "70 case.not_posted"}, ("seller.differs",), seller=57_00, at={"case.approved": day(3)}),
    ),
    journey(
        "One waybill for two returns",
        "R4.4", bought(ONE, line(2, 20_00)), asks(day(1)), accepts(day(2)), posts(day(2), waybill="same-{order}"),
        asks(day(1), "d", line_no=2), accepts(day(2), "d"), posts(day(3), "d", waybill="same-{order}"), inspects(day(3)),
        then=Then({"c": "60 case.refunded", "d": "70 case.not_posted"}, ("return.waybill_used",), 60_00, seller=19_00),
    ),
    journey(
        "Two sellers, two lines, each answers for its own",
        "R4.3", bought(ONE, line(2, 20_00, seller="{other}")), asks(day(1)), asks(day(1), "d", line_no=2),
        goes_back(day(2)), refuses(day(2), "d", seller_id="{other}"),
        then=Then({"c": "60 case.refunded", "d": "70 case.refusal_over"}, refunded=60_00, seller=0),
    ),
    journey(
        "What goes back breaks the basket for free shipping: its freight is mine",
        "R3.10", bought(ONE, line(2, 50_00), free_shipping=FREE), asks(day(1)), goes_back(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=50_00, seller=57_00),
    ),
    journey(
        "The goods were bad: the freight stays with the seller",
        "R3.10", bought(ONE, line(2, 50_00), free_shipping=FREE), asks(day(1), ground="quality"), goes_back(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=47_50),
    ),
    journey(
        "The gift goes back, too", "R4.5", bought(ONE, GIFT, coupons=GIVEN), asks(day(1)), goes_back(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0),
    ),
    journey(
        "The gift I kept, so it is paid for",
        "R4.5", bought(ONE, GIFT, coupons=GIVEN), asks(day(1)), accepts(day(2)), posts(day(2)), inspects(day(2), gifts_returned=False),
        then=Then({"c": "60 case.refunded"}, refunded=40_00, seller=19_00),
    ),
    journey(
        "The gift alone is no case", "R4.5", bought(ONE, GIFT, coupons=GIVEN), asks(day(1), line_no=2), then=refused("promise.gift"),
    ),
    journey(
        "The news came in the wrong order: inspected, posted, agreed, asked, signed",
        "R2.1", sent(ONE), inspects(day(2)), late(posts(day(1, "14:00:00")), day(2)), late(accepts(day(1, "13:00:00")), day(2)),
        late(asks(day(1)), day(2)), late(parcel("signed", SIGNED), day(2)),
        then=ALL_BACK,
    ),
]
# fmt: on
