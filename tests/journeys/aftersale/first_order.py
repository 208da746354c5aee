"""The first order: a hundred days, money back without a return, once for each person. Source: R4.6."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.journeys.aftersale.words import (
    SIGNED,
    Step,
    Then,
    asks,
    bought,
    cancels,
    day,
    had_ordered,
    journey,
    late,
    line,
    links,
    ordered,
    parcel,
    rules,
    sent,
)

ONE = line(1, 60_00)
MUCH, HALF = line(1, 50_000_01), line(1, 25_000_01)  # a fen more than the fund pays by itself in a day, and in an hour
LATER = day(0, "11:00:00")
LONG_AGO = "2019-11-11T00:05:00+08:00"
EARLY = day(0, "09:00:00")
BY_SELLER = Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, facts=("first_order.used",))
BY_FUND = Then({"c": "60 case.refunded"}, refunded=60_00, seller=57_00, fund=60_00, facts=("first_order.used",))


def first(at: timedelta, case: str = "c", **more: Any) -> Step:
    return asks(at, case, "first_order", "refund_only", **more)


def second(buyer: str = "{double}") -> tuple[Step, ...]:
    """Another order, an hour later."""
    return bought(ONE, at=LATER, order="{second}", buyer=buyer)


# fmt: off
JOURNEYS = [
    journey(
        "My first order, in the seller's own seven days: the seller pays",
        "R4.6", bought(ONE), first(day(7, "23:59:59")), then=BY_SELLER,
    ),
    journey(
        "A second later the platform pays, and the seller is settled as if nothing had been",
        "R4.6", bought(ONE), first(day(8, "00:00:00")), then=BY_FUND,
    ),
    journey(
        "In the last second of the hundredth day", "R4.6", bought(ONE), first(day(100, "23:59:59")), then=BY_FUND,
    ),
    journey(
        "A second after the hundred days",
        "R4.6", bought(ONE), first(day(101, "00:00:00")), then=Then({}, ("claim.window_over",), seller=57_00, until=day(101, "00:00:00")),
    ),
    journey(
        "Before I signed for it",
        "R4.6", bought(ONE), late(first(day(0, "23:59:58")), day(1)), then=Then({}, ("claim.not_signed",), seller=57_00),
    ),
    journey(
        "I asked before the news of the signing",
        "R2.1", sent(ONE), late(parcel("signed", SIGNED), day(2)), first(day(1)), then=BY_SELLER,
    ),
    journey(
        "Fresh goods have no seven days, so the platform pays from the start",
        "R4.6", bought(line(1, 60_00, category="fresh")), first(day(1)), then=BY_FUND,
    ),
    journey(
        "I waived the seven days, so the platform pays from the start",
        "R4.6", bought(line(1, 60_00, no_reason_waived=True)), first(day(1)), then=BY_FUND,
    ),
    journey(
        "Two lines of my first order, one now and one later",
        "R4.6", bought(ONE, line(2, 40_00)), first(day(1)), first(day(10), "d", line_no=2),
        then=Then({"c": "60 case.refunded", "d": "60 case.refunded"}, refunded=100_00, seller=38_00, fund=40_00),
    ),
    journey(
        "My second order is not my first",
        "R4.6", bought(ONE), second("{buyer}"), first(day(1), order="{second}"),
        then=Then({}, ("first_order.not_first",), seller=114_00),
    ),
    journey(
        "My other account has the same phone: its first order is not mine",
        "R4.6", links(EARLY, "{buyer}"), links(EARLY, "{double}"), bought(ONE), second(),
        first(day(1), order="{second}", buyer_id="{double}"),
        then=Then({}, ("first_order.not_first",), seller=114_00),
    ),
    journey(
        "The phone told on me after both accounts had ordered",
        "R4.6", bought(ONE), second(), links(day(1), "{buyer}"), links(day(1), "{double}"),
        first(day(2), order="{second}", buyer_id="{double}"), first(day(3)),
        then=Then({"c": "60 case.refunded"}, ("first_order.not_first",), 60_00, seller=57_00),
    ),
    journey(
        "Two accounts had it each, then the phone told on me: both stand",
        "R4.6", bought(ONE), second(), first(day(1)), first(day(1), "d", order="{second}", buyer_id="{double}"),
        links(day(2), "{buyer}"), links(day(2), "{double}"),
        then=Then({"c": "60 case.refunded", "d": "60 case.refunded"}, refunded=120_00, seller=0),
    ),
    journey(
        "One account had it, then the phone told on me: not the other, too",
        "R4.6", bought(ONE), second(), first(day(1), "d", order="{second}", buyer_id="{double}"),
        links(day(2), "{buyer}"), links(day(2), "{double}"), first(day(3)),
        then=Then({"d": "60 case.refunded"}, ("first_order.used",), 60_00, seller=57_00),
    ),
    journey(
        "I have bought in this shop for years, before it moved here",
        "R4.6", had_ordered(EARLY, LONG_AGO), bought(ONE), first(day(1)), then=Then({}, ("first_order.elsewhere",), seller=57_00),
    ),
    journey(
        "My other account had, and it came out after I had ordered here",
        "R4.6", links(EARLY, "{buyer}"), links(EARLY, "{double}"), bought(ONE), had_ordered(day(1), LONG_AGO, "{double}"), first(day(2)),
        then=Then({}, ("first_order.elsewhere",), seller=57_00),
    ),
    journey(
        "They took me for another who had: once that was taken back, it is my first",
        "R4.6", had_ordered(EARLY, LONG_AGO), bought(ONE), first(day(1), "d"), had_ordered(day(2), None), first(day(3)),
        then=Then({"c": "60 case.refunded"}, ("first_order.elsewhere",), 60_00, seller=0),
    ),
    journey(
        "I had my money back when they told that I had ordered before: I keep it",
        "R4.6", bought(ONE), first(day(1)), had_ordered(day(2), LONG_AGO), then=BY_SELLER,
    ),
    journey(
        "I cancelled my first order after I had paid: it was my first all the same",
        "R4.6", ordered(ONE), cancels(day(0, "10:30:00"), 1, 1), second("{buyer}"), first(day(1), order="{second}"),
        then=Then({}, ("first_order.not_first",), 60_00, seller=57_00),
    ),
    journey(
        "The seller cancelled my first order: the next one is the first",
        "R4.6", ordered(ONE), cancels(day(0, "10:30:00"), 1, 1, app="merchant"), second("{buyer}"), first(day(1), order="{second}"),
        then=Then({"c": "60 case.refunded"}, refunded=120_00, seller=0),
    ),
    journey(
        "More than the fund's day: a person looks, and lets it go",
        "R4.6", bought(MUCH), first(day(45)), rules(day(46), True),
        then=Then(
            {"c": "60 case.refunded"}, refunded=50_000_01, seller=47_500_01, fund=50_000_01, at={"refund.granted": day(46)},
            facts=("claim.waits_for_fund",), never=("fund.stopped",),
        ),
    ),
    journey(
        "More than half the fund's day within an hour stops it: whoever comes after that waits, too, and a person says yes or no",
        "R4.6", bought(HALF, line(2, 60_00)), first(day(40)), first(day(40, "15:00:00"), "d", line_no=2),
        rules(day(41), True), rules(day(41, "13:00:00"), False, "d"),
        then=Then(
            {"c": "60 case.refunded", "d": "70 fund.declined"}, refunded=25_000_01, seller=23_750_01 + 57_00, fund=25_000_01,
            at={"refund.granted": day(41)}, facts=("claim.waits_for_fund",),
        ),
    ),
]
# fmt: on
