"""The policies on policy.v1 as everyone sees them who reads it with a plain client, and how one gets there."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from deploy.local.kafka import ADMIN, quiet
from deploy.local.process import StackError
from shared import postgres
from shared.days import day_start
from shared.messaging.record import Record, Unreadable
from shared.messaging.system import CLOCK, clock_told
from shared.messaging.versions import Kept, keep
from shared.policy import InvalidPolicy, Policies, Policy
from shared.policy.policies import configured
from shared.policy.published import PublishedPolicies, digest, verdict

if TYPE_CHECKING:
    from deploy.local.stack import Stack

TIMEOUT_S = 30
POLL_S = 0.5
TOPIC = PublishedPolicies.topic.name


class Heard(NamedTuple):
    """One record of policy.v1. became: what every service made of it, of a withdrawal the version withdrawn; None: nothing new."""

    record: Record
    became: Kept | Unreadable | None


@dataclass(frozen=True)
class Reading:
    """All that policy.v1 holds."""

    heard: list[Heard]

    @cached_property
    def kept(self) -> list[Kept]:
        """As every service keeps them."""
        found = list[Kept]()
        for one in self.heard:
            if isinstance(one.became, Kept):
                keep(found, one.became)
        return found

    @cached_property
    def withdrawn(self) -> frozenset[str]:
        return frozenset(one.version for one in self.kept if one.withdrawn is not None)

    @cached_property
    def policies(self) -> Policies | None:
        """None: nothing valid was published."""
        return PublishedPolicies().policies(self.kept) if self.kept else None


def read(stack: "Stack", principal: str = postgres.OPS) -> Reading:
    """Raises KafkaException, StackError when the broker does not answer."""
    judge, kept, heard = PublishedPolicies(), list[Kept](), list[Heard]()
    for message in _records(quiet(stack.settings(principal).confluent()), TOPIC):
        record = _record(message)
        became = judge.judge(record, kept, manual=stack.clock == "manual")
        heard.append(Heard(record, became))
        if isinstance(became, Kept):
            keep(kept, became)
    return Reading(heard)


def policies_of(stack: "Stack") -> Policies:
    """The versions that count. Raises StackError where there is none."""
    found = read(stack).policies
    if found is None:
        raise StackError(f"halt.no_policy: {TOPIC} has no valid version; `laotie prepare` publishes the first")
    return found


def zone_of(stack: "Stack") -> ZoneInfo:
    """In which local times are shown where no order says its own: the latest version's."""
    return ZoneInfo(policies_of(stack).versions[-1].zone)


def day_end(day: date, policies: Policies) -> datetime:
    """The last moment of that day, in the zone of the policy that is in force then. Source: R1.2."""
    zone = policies.at(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)).zone
    return day_start(day + timedelta(days=1), zone) - timedelta(microseconds=1)


def bounds(since: date | datetime | None, until: date | datetime | None, policies: Policies) -> tuple[datetime | None, datetime | None]:
    """Both included. A day is meant from its beginning, and to its end. Source: R1.2."""
    if since is not None and not isinstance(since, datetime):
        since = day_end(since - timedelta(days=1), policies) + timedelta(microseconds=1)
    if until is not None and not isinstance(until, datetime):
        until = day_end(until, policies)
    return since, until


def publish(producer: Producer, policy: Policy, occurred_at: datetime) -> None:
    """As it was written, defaults left out. Raises StackError when the broker did not take it."""
    value = {"occurred_at": occurred_at.isoformat(), **policy.model_dump(mode="json", exclude_unset=True)}
    _send(producer, policy.version, f"policy-{digest(policy)[:32]}", "policy.published", value)


def withdraw(producer: Producer, version: str, occurred_at: datetime) -> None:
    """Raises StackError when the broker did not take it."""
    value = {"occurred_at": occurred_at.isoformat(), "version": version}
    _send(producer, version, f"policy-withdrawn-{version}", "policy.withdrawn", value)


def _send(producer: Producer, version: str, identity: str, kind: str, value: Mapping[str, Any]) -> None:
    headers: list[tuple[str, str | bytes | None]] = [
        ("ce_specversion", "1.0"),
        ("ce_id", identity),
        ("ce_source", "laotie/ops"),
        ("ce_type", kind),
        ("content-type", "application/json"),
    ]
    failed: list[KafkaError] = []

    def told(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failed.append(error)

    producer.produce(TOPIC, json.dumps(value).encode(), version.encode(), headers=headers, on_delivery=told)
    if producer.flush(TIMEOUT_S) or failed:
        raise StackError(f"{kind} of version {version} was not published: {failed[0].str() if failed else 'the broker does not answer'}")


def publish_configured(stack: "Stack") -> list[str]:
    """What the policy file says and policy.v1 does not, where it would be accepted; else a line that says why not, one a version.

    On a new topic its first version is in force from the beginning. Raises StackError for a file that cannot be read.
    """
    try:
        versions = configured().versions
    except (InvalidPolicy, OSError) as error:
        raise StackError(f"the policy file: {error}") from error
    known, now, said = read(stack, ADMIN), business_time(stack), list[str]()
    accepted = known.policies
    for policy in versions:
        found = verdict(policy, now, accepted, known.withdrawn)
        if isinstance(found, Policy):
            refuse_ahead(found, now, accepted)
            publish(Producer(quiet(stack.settings(ADMIN).confluent())), policy, now)
            accepted = Policies([*(accepted.versions if accepted else ()), policy])
            said.append(f"policy {policy.version} is published")
        elif found is not None:
            said.append(f"policy {policy.version} of the file is not the one that counts, and is not published: {': '.join(found)}")
    return said


def refuse_ahead(policy: Policy, now: datetime, accepted: Policies | None) -> None:
    """Raises StackError for a first version that says it begins later: it counts from the beginning, and none could follow before that."""
    if accepted is None and policy.effective_from > now:
        said = f"policy {policy.version} would be the first version, which counts from the beginning: its effective_from may not lie ahead"
        raise StackError(f"{said} ({policy.effective_from.isoformat()})")


def business_time(stack: "Stack", principal: str = ADMIN) -> datetime:
    """Now; of a manual clock the latest time that clock.v1 says. Raises StackError where it says none."""
    if stack.clock != "manual":
        return datetime.now(UTC)
    told = [at for message in _records(quiet(stack.settings(principal).confluent()), CLOCK.name) if (at := clock_told(message.value()))]
    if not told:
        raise StackError(f"{CLOCK.name} says no time")
    return max(told)


def _records(settings: Mapping[str, Any], topic: str) -> list[Message]:
    """All of a topic of one partition, as committed now."""
    consumer = Consumer(
        {**settings, "group.id": "laotie-policies", "enable.auto.commit": False, "enable.partition.eof": True,
         "isolation.level": "read_committed", "fetch.wait.max.ms": 50}
    )  # fmt: skip
    found: list[Message] = []
    try:
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        patience = time.monotonic() + TIMEOUT_S
        while time.monotonic() < patience:
            message = consumer.poll(POLL_S)
            error = message.error() if message is not None else None
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                return found
            if error is not None and not error.retriable() and error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise KafkaException(error)
            if message is not None and error is None:
                found.append(message)
                patience = time.monotonic() + TIMEOUT_S
        raise StackError(f"{topic} says nothing for {TIMEOUT_S} s, and not that it ends: is the broker up? (laotie status)")
    finally:
        consumer.close()


def _record(message: Any) -> Record:
    headers = tuple((name, data) for name, data in message.headers() or [])
    place = (message.topic(), message.partition(), message.offset())
    return Record(*place, message.key(), message.value(), headers, message.timestamp()[1])
