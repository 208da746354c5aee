"""The engine's own messages: what ops say to it, what its clock says, what it says to itself."""

from typing import ClassVar, NamedTuple

from pydantic import Field

from shared.messaging.envelope import number_of
from shared.messaging.fold import OFFER, WAIT_OVER
from shared.messaging.message import Message, Topic
from shared.messaging.record import Record

OPS = Topic("ops.v1", "target", ("ops",), ("*",))
CLOCK = Topic("clock.v1", "clock", ("ops",), ("*",), single=True, compacted=True)


class Redrive(Message):
    """Offer again all that is parked or expired under a key, in order. The record key is that key.

    Producer: ops. Consumers: the named service.
    """

    type: ClassVar[str] = "ops.redrive"
    topic: ClassVar[Topic] = OPS

    service: str = Field(min_length=1, max_length=64)
    target: str = Field(min_length=1, max_length=200)


class Discard(Message):
    """One parked, waiting or expired event never takes effect, nor does a copy of it; another id makes it another event.

    ref: its place, `topic/partition/offset`, as `laotie parked list` shows it.

    Producer: ops. Consumers: the named service.
    """

    type: ClassVar[str] = "ops.discard"
    topic: ClassVar[Topic] = OPS

    service: str = Field(min_length=1, max_length=64)
    target: str = Field(min_length=1, max_length=200)
    ref: str = Field(min_length=1, max_length=300)


class ClockSet(Message):
    """Manual clock only: it is now `occurred_at`. Never moves back.

    Producer: ops. Consumers: every process.
    """

    type: ClassVar[str] = "clock.set"
    topic: ClassVar[Topic] = CLOCK

    clock: str = "clock"


class Turn(NamedTuple):
    """An engine's own timer, read by hand. kind: OFFER or WAIT_OVER."""

    key: str
    kind: str


def turn_of(record: Record, topic: Topic) -> Turn | None:
    """None for every other timer, and for a stranger's imitation (E2)."""
    kind = next((data.decode(errors="replace") for name, data in record.headers if name == "ce_type" and data), "")
    if kind not in (OFFER, WAIT_OVER) or not record.key or not number_of(topic, dict(record.headers)):
        return None
    return Turn(record.key.decode(), kind)
