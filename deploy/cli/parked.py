"""laotie parked list · show · redrive · discard"""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Set
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import asyncpg
import click
from confluent_kafka import Producer

from deploy.cli.connect import asking, running
from deploy.cli.errors import Failed
from deploy.cli.plain import say
from deploy.cli.watch import now
from deploy.local.kafka import quiet
from deploy.local.services import discover
from deploy.local.stack import Stack
from shared import postgres
from shared.errors import CATALOGUE, EngineCode
from shared.messaging.message import Message
from shared.messaging.record import unpack
from shared.messaging.system import OPS, Discard, Redrive

TIMEOUT_S = 30.0
POLL_S = 0.1
SOURCE = "laotie/ops"
MEANWHILE = "held nothing such any more when it was told: redriven or discarded meanwhile (laotie explain, laotie refused)"
REFUSED = "refused what it was told (`laotie refused` says why); nothing has changed, ask again"
KILLED: Final[EngineCode] = "parked.killed_the_process"
SHOWN_MAX = 4000  # characters of a value
LISTED_MAX = 1000  # of each service, for people

LIST = """
SELECT '{service}' AS service, state, key, ref, reason, error, attempts, at, headers
  FROM {schema}.parked WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR key = $2) ORDER BY n LIMIT $3
"""
COUNT = "SELECT count(*) FROM {schema}.parked WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR key = $2)"
ONE = "SELECT '{service}' AS service, * FROM {schema}.parked WHERE ref = $1"
OF_KEY = "SELECT ref, state, attempts, reason FROM {schema}.parked WHERE key = $1"
HEARD = """
SELECT EXISTS (SELECT FROM {schema}.inbox WHERE source = $1 AND id = $2) AS taken
  FROM {schema}.cursor WHERE topic = $3 AND partition = $4 AND position > $5
"""
STARTED = "SELECT count(*) AS started FROM {schema}.process WHERE started_at > $1"
service_option = click.option("--service", type=click.Choice(discover()), help="Of that service; needed where several hold it.")
Held = Mapping[str, tuple[str, int, str]]  # by ref: state, how often it was tried, the code of what it is held for
timeout_option = click.option("--timeout", "timeout_s", default=TIMEOUT_S, show_default=True, type=click.FloatRange(0), help="Seconds.")


class Sent(NamedTuple):
    """What was told to a service: its id, and its place on ops.v1."""

    id: str
    partition: int
    offset: int


@click.group()
def parked() -> None:
    """Events held back: waiting for a cause, parked after a bug, ready to be offered again, expired."""


@parked.command("list")
@click.option("--service", type=click.Choice(discover()), help="Of that service only.")
@click.option("--state", type=click.Choice(["waiting", "parked", "ready", "expired"]), help="Of that state only.")
@click.option("--key", help="Of that key only.")
@click.option("--limit", type=click.IntRange(1), help=f"So many of each service; else {LISTED_MAX}, for programs all.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def list_(service: str | None, state: str | None, key: str | None, limit: int | None, as_json: bool) -> None:
    """List what is held back, in the order in which it will be offered again."""
    stack, services = running(), [service] if service else discover()
    rows = asyncio.run(_fetch(stack, LIST, services, state, key, limit or (None if as_json else LISTED_MAX)))
    if as_json:
        click.echo(json.dumps([_said(row) for row in rows], indent=1))
        return
    for row in rows:
        say(line(_said(row)))
    count = sum(row[0] for row in asyncio.run(_fetch(stack, COUNT, services, state, key)))
    say(f"{count} held back" + (f", the first {len(rows)} of them listed" if len(rows) < count else ""))


def line(said: Mapping[str, Any]) -> str:
    """One, whatever lines the error has."""
    detail = f": {' '.join(said['error'].split())}" if said["error"] else ""
    return f"{said['service']:<8} {said['state']:<8} {said['key']}  {said['ref']}  {said['type']}  {said['reason']}{detail}"


@parked.command()
@click.argument("ref")
@click.option("--service", type=click.Choice(discover()), help="Of that service only.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(ref: str, service: str | None, as_json: bool) -> None:
    """Show one held event whole. REF is its place, topic/partition/offset, as `parked list` prints it."""
    rows = asyncio.run(_fetch(running(), ONE, [service] if service else discover(), ref))
    if not rows:
        raise Failed(f"nothing is held under {ref}")
    if as_json:
        click.echo(json.dumps([_said(row, whole=True) for row in rows], indent=1))
        return
    for row in rows:
        said = _said(row, whole=True)
        for name in ("service", "state", "key", "ref", "type", "reason", "meaning", "error", "attempts", "since"):
            say(f"{name:<9} {said[name]}")
        for name, text in said["headers"].items():
            say(f"          {name}: {text}")
        say(said["value"][:SHOWN_MAX])


@parked.command()
@click.argument("key")
@service_option
@timeout_option
def redrive(key: str, service: str | None, timeout_s: float) -> None:
    """Offer again, in order, all that is parked or expired under KEY, and say what came of it; waits until that is done."""
    stack = running()

    async def act() -> str:
        name, held = await _holder(stack, service, key)
        stuck = {ref for ref, (state, *_) in held.items() if state in ("parked", "expired")}
        if not stuck:
            raise Failed(f"{name} holds nothing parked or expired under {key}; what waits for its cause is offered again by itself")
        began = datetime.now(UTC)
        sent = await order_redrive(stack, name, key)

        def raised(now: Held) -> list[str]:
            return [ref for ref in stuck & now.keys() if now[ref][1] > held[ref][1]]

        def offered(now: Held) -> bool:
            return not any(now[ref][0] in ("parked", "expired", "ready") for ref in stuck & now.keys())

        left = await _until(stack, name, key, lambda now: bool(raised(now)) or offered(now), timeout_s)
        if again := raised(left):
            code = left[again[0]][2]
            raise Failed(f"{again[0]} was offered and failed again ({code}: {_meant(code)}); `laotie parked show {again[0]}` says why")
        if not offered(left):
            if await _heard(stack, name, sent) is False:
                raise Failed(f"{name} {REFUSED}")
            ((started,),) = await _fetch(stack, STARTED, [name], began)
            raise Failed(f"{name}, after {timeout_s:.0f} s: {unfinished(stuck, left, started)}")
        if not await _taken(stack, name, sent, timeout_s):
            raise Failed(f"{name} {MEANWHILE}")
        return f"{name}: {came_of(stuck, left)}"

    say(asyncio.run(act()))


def came_of(offered: Set[str], left: Held) -> str:
    """left: what is held after all of these were offered again."""
    again = Counter(left[ref][2] for ref in offered & left.keys())
    waits = [f"{count} waiting again ({code}: {_meant(code)})" for code, count in sorted(again.items())]
    ended = f"{len(offered) - again.total()} held no more (what was refused of it: laotie refused)"
    return ", ".join([f"{len(offered)} offered again", *([ended] if again.total() < len(offered) else []), *waits])


def unfinished(offered: Set[str], left: Held, started: int) -> str:
    """Why nothing came of it yet. started: how many processes of the service began since."""
    ready = [ref for ref in left if ref in offered and left[ref][0] == "ready"]
    if not ready:
        return "not offered again; is it running? (laotie status)"
    if not started:
        return f"{ready[0]} is to be offered again and nothing has come of it; does it work? (laotie status)"
    again = f"{started} of its processes started again since: if the event kills them, the third death parks it again"
    return f"{ready[0]} is being offered again, and nothing has come of it; {again} ({KILLED})"


@parked.command()
@click.argument("key")
@click.argument("ref")
@service_option
@timeout_option
@click.option("--by", default="", help="Who decided it, for who asks later (`laotie interventions`).")
@click.option("--reason", default="", help="Why.")
def discard(key: str, ref: str, service: str | None, timeout_s: float, by: str, reason: str) -> None:
    """Forget one held event for good; what stood behind it is offered again."""
    stack = running()

    async def act() -> str:
        name, held = await _holder(stack, service, key)
        if ref not in held:
            raise Failed(f"{name} holds no {ref} under {key}")
        sent = await _publish(stack, Discard(service=name, target=key, ref=ref, by=by, reason=reason, occurred_at=await now(stack)))
        left = await _until(stack, name, key, lambda now: ref not in now, timeout_s)
        if ref in left:
            if await _heard(stack, name, sent) is False:
                raise Failed(f"{name} {REFUSED}")
            raise Failed(f"{name} still holds {ref} after {timeout_s:.0f} s; is it running?")
        if not await _taken(stack, name, sent, timeout_s):
            raise Failed(f"{ref} is not forgotten by this: {name} {MEANWHILE}")
        return f"{name}: {ref} is forgotten"

    say(asyncio.run(act()))


def _meant(code: str) -> str:
    """What was held by another version may have a code that this one does not know."""
    known = CATALOGUE.get(code)
    return known.meaning if known is not None else "a code of another version"


async def _fetch(stack: Stack, statement: str, services: list[str], *arguments: object) -> list[asyncpg.Record]:
    async with asking(stack) as connection:
        spelled = [statement.format(service=name, schema=postgres.quoted(name)) for name in services]
        return [row for one in spelled for row in await connection.fetch(one, *arguments)]


async def _holder(stack: Stack, service: str | None, key: str) -> tuple[str, Held]:
    """The service that holds events of the key, and their states by ref. Raises Failed: none, or several."""
    found = {name: await _held(stack, name, key) for name in ([service] if service else discover())}
    holders = [name for name, held in found.items() if held]
    if len(holders) > 1:
        raise Failed(f"{' and '.join(holders)} hold events under {key}: name one with --service")
    if not holders:
        raise Failed(f"nothing is held under {key}")
    return holders[0], found[holders[0]]


async def _held(stack: Stack, service: str, key: str) -> Held:
    return {row["ref"]: (row["state"], row["attempts"], row["reason"]) for row in await _fetch(stack, OF_KEY, [service], key)}


async def _until(stack: Stack, service: str, key: str, done: Callable[[Held], bool], timeout_s: float) -> Held:
    """What is held once that is done, or when the time is over."""
    deadline = time.monotonic() + timeout_s
    while True:
        held = await _held(stack, service, key)
        if done(held) or time.monotonic() > deadline:
            return held
        await asyncio.sleep(POLL_S)


async def _taken(stack: Stack, service: str, sent: Sent, timeout_s: float) -> bool:
    """False: refused, nothing such was held any more."""
    deadline = time.monotonic() + timeout_s
    while (taken := await _heard(stack, service, sent)) is None:
        if time.monotonic() > deadline:
            raise Failed(f"{service} has not read what it was told after {timeout_s:.0f} s; is it running?")
        await asyncio.sleep(POLL_S)
    return taken


async def _heard(stack: Stack, service: str, sent: Sent) -> bool | None:
    """False: refused. None: not read yet. What was done of an order is committed with the cursor's move past it."""
    heard = await _fetch(stack, HEARD, [service], SOURCE, sent.id, OPS.name, sent.partition, sent.offset)
    return heard[0]["taken"] if heard else None


async def order_redrive(stack: Stack, service: str, key: str) -> Sent:
    """Without waiting for what comes of it. Raises Failed when the broker does not take the order."""
    return await _publish(stack, Redrive(service=service, target=key, occurred_at=await now(stack)))


async def _publish(stack: Stack, order: Message) -> Sent:
    """The record key is the key of the thing, so that the order takes its turn among that key's events."""
    producer = Producer({**quiet(stack.settings(postgres.OPS).confluent()), "acks": "all", "partitioner": "murmur2_random"})
    identity = str(uuid.uuid4())
    texts = {
        "ce_specversion": "1.0",
        "ce_id": identity,
        "ce_source": SOURCE,
        "ce_type": order.type,
        "content-type": "application/json",
    }
    told: list[tuple[Any, Any]] = []  # error, record
    headers: list[tuple[str, str | bytes | None]] = [(name, text.encode()) for name, text in texts.items()]
    producer.produce(OPS.name, order.to_json(), order.key.encode(), headers=headers, on_delivery=lambda *how: told.append(how))
    await asyncio.to_thread(producer.flush, TIMEOUT_S)
    if not told or told[0][0] is not None:
        raise Failed(f"{OPS.name}: not published ({told[0][0] if told else 'no answer'})")
    return Sent(identity, told[0][1].partition(), told[0][1].offset())


def _said(row: asyncpg.Record, *, whole: bool = False) -> dict[str, Any]:
    headers = {name: (data or b"").decode(errors="replace") for name, data in unpack(row["headers"])}
    said = {name: row[name] for name in ("service", "state", "key", "ref", "reason", "error", "attempts")}
    said |= {"type": headers.get("ce_type", ""), "since": row["at"].isoformat(), "meaning": _meant(row["reason"])}
    if whole:
        said |= {"headers": headers, "value": (row["value"] or b"").decode(errors="replace")}
    return said
