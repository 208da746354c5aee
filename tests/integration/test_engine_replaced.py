"""A topic that was deleted and made anew is never taken for the old one: I1."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from signal import Signals
from uuid import UUID

import pytest
from aiokafka.client import AIOKafkaClient
from confluent_kafka import KafkaException

from deploy.cli.cursor import MOVE
from deploy.local.process import Process
from deploy.local.stack import Stack
from shared.messaging.fetch import WAIT_MS, _session
from shared.messaging.flow import HALT_RETRY_SECONDS
from shared.messaging.store import Lane
from shared.messaging.topic_ids import ids_at
from tests.toy.outside import DAWN, RULES, until
from tests.toy.world import World
from tests.unit.messaging.test_fetch import Sink

pytestmark = pytest.mark.stack

TOY = "toy.v1"
CODE = "halt.topic_replaced"
BEFORE, AFTER = 40, 120  # lives: what the old log held, and the new one: past every cursor


@pytest.fixture
def world(stack: Stack) -> Iterator[World]:
    """Alpha, which reads what a stranger publishes."""
    with World(stack, stripes=2) as it:
        it.spawn("alpha")
        it.ready()
        yield it


def begin(world: World, name: str, count: int) -> list[str]:
    found = [f"{name}{n}" for n in range(count)]
    for key in found:
        world.publish("life.begin", key)
    world.flush()
    return found


def begun(world: World) -> Counter[str]:
    """How often each life began."""
    return Counter(seen.key for seen in world.facts("alpha.v1") if seen.headers["ce_type"] == "life.begun")


def lived(world: World) -> list[str]:
    keys = begin(world, "old", BEFORE)
    world.idle(only=("alpha",))
    assert begun(world) == dict.fromkeys(keys, 1)
    return keys


def make_anew(world: World, topic: str = TOY) -> None:
    world.flush()
    world._producer = None  # a new app's
    for future in world.admin.delete_topics([world.ns + topic], operation_timeout=30).values():
        future.result(30)
    world._admin = None

    def made() -> bool:
        try:
            world.make_topics(topic)
        except KafkaException:
            return False
        return True

    until(made, 30, lambda: "not made anew")


def cursors(world: World) -> dict[int, tuple[int, str]]:
    rows = world.rows("alpha", "SELECT partition, position, topic_id::text FROM cursor WHERE topic = $1", world.ns + TOY)
    return {row[0]: (row[1], row[2]) for row in rows}


def move(world: World, number: int, topic: str = TOY) -> None:
    """As `laotie cursor move ... --to earliest` does."""
    world.rows("admin", MOVE.format(schema=f"{world.ns}alpha"), world.ns + topic, number, 0, None)


def versions(world: World) -> list[str]:
    return [row["version"] for row in world.rows("alpha", "SELECT version FROM policy ORDER BY begins")]


def mended(world: World, process: Process, old: list[str], new: list[str], stood: dict[int, tuple[int, str]]) -> None:
    """Halted, with nothing done; with one cursor left where it was too; and all is done once each was moved."""
    said = world.halted(process, CODE)
    until(lambda: "are about topic" in world.probe(process, "readyz")[1], 30, lambda: world.probe(process, "readyz")[1])
    said = world.probe(process, "readyz")[1]
    assert f"the cursors on {world.ns}{TOY} are about topic {stood[0][1]}, now it is " in said
    time.sleep(HALT_RETRY_SECONDS + 1)  # it is tried again, and nothing comes of it
    assert (begun(world), cursors(world)) == (dict.fromkeys(old, 1), stood)
    move(world, 0)
    time.sleep(HALT_RETRY_SECONDS + 1)
    assert CODE in world.probe(process, "readyz")[1]
    assert (begun(world), cursors(world)) == (dict.fromkeys(old, 1), {0: (0, None), 1: stood[1]})
    move(world, 1)
    world.ready()
    world.idle(only=("alpha",))
    assert begun(world) == dict.fromkeys([*old, *new], 1), "every event of the new log takes effect, once"
    (of_each,) = {identity for _, identity in cursors(world).values()}
    assert of_each not in (None, stood[0][1])


def test_i1_made_anew_and_refilled_while_it_is_stopped_it_is_not_read_from_the_old_place(world: World) -> None:
    old = lived(world)
    stood = cursors(world)
    world.quit("alpha")
    make_anew(world)
    new = begin(world, "new", AFTER)
    assert all(world.ends((TOY,))[(TOY, n)] > position for n, (position, _) in stood.items()), "nothing is out of range"
    mended(world, world.spawn("alpha"), old, new, stood)


def running(world: World, process: Process) -> None: ...


def frozen(world: World, process: Process) -> None:
    """It sees nothing of it before all is done."""
    process.signal(Signals.SIGSTOP)


@pytest.mark.parametrize(("meanwhile", "count"), [(running, AFTER), (running, 0), (frozen, AFTER)])
def test_x5_made_anew_and_refilled_while_it_reads(world: World, meanwhile: Callable[[World, Process], None], count: int) -> None:
    """count: lives; of none nothing comes that would tell it."""
    old = lived(world)
    stood = cursors(world)
    (process,) = world.living("alpha")
    meanwhile(world, process)
    make_anew(world)
    new = begin(world, "new", count) if count else []
    process.signal(Signals.SIGCONT)
    mended(world, process, old, new, stood)


@pytest.mark.parametrize("meanwhile", [True, False])
def test_i1_versions_made_anew_are_read_from_their_begin_and_what_was_accepted_stays(ruled: World, meanwhile: bool) -> None:
    """meanwhile: while it reads them. A new version has the offset of an old one."""
    ruled.rule("1", DAWN)
    ruled.rule("2")
    process = ruled.spawn("alpha")
    ruled.ready()
    until(lambda: versions(ruled) == ["1", "2"], 60, ruled.logs)
    if meanwhile:
        process.signal(Signals.SIGSTOP)
    else:
        ruled.quit("alpha")
    make_anew(ruled, RULES)
    for version, begins in (("1", DAWN), ("3", DAWN + timedelta(hours=3)), ("4", DAWN + timedelta(hours=4))):
        ruled.rule(version, begins)
    if meanwhile:
        process.signal(Signals.SIGCONT)
    else:
        process = ruled.spawn("alpha")
    ruled.halted(process, CODE)
    assert f"the cursors on {ruled.ns}{RULES} are about topic" in ruled.probe(process, "readyz")[1]
    time.sleep(HALT_RETRY_SECONDS + 1)
    assert versions(ruled) == ["1", "2"], "from the old place on there would be a fourth, and no third"
    move(ruled, 0, RULES)
    ruled.ready()
    until(lambda: versions(ruled) == ["1", "2", "3", "4"], 60, ruled.logs)
    assert ruled.refused("alpha") == []
    assert len(ruled.rows("alpha", "SELECT 1 FROM cursor WHERE topic = $1 AND topic_id IS NOT NULL", ruled.ns + RULES)) == 1


class Looking(Sink):
    """Wants nothing while its queue is full. ids: what it knows of its topic; none: it takes the first that it is told."""

    def __init__(self, topic: str, ids: Mapping[str, UUID]) -> None:
        super().__init__(**{topic: 0})
        self.ids, self.full, self.told = ids, False, dict[str, UUID]()

    def wanted(self) -> Mapping[Lane, int]:
        return {} if self.full else super().wanted()

    def same(self, ids: Mapping[str, UUID]) -> bool:
        self.told = self.told or dict(self.ids or ids)
        if ids == self.told:
            return True
        self.at.clear()
        return False


@pytest.mark.parametrize(
    ("known", "looks", "taken"),
    [(True, 0.0, [b"old"]), (False, 0.0, [b"old"]), (True, 3600.0, [b"old"]), (False, 3600.0, [b"old", b"new"])],
    ids=["by id", "by name", "by id within the second", "by name within the second"],
)
async def test_x5_a_session_goes_on_over_a_topic_that_is_made_anew(
    known: bool, looks: float, taken: list[bytes], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no request is under way meanwhile, by name the broker tells no error: the new log's records come from the old place on.

    looks: seconds between two, which are no matter where it is read by id.
    """
    monkeypatch.setattr("shared.messaging.fetch.IDS_SECONDS", looks)
    await asyncio.to_thread(world.quit)
    client = AIOKafkaClient(**world.stack.settings("admin").aiokafka())
    await client.bootstrap()
    await client.set_topics([world.ns + TOY])
    sink = Looking(world.ns + TOY, await ids_at(client, 1, [world.ns + TOY]) if known else {})
    world.raw(TOY, b"k", b"old", {}, 0)
    world.flush()
    session = asyncio.create_task(_session(client, 1, sink))
    try:
        await turned(lambda: sink.values == [b"old"])
        wells = sink.wells
        await turned(lambda: sink.wells > wells)  # it stands behind that one
        sink.full = True
        await asyncio.sleep(2 * WAIT_MS / 1000)
        await asyncio.to_thread(make_anew, world)
        for value in (b"skipped", b"new"):
            world.raw(TOY, b"k", value, {}, 0)
        world.flush()
        sink.full = False
        await turned(lambda: session.done() or not sink.at or len(sink.values) > 1)
        assert not session.done(), "no error"
        assert (sink.values, sink.gone) == (taken, [])
    finally:
        session.cancel()
        await client.close()


async def turned(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not done():  # noqa: ASYNC110 - what others do
            await asyncio.sleep(0.02)


def test_i1_an_upgraded_database_learns_the_ids_and_so_does_one_whose_cursor_was_moved(world: World) -> None:
    lived(world)
    stood = cursors(world)
    assert all(identity for _, identity in stood.values())
    world.quit("alpha")
    world.rows("admin", f"UPDATE {world.ns}alpha.cursor SET topic_id = NULL")
    world.spawn("alpha")
    world.ready()
    assert cursors(world) == stood
    assert world.rows("alpha", "SELECT 1 FROM cursor WHERE topic_id IS NULL") == []
    for number in stood:
        move(world, number)
    until(lambda: cursors(world) == stood, 3 * HALT_RETRY_SECONDS, lambda: str(cursors(world)))
