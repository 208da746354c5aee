"""A shop that sold before moves here, as the page for upstream tells it: what it brings in, what it leaves where it was, and a trial."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line
from tests.journeys.outside import Fact
from tests.journeys.test_connector import PAGE, run

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

PRICE = 100_00


class Old(Deal):
    """An order of the old shop, placed so many days ago. Each event says when it happened there, and is exported twice."""

    def __init__(self, town: Town, name: str, days: float) -> None:
        super().__init__(town, name, copies=2)
        self.began = town.now - timedelta(days=days)
        self.payment = f"pay-{self.order}"

    def at(self, **since: float) -> dict[str, Any]:
        return {"occurred_at": (self.began + timedelta(**since)).isoformat()}

    def bought(self, due: int = PRICE) -> None:
        self.placed(line(1, PRICE), due=due, **self.at())

    def captured(self) -> None:
        self.paid(PRICE, self.payment, **self.at(minutes=5))

    def sent(self, **since: float) -> None:
        self.shipped(lines=[{"line_no": 1, "quantity": 1}], **self.at(**since))

    def arrived(self, **since: float) -> None:
        self.signed(**self.at(**since))

    def instructed(self, town: Town) -> list[tuple[str, int]]:
        """What the provider is told to pay for it, or to its seller."""
        told: list[Fact] = [fact for fact in town.instructions() if fact.key in (self.order, self.seller)]
        return sorted((fact.type, fact.body["amount_minor"]) for fact in told)


def test_an_order_in_flight_is_brought_in_with_order_placed_last_and_paid_out_once(town: Town) -> None:
    """R2.2, R2.4, R2.5, R2.6, R3.9: however long that takes, none of the deadlines that were kept there is missed here."""
    old = Old(town, "in-flight", days=9)
    old.captured()
    old.sent(hours=10)
    old.arrived(days=8)
    town.until(timedelta(hours=3))
    assert old.types() == []
    old.bought()
    old.stated(old.payment, PRICE, day=(old.began + timedelta(hours=8)).strftime("%Y-%m-%d"), **old.at(hours=12))
    town.idle()
    assert old.types("order.v1") == ["order.accepted", "order.paid", "order.shipped", "order.delivered"]
    assert old.fact("refund.v1", "window.opened")["signed_at"][:19] == old.at(days=8)["occurred_at"][:19]
    assert old.instructed(town) == []
    town.until(timedelta(days=10))  # confirmed on the tenth day from sending, settled on the seventh from then
    assert old.instructed(town) == [("payout.instructed", 95_00)]
    assert [fact.body["amount_minor"] for fact in old.provider_pays()] == [95_00]
    old.captured()  # under other ids, as an export that runs again says it
    old.bought()
    town.until(timedelta(days=10))
    assert old.instructed(town) == [("payout.instructed", 95_00)]
    breaks = Counter(kind for kind in old.types("payment.v1") if kind.startswith("break."))
    assert breaks["break.found"] == breaks["break.explained"]
    assert set(old.refused()) == {"payment.known", "order.exists"}


def test_what_the_page_leaves_in_the_old_system_would_be_paid_again_here(town: Town) -> None:
    """R2.2, R2.4, R2.6: nothing here can know what was paid there, and a deadline that is over happens at once."""
    first, rejected, overdue, settled = (Old(town, name, days=40) for name in ("placed-first", "due-differs", "overdue", "settled"))
    first.bought()
    town.idle()
    first.captured()
    rejected.captured()
    rejected.bought(due=PRICE - 1)
    overdue.captured()
    overdue.bought()
    settled.captured()
    settled.sent(hours=10)
    settled.arrived(days=3)
    settled.bought()
    town.idle()
    assert [old.instructed(town) for old in (first, rejected)] == [[("refund.instructed", PRICE)]] * 2
    assert overdue.instructed(town) == [("compensation.instructed", 10_00)]
    assert settled.instructed(town) == [("payout.instructed", 95_00)]
    for old in (first, rejected, overdue, settled):
        old.provider_pays()


def test_events_of_an_order_that_stays_in_the_old_system_move_nothing_here(town: Town) -> None:
    """R2.1: they wait a day for an order that never comes, and are told as refused."""
    old = Old(town, "stays", days=3)
    old.captured()
    old.sent(hours=10)
    old.arrived(days=2)
    town.until(timedelta(hours=25))
    assert (old.types(), old.instructed(town)) == ([], [])
    assert old.refused() == ["wait.over"] * 3


class Trial:
    """The `ask` of the page, which pays nobody, for those parties alone: other journeys have a provider of their own."""

    def __init__(self, keys: set[str]) -> None:
        (code,) = re.findall(r"```python\n(async def ask.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        names: dict[str, Any] = {}
        exec(code, names)
        self.keys, self._ask = keys, names["ask"]

    async def __call__(self, of: str, kind: str, fact: dict[str, Any]) -> tuple[bool, str] | None:
        key = fact["party" if kind == "payout" else "order_id"]
        return await self._ask(of, kind, fact) if key in self.keys else None


def test_in_a_trial_every_instruction_is_answered_and_nobody_is_paid(town: Town, tmp_path: Path) -> None:
    """R3.1: the connector of the page with that `ask`; the books then say of each that it is done."""
    sold, back = Deal(town, "trial"), Deal(town, "trial-back")
    for deal in (sold, back):
        deal.placed(line(1, PRICE), due=PRICE)
        deal.paid(PRICE)
    sold.shipped()
    sold.signed()
    town.idle()
    town.send("storefront", "order.cancel_requested", back.order, {"order_id": back.order, "cancel_id": "c", "buyer_id": back.buyer})
    sold.confirmed()
    town.idle()
    town.until(timedelta(days=9))
    run(town, tmp_path / "books", Trial({sold.seller, back.order}), "sent")
    town.idle()
    assert back.types("payment.v1").count("refund.done") == 1
    assert [fact.type for fact in sold.of_seller()][-1] == "payout.done"
    assert [deal.refused() for deal in (sold, back)] == [[], []]
