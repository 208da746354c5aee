"""Many orders of the same parties: what they get and owe meets in one account, and verify comes to the same. Source: R3.1, R3.6."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

from deploy.verify import purses
from deploy.verify.log import Log
from services.payment.model import ACCOUNT, Purse
from services.payment.model.purse import CLAWBACKS_KEPT
from shared.contracts.payment import ClawbackDelayed
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.town import Town
from tests.unit.verify.recorded import log_of, wrong


class Account(Town):
    """The payment service alone; what order and refund tell it of many orders is told here. Each order pays the promoter 20%."""

    def __init__(self) -> None:
        super().__init__(b.POLICIES, services=("payment",))
        self.count = itertools.count()

    def say(self, order_id: str, *events: Message) -> None:
        self.tell((f"e{next(self.count)}", event.model_copy(update={"order_id": order_id})) for event in events)

    def sold(self, order_id: str, paid_minor: int, confirmed: str = "06-05 09:00") -> None:
        self.say(order_id, b.order_paid(b.line(1, paid_minor)), b.order_completed(when=confirmed))

    def sent_back(self, order_id: str, paid_minor: int, when: str) -> None:
        self.say(order_id, b.case_opened(when=when), b.granted(f"r-{order_id}", paid_minor, when=when))
        self.say(order_id, b.case_closed(quantity=1, amount_minor=paid_minor, when=when))

    def purse(self, party: str = b.PROMOTER) -> Purse:
        found: Purse = self.entity("payment", ACCOUNT, party).purses["CNY"]
        return found


def told_of(log: Log) -> list[str]:
    return wrong(list(purses.checks(log)))


def many_sent_back(orders: Iterable[str]) -> Account:
    """All settled, swept, and sent back within the window: the promoter has nothing left of them."""
    town = Account()
    for order_id in orders:
        town.sold(order_id, 100_00)
    town.advance(b.at("06-14 00:00"))
    for order_id in orders:
        town.sent_back(order_id, 100_00, "06-14 10:00")
    return town


def test_what_was_put_together_beyond_the_bound_waits_as_a_whole_for_the_balance_r3_6() -> None:
    """Of two more than are kept one by one, the last three are one: half of it is there, so it waits."""
    town = many_sent_back([f"o{number}" for number in range(CLAWBACKS_KEPT + 2)])
    assert (len(town.purse().clawbacks), [one.amount_minor for one in town.purse().clawbacks.values()][-1]) == (CLAWBACKS_KEPT, 60_00)
    town.sold("more", (CLAWBACKS_KEPT - 1) * 100_00 + 150_00, "06-15 09:00")
    town.advance(b.at("06-26 00:00"))
    (left,) = town.purse().clawbacks.values()
    assert (left.amount_minor, town.purse().available_minor) == (60_00, 30_00)
    assert told_of(log_of(town)) == []
    town.sold("enough", 150_00, "06-20 09:00")
    town.advance(b.at("06-29 00:00"))
    assert (town.purse().clawbacks, town.purse().available_minor, told_of(log_of(town))) == ({}, 0, [])


def test_a_share_that_grows_while_it_waits_is_noticed_r3_6() -> None:
    town = many_sent_back(["o1", "o2"])
    town.advance(b.at("06-16 00:00"))
    log = log_of(town)
    lane = log.lanes[("party.v1", 0)]
    number = max(number for number, entry in enumerate(lane) if isinstance(entry.event, ClawbackDelayed))
    fact = lane[number].event
    assert fact is not None
    lane[number] = replace(lane[number], event=fact.model_copy(update={"amount_minor": 20_01}))
    (said,) = told_of(log)
    assert "2001 waits" in said
