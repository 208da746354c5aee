"""Who bears it: funders, coupons, a bank or a provider that comes between, and lines that are settled already. Source: R3.4-R3.8, R4.13."""

from __future__ import annotations

from typing import Any

from tests.journeys.aftersale.words import Then, accepts, asks, bank, bought, confirms, day, goes_back, journey, line, rules

ONE = line(1, 60_00)
SALE: Any = line(1, 120_00, promoter_id="{promoter}", commission_bp=2000)  # paid 100.00, 20.00 are the platform's
MORE: Any = line(1, 50_00, promoter_id="{promoter}", commission_bp=2000)
FRESH: Any = {**SALE, "category": "fresh"}
COUPON: Any = [{"coupon_id": "spring", "funder": "platform", "amount_minor": 20_00, "line_nos": [1]}]
NEW_USER: Any = [{**COUPON[0], "new_user": True}]
BAD: Any = {"ground": "quality", "kind": "refund_only"}
REFUNDED = {"c": "60 case.refunded"}

# fmt: off
JOURNEYS = [
    journey(
        "Forty of a hundred back before settlement: eight of the subsidy go home",
        "R3.4", bought(SALE, coupons=COUPON), asks(day(1), **BAD, amount_minor=40_00), accepts(day(2)),
        then=Then(REFUNDED, refunded=40_00, seller=57_00, promoter=12_00, never=("coupon.restored",)),
    ),
    journey(
        "Forty of a hundred back after settlement: seller, promoter and platform give their parts, each when it has it",
        "R3.6", bought(SALE, coupons=COUPON), bought(MORE, order="{second}"), confirms(day(1)),
        asks(day(10), **BAD, amount_minor=40_00), accepts(day(11)),
        then=Then(REFUNDED, refunded=40_00, seller=57_00 + 37_50, promoter=12_00 + 10_00),
    ),
    journey(
        "Forty of a hundred back after settlement: the promoter has nothing any more, and the platform fronts it",
        "R3.6", bought(SALE, coupons=COUPON), confirms(day(1)), asks(day(10), **BAD, amount_minor=40_00), accepts(day(11)),
        then=Then(REFUNDED, refunded=40_00, seller=57_00, promoter=20_00),
    ),
    journey(
        "The same of fresh goods, after their seven days: the seller bears it all",
        "R3.6", bought(FRESH, coupons=COUPON), confirms(day(1)), asks(day(10), **BAD, amount_minor=40_00), accepts(day(11)),
        then=Then(REFUNDED, refunded=40_00, seller=47_00, promoter=20_00),
    ),
    journey(
        "All of it back: my coupon is mine again",
        "R4.13", bought(SALE, coupons=COUPON), asks(day(1)), goes_back(day(2)),
        then=Then(REFUNDED, refunded=100_00, seller=0, facts=("coupon.restored",)),
    ),
    journey(
        "All of it back: a coupon for new buyers does not come again",
        "R4.13", bought(SALE, coupons=NEW_USER), asks(day(1)), goes_back(day(2)),
        then=Then(REFUNDED, refunded=100_00, seller=0, never=("coupon.restored",)),
    ),
    journey(
        "My bank asks for it too, and is refused: then the refund is paid",
        "R3.8", bought(ONE), asks(day(1), **BAD), bank("opened", day(2, "11:00:00"), amount_minor=60_00), accepts(day(2)),
        bank("closed", day(5), outcome="won"),
        then=Then(REFUNDED, refunded=60_00, seller=0, facts=("refund.held",)), in_order=True,
    ),
    journey(
        "My bank has fetched it: nothing is left for the case",
        "R3.8", bought(ONE), asks(day(1), **BAD), bank("opened", day(2, "11:00:00"), amount_minor=60_00), accepts(day(2)),
        bank("closed", day(5), outcome="lost"),
        then=Then({"c": "70 refund.exceeds_paid"}, seller=0), in_order=True,
    ),
    journey(
        "The provider cannot pay; a person looks, and it is paid again",
        "R3.5", bought(ONE), asks(day(1), **BAD), accepts(day(2)), rules(day(4), True),
        then=Then(REFUNDED, refunded=60_00, seller=0, facts=("refund.stuck",)), fails=True,
    ),
    journey(
        "The provider cannot pay; the person who looks may not call me a liar, for I could not appeal",
        "R3.5, R4.11", bought(ONE), asks(day(1), **BAD), accepts(day(2)), rules(day(4), False, finding="false_claim"), rules(day(5), True),
        then=Then(REFUNDED, ("ruling.finds_unheard",), refunded=60_00, seller=0, facts=("refund.stuck",)), fails=True,
    ),
    journey(
        "The provider cannot pay; a person looks, and gives it up",
        "R3.5", bought(ONE), asks(day(1), **BAD), accepts(day(2)), rules(day(4), False),
        then=Then({"c": "70 case.refund_given_up"}, seller=57_00, facts=("refund.stuck",)), fails=True,
    ),
]
# fmt: on
