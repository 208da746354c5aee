"""The toy's messages and its state. TOY_NS in the environment prefixes every name, so that worlds do not meet.

Alpha begins a life and takes units of a shared pool; beta and gamma pass it on; each step is one durable transaction.
Notes must be folded in the order in which they were published: their digest tells. Pokes wait for their predecessor.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal, assert_never

from pydantic import AwareDatetime, Field

from shared.messaging.message import Message, Topic
from shared.messaging.shape import Kind
from shared.messaging.system import CLOCK, OPS

NS = os.environ.get("TOY_NS", "")
FLAGS = Path(os.environ.get("TOY_FLAGS", "/nonexistent"))  # a file `boom` there makes decisions raise
NAMES = ("alpha", "beta", "gamma")

TOY = Topic(f"{NS}toy.v1", "life_id", ("toy",), (f"{NS}alpha",), warden=f"{NS}alpha")
STEPS = {
    name: Topic(f"{NS}{name}.v1", "life_id", (f"{NS}{name}",), (f"{NS}{NAMES[(n + 1) % 3]}",), own=True, warden=f"{NS}{NAMES[(n + 1) % 3]}")
    for n, name in enumerate(NAMES)
}
TALLIES = Topic(f"{NS}alpha.tally.v1", "pool", (f"{NS}alpha",), (f"{NS}alpha",), own=True, internal=True, warden=f"{NS}alpha")
TIMERS = {
    name: Topic(f"{NS}{name}.timer.v1", "life_id", (f"{NS}{name}",), (f"{NS}{name}",), own=True, warden=f"{NS}{name}") for name in NAMES
}
PARKED = {name: Topic(f"{NS}{name}.parked.v1", "", (f"{NS}{name}",), own=True) for name in NAMES}
REFUSED = {name: Topic(f"{NS}{name}.refused.v1", "", (f"{NS}{name}",), own=True) for name in NAMES}
TOY_OPS = Topic(f"{NS}ops.v1", "target", ("ops",), ("*",), warden=f"{NS}alpha", types=OPS.types)
TOY_CLOCK = Topic(f"{NS}clock.v1", "clock", ("ops",), ("*",), single=True, compacted=True, types=CLOCK.types)
ALL = (TOY, *STEPS.values(), TALLIES, *TIMERS.values(), *PARKED.values(), *REFUSED.values(), TOY_OPS, TOY_CLOCK)

Mode = Literal["ok", "boom", "database", "kill", "big"]


class Begin(Message):
    """Upstream: a life begins."""

    type: ClassVar[str] = "life.begin"
    topic: ClassVar[Topic] = TOY
    life_id: str = Field(min_length=1, max_length=64)
    pool: str = "none"
    units: int = 0
    mode: Mode = "ok"
    minutes: int = 30


class Note(Message):
    """Upstream: to be folded in order."""

    type: ClassVar[str] = "life.note"
    topic: ClassVar[Topic] = TOY
    life_id: str
    n: int
    mode: Mode = "ok"


class Poke(Message):
    """Upstream: number n waits for n - 1."""

    type: ClassVar[str] = "life.poke"
    topic: ClassVar[Topic] = TOY
    life_id: str
    n: int


class Begun(Message):
    """Step 1."""

    type: ClassVar[str] = "life.begun"
    topic: ClassVar[Topic] = STEPS["alpha"]
    life_id: str
    pool: str
    units: int
    deadline: AwareDatetime
    step: int = 1
    filler: str = ""


class Taken(Message):
    """Units of a pool."""

    type: ClassVar[str] = "pool.taken"
    topic: ClassVar[Topic] = STEPS["alpha"]
    life_id: str
    pool: str
    units: int


class Tallied(Message):
    """The same, told by the pool's key."""

    type: ClassVar[str] = "pool.tallied"
    topic: ClassVar[Topic] = TALLIES
    life_id: str
    pool: str
    units: int


class Counted(Message):
    """Folded under the pool's key."""

    type: ClassVar[str] = "pool.counted"
    topic: ClassVar[Topic] = STEPS["alpha"]
    key_field: ClassVar[str] = "pool"
    life_id: str
    pool: str
    units: int


class Noted(Message):
    """A note in its place."""

    type: ClassVar[str] = "life.noted"
    topic: ClassVar[Topic] = STEPS["alpha"]
    life_id: str
    n: int
    digest: str


class Poked(Message):
    """A poke in its place."""

    type: ClassVar[str] = "life.poked"
    topic: ClassVar[Topic] = STEPS["alpha"]
    life_id: str
    n: int


class Rang(Message):
    """The deadline passed."""

    type: ClassVar[str] = "life.rang"
    topic: ClassVar[Topic] = STEPS["alpha"]
    life_id: str


class Deadline(Message):
    """Timer: armed by step 1, disarmed by step 4 or a ring."""

    type: ClassVar[str] = "deadline.due"
    topic: ClassVar[Topic] = TIMERS["alpha"]
    life_id: str


class AlphaStepped(Message):
    type: ClassVar[str] = "life.stepped"
    topic: ClassVar[Topic] = STEPS["alpha"]
    life_id: str
    step: int


class BetaStepped(Message):
    type: ClassVar[str] = "life.stepped"
    topic: ClassVar[Topic] = STEPS["beta"]
    life_id: str
    step: int


class GammaStepped(Message):
    type: ClassVar[str] = "life.stepped"
    topic: ClassVar[Topic] = STEPS["gamma"]
    life_id: str
    step: int


LifeFact = Begun | Noted | Poked | Rang | AlphaStepped | BetaStepped | GammaStepped


@dataclass(frozen=True)
class Life:
    life_id: str
    steps: tuple[int, ...] = ()
    notes: int = 0
    digest: str = ""
    pokes: int = 0
    deadline: datetime | None = None


@dataclass(frozen=True)
class Count:
    total: int
    times: int


def evolve(life: Life | None, fact: LifeFact) -> Life:
    now = life or Life(fact.life_id)
    match fact:
        case Begun():
            return replace(now, steps=(1,), deadline=fact.deadline)
        case Noted():
            return replace(now, notes=fact.n, digest=fact.digest)
        case Poked():
            return replace(now, pokes=fact.n)
        case Rang():
            return replace(now, deadline=None)
        case AlphaStepped() | BetaStepped() | GammaStepped():
            return Life(now.life_id, (*now.steps, fact.step), now.notes, now.digest, now.pokes, deadline=None)
        case _:
            assert_never(fact)


def due(life: Life) -> Iterator[Message]:
    if life.deadline is not None:
        yield Deadline(life_id=life.life_id, occurred_at=life.deadline)


def count(entity: Count | None, fact: Taken | Counted) -> Count:
    now = entity or Count(0, 0)
    return Count(now.total + fact.units, now.times + 1)


LIFE = Kind("life", Begun | Noted | Poked | Rang | AlphaStepped, lambda fact: fact.life_id, evolve, due)
BETA_LIFE = Kind("life", BetaStepped, lambda fact: fact.life_id, evolve)
GAMMA_LIFE = Kind("life", GammaStepped, lambda fact: fact.life_id, evolve)
POOL = Kind("pool", Taken, lambda fact: fact.pool, count)
TALLY = Kind("tally", Counted, lambda fact: fact.pool, count)
