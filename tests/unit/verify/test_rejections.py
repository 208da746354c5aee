"""An order is refused for a reason that is one to verify too, and nothing is accepted in spite of one. Source: R2.1, R2.7, R2.8."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.verify import rejections
from deploy.verify.log import Log
from shared.contracts.order import OrderAccepted, OrderRejected
from shared.contracts.storefront import OrderPlaced
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import allotted, linked, reviewed, wanted
from tests.unit.order.test_placement import CANNOT_STAND
from tests.unit.town import Town
from tests.unit.verify.recorded import index, log_of, wrong

FAIR = (allotted(3, limit=2), reviewed())
PERSON = linked("b1", "t1"), linked("b2", "t1")
SCARCE = [
    ([reviewed(), wanted()], "campaign.no_allotment"),
    ([*FAIR, wanted("o0", "b9", 2), wanted(quantity=2)], "campaign.sold_out"),
    ([*FAIR, wanted("o0", "b1"), wanted(buyer_id="b1", quantity=2)], "campaign.limit_reached"),
    ([*FAIR, *PERSON, wanted("o0", "b2"), wanted(buyer_id="b1", quantity=2)], "campaign.limit_reached"),
    ([*FAIR, reviewed(approved=False, when="05-22 10:00"), wanted()], "campaign.not_reviewed"),
    ([b.subject_suspended("seller:s1"), b.placed()], "order.seller_suspended"),
    ([b.subject_suspended("promoter:k1"), b.placed()], "order.promoter_suspended"),
]  # fmt: skip
REFUSED = [*(([event], code) for event, code in CANNOT_STAND), *SCARCE, ([b.placed(due=1)], "order.due_differs")]


def told(*events: Message) -> Log:
    town = Town(b.POLICIES, services=("order",))
    for number, event in enumerate(events):
        town.tell([(f"e{number}", event)])
    return log_of(town)


def differences(log: Log) -> list[str]:
    index(log)
    return wrong(list(rejections.checks(log, b.POLICIES)))


def forged(log: Log, event: Message, **changes: object) -> None:
    """In its place."""
    for entries in (log.sent, *log.lanes.values()):
        entries[:] = [replace(one, event=one.event.model_copy(update=changes)) if one.event == event else one for one in entries]


@pytest.mark.parametrize(("events", "code"), REFUSED)
def test_a_refusal_is_right_for_its_own_reason_and_wrong_for_any_other(events: list[Message], code: str) -> None:
    log = told(*events)
    ((_, refused),) = log.of(OrderRejected)
    assert (refused.code, differences(log)) == (code, [])
    forged(log, refused, detail="line 9")
    assert len(differences(log)) == 1
    for other in {one for _, one in REFUSED} - {code, "campaign.not_reviewed", "order.due_differs"}:
        log = told(*events)
        forged(log, refused, code=other)
        assert (other, len(differences(log))) == (other, 1)


@pytest.mark.parametrize(("event", "code"), [one for one in CANNOT_STAND if one[1] != "campaign.not_reviewed"])
def test_an_order_that_cannot_stand_is_not_accepted(event: OrderPlaced, code: str) -> None:
    log = told(b.placed())
    forged(log, b.placed(), **{name: getattr(event, name) for name in OrderPlaced.model_fields})
    (found,) = differences(log)
    assert f"'{code}'" in found


def test_what_was_sold_before_and_behind_says_what_was_known_of_a_review_r2_7() -> None:
    """Orders of a lane are decided one after the other: not reviewed may be what was sold neither before nor at the same time."""
    taken, too_many = wanted("o0", "b9", 2), wanted(quantity=2)
    for events, differs in (
        ([*FAIR, taken, too_many], True),
        ([*FAIR, wanted(quantity=4), taken], False),
        ([*FAIR, taken, reviewed(approved=False, when="05-22 10:00"), wanted(), reviewed(when="05-22 10:30")], False),
    ):
        log = told(*events)
        ((_, refused),) = log.of(OrderRejected)
        forged(log, refused, code="campaign.not_reviewed")
        assert bool(differences(log)) == differs
    log = told(wanted(), *FAIR, taken)
    ((_, refused),) = log.of(OrderRejected)
    assert (refused.code, differences(log)) == ("campaign.not_reviewed", [])
    forged(log, refused, code="campaign.sold_out")
    assert len(differences(log)) == 1


def test_what_a_campaign_says_later_of_a_product_makes_no_earlier_order_wrong() -> None:
    later = reviewed(approved=False, when="06-02 10:00"), allotted(5, limit=1, when="06-02 10:00")
    log = told(*FAIR, wanted(quantity=2), *later)
    assert ([fact.order_id for _, fact in log.of(OrderAccepted)], differences(log)) == ([b.ORDER], [])
