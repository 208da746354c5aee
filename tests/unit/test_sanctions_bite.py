"""What trust decides of a seller or promoter is what its orders meet, whichever topic is faster. Source: R2.8, R6.1, R6.2."""

from __future__ import annotations

from random import Random

import pytest

from shared.contracts.governance import ViolationRecorded, ViolationVoided
from shared.contracts.order import OrderAccepted, OrderRejected
from shared.contracts.suspension import OrderClosed, OrderUnderSuspension
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.town import Town

SELLER, PROMOTER = f"seller:{b.SELLER}", f"promoter:{b.PROMOTER}"


def hits(subject: str, count: int = 5) -> list[Message]:
    """Twenty points a day from 1 May."""
    return [
        ViolationRecorded(subject_id=subject, violation_id=f"v{day}", kind="off_platform", points=20, occurred_at=b.at(f"05-0{day} 10:00"))
        for day in range(1, count + 1)
    ]


def void(subject: str, name: str, when: str) -> ViolationVoided:
    return ViolationVoided(subject_id=subject, violation_id=name, occurred_at=b.at(when))


def placed(order_id: str, when: str) -> Message:
    return b.placed(when=when).model_copy(update={"order_id": order_id})


def town(*events: Message, dice: int | None = None) -> Town:
    """Each when all of the one before is done; by the dice, all at once."""
    found = Town(b.POLICIES, Random(dice) if dice is not None else None, ("order", "trust"))
    told = [(f"e{number}", event) for number, event in enumerate(events)]
    for batch in [told] if dice is not None else [[one] for one in told]:
        found.tell(batch)
    return found


def became(found: Town, order_id: str) -> list[str]:
    """What was told of the order that concerns it as a whole."""
    kinds = (OrderAccepted, OrderRejected, OrderClosed, OrderUnderSuspension)
    told = [fact for _, fact in found.services["order"].out if isinstance(fact, kinds) and fact.order_id == order_id]
    return [getattr(fact, "code", fact.type) for fact in told]


@pytest.mark.parametrize(("subject", "code"), [(SELLER, "order.seller_suspended"), (PROMOTER, "order.promoter_suspended")])
def test_who_is_removed_by_points_sells_nothing_and_who_is_free_again_does_r6_1_r2_8(subject: str, code: str) -> None:
    orders = placed("before", "05-05 10:09"), placed("then", "05-05 10:10"), placed("weeks", "06-01 09:59:59")
    found = town(*hits(subject), *orders, void(subject, "v2", "06-01 10:00"), placed("free", "06-01 10:00"))
    assert [became(found, one) for one in ("before", "then", "weeks", "free")] == [["order.accepted"], [code], [code], ["order.accepted"]]


def test_who_is_free_and_removed_again_sells_nothing_again_r6_1_r2_8() -> None:
    again = ViolationRecorded(subject_id=SELLER, violation_id="v9", kind="off_platform", points=20, occurred_at=b.at("06-02 10:00"))
    found = town(*hits(SELLER), void(SELLER, "v2", "06-01 10:00"), placed("free", "06-01 12:00"), again, placed("later", "06-02 10:10"))
    assert (became(found, "free"), became(found, "later")) == (["order.accepted"], ["order.seller_suspended"])


@pytest.mark.parametrize("dice", range(30))
def test_whatever_overtakes_what_no_order_of_a_removed_seller_is_left_r6_1_r2_8(dice: int) -> None:
    """Placed within the look back: refused, or accepted too soon and then closed."""
    found = town(*hits(SELLER), placed("o7", "05-06 10:00"), dice=dice)
    assert became(found, "o7")[-1] == "order.seller_suspended"
