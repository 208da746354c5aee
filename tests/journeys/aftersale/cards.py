"""The trust card (小店信任卡): its rights, on lines whose seller offered them. Source: R4.7, R4.1."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.journeys.aftersale.words import (
    Step,
    Then,
    accepts,
    asks,
    bought,
    day,
    disputes,
    gets_card,
    inspects,
    journey,
    line,
    posts,
    refuses,
    rules,
)

CARD: Any = {"trust_card_id": "{card}"}
KEEP = line(1, 60_00, tags=["refund_without_return"])
CAPPED = line(1, 60_00, tags=["refund_without_return"], without_return_cap_minor=40_00)
FREIGHT, DAMAGED = line(1, 60_00, tags=["return_freight"]), line(1, 60_00, tags=["damaged_refund"])
ALL_BACK = Then({"c": "60 case.refunded"}, refunded=60_00, seller=0)


def keeps(at: timedelta, case: str = "c", **more: Any) -> Step:
    return asks(at, case, "trust_card", "refund_only", **more)


def refused(code: str) -> Then:
    return Then({}, (code,), seller=57_00)


def lied(at: int) -> tuple[Step, ...]:
    """The buyer says that line 2 is a fake; it is not. The verdict comes on the fifth day after."""
    return (
        asks(day(at), "lie", "counterfeit", "claim", line_no=2, evidence_ids=["e"]),
        refuses(day(at, "13:00:00"), "lie"),
        disputes(day(at, "14:00:00"), "lie"),
        rules(day(at + 5), False, "lie", fault="buyer", finding="false_claim"),
    )


# fmt: off
JOURNEYS = [
    journey(
        "With my card I keep the goods and have the money, to the last second of the seventh day",
        "R4.7", gets_card(), bought(KEEP, **CARD), keeps(day(7, "23:59:59")),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(7, "23:59:59")}),
    ),
    journey(
        "A second later my card helps no more",
        "R4.7", gets_card(), bought(KEEP, **CARD), keeps(day(8, "00:00:00")), then=refused("claim.window_over"),
    ),
    journey(
        "The seller's cap is what I get",
        "R4.7", gets_card(), bought(CAPPED, **CARD), keeps(day(1)),
        then=Then({"c": "60 case.refunded"}, refunded=40_00, seller=19_00),
    ),
    journey(
        "The seller never offered it",
        "R4.7", gets_card(), bought(line(1, 60_00), **CARD), keeps(day(1)), then=refused("trust_card.not_offered"),
    ),
    journey(
        "I had no card", "R4.7", bought(KEEP), keeps(day(1)), then=refused("trust_card.no_card"),
    ),
    journey(
        "I used the card of my other account",
        "R4.7", gets_card(buyer="{double}"), bought(KEEP, trust_card_id="{theirs}"), keeps(day(1)), then=refused("trust_card.of_another"),
    ),
    journey(
        "Nobody knows my card",
        "R4.7", bought(KEEP, trust_card_id="no-such-card"), keeps(day(1)), then=refused("trust_card.not_known"),
    ),
    journey(
        "My card was taken from me after I bought: what it promised stands",
        "R4.1", gets_card(), bought(KEEP, line(2, 20_00), **CARD), lied(1), keeps(day(7)),
        then=Then({"lie": "70 case.ruled_for_seller", "c": "60 case.refunded"}, refunded=60_00, seller=19_00),
    ),
    journey(
        "My card was taken from me before I bought",
        "R4.1, R4.7", gets_card(), bought(KEEP, line(2, 20_00), **CARD), lied(1),
        bought(KEEP, at=day(7), signed=day(7), order="{second}", **CARD), keeps(day(8), order="{second}"),
        then=Then({"lie": "70 case.ruled_for_seller"}, ("trust_card.not_valid",), seller=133_00),
    ),
    journey(
        "No reason, and still the seller pays for the way back, for I have the card",
        "R4.7", gets_card(), bought(FREIGHT, **CARD), asks(day(1)), accepts(day(2)), posts(day(2), freight_minor=12_00), inspects(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, beside={"return_freight": 12_00}, seller=-12_00),
    ),
    journey(
        "It pays twenty at most",
        "R4.7", gets_card(), bought(FREIGHT, **CARD), asks(day(1)), accepts(day(2)), posts(day(2), freight_minor=20_01), inspects(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, beside={"return_freight": 20_00}, seller=-20_00),
    ),
    journey(
        "Without the card nobody pays for the way back",
        "R4.7", bought(FREIGHT), asks(day(1)), accepts(day(2)), posts(day(2), freight_minor=12_00), inspects(day(2)), then=ALL_BACK,
    ),
    journey(
        "Broken, and the card has the money at once, in the last second of the day",
        "R4.7", gets_card(), bought(DAMAGED, **CARD), asks(day(1, "23:59:58"), ground="damaged", kind="refund_only"),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(1, "23:59:58")}),
    ),
    journey(
        "Broken, and a second later the seller is asked",
        "R4.7", gets_card(), bought(DAMAGED, **CARD), asks(day(1, "23:59:59"), ground="damaged", kind="refund_only"), accepts(day(3)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(3)}),
    ),
    journey(
        "Broken, with the seller's tag and no card: the seller is asked",
        "R4.7", bought(DAMAGED), asks(day(1), ground="damaged", kind="refund_only"), accepts(day(2)),
        then=Then({"c": "60 case.refunded"}, refunded=60_00, seller=0, at={"refund.granted": day(2)}),
    ),
]
# fmt: on
