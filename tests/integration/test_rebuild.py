"""`laotie rebuild`: entities and deadlines follow from facts alone, and can be made again from them. Invariants G1 to G3. Source: law 8."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner

from deploy.cli import rebuild as command
from services.order.handlers import SERVICE
from services.order.model import ORDER, Order
from services.order.model.order import OrderFact
from shared.contracts import ALL
from shared.messaging.fold import OFFER, WAIT_OVER
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from shared.messaging.record import Record, pack
from shared.messaging.recovery import rebuild as module
from shared.messaging.recovery.rebuild import NoRebuild, Rebuild, Rebuilt
from tests.infra import STRIPES, Fresh, Infra
from tests.integration.fair import Fair, running
from tests.unit import builders as b

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
TOPICS = {topic.name: topic for topic in ALL}
SPOIL = """
UPDATE "order"."order" SET body = jsonb_set(body::jsonb, '{status}', '"rejected"')::json WHERE key = 'o-1';
DELETE FROM "order"."order" WHERE key = 'o-2';
UPDATE "order"."order" SET version = version + 1 WHERE key = 'o-6';
DELETE FROM "order".timer WHERE subject = 'o-3';
UPDATE "order".timer SET due_at = due_at + interval '1 year' WHERE subject = 'o-4';
INSERT INTO "order".timer (kind, subject, key, stripe, due_at, body)
SELECT kind, 'nobody', 'nobody', stripe, due_at, body FROM "order".timer WHERE subject = 'o-5'
"""
UNSENT = "INSERT INTO outbox (topic, partition, seq, key, headers, value) VALUES ($1, $2, $3, $4, $5, $6)"
WINDOW = "payment_window.over"


@pytest.fixture(scope="module")
def fair(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fair]:
    if infra != "local":
        pytest.skip("spoils the tables of a stack of its own")
    with running(tmp_path_factory.mktemp("rebuild"), dict.fromkeys(("order", "payment", "refund", "trust"), 1)) as found:
        for number in range(1, 41):
            found.order(f"o-{number}", f"b-{number}", None, found.idle.clock())
        found.settle()
        yield found


def rebuilt(fair: Fair, *, write: bool = False) -> Rebuilt:
    return asyncio.run(command.rebuilt(fair.stack, "order", write=write))


def test_what_runs_is_what_its_facts_make_of_it(fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes to the server at once."""
    monkeypatch.setattr(module, "STAGED_MAX", 7)
    monkeypatch.setattr(module, "FOLDED_MAX", 9)
    found = rebuilt(fair)
    assert found.agrees
    assert found.entities["order"] == 40


def test_a_spoilt_row_and_lost_deadlines_are_named_and_made_again(fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look writes nothing. Afterwards the deadlines fire as if nothing had been, and `verify` holds."""
    monkeypatch.setattr(command, "running", lambda: fair.stack)
    asyncio.run(_execute(fair, SPOIL))
    looked = CliRunner().invoke(command.rebuild, ["order", "--json"])
    found = json.loads(looked.output)
    assert (looked.exit_code, found["agrees"], found["written"]) == (1, False, False)
    assert sorted(found["differing"]["order"]) == ["o-1", "o-2", "o-6"]
    assert found["armed"] == [[WINDOW, "o-3"], [WINDOW, "o-4"]]
    assert found["disarmed"] == [[WINDOW, "nobody"]]
    assert not rebuilt(fair).agrees
    done = CliRunner().invoke(command.rebuild, ["order", "--yes"])
    assert done.exit_code == 0
    for said in ("o-1, o-2, o-6 written anew", f"armed: {WINDOW} o-3, {WINDOW} o-4", f"disarmed: {WINDOW} nobody"):
        assert said in done.output
    assert rebuilt(fair).agrees
    fair.idle.set_clock(timedelta(hours=1))
    assert fair.statuses("o-") == {"expired": 40}
    assert fair.verified() == []


def test_a_changed_evolve_or_due_reaches_what_was_decided_before(fair: Fair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The law of the shape: facts are the history, rows a snapshot of their fold."""
    fair.order("o-41", "b-41", None, fair.idle.clock())
    fair.settle()
    old, due = ORDER.evolve, ORDER.due

    def evolve(order: Order | None, fact: OrderFact) -> Order:
        return replace(old(order, fact), cancels=("c",))

    monkeypatch.setattr(ORDER, "evolve", evolve)
    monkeypatch.setattr(ORDER, "due", lambda order: [later(timer) for timer in due(order)])
    found = rebuilt(fair, write=True)
    assert len(found.differing["order"]) == 41
    assert found.armed == [(WINDOW, "o-41")]
    assert rebuilt(fair).agrees
    monkeypatch.undo()
    assert len(rebuilt(fair, write=True).differing["order"]) == 41
    assert rebuilt(fair).agrees


def later(timer: Message) -> Message:
    return timer.model_copy(update={"occurred_at": timer.occurred_at + timedelta(minutes=1)})


async def _execute(fair: Fair, sql: str) -> None:
    connection = await asyncpg.connect(fair.stack.dsn("admin"))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


# -- what is refused


def told() -> list[Record]:
    """The lane of one order, from its first number on: accepted, paid."""
    memory = Memory(SERVICE, b.POLICIES)
    facts = [*memory.send(b.placed(b.cart())), *memory.send(b.succeeded())]
    return [record(fact, number, number) for number, fact in enumerate((fact for fact in facts if type(fact) in ORDER.facts), start=1)]


def record(fact: Message, sequence: int, version: int) -> Record:
    texts = {"ce_source": "laotie/order", "ce_type": fact.type, "ce_sequence": str(sequence), "ce_entityversion": str(version)}
    headers = tuple((name, text.encode()) for name, text in texts.items())
    return Record(fact.topic.name, 0, sequence - 1, fact.key.encode(), fact.to_json(), headers)


async def folded(fresh: Fresh, records: list[Record], *, stands: int, unsent: list[Record] | None = None, sql: str = "") -> Rebuilt:
    """In a schema of its own, whose lane stands there."""
    schema = await asyncio.to_thread(fresh.schema, "order")
    connection = await asyncpg.connect(schema.owner_dsn)
    try:
        await connection.execute(f"INSERT INTO stripe SELECT generate_series(0, {STRIPES - 1})")
        await connection.execute("INSERT INTO lane (topic, partition, seq) VALUES ('order.v1', 0, $1)", stands)
        for row in unsent or ():
            sequence = int(dict(row.headers)["ce_sequence"])
            headers = pack(tuple(pair for pair in row.headers if pair[0] != "ce_sequence"))
            await connection.execute(UNSENT, row.topic, 0, sequence, row.key, headers, row.value)
        if sql:
            await connection.execute(sql)
        work = Rebuild(SERVICE, TOPICS, STRIPES, connection)
        await work.begin()
        await work.take(records)
        await work.hold()
        return await work.finish(write=True)
    finally:
        await connection.close()


async def test_what_is_not_sent_yet_counts_g1(fresh: Fresh) -> None:
    records = told()
    found = await folded(fresh, records[:1], stands=2, unsent=records[1:])
    assert (found.facts, found.differing["order"]) == (2, [b.ORDER])


async def test_what_was_told_twice_or_by_strangers_counts_once_g1(fresh: Fresh) -> None:
    first, second = told()
    strangers = [replace(first, headers=(("ce_type", b"order.accepted"),)), headed(second, "ce_source", b"shop")]
    found = await folded(fresh, [first, *strangers, second, first, second], stands=2, unsent=[second])
    assert found.facts == 2


async def test_what_the_engine_waits_for_itself_stays_g3(fresh: Fresh) -> None:
    """An event that is held back would wait for ever: no fact names its deadline."""
    arm = "INSERT INTO timer (kind, subject, key, stripe, due_at, body) VALUES ('{0}', 'o-1', 'o-1', 0, '2026-06-01', '')"
    found = await folded(fresh, told(), stands=2, sql=";".join(arm.format(kind) for kind in (OFFER, WAIT_OVER, "gone.over")))
    assert found.disarmed == [("gone.over", "o-1")]


async def test_who_is_at_work_is_waited_for_and_whoever_comes_waits_g2(fresh: Fresh) -> None:
    schema = await asyncio.to_thread(fresh.schema, "order")
    worker, owner = await asyncpg.connect(schema.owner_dsn), await asyncpg.connect(schema.owner_dsn)
    await worker.execute("INSERT INTO stripe SELECT generate_series(0, 1)")
    await worker.execute("BEGIN; SELECT FROM stripe WHERE n = 1 FOR UPDATE")
    work = Rebuild(SERVICE, TOPICS, 2, owner)
    holding = asyncio.create_task(work.hold())
    assert await asyncio.wait({holding}, timeout=1) == (set(), {holding})
    await worker.execute("INSERT INTO lane (topic, partition, seq) VALUES ('order.v1', 0, 5); COMMIT")
    await holding
    assert work._stood == {("order.v1", 0): 5}, "with all that it did"
    with pytest.raises(asyncpg.LockNotAvailableError):
        await worker.execute("SELECT FROM stripe FOR UPDATE NOWAIT")
    await asyncio.gather(worker.close(), owner.close())


async def test_one_that_is_broken_off_half_way_has_written_nothing_and_is_done_whole_by_the_next_g1(
    fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = await asyncio.to_thread(fresh.schema, "order")
    everything = """SELECT (SELECT count(*) FROM "order") + (SELECT count(*) FROM timer)"""

    async def rebuilt() -> Rebuilt:
        connection = await asyncpg.connect(schema.owner_dsn)
        try:
            work = Rebuild(SERVICE, TOPICS, STRIPES, connection)
            await work.begin()
            await work.take(told())
            await work.hold()
            return await work.finish(write=True)
        finally:
            await connection.close()

    look = await asyncpg.connect(schema.owner_dsn)
    await look.execute("INSERT INTO lane (topic, partition, seq) VALUES ('order.v1', 0, 2)")
    with monkeypatch.context() as patch:
        patch.setattr(module, "DROPPED", "SELECT 1 / (cardinality($1::text[]) - 2)")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await rebuilt()
    assert await look.fetchval(everything) == 0
    first = await rebuilt()
    assert (first.differing["order"], (await rebuilt()).agrees) == ([b.ORDER], True)
    assert await look.fetchval(everything) == 1 + len(first.armed)
    await look.close()


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("halt.replay_shortened", {"records": lambda all: all[1:]}),
        ("halt.sequence_gap", {"records": lambda all: all[:1]}),
        ("halt.sequence_gap", {"records": lambda all: [all[0], headed(all[1], "ce_sequence", b"3")], "stands": 3}),
        ("halt.lane_behind_log", {"stands": 1}),
        ("halt.replay_unreadable", {"records": lambda all: [all[0], replace(all[1], value=b'{"order_id": 7}')]}),
        ("halt.replay_unreadable", {"records": lambda all: [all[0], headed(all[1], "ce_type", b"order.of_a_later_release")]}),
        ("halt.rebuild_untold", {"sql": """INSERT INTO "order" VALUES ('o-x', 1, 0, '{}')"""}),
        ("halt.rebuild_untold", {"records": lambda all: [all[0], headed(all[1], "ce_entityversion", b"5")]}),
    ],
)
async def test_what_is_not_all_here_is_refused_and_nothing_written_g1(fresh: Fresh, code: str, change: dict[str, Any]) -> None:
    records = change.get("records", list)(told())
    with pytest.raises(NoRebuild) as raised:
        await folded(fresh, records, stands=change.get("stands", 2), sql=change.get("sql", ""))
    assert raised.value.code == code


def headed(one: Record, name: str, value: bytes) -> Record:
    return replace(one, headers=tuple((known, value if known == name else data) for known, data in one.headers))
