"""What a stranger can do with plain clients: publish, read topics and tables, and see when nothing is left to do."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # type: ignore[attr-defined]  # exported without an __all__

from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from shared import postgres
from tests.toy.tables import Tables

NAMES = ("alpha", "beta", "gamma")
TAKEN = ("toy.v1", "ops.v1", "alpha.tally.v1", *(f"{name}.{kind}" for name in NAMES for kind in ("v1", "timer.v1")))
KEYED = (*TAKEN, *(f"{name}.{kind}" for name in NAMES for kind in ("parked.v1", "refused.v1")))
CLOCK, RULES = "clock.v1", "rules.v1"
DAWN = datetime(2026, 6, 1, tzinfo=UTC)  # where a manual clock begins
ONE = {"message.timestamp.type": "LogAppendTime", "cleanup.policy": "compact"}
MANY = {"message.timestamp.type": "LogAppendTime", "retention.ms": "-1", "max.message.bytes": str(5 * 1024 * 1024)}
PATIENCE_S = float(os.environ.get("TOY_PATIENCE_S", "60"))  # a bound for failures only: nothing passes because of time
GRACE = timedelta(seconds=1)  # as the processes are told
PATIENT = {"reconnect.backoff.ms": "50", "reconnect.backoff.max.ms": "500", "message.timeout.ms": "120000"}
LOOK_S, LOOK_MAX_S = 0.02, 0.25
LATEST, EARLIEST = OffsetSpec._latest, OffsetSpec._earliest


@dataclass
class Seen:
    """One record as kcat would show it. value: parsed where it is JSON, else the bytes."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    value: Any


@dataclass
class Outsider:
    """One namespace on a stack, seen with confluent-kafka and asyncpg and nothing of the engine."""

    stack: Stack
    stripes: int = 4
    clock: str = "system"
    ruled: bool = False  # what the toy goes by comes by a topic
    ns: str = field(default_factory=lambda: f"t{secrets.token_hex(3)}_")

    def __post_init__(self) -> None:
        self.clock_at = datetime.now(UTC)
        self._producer: Any = None
        self._reader: Any = None
        self._tables = Tables()
        self._admin: AdminClient | None = None
        self._log: dict[str, list[Seen]] = {}
        self._next: dict[tuple[str, int], int] = {}

    @property
    def admin(self) -> AdminClient:
        if self._admin is None:
            self._admin = self.stack.admin()
        return self._admin

    def dsn(self, name: str) -> str:
        return postgres.with_role(self.stack.dsn("admin"), postgres.role_of(self.ns + name), "toy")

    def make_topics(self, *names: str) -> None:
        """None given: all."""
        names = names or (*KEYED, *([CLOCK] if self.clock == "manual" else []), *([RULES] if self.ruled else []))
        kinds = {name: (1, ONE) if name in (CLOCK, RULES) else (self.stripes, MANY) for name in names}
        news = [NewTopic(self.ns + name, count, -1, config=config) for name, (count, config) in kinds.items()]
        for future in self.admin.create_topics(news, operation_timeout=60).values():
            future.result(60)

    def forget(self) -> None:
        if self._producer is not None:
            self._producer.flush(10)
        if self._reader is not None:
            self._reader.close()
        self._tables.close()
        more = [*([CLOCK] if self.clock == "manual" else []), *([RULES] if self.ruled else [])]
        names = [self.ns + name for name in (*KEYED, *more)]
        for future in self.admin.delete_topics(names).values():
            future.result(30)

    # -- publishing, as a stranger's app would

    def publish(self, type: str, life_id: str, *, id: str = "", partition: int = -1, topic: str = "toy.v1", **body: Any) -> str:
        """One upstream event; returns its id. partition -1: murmur2, as the Java client does."""
        identity = id or secrets.token_hex(8)
        value = {"life_id": life_id, "occurred_at": body.pop("at", None) or self.now(), **body}
        headers = {"ce_specversion": "1.0", "ce_id": identity, "ce_source": "toy/app", "ce_type": type, "content-type": "application/json"}
        if trace := value.pop("traceparent", ""):
            headers["traceparent"] = trace
        self.raw(topic, life_id.encode(), json.dumps(value).encode(), headers, partition)
        return identity

    def redrive(self, name: str, key: str) -> None:
        self.publish("ops.redrive", key, topic="ops.v1", service=self.ns + name, target=key)
        self.flush()

    def discard(self, name: str, key: str, ref: str) -> None:
        self.publish("ops.discard", key, topic="ops.v1", service=self.ns + name, target=key, ref=ref)
        self.flush()

    def set_clock(self, at: datetime) -> None:
        """Manual clock only."""
        self.clock_at = at
        value = {"clock": "clock", "occurred_at": at.isoformat()}
        headers = {"ce_specversion": "1.0", "ce_id": secrets.token_hex(8), "ce_source": "toy/ops", "ce_type": "clock.set"}
        self.raw(CLOCK, b"clock", json.dumps(value).encode(), headers, 0)
        self.flush()

    def rule(self, version: str, begins: datetime | None = None, **more: Any) -> None:
        """A version of what the toy goes by; begins None: ten minutes from now, the earliest that is taken."""
        at = begins or datetime.fromisoformat(self.now()) + timedelta(minutes=10)
        value = {"version": version, "begins": at.isoformat(), "said": self.now(), **more}
        self.raw(RULES, version.encode(), json.dumps(value).encode(), {"ce_type": "rules"}, 0)
        self.flush()

    def now(self) -> str:
        return (self.clock_at if self.clock == "manual" else datetime.now(UTC)).isoformat()

    def raw(self, topic: str, key: bytes | None, value: bytes | None, headers: Mapping[str, str | bytes], partition: int = -1) -> None:
        if self._producer is None:
            config = {**self.stack.settings("admin").confluent(), **PATIENT, "partitioner": "murmur2_random", "linger.ms": "2"}
            self._producer = Producer(quiet({**config, "enable.idempotence": "true", "message.max.bytes": "4194304"}))
        pairs = [(name, text if isinstance(text, bytes) else text.encode()) for name, text in headers.items()]
        while True:
            try:
                self._producer.produce(self.ns + topic, value, key, partition=partition, headers=pairs)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def flush(self) -> None:
        assert self._producer.flush(120) == 0

    # -- reading

    def ends(self, topics: tuple[str, ...], spec: Any = LATEST) -> dict[tuple[str, int], int]:
        """(topic, partition) → end of its log, or its beginning."""
        wanted = {TopicPartition(self.ns + topic, n): spec for topic in topics for n in range(1 if topic == RULES else self.stripes)}
        found = self.admin.list_offsets(wanted, request_timeout=30)
        try:
            return {(place.topic.removeprefix(self.ns), place.partition): future.result(30).offset for place, future in found.items()}
        except KafkaException:
            self._admin = None  # it may remember a broker as it was before it died
            raise

    def read(self, topic: str) -> list[Seen]:
        """Everything on a topic, partition by partition. What was read before is remembered, not read again."""
        log = self._log.setdefault(topic, [])
        until(self._answers, PATIENCE_S, lambda: "Kafka does not answer")
        ends = self.ends((topic,))
        begins = self.ends((topic,), EARLIEST)
        places = {place: max(self._next.get(place, 0), begins[place]) for place in ends}
        open_ = {place[1] for place, end in ends.items() if end > places[place]}
        if self._reader is None:
            config = {**self.stack.settings("admin").confluent(), "group.id": f"watch-{self.ns}", "enable.auto.commit": "false"}
            patience = {name: value for name, value in PATIENT.items() if name.startswith("reconnect")}
            self._reader = Consumer(quiet({**config, **patience, "auto.offset.reset": "error", "isolation.level": "read_committed"}))
        self._reader.assign([TopicPartition(self.ns + topic, n, places[(topic, n)]) for n in open_])
        while open_:
            for message in self._reader.consume(2000, 0.2):
                if message.error():
                    raise KafkaException(message.error())
                log.append(_seen(message))
                self._next[(topic, message.partition())] = message.offset() + 1
            open_ -= {n for n in open_ if self._next.get((topic, n), 0) >= ends[(topic, n)]}
        log.sort(key=lambda seen: (seen.partition, seen.offset))
        return list(log)

    def _answers(self) -> bool:
        try:
            return bool(self.ends(("toy.v1",)))
        except KafkaException:
            return False

    def facts(self, topic: str) -> list[Seen]:
        """Without the copies that a relay may leave: by (partition, ce_sequence), as the contract tells readers to."""
        found, last, source = [], dict.fromkeys(range(self.stripes), 0), f"laotie/{self.ns}{topic.partition('.')[0]}"
        for seen in self.read(topic):
            if seen.headers.get("ce_source") != source or not seen.headers.get("ce_sequence", "").isdigit():
                continue  # a stranger's
            number = int(seen.headers["ce_sequence"])
            if number > last[seen.partition]:
                assert number == last[seen.partition] + 1, f"{topic}/{seen.partition}: {number} after {last[seen.partition]}"
                last[seen.partition] = number
                found.append(seen)
        return found

    def refused(self, name: str) -> list[tuple[str, str]]:
        """(key, code) of each copy on the service's parked topic, by original place, relay's repetitions dropped."""
        found = {
            (seen.headers["x-sequence"], seen.partition): (seen.key, seen.headers["x-reason"]) for seen in self.read(f"{name}.parked.v1")
        }
        return list(found.values())

    def rows(self, name: str, sql: str, *arguments: Any) -> list[Any]:
        """As that service's role; `admin` for the owner of all."""

        return self._tables.rows(self.stack.dsn("admin") if name == "admin" else self.dsn(name), sql, arguments)

    def holding(self, sql: str, *, commit: bool = False) -> AbstractContextManager[None]:
        return holding(self.stack, sql, commit=commit)

    def held(self, name: str, key: str = "") -> list[tuple[str, str]]:
        """(state, reason) of what is held back, in order."""
        rows = self.rows(name, "SELECT state, reason FROM parked WHERE $1 IN ('', key) ORDER BY n", key)
        return [(row["state"], row["reason"]) for row in rows]

    # -- waiting

    def idle(self, seconds: float = PATIENCE_S, only: Sequence[str] = NAMES, but: Collection[tuple[str, int]] = ()) -> None:
        """Nothing left: cursors at the ends, outboxes empty, no turn to be offered, no timer due.

        only: the services that are looked at. but: (topic, partition) that may lag.
        """
        left: dict[str, Any] = {}

        def swept() -> bool:
            nonlocal left
            try:
                left = self._left(only, but)
            except (OSError, asyncpg.PostgresError, KafkaException) as error:
                left = {"error": str(error)}
            return not left

        until(swept, seconds, lambda: f"not idle: {left}")

    def _left(self, only: Sequence[str], but: Collection[tuple[str, int]]) -> dict[str, Any]:
        """One statement over all schemas is one snapshot; ends read after it can only be later."""
        due = (self.clock_at if self.clock == "manual" else datetime.now(UTC)) - GRACE
        counts = "SELECT (SELECT count(*) FROM {0}.outbox) o, (SELECT count(*) FROM {0}.parked WHERE state = 'ready') r"
        counts += ", (SELECT count(*) FROM {0}.timer WHERE sent_at IS NULL AND due_at <= $1) t"
        sql = " UNION ALL ".join(
            f"SELECT '{name}' AS name, o, r, t, (SELECT json_agg(c) FROM {self.ns}{name}.cursor c)::text AS cursors"
            f" FROM ({counts.format(self.ns + name)}) x"
            for name in only
        )
        rows = self.rows("admin", sql, due)
        ends = self.ends((*TAKEN, *([RULES] if self.ruled else [])))
        left: dict[str, Any] = {}
        for row in rows:
            for cursor in json.loads(row["cursors"]):
                place = (cursor["topic"].removeprefix(self.ns), cursor["partition"])
                if ends[place] > cursor["position"] and place not in but:
                    left[f"{row['name']}: {place[0]}/{place[1]}"] = ends[place] - cursor["position"]
            left |= {f"{row['name']}: {what}": row[what[0]] for what in ("outbox", "ready", "timers") if row[what[0]]}
        return left


def _seen(message: Any) -> Seen:
    headers = {name: (data or b"").decode("utf-8", "replace") for name, data in message.headers() or ()}
    raw = message.value()
    try:
        value = json.loads(raw) if raw is not None else None
    except ValueError:
        value = raw
    return Seen(message.topic(), message.partition(), message.offset(), (message.key() or b"").decode("utf-8", "replace"), headers, value)


def until(done: Callable[[], bool], seconds: float, tell: Callable[[], str]) -> None:
    """A look costs those who are waited for: the longer it takes, the rarer."""
    began = time.monotonic()
    while not done():
        waited = time.monotonic() - began
        if waited > seconds:
            raise AssertionError(tell())
        time.sleep(min(max(LOOK_S, waited / 10), LOOK_MAX_S))


@contextmanager
def holding(stack: Stack, sql: str, *, commit: bool = False) -> Iterator[None]:
    """An open transaction of the owner's that ran this, for as long as the block lasts; then rolled back, or committed."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(stack.dsn("admin"), timeout=30))
    try:
        loop.run_until_complete(connection.execute(f"BEGIN; {sql}"))
        yield
        if commit:
            loop.run_until_complete(connection.execute("COMMIT"))
    finally:
        loop.run_until_complete(connection.close())
        loop.close()
