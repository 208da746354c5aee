"""The simulated market on all four services in memory: what deploy/market sends, told day by day, its provider answering."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

from deploy.market import newrules
from deploy.market.clients import Read
from deploy.market.disorder import waves
from deploy.market.market import Market, failing
from deploy.market.psp import Provider
from deploy.market.sent import Sent, closing
from deploy.verify.log import TOPICS as KNOWN
from shared.messaging.message import COPIES, Message
from shared.messaging.record import Out
from tests.unit.town import Town

DAYS_AFTER = 38  # as deploy.market.play has it


class Fairground(Town):
    """play() tells everything that can be read; what the services refused is in `refused()`."""

    def __init__(self, market: Market, shuffle: int | None = None) -> None:
        super().__init__(newrules.policies())
        self.market, self.shuffle = market, shuffle
        self.psp = Provider(market.seed, *failing(market))

    def provider(self, fact: Message) -> Iterable[Message]:
        """It answers on its own days."""
        return ()

    def play(self) -> Fairground:
        last, heard, day = self.market.phases[-1], 0, 0
        while True:
            now = closing(day)
            self.advance(now)
            self.psp.take(_read(*fact) for fact in self.facts[heard:] if fact[1].endswith(".instructed"))
            heard = len(self.facts)
            self.psp.capture(self.market.of_phase(day))
            answers = self.psp.answers(now, day)
            told = [*self.market.of_phase(day), *answers]
            for wave in waves(told, self.shuffle) if self.shuffle is not None else [told]:
                self.hear(wave, now)
            if day > last and not answers and not self.psp.pending and day > last + DAYS_AFTER:
                return self
            day += 1

    def hear(self, wave: Iterable[Sent], now: datetime) -> None:
        """What can be read of it."""
        self.tell((identity_of(one), _message(one)) for one in wave if not one.refused.startswith("event."))

    def records(self) -> list[Read]:
        """All that the services told, as an outsider reads it; refused copies left out."""
        return [
            _of(out, number)
            for service in self.services.values()
            for number, out in enumerate(service.written)
            if not out.topic.endswith(COPIES)
        ]


def identity_of(one: Sent) -> str:
    return f"{one.source} {one.id}"


def _message(one: Sent) -> Message:
    return KNOWN[one.topic].types[one.type].model_validate_json(one.value)


def _read(identity: str, kind: str, value: str) -> Read:
    body = json.loads(value)
    key = body["party"] if kind.startswith("payout") else body["order_id"]
    return Read("", 0, 0, key, {"ce_type": kind, "ce_id": identity}, body)


def _of(out: Out, number: int) -> Read:
    headers = {name: (value or b"").decode(errors="replace") for name, value in out.headers}
    return Read(out.topic, 0, number, (out.key or b"").decode(), headers | {"ce_sequence": str(number)}, json.loads(out.value or b"{}"))
