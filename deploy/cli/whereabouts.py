"""Where in the topics an order's records can be, so that not each topic is read whole.

A key lies in the partition that murmur2 gives it, unless its producer spreads keys otherwise: each service marks a topic on which it
saw a key astray, and such a topic is read whole, as is, of every partition, what no service has read yet. What is told to parties and
to trust names the order in its body and lies under another key: it is read from the order's first record on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from confluent_kafka import IsolationLevel, TopicPartition
from confluent_kafka.admin import OffsetSpec  # type: ignore[attr-defined]  # exported without an __all__

from deploy.local.stack import Stack
from deploy.verify.log import TOPICS, Lane
from shared.messaging.message import COPIES, Message, Topic
from shared.messaging.stripes import stripe_of

SKEW = timedelta(hours=1)  # by which brokers' clocks may differ
BEFORE = timedelta(days=7)  # that an order was placed, may have come what is told of it
LOOK_S = 30


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a service has read a partition, and whether it ever saw a key there that belongs to another stripe."""

    topic: str
    partition: int
    position: int
    astray: bool


def under_key(key: str, stripes: int, topics: Iterable[str], cursors: Iterable[Cursor]) -> dict[Lane, int]:
    """Where records of that key can be, and from which offset on; topics without a cursor are read by nobody who could see one astray."""
    known = list(cursors)
    stray = {one.topic for one in known if one.astray}
    read: dict[Lane, int] = {}
    for one in known:
        read[(one.topic, one.partition)] = min(one.position, read.get((one.topic, one.partition), one.position))
    watched, own = {one.topic for one in known}, stripe_of(key, stripes)
    places: dict[Lane, int] = {}
    for topic in topics:
        for partition in range(stripes):
            place = (topic, partition)
            if topic in stray or partition == own:
                places[place] = 0
            elif topic in watched:
                places[place] = read.get(place, 0)
    return places


def keyed_by_order(topic: Topic) -> bool:
    """Whatever of it is about an order lies under the order's key; nobody looks into the bodies of what apps send."""
    if not topic.own:
        return True
    return topic.key == "order_id" and all(not kind.key_field and kind.key is Message.key for kind in topic.types.values())


def began_ms(placed_at: datetime) -> int:
    """Before that the broker took nothing that is told of an order of then, by the system's clock."""
    return int((placed_at - BEFORE).timestamp() * 1000)


def since(stack: Stack, places: Iterable[Lane], ends: Mapping[Lane, int], ms: int) -> dict[Lane, int]:
    """The offset of what the broker took then or later; the end where it took nothing since."""
    at = max(0, ms - int(SKEW.total_seconds() * 1000))
    admin = stack.admin()  # must outlive its futures
    asked = {TopicPartition(*place): OffsetSpec.for_timestamp(at) for place in places}
    futures = admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=LOOK_S)
    found = {(place.topic, place.partition): future.result(LOOK_S).offset for place, future in futures.items()}
    return {place: offset if offset >= 0 else ends.get(place, 0) for place, offset in found.items()}


def of_bodies(
    stack: Stack, topics: Iterable[str], ends: Mapping[Lane, int], found_ms: int | None, begins_ms: int | None
) -> dict[Lane, int]:
    """From where on other topics can name it: since it began, or since its first record was found. None: nobody knows, so all."""
    wanted = [(topic, partition) for topic in topics for partition in range(stack.stripes)]
    if begins_ms is not None:
        return since(stack, wanted, ends, begins_ms)
    if found_ms is None:
        return dict.fromkeys(wanted, 0)
    bounded = [place for place in wanted if not place[0].endswith(COPIES)]  # a copy may be of what came before
    return dict.fromkeys(wanted, 0) | since(stack, bounded, ends, found_ms)


def names() -> tuple[list[str], list[str]]:
    """Topics that are read by key, and those whose bodies are looked into."""
    known = [topic for topic in TOPICS.values() if not topic.single]
    return [one.name for one in known if keyed_by_order(one)], [one.name for one in known if not keyed_by_order(one)]
