"""The connector that the page for upstream shows: each instruction is paid once and answered, though it dies amid one or forgets all."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest
from faststream import BaseMiddleware
from faststream.kafka import KafkaBroker
from faststream.security import SASLScram256

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]

PAGE = Path(__file__).parents[2] / "shared/contracts/README.md"
PATIENCE_S = 240  # it reads all that other journeys left, a record at a time


class Asked(Protocol):
    """A provider as the connector asks it. keys: the orders and parties that it answers for."""

    keys: set[str]

    async def __call__(self, of: str, kind: str, fact: dict[str, Any]) -> tuple[bool, str] | None: ...


class Provider:
    """It pays once for each id and knows it again, asks for patience at first, and will never pay to who is in `never`."""

    def __init__(self, town: Town, keys: set[str]) -> None:
        self.town, self.keys, self.never = town, keys, set[str]()
        self.asked, self.paid = Counter[str](), dict[str, int]()
        self.dies = False

    async def __call__(self, of: str, kind: str, fact: dict[str, Any]) -> tuple[bool, str] | None:
        key = fact["party" if kind == "payout" else "order_id"]
        if key not in self.keys:
            return None
        self.asked[of] += 1
        if key in self.never:
            return False, self.town.now.isoformat()
        if self.asked[of] == 1:
            return None
        if of not in self.paid:
            self.paid[of] = fact["amount_minor"]
            if self.dies:
                raise InterruptedError("it dies when the money has left")
        return True, self.town.now.isoformat()


class Hasty(BaseMiddleware):
    """It carries out what is open behind each record, so also between an instruction and what ended it long ago."""

    def __init__(self, *given: Any, keys: set[str], carry_out: Callable[[], Awaitable[None]], **more: Any) -> None:
        super().__init__(*given, **more)
        self.keys, self.carry_out = keys, carry_out

    async def consume_scope(self, call_next: Callable[[Any], Awaitable[Any]], msg: Any) -> Any:
        taken = await call_next(msg)
        if msg.raw_message.key.decode() in self.keys:
            await self.carry_out()
        return taken


def test_the_connector_of_the_page_pays_each_instruction_once_whatever_it_died_of(town: Town, tmp_path: Path) -> None:
    """R3.1, R3.5."""
    deals = [Deal(town, f"connector{number}") for number in range(3)]
    for deal in deals:
        deal.placed(line(1, 100_00), due=100_00)
        deal.paid(100_00)
    back, refused, sold = deals
    town.idle()
    for deal in (back, refused):
        town.send("storefront", "order.cancel_requested", deal.order, {"order_id": deal.order, "cancel_id": "c", "buyer_id": deal.buyer})
    sold.shipped()
    sold.signed()
    sold.confirmed()
    town.idle()
    town.until(timedelta(days=9))  # the refunds are overdue meanwhile, and a late answer counts
    provider = Provider(town, {back.order, refused.order, sold.seller})
    provider.never.add(refused.order)
    provider.dies = True
    with pytest.raises(InterruptedError):
        run(town, tmp_path / "books", provider, "sent")
    provider.dies = False
    run(town, tmp_path / "books", provider, "sent")
    with sqlite3.connect(tmp_path / "books") as books:  # as if it had died between the broker's word and its own note of it
        books.execute("UPDATE instruction SET sent = 0")
    run(town, tmp_path / "books", provider, "sent")
    town.idle()
    assert sorted(provider.paid.values()) == [95_00, 100_00]
    assert back.types("payment.v1").count("refund.done") == 1
    assert refused.types("payment.v1").count("refund.not_paid") == 1
    assert [fact.type for fact in sold.of_seller()][-1] == "payout.done"
    assert [town.refused(key) for key in provider.keys] == [[]] * 3
    before = provider.asked.copy()
    run(town, tmp_path / "new books", provider, "ended")
    assert provider.asked == before  # what is ended is not asked for again by who has lost its books


def run(town: Town, books: Path, provider: Asked, until: str) -> None:
    """The page's connector as one process, until all that this provider is to pay is so far."""
    (code,) = re.findall(r"```python\n(import json.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    settings = town.settings("psp")
    security = SASLScram256(settings["sasl.username"], settings["sasl.password"])
    more: dict[str, Any] = {"acks": "all", "enable_idempotence": True, "allow_auto_create_topics": False, "logger": None}
    broker = KafkaBroker(settings["bootstrap.servers"], security=security, **more)
    kept = sqlite3.connect(books)
    carry_out = names["connector"](broker, kept, "shop.example/psp", provider)
    if until == "ended":
        broker.add_middleware(partial(Hasty, keys=provider.keys, carry_out=carry_out))
    asyncio.run(_run(broker, carry_out, lambda: provider.keys <= far(kept, until)))


def far(books: sqlite3.Connection, column: str) -> set[str]:
    return {key for (key,) in books.execute(f"SELECT key FROM instruction WHERE {column}")}


async def _run(broker: KafkaBroker, carry_out: Callable[[], Awaitable[None]], done: Callable[[], bool]) -> None:
    async with broker, asyncio.timeout(PATIENCE_S):
        await broker.start()
        for _ in range(2):
            while not done():
                await carry_out()
                await asyncio.sleep(0.2)
            await carry_out()
