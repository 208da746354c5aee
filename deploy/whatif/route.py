"""The way that events took through the services: of each one that is under way, and of all of them once it is known. Source: R9.2."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass, field

from deploy.whatif.desk import Place
from shared.messaging.message import Message

GRACE_MS = 5_000  # by which deadlines fire later


@dataclass(slots=True, eq=False)
class Delivery:
    """An event on its way to a desk. expected: id and number of each fact that is recorded of it. code: of its refusal. nth: its place
    in the order once it has one. patient: it stands aside for no version of an entity any more. number: of our own record, or -1 - place
    among what apps sent.
    """

    desk: int
    number: int
    id: str
    source: str
    event: Message | None
    timer: bool
    expected: list[tuple[str, int]]
    code: str
    at: int
    since: int
    queued: bool = False
    patient: bool = False
    waiting: bool = False
    nth: int = -1


@dataclass(slots=True)
class Route:
    """When everything was taken. own, sent: by desk, the place in the order of each record; -1: it was not taken while this was recorded.

    clock: by place in the order, the business time (ms) that had come by then; heard: the broker's. timers: by key, places and times of
    its deadlines. spared: deadlines that were overdue when they ceased to stand, and never fired: until which place. expired: of what
    waited in vain, by desk and id, the place from which it was not offered any more. open: events that nobody had taken yet. saw: by desk
    and number, what was seen as it was before that place in the order.
    """

    own: list[array[int]]
    sent: list[array[int]]
    clock: array[int] = field(default_factory=lambda: array("q"))
    heard: array[int] = field(default_factory=lambda: array("q"))
    spared: dict[bytes, int] = field(default_factory=dict)
    expired: dict[tuple[int, str], int] = field(default_factory=dict)
    timers: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    saw: dict[tuple[int, int], tuple[tuple[Place, int], ...]] = field(default_factory=dict)
    decisions: int = 0
    open: int = 0


class Copies:
    """What apps sent more than once, as one service saw it."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str], bool] = {}

    def copy(self, named: tuple[str, str], *, refused: bool, taken: bool) -> bool:
        """Of what was taken before, or of what was waiting then: it left no trace. What was refused may be taken when it comes again.

        named: source and id. taken: it led to something.
        """
        known = self._taken.get(named)
        if refused or known is None or (taken and not known):
            self._taken[named] = bool(known) or (taken and not refused)
            return False
        return True
