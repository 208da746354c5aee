"""What anyone outside has: Kafka clients with an app's password, and the `laotie` command. Nothing of our code is imported here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, Consumer, Producer, TopicPartition

LAOTIE = Path(sys.executable).with_name("laotie")
OURS = ("order.v1", "payment.v1", "refund.v1", "party.v1", "trust.v1")
REFUSED = ("order.parked.v1", "payment.parked.v1", "refund.parked.v1", "trust.parked.v1")
COMMAND_S = 300
READ_S = 60
BATCH = 500


@dataclass(frozen=True)
class Fact:
    """A record as a stranger reads it."""

    topic: str
    type: str
    key: str
    body: dict[str, Any]
    headers: dict[str, str]


class Outside:
    """One running system, by its home folder."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._producers: dict[str, Producer] = {}
        self._reader: Consumer | None = None
        self._read: dict[tuple[str, int], dict[str, Fact]] = {}
        self._instructed: list[Fact] = []
        self._next: dict[tuple[str, int], int] = {}
        self._now: datetime | None = None
        self._told: list[Any] = []
        self._sent = 0

    def laotie(self, *arguments: str, status: int | None = 0) -> str:
        """What the command prints; fails unless it ends with that status (None: whatever it is)."""
        variables = {name: value for name, value in os.environ.items() if not name.startswith("LAOTIE_")} | {"LAOTIE_HOME": str(self.home)}
        done = subprocess.run([LAOTIE, *arguments], capture_output=True, text=True, timeout=COMMAND_S, check=False, env=variables)
        assert status is None or done.returncode == status, f"laotie {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout if status == 0 else done.stdout + done.stderr

    @property
    def now(self) -> datetime:
        """Business time, as of the last command that told it."""
        if self._now is None:
            self._now = datetime.fromisoformat(json.loads(self.laotie("clock", "show", "--json"))["at"])
        return self._now

    def idle(self) -> None:
        self.laotie("idle")

    def until(self, to: datetime | timedelta) -> None:
        """Moves the clock; a timedelta is from now."""
        at = self.now + to if isinstance(to, timedelta) else to
        self.laotie("clock", "set", at.isoformat())
        self._now = at

    def send(self, app: str, kind: str, key: str, body: Mapping[str, Any], *, event_id: str = "", copies: int = 1) -> str:
        """A CloudEvent of that app, so many times; returns its id. occurred_at is now unless the body says."""
        event_id = event_id or str(uuid.uuid4())
        value = json.dumps({"occurred_at": self.now.isoformat(), **body})
        self.send_raw(app, f"{app}.v1", key, value, cloud_event(app, kind, event_id), copies=copies)
        return event_id

    def send_raw(
        self, principal: str, topic: str, key: str, value: str, headers: Mapping[str, str], *, copies: int = 1, wait: bool = True
    ) -> None:
        """Spread as librdkafka does by default, by CRC32, which is not how our own services do it. wait False: until `delivered`."""
        producer = self._producers.get(principal)
        if producer is None:
            producer = self._producers[principal] = Producer({**self.settings(principal), "partitioner": "consistent_random"})
        for _ in range(copies):
            pairs: list[tuple[str, str | bytes | None]] = [(name, text.encode()) for name, text in headers.items()]
            producer.produce(topic, value.encode(), key.encode(), headers=pairs, on_delivery=lambda error, _: self._told.append(error))
        self._sent += copies
        if wait:
            self.delivered()

    def typed(self, principal: str, topic: str, key: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """As a person types it at the console producer of Kafka: headers, key, value, parted by tabs."""
        script = f"""
            . "$HOME_OF_STACK/env"
            kafka-console-producer --bootstrap-server $LAOTIE_KAFKA --topic {topic} \\
                --command-config "$HOME_OF_STACK/clients/{principal}.properties" \\
                --reader-property parse.key=true --reader-property parse.headers=true
        """
        record = f"{','.join(f'{name}:{text}' for name, text in headers.items())}\t{key}\t{json.dumps(body)}\n"
        variables = {"HOME_OF_STACK": str(self.home), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            ["sh", "-c", script], input=record, capture_output=True, text=True, timeout=COMMAND_S, check=False, env=variables
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def has_kafka_tools(self) -> bool:
        """Where Kafka was not started here, its tools are not either."""
        return (self.home / "bin" / "kafka-console-producer").exists()

    def delivered(self) -> None:
        """All that was sent is in its topic."""
        assert [producer.flush(30) for producer in self._producers.values()] == [0] * len(self._producers)
        assert self._told == [None] * self._sent
        self._told, self._sent = [], 0

    def settings(self, principal: str) -> dict[str, Any]:
        """The client file that `laotie up` wrote for it."""
        lines = (self.home / "clients" / f"{principal}.kcat").read_text().splitlines()
        return {**dict(line.split("=", 1) for line in lines), "log_level": 0}

    def facts(self, key: str, *topics: str, kind: str = "") -> list[Fact]:
        """All of that key, of each topic in order, copies dropped."""
        entries = [fact for (topic, _), facts in sorted(self.read().items()) if topic in (topics or OURS) for fact in facts.values()]
        return [fact for fact in entries if fact.key == key and kind in ("", fact.type)]

    def fact(self, key: str, topic: str, kind: str) -> dict[str, Any]:
        """The body of the only one."""
        found = self.facts(key, topic, kind=kind)
        assert len(found) == 1, f"{len(found)} {kind} of {key}: {[fact.type for fact in self.facts(key)]}"
        return found[0].body

    def types(self, key: str, *topics: str) -> list[str]:
        return [fact.type for fact in self.facts(key, *topics)]

    def refused(self, key: str) -> list[str]:
        """The codes under which events of that key were refused or parked."""
        return [fact.headers["x-reason"] for fact in self.facts(key, *REFUSED)]

    def instructions(self) -> list[Fact]:
        """What the provider is told to pay, in no order across keys."""
        self.read()
        return self._instructed

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._asking.close()

    def read(self) -> dict[tuple[str, int], dict[str, Fact]]:
        """What each partition holds up to its present end, by number."""
        if self._reader is None:
            extra = {"group.id": "ops-journeys", "enable.auto.commit": False, "isolation.level": "read_committed"}
            self._reader, self._asking = (Consumer({**self.settings("ops"), **extra}) for _ in range(2))
            partitions = self._reader.list_topics(timeout=READ_S).topics
            places = [(topic, number) for topic in (*OURS, *REFUSED) for number in partitions[topic].partitions]
            self._next = dict.fromkeys(places, 0)
            self._reader.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in places])
        ends = self._ends()
        deadline = time.monotonic() + READ_S
        while any(self._next[place] < end for place, end in ends.items()):
            assert time.monotonic() < deadline, "the topics end later than they can be read"
            missing = sum(max(0, end - self._next[place]) for place, end in ends.items())
            for message in self._reader.consume(min(missing, BATCH), 0.2):  # it waits until it has so many
                assert message.error() is None, message.error()
                place = (message.topic() or "", message.partition() or 0)
                self._next[place] = (message.offset() or 0) + 1
                self._keep(place, message)
        return self._read

    def _ends(self) -> dict[tuple[str, int], int]:
        """In one request, by a client of its own: behind a reader's long poll each would wait half a second."""
        found = self._asking.offsets_for_times([TopicPartition(*place, OFFSET_END) for place in self._next], timeout=READ_S)
        assert all(place.error is None for place in found), found
        return {(place.topic, place.partition): place.offset for place in found}

    def _keep(self, place: tuple[str, int], message: Any) -> None:
        """By (partition, ce_sequence), and only what our services wrote, as the contract tells readers to."""
        headers = {name: (value or b"").decode(errors="replace") for name, value in message.headers() or ()}
        copy = place[0] in REFUSED
        if not copy and not headers.get("ce_source", "").startswith("laotie/"):
            return
        value = message.value().decode(errors="replace")
        body = {"value": value} if copy else json.loads(value)
        fact = Fact(place[0], headers.get("ce_type", ""), (message.key() or b"").decode(errors="replace"), body, headers)
        if self._read.setdefault(place, {}).setdefault(headers["x-sequence" if copy else "ce_sequence"], fact) is fact:
            self._instructed += [fact] if fact.type.endswith(".instructed") else []


def cloud_event(app: str, kind: str, event_id: str) -> dict[str, str]:
    return {
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": f"shop.example/{app}",
        "ce_type": kind,
        "content-type": "application/json",
    }
