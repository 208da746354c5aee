"""Not genuine (假一赔N): a claim, its evidence, its answer, its ruling, and what the seller owes. Source: R4.9, R4.7."""

from __future__ import annotations

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
    journey,
    line,
    refuses,
    rules,
    seller_shows,
    shows,
)

ONE = line(1, 60_00)
TAGGED = line(1, 60_00, tags=["authentic_x9"])
LAST, OVER = day(7, "23:59:59"), day(8, "00:00:00")


def fake(at: Any, **more: Any) -> Step:
    return asks(at, ground="counterfeit", kind="claim", **more)


JUDGED = (refuses(day(2)), disputes(day(3)))  # heard on day 5
REFUNDED = {"c": "60 case.refunded"}

# fmt: off
JOURNEYS = [
    journey(
        "A fake with the tag and my card: my money, and nine times as much",
        "R4.9", gets_card(), bought(TAGGED, trust_card_id="{card}"), fake(day(1), evidence_ids=["e"]), JUDGED,
        rules(day(6), upheld=True, finding="counterfeit"),
        then=Then(REFUNDED, refunded=60_00, beside={"authentic": 540_00}, seller=-540_00),
    ),
    journey(
        "A fake with the tag, without a card: the law's floor",
        "R4.9", bought(TAGGED), fake(day(1), evidence_ids=["e"]), JUDGED, rules(day(6), upheld=True, finding="counterfeit"),
        then=Then(REFUNDED, refunded=60_00, beside={"statutory": 500_00}, seller=-500_00),
    ),
    journey(
        "A dear fake: three times its price by law",
        "R4.9", bought(line(1, 200_00)), fake(day(1), evidence_ids=["e"]), JUDGED, rules(day(6), upheld=True, finding="counterfeit"),
        then=Then(REFUNDED, refunded=200_00, beside={"statutory": 600_00}, seller=-600_00),
    ),
    journey(
        "The food was unsafe: ten times, a thousand at least",
        "R4.9", bought(line(1, 60_00, category="food")), fake(day(1), evidence_ids=["e"]), JUDGED,
        rules(day(6), upheld=True, finding="unsafe_food"),
        then=Then(REFUNDED, refunded=60_00, beside={"statutory": 1_000_00}, seller=-1_000_00),
    ),
    journey(
        "I had it examined, that is paid, too",
        "R4.9", bought(ONE), fake(day(1), evidence_ids=["e"]), JUDGED,
        rules(day(6), upheld=True, finding="counterfeit", appraisal_minor=80_00),
        then=Then(REFUNDED, refunded=60_00, beside={"statutory": 500_00, "appraisal": 80_00}, seller=-580_00),
    ),
    journey(
        "The seller owns up",
        "R4.9", bought(ONE), fake(day(1), evidence_ids=["e"]), accepts(day(2)),
        then=Then(REFUNDED, refunded=60_00, beside={"statutory": 500_00}, seller=-500_00),
    ),
    journey(
        "In the last second of the seventh day I say it is a fake",
        "R4.9", bought(ONE), fake(LAST, evidence_ids=["e"]), accepts(day(8)),
        then=Then(REFUNDED, refunded=60_00, beside={"statutory": 500_00}, seller=-500_00),
    ),
    journey(
        "A second later nobody asks whether it is one",
        "R4.9", bought(ONE), fake(OVER, evidence_ids=["e"]), then=Then({}, ("claim.window_over",), seller=57_00),
    ),
    journey(
        "It was genuine: the claim was false",
        "R4.9", bought(ONE), fake(day(1), evidence_ids=["e"]), JUDGED, rules(day(6), upheld=False, fault="buyer", finding="false_claim"),
        then=Then({"c": "70 case.ruled_for_seller"}, seller=57_00),
    ),
    journey(
        "I show nothing for fourteen days: a ruling it is, and it is not for me",
        "R4.9", bought(ONE), fake(day(1)), rules(day(18), upheld=False),
        then=Then({"c": "70 case.ruled_for_seller"}, seller=57_00, at={"case.disputed": day(15), "case.heard": day(17)}),
    ),
    journey(
        "I show it in the last second of the fourteen days; the seller has seven more and is silent; nobody rules",
        "R4.9, R4.11", bought(ONE), fake(day(1)), shows(day(15, "11:59:59")),
        then=Then(
            REFUNDED, refunded=60_00, beside={"statutory": 500_00}, seller=-500_00,
            at={"case.disputed": day(22, "11:59:59"), "case.heard": day(24, "11:59:59"), "refund.granted": day(31, "11:59:59")},
        ),
    ),
    journey(
        "The seller shows its papers, and the platform believes them",
        "R4.9", bought(ONE), fake(day(1), evidence_ids=["e"]), seller_shows(day(2)), refuses(day(2)), disputes(day(3)),
        rules(day(6), upheld=False),
        then=Then({"c": "70 case.ruled_for_seller"}, seller=57_00, facts=("evidence.noted",)),
    ),
]
# fmt: on
