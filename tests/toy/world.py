"""A toy world on a real stack: its topics and schemas, its processes, and what an outsider can see of them.

The observer uses plain clients (confluent-kafka, asyncpg) and nothing of the engine.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from signal import Signals
from typing import Any

import asyncpg
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]  # exported without an __all__

from deploy.local.kafka import quiet
from deploy.local.postgres import run
from deploy.local.process import Process
from deploy.local.stack import Stack, environment_of
from shared import postgres
from shared.messaging.seed import seed
from shared.settings import Settings

ENGINE = Path(__file__).parents[2] / "shared/messaging/migrations"
TOY = Path(__file__).parent / "migrations"
NAMES = ("alpha", "beta", "gamma")
KEYED = ("toy.v1", "ops.v1", "alpha.tally.v1", *(f"{name}.{kind}" for name in NAMES for kind in ("v1", "timer.v1", "parked.v1")))
INPUTS = {
    "alpha": ("toy.v1", "gamma.v1", "alpha.tally.v1", "alpha.timer.v1", "ops.v1"),
    "beta": ("alpha.v1", "beta.timer.v1", "ops.v1"),
    "gamma": ("beta.v1", "gamma.timer.v1", "ops.v1"),
}


@dataclass
class Seen:
    """One record as kcat would show it."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    value: Any


@dataclass
class World:
    """One namespace. start() makes topics and schemas; spawn() starts processes; close() ends them."""

    stack: Stack
    stripes: int = 4
    clock: str = "system"
    env: Mapping[str, str] = field(default_factory=dict)
    ns: str = field(default_factory=lambda: f"t{secrets.token_hex(3)}_")

    def __post_init__(self) -> None:
        self.home = self.stack.home.root / self.ns
        self.home.mkdir(parents=True)
        self.processes: list[Process] = []
        self._ports: dict[str, int] = {}
        self._producer: Any = None

    # -- making

    def start(self) -> World:
        admin = self.stack.admin()
        config = {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1", "max.message.bytes": str(5 * 1024 * 1024)}
        news = [NewTopic(self.ns + name, self.stripes, 1, config=config) for name in KEYED]
        for future in admin.create_topics(news, operation_timeout=60).values():
            future.result(60)
        for name in NAMES:
            run(self._schema(name))
        return self

    async def _schema(self, name: str) -> None:
        schema = self.ns + name
        dsn = self.stack.dsn("admin")
        await postgres.ensure_service(dsn, schema, "toy")
        await postgres.migrate(dsn, schema, [ENGINE, TOY])
        connection = await asyncpg.connect(dsn)
        places = {(self.ns + topic, n): 0 for topic in INPUTS[name] for n in range(self.stripes)}
        await seed(connection, schema, self.stripes, places)
        await connection.close()

    def dsn(self, name: str) -> str:
        return postgres.with_role(self.stack.dsn("admin"), postgres.role_of(self.ns + name), "toy")

    def spawn(self, name: str, **env: str) -> Process:
        """One more process of that service; it ends with us."""
        copy = len(self.processes)
        settings: Settings = self.stack.settings("admin").model_copy(
            update={"postgres": self.dsn(name), "stripes": self.stripes, "clock": self.clock, "grace_s": 1.0}
        )
        variables = {**environment_of(settings), "TOY_NS": self.ns, "TOY_FLAGS": str(self.home), **self.env, **env}
        port = self.stack.home.port(f"{self.ns}{copy}")
        process = Process(
            f"{self.ns}{name}-{copy}",
            [sys.executable, "-m", "tests.toy", name],
            self.home / f"{name}-{copy}.log",
            env={**os.environ, **variables, "LAOTIE_HTTP_PORT": str(port)},
            cwd=Path(__file__).parents[2],
        )
        self._ports[process.name] = port
        self.processes.append(process)
        return process

    def spawn_all(self, copies: int = 1, **env: str) -> None:
        for name in NAMES:
            for _ in range(copies):
                self.spawn(name, **env)
        self.ready()

    def ready(self, seconds: float = 40) -> None:
        for process in self.processes:
            if process.alive:
                until(
                    lambda process=process: self.probe(process, "readyz")[0] == 200,
                    seconds,
                    lambda p=process: f"{p.name}: {self.probe(p, 'readyz')}",
                )

    def probe(self, process: Process, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._ports[process.name]}/{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def close(self) -> None:
        for process in self.processes:
            process.signal(Signals.SIGTERM)
        for process in self.processes:
            if not process.wait(15):
                process.signal(Signals.SIGKILL)
                process.wait(10)
        if self._producer is not None:
            self._producer.flush(10)
        names = [self.ns + name for name in KEYED]
        admin = self.stack.admin()
        for future in admin.delete_topics(names).values():
            future.result(30)

    # -- publishing, as a stranger's app would

    def publish(self, type: str, life_id: str, *, id: str = "", partition: int = -1, topic: str = "toy.v1", **body: Any) -> str:
        """One upstream event; returns its id. partition -1: murmur2, as the Java client does."""
        identity = id or secrets.token_hex(8)
        value = {"life_id": life_id, "occurred_at": body.pop("at", None) or now(), **body}
        headers = {"ce_specversion": "1.0", "ce_id": identity, "ce_source": "toy/app", "ce_type": type, "content-type": "application/json"}
        self.raw(topic, life_id.encode(), json.dumps(value).encode(), headers, partition)
        return identity

    def raw(self, topic: str, key: bytes | None, value: bytes | None, headers: Mapping[str, str | bytes], partition: int = -1) -> None:
        if self._producer is None:
            config = {
                **self.stack.settings("admin").confluent(),
                "partitioner": "murmur2_random",
                "linger.ms": "2",
                "enable.idempotence": "true",
            }
            self._producer = Producer(quiet({**config, "message.max.bytes": "4194304"}))
        pairs = [(name, text if isinstance(text, bytes) else text.encode()) for name, text in headers.items()]
        while True:
            try:
                self._producer.produce(self.ns + topic, value, key, partition=partition, headers=pairs)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(60) == 0

    # -- watching

    def _consumer(self) -> Any:
        config = {**self.stack.settings("admin").confluent(), "group.id": f"watch-{secrets.token_hex(4)}", "enable.auto.commit": "false"}
        return Consumer(quiet({**config, "auto.offset.reset": "earliest", "isolation.level": "read_committed"}))

    def read(self, topic: str) -> list[Seen]:
        """Everything on a topic, partition by partition."""
        name = self.ns + topic
        consumer = self._consumer()
        found: list[Seen] = []
        try:
            ends = {n: consumer.get_watermark_offsets(TopicPartition(name, n), timeout=20) for n in range(self.stripes)}
            open_ = {n for n, (low, high) in ends.items() if high > low}
            consumer.assign([TopicPartition(name, n, ends[n][0]) for n in open_])
            while open_:
                for message in consumer.consume(2000, 1.0):
                    if message.error():
                        raise KafkaException(message.error())
                    found.append(_seen(message))
                open_ -= {
                    p.partition for p in consumer.position([TopicPartition(name, n) for n in open_]) if p.offset >= ends[p.partition][1]
                }
        finally:
            consumer.close()
        return sorted(found, key=lambda seen: (seen.partition, seen.offset))

    def facts(self, topic: str) -> list[Seen]:
        """Without the copies that a relay may leave: by (partition, ce_sequence), as the contract tells readers to."""
        found, last = [], dict.fromkeys(range(self.stripes), 0)
        for seen in self.read(topic):
            number = int(seen.headers["ce_sequence"])
            if number > last[seen.partition]:
                assert number == last[seen.partition] + 1, f"{topic}/{seen.partition}: {number} after {last[seen.partition]}"
                last[seen.partition] = number
                found.append(seen)
        return found

    def rows(self, name: str, sql: str, *arguments: Any) -> list[Any]:
        async def ask() -> list[Any]:
            connection = await asyncpg.connect(self.dsn(name))
            try:
                return list(await connection.fetch(sql, *arguments))
            finally:
                await connection.close()

        return run(ask())

    def idle(self, seconds: float = 60) -> None:
        """Two equal sweeps with nothing left: cursors at the ends, outboxes empty, no turn to be offered."""
        last: Any = None

        def swept() -> bool:
            nonlocal last
            sweep = {name: self._sweep(name) for name in NAMES}
            done = all(state["left"] == 0 and not state["lag"] for state in sweep.values())
            same = done and sweep == last
            last = sweep
            return same

        until(swept, seconds, lambda: f"not idle: {last}")

    def _sweep(self, name: str) -> dict[str, Any]:
        left = self.rows(name, "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM parked WHERE state = 'ready') AS n")[0]["n"]
        cursors = {(row["topic"], row["partition"]): row["position"] for row in self.rows(name, "SELECT * FROM cursor")}
        consumer = self._consumer()
        try:
            ends = {place: consumer.get_watermark_offsets(TopicPartition(*place), timeout=20)[1] for place in cursors}
        finally:
            consumer.close()
        return {"left": left, "lag": {str(p): ends[p] - at for p, at in cursors.items() if ends[p] > at}, "ends": sorted(ends.items())}


def _seen(message: Any) -> Seen:
    headers = {name: (data or b"").decode("utf-8", "replace") for name, data in message.headers() or ()}
    raw = message.value()
    try:
        value = json.loads(raw) if raw is not None else None
    except ValueError:
        value = raw
    return Seen(message.topic(), message.partition(), message.offset(), (message.key() or b"").decode("utf-8", "replace"), headers, value)


def now() -> str:
    return datetime.now(UTC).isoformat()


def until(done: Callable[[], bool], seconds: float, tell: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise AssertionError(tell())
        time.sleep(0.05)
