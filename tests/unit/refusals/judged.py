"""A refused event, a copy of it, and the corrected one: what must follow in all four services. Source: R2.1, F5 of the fold.

A row is a life, what is refused in it, and how that is mended: by another body, or by what happens meanwhile.
"""

from __future__ import annotations

import copy
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

from shared.contracts import registry
from shared.errors import CATALOGUE
from shared.messaging.message import Message
from shared.messaging.notices import notices
from shared.messaging.record import Out
from shared.policy import Policies
from shared.texts import numbers_of, sentence
from tests.unit import builders as b
from tests.unit.town import Told, Town

Made = Message | Callable[[Town], Message]  # what names an id that the services gave is made where it is known
Step = Made | str  # str: the clock is moved to that time
TOPICS = {topic.name: topic for topic in registry.topics()}


class Row(NamedTuple):
    """until: what happens before the mended one comes. mended None, until empty: nothing can make it right; why says so."""

    code: str
    life: str
    event: Made
    mended: Made | None = None
    until: tuple[Step, ...] = ()
    why: str = ""


class Waiting(NamedTuple):
    """cause: with it nothing waits any more."""

    code: str
    life: str
    event: Made
    cause: tuple[Step, ...]


@dataclass(frozen=True)
class Life:
    """mute: the provider answers nothing by itself."""

    steps: tuple[Step, ...]
    policies: Policies = b.POLICIES
    mute: bool = False

    def then(self, *steps: Step, **changes: Any) -> Life:
        return replace(self, steps=(*self.steps, *steps), **changes)


class Mute(Town):
    def provider(self, fact: Message) -> Iterable[Message]:
        return ()


def begun(lives: Mapping[str, Life], name: str) -> Town:
    return forked(_begun(lives[name]))


@cache
def _begun(life: Life) -> Town:
    town = (Mute if life.mute else Town)(life.policies)
    go_on(town, life.steps)
    assert town.refused() == []
    return town


def go_on(town: Town, steps: Iterable[Step], name: str = "s") -> None:
    for number, step in enumerate(steps):
        if isinstance(step, str):
            town.advance(b.at(step))
        else:
            tell(town, f"{name}{number}", step)


def tell(town: Town, name: str, event: Made) -> None:
    town.tell([(name, event if isinstance(event, Message) else event(town))])


def forked(town: Town) -> Town:
    """Goes on by itself from here; entities and facts are values."""
    found = copy.copy(town)
    found.lanes, found._order = defaultdict(deque), deque()
    found.facts, found.sent = list(town.facts), list(town.sent)
    found.services = {name: _forked(service) for name, service in town.services.items()}
    return found


def _forked(service: Told) -> Told:
    found = copy.copy(service)
    for name, value in vars(service).items():
        if isinstance(value, dict | list | set):
            setattr(found, name, value.copy())
    found.rows = {table: list(rows) for table, rows in service.rows.items()}
    found._held = {key: list(rows) for key, rows in service._held.items()}
    return found


def all_of(town: Town) -> dict[str, Any]:
    """States, deadlines, rows, what is held and what is remembered of events: all that a refusal may not touch."""
    found: dict[str, Any] = {}
    for name, service in town.services.items():
        found[f"{name} states"] = dict(service.entities)
        found[f"{name} armed"] = dict(service.armed)
        found[f"{name} rows"] = {table: list(rows) for table, rows in service.rows.items()}
        found[f"{name} held"] = [(row.key, row.state, row.reason) for rows in service._held.values() for row in rows]
        found[f"{name} seen"] = set(service._seen)
    return found


def refused_twice(lives: Mapping[str, Life], row: Row) -> Town:
    """It is told with its code, twice, and nothing else happens."""
    before, town = begun(lives, row.life), begun(lives, row.life)
    for _ in range(2):
        tell(town, "x", row.event)
    assert said(town, before) == [row.code] * 2
    assert all_of(town) == all_of(before)
    assert town.facts == before.facts
    copies = [out for name in town.services for out in town.services[name].written[len(before.services[name].written) :]]
    told = notices(copies, TOPICS)
    assert [dict(out.headers)["x-reason"].decode() for out in copies] == [row.code] * 2
    assert [(out.key, out.value) for out in told] == [(out.key, None) for out in copies]
    for notice in told:
        is_read(row.code, notice)
    return town


def is_read(code: str, notice: Out) -> None:
    """By both sides in both languages, with its numbers; where one language says nothing, the other does not either."""
    entry, headers = CATALOGUE[code], dict(notice.headers)
    numbers = numbers_of(headers["x-error"].decode())
    for reader in ("buyer", "seller"):
        for language in ("zh", "en"):
            own = (entry.seller_zh, entry.seller_en) if reader == "seller" else ("", "")
            template = own[language == "en"] or (entry.zh, entry.en)[language == "en"]
            text = sentence(code, numbers, language, reader, currency="CNY", zone=b.ZONE)
            assert bool(text) == bool(template)
            assert not set("[]{}–") & set(text)
            assert ("{" in template) <= any(f"{{{name}}}" in template for name in numbers), f"{template}: {numbers}"
            plain = {name: str(value) for name, value in numbers.items() if isinstance(value, int) and not name.endswith("_minor")}
            assert all(value in text for name, value in plain.items() if f"{{{name}}}" in template)


def said(town: Town, before: Town) -> list[str]:
    """The codes with which services refused since."""
    return [code for name in town.services for _, code in town.services[name].refused[len(before.services[name].refused) :]]


def resent(lives: Mapping[str, Life], row: Row, refused: Town, name: str) -> None:
    """The mended one, under that id: as if the refused one had never been sent; and once."""
    plain, town = begun(lives, row.life), forked(refused)
    for one in (plain, town):
        go_on(one, row.until, "u")
    moment = forked(plain)
    for one in (plain, town):
        tell(one, name, row.mended or row.event)
    assert said(plain, moment) == []
    assert len(plain.facts) > len(moment.facts), "the mended one has no effect"
    assert all_of(town) == all_of(plain)
    assert town.facts == plain.facts
    again = forked(town)
    tell(again, name, row.mended or row.event)
    assert (all_of(again), again.facts, again.refused()) == (all_of(town), town.facts, town.refused())
