"""What an event may have looked at just before that changed: states that were replaced lately. Source: R9.2."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, islice, product

from deploy.whatif.desk import ABSENT, Place, State

REMEMBERED_MAX = 50_000
BACK_MAX, PLACES_MAX, TRIES_MAX = 6, 12, 200  # how far back, of how many places, how many combinations

Glimpse = dict[Place, tuple[State, int]]  # a state, and the place in the order of what replaced it


class Hindsight:
    """Of one service. Bounded: what was replaced long ago, nobody was about to look at."""

    def __init__(self) -> None:
        self._before: defaultdict[Place, list[tuple[State, int]]] = defaultdict(list)
        self._replaced: deque[Place] = deque()

    def remember(self, states: Mapping[Place, State], changed: Iterable[Place], nth: int) -> None:
        """The states of these are about to be replaced, by what has that place in the order."""
        for place in changed:
            self._before[place].append((states.get(place, ABSENT), nth))
            self._replaced.append(place)
        while len(self._replaced) > REMEMBERED_MAX:
            place = self._replaced.popleft()
            rows = self._before[place]
            del rows[0]
            if not rows:
                del self._before[place]

    def glimpses(self, looked: Iterable[Place]) -> Iterator[Glimpse]:
        """What could have been seen in place of what is there: of one place before two, however many there are, and the latest first."""
        places = islice((place for place in looked if place in self._before), PLACES_MAX)
        yield from islice(_choices({place: self._before[place][: -BACK_MAX - 1 : -1] for place in places}), TRIES_MAX)


def _choices(rows: Mapping[Place, list[tuple[State, int]]]) -> Iterator[Glimpse]:
    """rows: the latest first."""
    for count in range(1, len(rows) + 1):
        steps = [
            tuple(zip(chosen, back, strict=True))
            for chosen in combinations(rows, count)
            for back in product(*(range(len(rows[place])) for place in chosen))
        ]
        for choice in sorted(steps, key=lambda choice: sum(step for _, step in choice)):
            yield {place: rows[place][step] for place, step in choice}
