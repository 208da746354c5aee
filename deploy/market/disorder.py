"""News that comes late, and topics that overtake each other. Within a topic each key keeps its order, as its app tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from random import Random

from deploy.market.sent import Sent

LATE = 0.12  # of all news


def delay(rng: Random, sent: Iterable[Sent], days_max: int) -> list[Sent]:
    """Some are told up to so many days late, so past deadlines that they would have met; what follows on their topic waits for them."""
    latest: dict[tuple[str, str], int] = {}
    found = []
    for one in sent:
        stream = (one.topic, one.key)
        late = rng.randint(1, days_max) if rng.random() < LATE else 0
        latest[stream] = max(latest.get(stream, 0), one.phase + late)
        found.append(replace(one, phase=latest[stream]))
    return found


def waves(sent: Iterable[Sent], shuffle: int) -> list[list[Sent]]:
    """What is told on one day, to be published one wave after the other: for each order its topics come in an order of their own."""
    found: defaultdict[int, list[Sent]] = defaultdict(list)
    known: dict[str, list[str]] = {}
    everything = list(sent)
    topics = sorted({one.topic for one in everything})
    for one in everything:
        order = str(one.body.get("order_id", one.key))
        if order not in known:
            known[order] = Random(f"{shuffle}|{one.phase}|{order}").sample(topics, len(topics))
        found[known[order].index(one.topic)].append(one)
    return [found[number] for number in sorted(found)]
