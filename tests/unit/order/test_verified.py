"""`laotie verify` comes to the same allotments and identities as the service, and names what is wrong with them. Source: R2.7."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from deploy.verify.campaigns import checks
from deploy.verify.log import Entry, Log
from deploy.verify.report import Check
from deploy.verify.tables import Stored, Tables, Taken
from services.order.handlers import SERVICE
from shared.contracts.campaign import AllotmentReleased, AllotmentTaken
from shared.contracts.identity import ClusterGrew
from shared.messaging.memory import Memory
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.order.fair import fair, linked, wanted

LINKS = [linked("b3", "t1"), linked("b2", "t1"), linked("b2", "t2"), linked("b1", "t2")]


def market() -> Memory:
    """Three accounts of one person and one other; orders that stand, expire, are refused, and are refunded before shipping."""
    memory = fair(*LINKS[:2], units=9, limit=4)
    memory.when(wanted("o1", "b3", 2), wanted("o2", "b1", 2), *LINKS[2:], wanted("o3", "b2"), wanted("o4", "b9", 4), wanted("o5", "b8", 3))
    for order_id in ("o1", "o4"):
        quantity = 2 if order_id == "o1" else 4
        memory.send(b.succeeded(quantity * 1_00, f"pay-{order_id}").model_copy(update={"order_id": order_id}))
    memory.send(b.case_opened().model_copy(update={"order_id": "o4"}))
    memory.send(b.case_closed(quantity=3, amount_minor=3_00).model_copy(update={"order_id": "o4"}))
    memory.advance(b.at("06-01 10:31"))
    return memory


def log_of(facts: list[Message]) -> Log:
    """As the topics would hold them: each fact with the version that it made of its entity."""
    log, versions = Log(), Counter[tuple[str, str]]()
    for number, fact in enumerate([*LINKS, *facts], 1):
        kind = next((kind for kind in SERVICE.kinds if type(fact) in kind.facts), None)
        place = (kind.name, kind.key(fact)) if kind else ("", "")
        versions[place] += 1
        headers = {"ce_entityversion": str(versions[place]).encode(), "ce_source": b"member"}
        entry = Entry(f"e{number}", fact.type, fact.topic.name, 0, number, fact.key.encode(), None, headers, 0, number, fact)
        log.lanes.setdefault((fact.topic.name, 0), []).append(entry)
        log._of[type(fact)].append(entry)
    return log


def tables_of(memory: Memory) -> Tables:
    """Long after: of the ids of what was taken none is remembered."""
    bodies = {kind.name: kind.body for kind in SERVICE.kinds}
    entities: dict[str, dict[str, Stored]] = {name: {} for name in bodies}
    for (name, key), (version, entity) in memory.entities.items():
        entities[name][key] = Stored(version, json.loads(bodies[name].dump_json(entity)))
    lasts = {("order.rekeyed.v1", 0): 10**6}
    positions = {("member.v1", 0): len(LINKS) + 1}
    return Tables({}, {"order": Taken(positions, lasts, {}, {})}, entities, [], {}, {})


def checked(memory: Memory, facts: list[Message] | None = None) -> list[Check]:
    return list(checks(log_of(memory.facts if facts is None else facts), tables_of(memory)))


def test_what_the_service_decided_is_recomputed_r2_7() -> None:
    found = checked(market())
    assert [(check.first, check.counted > 2) for check in found] == [("", True)] * 3


Change = Callable[[list[Message]], list[Message]]


def without(kind: type[Message], nth: int) -> Change:
    """The topic lost one."""
    return lambda facts: [fact for fact in facts if fact is not [one for one in facts if isinstance(one, kind)][nth]]


def changed(kind: type[Message], **fields: Any) -> Change:
    def change(facts: list[Message]) -> list[Message]:
        first = next(fact for fact in facts if isinstance(fact, kind))
        return [fact.model_copy(update=fields) if fact is first else fact for fact in facts]

    return change


@pytest.mark.parametrize(
    ("change", "nth", "said"),
    [
        (without(AllotmentTaken, 0), 0, "are left of"),
        (changed(AllotmentTaken, units=99, left=-90), 0, "are taken"),
        (without(AllotmentReleased, -1), 0, "allotment ('c618', 'sku1')"),
        (without(AllotmentReleased, 0), 1, "order o"),
        (lambda facts: [*facts, *[fact for fact in facts if isinstance(fact, AllotmentReleased)]], 1, "order o"),
    ],
)
def test_units_that_vanish_or_come_twice_are_named_r2_7(change: Change, nth: int, said: str) -> None:
    memory = market()
    check = checked(memory, change(memory.facts))[nth]
    assert not check.holds
    assert said in check.first


def test_an_identity_that_was_torn_apart_or_miscounts_is_named_r4_6() -> None:
    memory = market()
    member = next(place for place in memory.entities if place[0] == "member")
    torn = market()
    del torn.entities[member]
    assert "cluster of" in checked(torn)[2].first
    grown = next(fact for fact in memory.facts if isinstance(fact, ClusterGrew))
    version, cluster = memory.entities[("cluster", grown.cluster)]
    memory.entities[("cluster", "b1")] = (version, type(cluster)(None, cluster.members, {"c618/sku1": 1}))
    assert "held by b1" in checked(memory)[2].first


def test_a_link_that_is_not_taken_yet_is_held_or_was_refused_joins_nobody_r4_6() -> None:
    memory = market()
    log, tables = log_of(memory.facts), tables_of(memory)
    other = linked("b9", "t1")
    link = Entry("e0", other.type, "member.v1", 0, len(LINKS) + 1, b"b9", None, {"ce_source": b"member"}, 0, None, other)
    log._of[type(other)].append(link)
    assert list(checks(log, tables))[2].holds, "not yet"
    tables.taken["order"].positions[("member.v1", 0)] = link.offset + 1  # type: ignore[index]
    assert "cluster of b9" in list(checks(log, tables))[2].first
    tables.taken["order"].held[link.ref] = "waiting"  # type: ignore[index]
    assert list(checks(log, tables))[2].holds
    tables.taken["order"].held.clear()  # type: ignore[attr-defined]
    for reason, refused in ((b"parked.KeyError", False), (b"event.from_the_future", True)):  # a bug is mended, and it is redriven
        place = {"x-original-topic": b"member.v1", "x-original-partition": b"0", "x-original-offset": str(link.offset).encode()}
        copy = Entry("e0", other.type, "order.parked.v1", 0, 0, b"b9", None, {**place, "x-reason": reason}, 0, 1, None)
        log.lanes[("order.parked.v1", 0)] = [copy]
        assert list(checks(log, tables))[2].holds is refused
