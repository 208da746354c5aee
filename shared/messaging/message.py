"""What travels: topics, and the messages on them. A message is an upstream event, a fact of ours, or a timer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict

COPIES, NOTICES = ".parked.v1", ".refused.v1"  # behind a service's name: its topics of what it did not take


@dataclass(frozen=True, eq=False)
class Topic:
    """One Kafka topic: one producing app, one key.

    key: the field of its messages that orders them (a message class may name another).
    writers: principals that may publish. readers: services that consume it.
    own: written by one of our services through its lanes, so each record carries `ce_sequence`.
    warden: the service that answers for what nobody can read on it (bytes, unknown types).
    single: one partition whatever the deployment's number of stripes.
    compacted: of each key the last record stays for ever. lag_ms: and until it is that old every other one as well.
    """

    name: str
    key: str
    writers: tuple[str, ...]
    readers: tuple[str, ...] = ()
    own: bool = False
    internal: bool = False
    single: bool = False
    compacted: bool = False
    lag_ms: int = 0
    warden: str = ""
    max_message_bytes: int = 4 * 1024 * 1024
    types: dict[str, type[Message]] = field(default_factory=dict, repr=False)

    @cached_property
    def source(self) -> bytes | None:
        """`ce_source` of what its service writes there. None: records keep that of what they are about (copies, notices)."""
        return None if self.name.endswith((COPIES, NOTICES)) else source_of(self.writers[0]).encode()

    def others(self, taken: Collection[type[Message]]) -> frozenset[bytes]:
        """The types on it besides those, as a header spells them."""
        return frozenset(name.encode() for name, kind in self.types.items() if kind not in taken)


def source_of(service: str) -> str:
    """Under which one of our services tells what it tells."""
    return f"laotie/{service}"


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:  # at the edge of the calendar; refused as too far away where that is checked
        return at


UtcTime = Annotated[AwareDatetime, AfterValidator(_utc)]  # whatever offset the sender wrote it in


class Message(BaseModel):
    """Strict, frozen, and closed to nothing: an app may add fields, and readers outside ignore ours. Our own services do not (newer.py)."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False, ser_json_inf_nan="constants", defer_build=True)

    type: ClassVar[str]
    topic: ClassVar[Topic]
    key_field: ClassVar[str] = ""  # set where the topic's key does not fit

    occurred_at: UtcTime

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        declared = cls.__dict__.get("type")
        if declared is None:  # a shared base, not a message
            return
        other = cls.topic.types.setdefault(declared, cls)
        if other.__qualname__ != cls.__qualname__ or other.__module__ != cls.__module__:
            raise TypeError(f"{declared} is declared twice on {cls.topic.name}: {other.__qualname__}, {cls.__qualname__}")

    @property
    def key(self) -> str:
        """The record key: what this message's order matters for."""
        value: str = getattr(self, self.key_field or self.topic.key)
        return value

    @property
    def subject(self) -> str:
        """What it is about, finer than the key where there is more than one (a line, a case). One timer of a type per subject."""
        return self.key

    def concerns(self, service: str) -> bool:
        """Whether that service, one of those that take the type, has anything to do with this one. If not it remembers no id of it, so
        that a corrected one is not taken for another (F5).
        """
        return True

    @classmethod
    def from_json(cls, value: bytes) -> Self:
        """Validated. Raises ValidationError. Past the library's wrapper, which costs a third of a small message."""
        event: Self = cls.__pydantic_validator__.validate_json(value)
        return event

    def to_json(self) -> bytes:
        """The record value, UTF-8 JSON."""
        encoded: bytes = self.__pydantic_serializer__.to_json(self)
        return encoded
