"""The contract as data: each message type with its topic, who publishes it and who takes it, read from the classes themselves."""

import inspect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from shared import contracts
from shared.messaging.message import Message, Topic

Direction = Literal["upstream", "own", "internal", "timer", "ops"]

SERVICES = ("order", "payment", "refund", "trust", "insight")
CONNECTORS = ("psp",)  # apps that carry out what one of our topics instructs
EVERYONE = "*"

_SAID = re.compile(r"Producer: (?P<producer>\w+)\. Consumers: (?P<consumers>[^.]+)\.")
_PHRASES: dict[str, tuple[str, ...]] = {
    "outsiders": (),
    "nobody": (),
    "the PSP connector": ("psp",),
    "the named service": (EVERYONE,),
    "every process": (EVERYONE,),
}

# Topics of apps and services that are set up, so that they can be connected, before a message of theirs is modelled.
PLANNED = (
    Topic("traffic.v1", "session_id", ("traffic",)),
    Topic("payment.internal.v1", "order_id", ("payment",), own=True, internal=True),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One message type. consumers: services and connectors that act on it; `*` is every service; outsiders are not listed."""

    kind: type[Message]
    direction: Direction
    producer: str
    consumers: tuple[str, ...]

    @property
    def topic(self) -> Topic:
        return self.kind.topic

    @property
    def key_field(self) -> str:
        return self.kind.key_field or self.topic.key

    @property
    def name(self) -> str:
        """`topic/type`: a type is one of its topic's, and two topics may use the same word."""
        return f"{self.topic.name}/{self.kind.type}"


def topics() -> tuple[Topic, ...]:
    """All topics of a deployment, the planned ones last."""
    modelled = {topic.name for topic in contracts.ALL}
    return (*contracts.ALL, *(topic for topic in PLANNED if topic.name not in modelled))


def entries(of: Iterable[Topic] | None = None) -> tuple[Entry, ...]:
    """Every message type, by topic in declared order, then by type. Raises ValueError for a docstring that does not say."""
    return tuple(entry(kind) for topic in (topics() if of is None else of) for _, kind in sorted(topic.types.items()))


@cache
def entry(kind: type[Message]) -> Entry:
    said = " ".join(inspect.cleandoc(kind.__doc__ or "").split())
    if said.startswith("Timer: "):
        return Entry(kind, "timer", kind.topic.writers[0], kind.topic.readers)
    match = _SAID.search(said)
    if match is None:
        raise ValueError(f"{kind.__name__}: its docstring does not end in `Producer: x. Consumers: y, z.`")
    return Entry(kind, _direction(kind.topic), match["producer"], _consumers(kind, match["consumers"]))


def consumed_by(service: str) -> frozenset[type[Message]]:
    """What that service's `Input` must be, no more and no less; what ops say is the engine's."""
    return frozenset(found.kind for found in entries() if service in found.consumers)


def problems(of: Iterable[Entry] | None = None) -> list[str]:
    """Where docstrings and topics disagree, one line each."""
    found = list(entries() if of is None else of)
    lines = [f"{one.name}: {one.producer} is no writer of {one.topic.name}" for one in found if one.producer not in one.topic.writers]
    for one in found:
        strangers = {consumer for consumer in one.consumers if consumer not in CONNECTORS} - set(one.topic.readers)
        lines += [f"{one.name}: {stranger} takes it but is no reader of {one.topic.name}" for stranger in sorted(strangers)]
    for topic in dict.fromkeys(one.topic for one in found):
        idle = set(topic.readers) - {consumer for one in found if one.topic is topic for consumer in one.consumers}
        lines += [f"{topic.name}: {reader} is a reader and takes none of its types" for reader in sorted(idle)]
    return lines


def _direction(topic: Topic) -> Direction:
    if topic.internal:
        return "internal"
    if topic.own:
        return "own"
    return "ops" if "ops" in topic.writers else "upstream"


def _consumers(kind: type[Message], text: str) -> tuple[str, ...]:
    plain = re.sub(r"\s*\(.*\)", "", text)
    if plain in _PHRASES:
        return _PHRASES[plain]
    names: list[str] = []
    for part in plain.split(", "):
        if part not in SERVICES and part not in _PHRASES:
            raise ValueError(f"{kind.__name__}: {part!r} is no consumer; services are {', '.join(SERVICES)}, phrases {', '.join(_PHRASES)}")
        names += _PHRASES.get(part, (part,))
    return tuple(names)
