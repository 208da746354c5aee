"""Every event walked through every state of one entity: what the committed tables of states are made of. Source: R2.1."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from shared.errors import CATALOGUE
from shared.messaging.memory import Memory
from shared.messaging.message import Message


def cell(memory: Memory, event: Message, place: tuple[str, str]) -> str:
    """What follows, and that nothing else does. place: kind and key of the entity that the event is about."""
    before, refused = memory.entities.get(place), len(memory.refused)
    facts = memory.send(event)
    said = [f"✗ {code}" for _, code in memory.refused[refused:]] + [f"… {row.reason}" for row in memory.held(event.key)]
    if facts:
        assert said == []
        return " + ".join(fact.type for fact in facts)
    assert memory.entities.get(place) == before, f"{event.type} changed something and said nothing"
    assert all(CATALOGUE[one[2:]].retryable for one in said if one[0] == "…")
    return " ".join(said)


def table(head: str, events: Iterable[str], states: Mapping[str, object], cell: Callable[[str, str], str]) -> str:
    """As Markdown: a row an event, a column a state."""
    rows = [["event", *states], ["---"] * (len(states) + 1)]
    rows += [[event, *(cell(event, state) for state in states)] for event in events]
    return head + "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)
