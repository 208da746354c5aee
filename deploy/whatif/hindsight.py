"""What an event may have looked at just before that changed: states that were replaced lately. Source: R9.2."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, islice, product

from deploy.whatif.desk import ABSENT, Place, State

REMEMBERED_MAX = 50_000
BACK_MAX, PLACES_MAX, TRIES_MAX = 6, 12, 200  # how far back, of how many places, how many combinations

Replaced = tuple[State, int]  # a state, and the place in the order of what replaced it
Rows = list[Replaced]  # of one place, the latest first
Glimpse = dict[Place, Replaced]


class Hindsight:
    """Of one service. Bounded: what was replaced long ago, nobody was about to look at."""

    def __init__(self) -> None:
        self._before: defaultdict[Place, list[Replaced]] = defaultdict(list)
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
        """What could have been seen in place of what is there: all as it was at one moment, the latest first; then each on its own, as who
        reads one after the other may see them, of one place before two, however many there are, and the latest first."""
        places = islice((place for place in looked if place in self._before), PLACES_MAX)
        rows = {place: self._before[place][: -BACK_MAX - 1 : -1] for place in places}
        yield from _moments(rows)
        yield from islice(_choices(rows), TRIES_MAX)


def _moments(rows: Mapping[Place, Rows]) -> Iterator[Glimpse]:
    for moment in sorted({nth for row in rows.values() for _, nth in row}, reverse=True):
        since = {place: [one for one in row if one[1] >= moment] for place, row in rows.items()}
        yield {place: row[-1] for place, row in since.items() if row}


def _choices(rows: Mapping[Place, Rows]) -> Iterator[Glimpse]:
    for count in range(1, len(rows) + 1):
        steps = [
            tuple(zip(chosen, back, strict=True))
            for chosen in combinations(rows, count)
            for back in product(*(range(len(rows[place])) for place in chosen))
        ]
        for choice in sorted(steps, key=lambda choice: sum(step for _, step in choice)):
            yield {place: rows[place][step] for place, step in choice}
