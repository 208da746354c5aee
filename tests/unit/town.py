"""All four services in memory, told by topics that keep their own order and know nothing of each other's."""

from __future__ import annotations

import random
from collections import defaultdict, deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from deploy.local.services import discover
from shared.contracts import registry
from shared.contracts.payment import PayoutInstructed, RefundInstructed
from shared.contracts.psp import PayoutSucceeded, RefundSucceeded
from shared.messaging.fold import Fold
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.messaging.record import Effects, Out
from shared.messaging.shape import Kind
from shared.policy import Policies

SERVICES = tuple(discover())
Lane = tuple[str, str, str]  # service, topic, key: told one after the other
Fact = tuple[str, str, str]  # id, type, value as JSON


class Told(Memory):
    """Keeps the id of each fact beside it; written: all that would reach the topics, refused copies too; ids: of events, by their place;
    fired: its own deadlines.
    """

    def __init__(self, name: str, policies: Policies) -> None:
        super().__init__(import_module(f"services.{name}.handlers").SERVICE, policies)
        self.out: list[tuple[str, Message]] = []
        self.written: list[Out] = []
        self.ids: dict[str, str] = {}
        self.fired: list[tuple[str, Message]] = []

    def send(self, event: Message, id: str = "") -> tuple[Message, ...]:
        self.ids[f"{event.topic.name}/0/{self._count + 1}"] = id
        if event.topic.name.endswith(".timer.v1"):
            self.fired.append((id, event))
        return super().send(event, id)

    def _keep(self, effects: Effects, key: str, fold: Fold) -> tuple[Message, ...]:
        self.written.extend(effects.facts)
        for out in effects.facts:
            headers = dict(out.headers)
            if "x-reason" not in headers:
                kind = self._facts[headers["ce_type"].decode()]
                self.out.append((headers["ce_id"].decode(), kind.model_validate_json(out.value or b"")))
        return super()._keep(effects, key, fold)


class Town:
    """tell() what the apps say, then advance() the clock. dice decides which topic is heard next; None: in the order of telling.

    sent: what the apps and the provider said.
    """

    def __init__(self, policies: Policies, dice: random.Random | None = None, services: Iterable[str] = SERVICES) -> None:
        self.dice = dice
        self.services = {name: Told(name, policies) for name in services}
        self.lanes: dict[Lane, deque[tuple[str, Message]]] = defaultdict(deque)
        self.facts: list[Fact] = []
        self.sent: list[tuple[str, Message]] = []
        self._order: deque[Lane] = deque()
        self._takers = {entry.kind: entry.consumers for entry in registry.entries()}

    def tell(self, events: Iterable[tuple[str, Message]]) -> None:
        """Events with their ids; those of one topic and key in order."""
        for identity, event in events:
            self.sent.append((identity, event))
            self._put(identity, event)
        while self._order:
            self._next()

    def advance(self, to: datetime) -> None:
        """Deadline by deadline, all that follows from one before the next."""
        grace = timedelta(seconds=5)
        while True:
            due = [timer.occurred_at for service in self.services.values() for timer in service.armed.values()]
            first = min((at for at in due if at + grace <= to), default=None)
            if first is None:
                return
            for service in self.services.values():
                before = len(service.out)
                service.advance(first + grace)
                self._publish(service.out[before:])
            self.tell(())

    def entity(self, service: str, kind: Kind[Any, Any], key: str) -> Any:
        return self.services[service].entity(kind, key)

    def states(self) -> dict[str, str]:
        """Every entity as it would be stored."""
        return {
            f"{name}/{kind.name}/{key}": kind.body.dump_json(entity).decode()
            for name, service in self.services.items()
            for kind in service.service.kinds
            for (of, key), (_, entity) in service.entities.items()
            if of == kind.name
        }

    def refused(self) -> list[tuple[str, str]]:
        return sorted(pair for service in self.services.values() for pair in service.refused)

    def waiting(self) -> list[str]:
        return sorted(row.reason for service in self.services.values() for rows in service._held.values() for row in rows)

    def _next(self) -> None:
        if self.dice is not None:
            self._order.rotate(self.dice.randrange(len(self._order)))
        lane = self._order.popleft()
        identity, event = self.lanes[lane].popleft()
        service = self.services[lane[0]]
        before = len(service.out)
        service.send(event, identity)
        self._publish(service.out[before:])

    def _publish(self, facts: Iterable[tuple[str, Message]]) -> None:
        for identity, fact in facts:
            self.facts.append((identity, fact.type, fact.to_json().decode()))
            answers = [(f"psp-{identity}", answer) for answer in self.provider(fact)]
            self.sent.extend(answers)
            for known, event in [(identity, fact), *answers]:
                self._put(known, event)

    def _put(self, identity: str, event: Message) -> None:
        for service in self._takers[type(event)]:
            if service in self.services:
                lane = (service, event.topic.name, event.key)
                self.lanes[lane].append((identity, event))
                self._order.append(lane)

    def provider(self, fact: Message) -> Iterable[Message]:
        """It pays what it is told to."""
        if isinstance(fact, RefundInstructed):
            yield RefundSucceeded(order_id=fact.order_id, refund_id=fact.refund_id, occurred_at=fact.occurred_at)
        if isinstance(fact, PayoutInstructed):
            yield PayoutSucceeded(party=fact.party, payout_id=fact.payout_id, occurred_at=fact.occurred_at)
