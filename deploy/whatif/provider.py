"""What the provider would have said: as recorded where it was asked the same, else that it paid, an hour later. Source: R9.2, R3.5.

What it said of an instruction that is never given now is left out. Where the same instruction comes at another time, its answer follows
as long after it as it did. A statement shows what was instructed now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from shared.contracts.payment import CompensationInstructed, PayoutInstructed, RefundInstructed
from shared.contracts.psp import (
    CompensationFailed,
    CompensationSucceeded,
    PayoutFailed,
    PayoutLine,
    PayoutSucceeded,
    RefundFailed,
    RefundSucceeded,
    StatementLine,
)
from shared.messaging.message import Message

ANSWER_AFTER = timedelta(hours=1)  # of an instruction that nobody gave: assumed done
STATED_AFTER = timedelta(days=1)
ASKED: dict[type[Message], str] = {RefundInstructed: "refund", CompensationInstructed: "compensation", PayoutInstructed: "payout"}
ANSWERS: dict[type[Message], str] = {
    RefundSucceeded: "refund",
    RefundFailed: "refund",
    CompensationSucceeded: "compensation",
    CompensationFailed: "compensation",
    PayoutSucceeded: "payout",
    PayoutFailed: "payout",
}

Instruction = tuple[str, str]  # refund, compensation or payout, and its id


class Asked(NamedTuple):
    amount_minor: int
    currency: str
    at: datetime


class Answer(NamedTuple):
    """at: when it comes."""

    id: str
    source: str
    event: Message
    at: datetime


def instruction_of(event: Message) -> Instruction | None:
    """That it answers."""
    kind = ANSWERS.get(type(event))
    return (kind, getattr(event, f"{kind}_id")) if kind is not None else None


@dataclass(slots=True)
class Provider:
    """recorded: what it was asked. stated: on which of its statements there are lines, `orders`, `payouts`. asked: what it is asked now.
    assumed: by kind and currency, the amounts and, under `count`, how many; unasked: answers left out.
    """

    recorded: dict[Instruction, Asked] = field(default_factory=dict)
    stated: set[str] = field(default_factory=set)
    asked: dict[Instruction, Asked] = field(default_factory=dict)
    assumed: Counter[tuple[str, str]] = field(default_factory=Counter)
    count: Counter[str] = field(default_factory=Counter)
    waiting: dict[Instruction, list[tuple[str, str, Message]]] = field(default_factory=lambda: defaultdict(list))

    def again(self) -> Provider:
        """Asked anew, with what is recorded in mind."""
        return Provider(self.asked, self.stated)

    def note(self, fact: Message) -> Instruction | None:
        kind = ASKED.get(type(fact))
        if kind is None:
            return None
        found: Any = fact
        instruction = (kind, getattr(fact, f"{kind}_id"))
        self.asked[instruction] = Asked(found.amount_minor, found.currency, fact.occurred_at)
        return instruction

    def said(self, identity: str, source: str, event: Message) -> Message | None:
        """As it says it now; None: not yet, or never."""
        if isinstance(event, StatementLine):
            return self._line(event, (event.kind, event.reference))
        if isinstance(event, PayoutLine):
            return self._line(event, ("payout", event.payout_id))
        instruction = instruction_of(event)
        if instruction is None or (instruction not in self.asked and instruction not in self.recorded):
            return event
        asked = self.asked.get(instruction)
        if asked is None:
            self.waiting[instruction].append((identity, source, event))
            return None
        at = self._when(instruction, event, asked)
        return event if at <= event.occurred_at else event.model_copy(update={"occurred_at": at})

    def answers(self, instruction: Instruction, fact: Message) -> Iterator[Answer]:
        """To an instruction that was just given: what waited for it, or what is assumed."""
        asked = self.asked[instruction]
        for identity, source, event in self.waiting.pop(instruction, ()):
            at = self._when(instruction, event, asked)
            yield Answer(identity, source, event.model_copy(update={"occurred_at": at}), at)
        if instruction not in self.recorded:
            yield from self._assumed(instruction, fact, asked)

    def unasked(self) -> int:
        return sum(map(len, self.waiting.values()))

    def _when(self, instruction: Instruction, event: Message, asked: Asked) -> datetime:
        before = self.recorded.get(instruction)
        if before is None or asked.at == before.at:
            return event.occurred_at
        return max(event.occurred_at, asked.at + max(timedelta(), event.occurred_at - before.at))

    def _assumed(self, instruction: Instruction, fact: Message, asked: Asked) -> Iterator[Answer]:
        kind, identity = instruction
        self.assumed[(kind, asked.currency)] += asked.amount_minor
        self.count[kind] += 1
        at = asked.at + ANSWER_AFTER
        about: Any = fact
        if kind == "payout":
            event: Message = PayoutSucceeded(party=about.party, payout_id=identity, occurred_at=at)
        elif kind == "refund":
            event = RefundSucceeded(order_id=about.order_id, refund_id=identity, occurred_at=at)
        else:
            event = CompensationSucceeded(order_id=about.order_id, compensation_id=identity, occurred_at=at)
        yield Answer(f"assumed-{kind}-{identity}", "assumed", event, at)
        if ("payouts" if kind == "payout" else "orders") in self.stated:
            yield Answer(f"assumed-line-{identity}", "assumed", _stated(kind, identity, about, asked, at + STATED_AFTER), at + STATED_AFTER)

    def hears(self, event: Message) -> None:
        """That it sends such statements."""
        if isinstance(event, StatementLine | PayoutLine):
            self.stated.add("orders" if isinstance(event, StatementLine) else "payouts")

    def _line(self, event: StatementLine | PayoutLine, instruction: Instruction) -> Message | None:
        """Of a movement that was asked for in the past: what is asked now, or nothing."""
        before, now = self.recorded.get(instruction), self.asked.get(instruction)
        if before is None or before == now:
            return event
        if now is None:
            return None
        honest = (event.amount_minor, event.currency) == (before.amount_minor, before.currency)
        return event.model_copy(update={"amount_minor": now.amount_minor}) if honest else event


def _stated(kind: Any, identity: str, about: Any, asked: Asked, at: datetime) -> Message:
    line: dict[str, Any] = {
        "statement_id": "assumed",
        "line_id": f"assumed-{identity}"[:64],
        "day": at.astimezone(UTC).date().isoformat(),
        "amount_minor": asked.amount_minor,
        "currency": asked.currency,
        "occurred_at": at,
    }
    if kind == "payout":
        return PayoutLine(party=about.party, payout_id=identity, **line)
    return StatementLine(order_id=about.order_id, kind=kind, reference=identity, **line)
