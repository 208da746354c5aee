"""The engine's own messages: what ops say to it, what its clock says, what it says to itself."""

from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from pydantic import Field, ValidationError, field_validator

from shared.messaging.envelope import number_of
from shared.messaging.fold import OFFER, WAIT_OVER
from shared.messaging.message import Message, Topic
from shared.messaging.record import Record

OPS = Topic("ops.v1", "target", ("ops",), ("*",))
DAY = timedelta(days=1)
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

    ref: its place, `topic/partition/offset`, as `laotie parked list` shows it. by, reason: who decided, and why, for who asks later;
    nothing reads them.

    Producer: ops. Consumers: the named service.
    """

    type: ClassVar[str] = "ops.discard"
    topic: ClassVar[Topic] = OPS

    service: str = Field(min_length=1, max_length=64)
    target: str = Field(min_length=1, max_length=200)
    ref: str = Field(min_length=1, max_length=300)
    by: str = Field(default="", max_length=64, exclude_if=lambda value: not value)
    reason: str = Field(default="", max_length=1000, exclude_if=lambda value: not value)


STEERING = (Redrive, Discard)


class ClockSet(Message):
    """Manual clock only: it is now `occurred_at`. Never moves back.

    Producer: ops. Consumers: every process.
    """

    type: ClassVar[str] = "clock.set"
    topic: ClassVar[Topic] = CLOCK

    clock: str = "clock"

    @field_validator("occurred_at")
    @classmethod
    def _has_a_day_on_either_side(cls, at: datetime) -> datetime:
        try:
            _ = at - DAY, at + DAY
        except OverflowError:
            raise ValueError("at the edge of the calendar") from None
        return at


def clock_told(value: bytes | None) -> datetime | None:
    """What a record of clock.v1 says that it is now; None: nothing to go by, and every process keeps its time."""
    try:
        return ClockSet.from_json(value or b"").occurred_at
    except ValidationError:
        return None


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
