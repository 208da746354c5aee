"""What happened to one order, gathered from topics and tables: for `laotie explain`. Knows the contract and no service."""

from __future__ import annotations

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg

from deploy.cli import whereabouts
from deploy.cli.connect import asking
from deploy.cli.whereabouts import Cursor
from deploy.local.kafka import quiet
from deploy.local.policies import zone_of
from deploy.local.services import owners
from deploy.local.stack import Stack
from deploy.verify.log import TOPICS, Entry, entries
from deploy.verify.run import ends_of
from shared import postgres
from shared.contracts.order import OrderAccepted
from shared.contracts.types import Moves
from shared.errors import CATALOGUE
from shared.messaging.message import COPIES, NOTICES
from shared.texts import Language, Reader, sentence

LANGUAGES: tuple[Language, ...] = ("zh", "en")
READERS: tuple[Reader, ...] = ("buyer", "seller")
SERVICES = ("order", "payment", "refund")  # those that keep something under an order's id
SKIPPED = frozenset({"ops.v1", "trust.internal.v1"})  # what trust does with its evidence is told by its score
_RULES = re.compile(r"Source: ((?:R\d+(?:\.\d+)?(?:-R\d+\.\d+)?(?:, )?)+)")

CURSORS = "SELECT topic, partition, position, astray FROM {schema}.cursor"
TIMERS = "SELECT kind, subject, due_at, sent_at FROM {schema}.timer WHERE key = $1 ORDER BY due_at"
HELD = "SELECT state, ref, reason FROM {schema}.parked WHERE key = $1 ORDER BY n"
BODY = "SELECT version, body::text FROM {table} WHERE key = $1"
PLACED = """SELECT body->>'placed_at' FROM "order"."order" WHERE key = $1"""
TABLES = {"order": '"order"."order"', "payment": "payment.payment", "refund": "refund.purchase"}


@dataclass(frozen=True, slots=True)
class Step:
    """One record. cause: the number of the step that it follows from; None, it came from outside or by time.

    refused: (service, code, detail).
    """

    number: int
    entry: Entry
    at: datetime
    what: str
    rules: tuple[str, ...]
    cause: int | None
    copy_of: int | None
    refused: tuple[tuple[str, str, str], ...]

    @property
    def moves(self) -> Moves | None:
        found = getattr(self.entry.event, "moves", None)
        return found if isinstance(found, Moves) else None


@dataclass(slots=True)
class Story:
    """deadlines, held: as the tables have them. bodies: by service, the stored state."""

    order: str
    zone: ZoneInfo
    steps: list[Step]
    deadlines: list[dict[str, Any]] = field(default_factory=list)
    held: list[dict[str, Any]] = field(default_factory=list)
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        return bool(self.steps or self.bodies)

    @property
    def currency(self) -> str:
        return currency_of(self.steps)

    @property
    def missing(self) -> Step | None:
        """The first fact about the order that follows from what is in no topic any more: one that it may follow from was shortened."""
        facts = (step for step in self.steps if step.entry.topic == "order.v1" and step.cause is None)
        return next((step for step in facts if step.entry.header("ce_causationid")), None)

    def totals(self) -> Counter[tuple[str, str]]:
        """By account and currency, what all postings of this order come to."""
        found: Counter[tuple[str, str]] = Counter()
        for step in self.steps:
            for posting in step.moves.postings if step.moves else ():
                found[(posting.account, step.moves.currency if step.moves else "")] += posting.amount_minor
        return found


def currency_of(steps: Iterable[Step]) -> str:
    """That in which the order was accepted, whatever came to it in another before; else the first that anything told, or empty."""
    events = [step.entry.event for step in steps]
    accepted = (event for event in events if isinstance(event, OrderAccepted))
    return next((found for event in (*accepted, *events) if (found := getattr(event, "currency", ""))), "")


async def tell(stack: Stack, order: str) -> Story:
    """Everything that is known of it; `known` is false where that is nothing."""
    cursors: list[Cursor] = []
    async with asking(stack) as connection:
        for service in owners():
            rows = await connection.fetch(CURSORS.format(schema=postgres.quoted(service)))
            cursors += [Cursor(row["topic"], row["partition"], row["position"], row["astray"]) for row in rows]
        placed = await connection.fetchval(PLACED, order) if stack.clock == "system" else None
        began_ms = whereabouts.began_ms(datetime.fromisoformat(placed)) if placed else None
        return await _story(stack, connection, order, _gather(stack, order, cursors, began_ms))


async def tell_each(stack: Stack, orders: Iterable[str]) -> dict[str, Story]:
    """By order: the same of many, for which every topic is read whole, once."""
    of = {order: _of(order) for order in orders}
    by_key, by_body = _topics()
    ends, settings = ends_of(stack, [*by_key, *by_body]), quiet(stack.settings(postgres.OPS).confluent())
    found = list(entries(settings, ends, lambda message: any(it(message.topic(), message.key(), message.value()) for it in of.values())))
    async with asking(stack) as connection:
        return {
            order: await _story(stack, connection, order, [one for one in found if it(one.topic, one.key, one.value)])
            for order, it in of.items()
        }


async def _story(stack: Stack, connection: asyncpg.Connection, order: str, found: list[Entry]) -> Story:
    found = _once(found)
    story = Story(order, _zone(stack, found), _steps(found))
    for service in SERVICES:
        schema = postgres.quoted(service)
        timers = await connection.fetch(TIMERS.format(schema=schema), order)
        story.deadlines += [{"service": service, **dict(row)} for row in timers]
        story.held += [{"service": service, **dict(row)} for row in await connection.fetch(HELD.format(schema=schema), order)]
        row = await connection.fetchrow(BODY.format(table=TABLES[service]), order)
        if row is not None:
            story.bodies[service] = {"version": row["version"], **json.loads(row["body"])}
    return story


def _topics() -> tuple[list[str], list[str]]:
    """Those where a record of an order stands under its key, and those where it is named in the body."""
    by_key, by_body = ([name for name in names if name not in SKIPPED] for names in whereabouts.names())
    return by_key, by_body


def _of(order: str) -> Callable[[str, bytes | None, bytes | None], bool]:
    """Whether a record (topic, key, value) is of the order: by key; what is told to parties and to trust names it in its body."""
    key = order.encode()
    names = (f'"order_id":"{order}"'.encode(), f"/{order}/".encode())
    return lambda topic, at, value: at == key or (TOPICS[topic].own and any(name in (value or b"") for name in names))


def _gather(stack: Stack, order: str, cursors: list[Cursor], began_ms: int | None) -> list[Entry]:
    """From the partitions where it may stand, since it can have begun; None, nobody knows when: from their beginnings, and the second
    sort of topics since its first record.
    """
    of, (by_key, by_body) = _of(order), _topics()

    def wanted(message: Any) -> bool:
        return of(message.topic(), message.key(), message.value())

    ends, settings = ends_of(stack, [*by_key, *by_body]), quiet(stack.settings(postgres.OPS).confluent())
    places = whereabouts.under_key(order, stack.stripes, by_key, cursors)
    if began_ms is not None:
        places = {place: max(places[place], offset) for place, offset in whereabouts.since(stack, places, ends, began_ms).items()}
    found = list(entries(settings, {place: ends[place] for place in places}, wanted, places))
    found_ms = min((entry.timestamp_ms for entry in found), default=None)
    others = whereabouts.of_bodies(stack, by_body, ends, found_ms, began_ms)
    return [*found, *entries(settings, {place: ends[place] for place in others}, wanted, others)]


def _once(found: list[Entry]) -> list[Entry]:
    """In the broker's order, without the relay's copies and what strangers wrote on our topics."""
    first: dict[tuple[str, int, int], Entry] = {}
    rest = []
    for entry in sorted(found, key=lambda one: (one.timestamp_ms, one.topic, one.partition, one.offset)):
        if entry.type.startswith("engine."):
            continue  # its own reminders: what they lead to is told
        if TOPICS[entry.topic].own and entry.sequence is None:
            continue
        if entry.sequence is None or first.setdefault((entry.topic, entry.partition, entry.sequence), entry) is entry:
            rest.append(entry)
    return rest


def _steps(found: list[Entry]) -> list[Step]:
    refused: dict[str, list[tuple[str, str, str]]] = {}
    for entry in found:
        if entry.topic.endswith(COPIES):
            place = f"{entry.header('x-original-topic')}/{entry.header('x-original-partition')}/{entry.header('x-original-offset')}"
            why = (entry.topic.partition(".")[0], entry.header("x-reason"), entry.header("x-error"))
            refused.setdefault(place, []).append(why)
    told = _causes_first([entry for entry in found if not entry.topic.endswith((COPIES, NOTICES))])
    numbers: dict[str, int] = {}
    steps: list[Step] = []
    for number, entry in enumerate(told, 1):
        copy_of = numbers.get(f"{entry.header('ce_source')} {entry.id}") if entry.sequence is None else None
        numbers.setdefault(f"{entry.header('ce_source')} {entry.id}", number)
        cause = next((step.number for step in steps if step.entry.id == entry.header("ce_causationid")), None)
        steps.append(Step(number, entry, _moment(entry), _what(entry), _rules(entry), cause, copy_of, tuple(refused.get(entry.ref, ()))))
    return steps


def _causes_first(found: list[Entry]) -> list[Entry]:
    """By the broker's time; what it wrote in the same millisecond stands behind its cause."""
    depth: dict[str, int] = {}
    causes = {entry.id: entry.header("ce_causationid") for entry in found}
    for entry in found:
        steps, cause = 0, causes.get(entry.id, "")
        while cause in causes and steps < len(found):
            steps, cause = steps + 1, causes[cause]
        depth[entry.ref] = steps
    return sorted(found, key=lambda one: (one.timestamp_ms, depth[one.ref], one.topic, one.partition, one.offset))


def _moment(entry: Entry) -> datetime:
    if entry.event is not None:
        return entry.event.occurred_at
    return datetime.fromtimestamp(entry.timestamp_ms / 1000, UTC)


def _what(entry: Entry) -> str:
    """The first sentence of the contract's own words."""
    if entry.event is None:
        return "nobody can read this"
    said = " ".join(inspect.cleandoc(type(entry.event).__doc__ or "").split())
    return re.split(r"(?<=[.])\s|\sSource:|\sProducer:", said)[0]


def _rules(entry: Entry) -> tuple[str, ...]:
    """Of the type, by the contract; of a case also the one that it was decided by."""
    said = inspect.cleandoc(type(entry.event).__doc__ or "") if entry.event is not None else ""
    own = getattr(entry.event, "rule", "")
    named = [rule for found in _RULES.findall(" ".join(said.split())) for rule in found.rstrip(", ").split(", ")]
    return tuple(dict.fromkeys([*([own] if own else []), *named]))


def _zone(stack: Stack, found: list[Entry]) -> ZoneInfo:
    """The one that the order was promised; before it is accepted, the policy's."""
    for entry in found:
        terms = getattr(entry.event, "terms", None)
        if terms is not None:
            return ZoneInfo(terms.zone)
    return zone_of(stack)


def sentences(story: Story, code: str, numbers: Mapping[str, object]) -> list[str]:
    """What the buyer and the seller read of it, in both languages; empty where it is not for them."""
    found = []
    for reader in READERS:
        texts = [sentence(code, numbers, language, reader, currency=story.currency, zone=story.zone.key) for language in LANGUAGES]
        if all(texts):
            found.append(f"{reader}: {' / '.join(texts)}")
    return found


def meaning(code: str) -> str:
    """Of a refusal, in the catalogue's words; empty where it is not in it."""
    known = CATALOGUE.get(code)
    return known.meaning if known else ""
