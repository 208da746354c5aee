"""What must be true of a toy world at rest, read with plain clients. Shares no code with the engine.

Each complaint is one line; an empty list is the proof.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from tests.toy.outside import NAMES, Outsider, Seen

POOL_SIZE = 100
OWN = ("alpha.v1", "beta.v1", "gamma.v1", "alpha.tally.v1", "alpha.timer.v1", "beta.timer.v1", "gamma.timer.v1")
LIFE = ("life.begun", "life.noted", "life.poked", "life.rang", "life.stepped")


@dataclass
class Life:
    """What was asked of one life. notes, pokes: (event id, n); notes in the order in which they were published."""

    begin: str
    pool: str
    units: int
    notes: list[tuple[str, int]] = field(default_factory=list)
    pokes: list[tuple[str, int]] = field(default_factory=list)


def judge(world: Outsider, lives: dict[str, Life]) -> list[str]:
    """Everything; an empty list means that all of it holds."""
    complaints: list[str] = []
    logs: dict[str, list[Seen]] = {}
    for topic in OWN:
        logs[topic] = _dense(world.read(topic), "ce_sequence", topic, complaints)
    copies = [seen for name in NAMES for seen in _dense(world.read(f"{name}.parked.v1"), "x-sequence", f"{name}.parked.v1", complaints)]
    notices = [seen for name in NAMES for seen in _dense(world.read(f"{name}.refused.v1"), "ce_sequence", f"{name}.refused.v1", complaints)]
    complaints += _noticed(copies, notices)
    facts = [seen for topic in OWN[:4] for seen in logs[topic]]
    by_key: dict[str, list[Seen]] = defaultdict(list)
    for seen in facts:
        by_key[seen.key].append(seen)
    reasons = {seen.headers.get("ce_id", ""): seen.headers["x-reason"] for seen in copies}
    refused = {id: code for id, code in reasons.items() if not code.startswith("parked.")}  # what was parked may be redriven
    complaints += _once(facts)
    causes = defaultdict(list)
    for seen in facts:
        causes[seen.headers["ce_causationid"]].append(seen)
    for key, life in lives.items():
        complaints += [f"{key}: {text}" for text in _life(life, by_key[key], causes, refused)]
    strangers = {seen.key for seen in facts if seen.key not in lives} - {life.pool for life in lives.values()}
    complaints += [f"{key}: nobody asked for it" for key in sorted(strangers)]
    complaints += _pools(world, facts)
    complaints += _tables(world, facts, logs)
    return complaints


def _dense(log: list[Seen], header: str, topic: str, complaints: list[str]) -> list[Seen]:
    """By (partition, number); a copy must be equal to the first, and no number may come before the one before it."""
    first: dict[tuple[int, int], Seen] = {}
    top: dict[int, int] = defaultdict(int)
    for seen in log:
        place = (seen.partition, int(seen.headers[header]))
        known = first.setdefault(place, seen)
        if (known.key, known.headers, known.value) != (seen.key, seen.headers, seen.value):
            complaints.append(f"{topic}/{place[0]}: two different records have the number {place[1]}")
        if place[1] > top[place[0]] + 1:
            complaints.append(f"{topic}/{place[0]}: {place[1]} comes after {top[place[0]]}")
        top[place[0]] = max(top[place[0]], place[1])
    return list(first.values())


def _noticed(copies: list[Seen], notices: list[Seen]) -> Iterator[str]:
    """Whatever an app sent and was refused is told once for each copy; what a bug holds back is not."""
    places = [Counter((seen.topic.rpartition(".parked.")[0] or seen.topic.rpartition(".refused.")[0], *_why(seen)) for seen in found)
              for found in ([seen for seen in copies if _of_app(seen)], notices)]  # fmt: skip
    for place in sorted((places[0] - places[1]) + (places[1] - places[0])):
        yield f"{place}: {places[0][place]} copies, {places[1][place]} notices"


def _why(seen: Seen) -> tuple[str, ...]:
    return tuple(seen.headers[name] for name in ("x-original-topic", "x-original-partition", "x-original-offset", "x-reason"))


def _of_app(seen: Seen) -> bool:
    return seen.headers["x-original-topic"].endswith(("toy.v1", "ops.v1")) and not seen.headers["x-reason"].startswith("parked.")


def _once(facts: list[Seen]) -> Iterator[str]:
    """Each id once over all topics; entity versions dense, in the order of their lane."""
    ids: dict[str, Seen] = {}
    versions: dict[tuple[str, str], list[int]] = defaultdict(list)
    for seen in facts:
        if (other := ids.setdefault(seen.headers["ce_id"], seen)) is not seen:
            yield f"{seen.key}: {seen.headers['ce_type']} twice: {other.topic}/{other.partition}/{other.offset} and /{seen.offset}"
        if place := _entity(seen):
            versions[place].append(int(seen.headers["ce_entityversion"]))
    for place, found in versions.items():
        ordered = sorted(found) if place[0].startswith("pool") else found  # a pool's facts lie in many lanes
        if ordered != list(range(1, len(found) + 1)):
            yield f"{place}: versions {found}"


def _entity(seen: Seen) -> tuple[str, str] | None:
    type, service = seen.headers["ce_type"], seen.topic.split("_")[-1].split(".")[0]
    if type in LIFE:
        return (f"life of {service}", seen.key)
    if type in ("pool.taken", "pool.counted"):
        return (type, seen.value["pool"])
    return None


def _life(life: Life, facts: list[Seen], causes: dict[str, list[Seen]], refused: dict[str, str]) -> Iterator[str]:
    of = {type: [seen for seen in facts if seen.headers["ce_type"] == type] for type in (*LIFE, "pool.taken")}
    if not of["life.begun"]:
        if refused.get(life.begin) != "order.closed" or not life.units:
            yield f"lost: no life.begun, and refused with {refused.get(life.begin)}"
        return
    if life.begin in refused:
        yield "both begun and refused"
    begun = of["life.begun"][0]
    if begun.headers["ce_causationid"] != life.begin:
        yield "begun by another event"
    expected = 1 + 2 * bool(life.units)
    if len(causes[life.begin]) != expected:
        yield f"the begin had {len(causes[life.begin])} effects, not {expected}"
    yield from _steps(begun, of["life.stepped"])
    yield from _notes(life, of["life.noted"], causes)
    if [seen.value["n"] for seen in of["life.poked"]] != sorted(n for _, n in life.pokes):
        yield f"pokes {[seen.value['n'] for seen in of['life.poked']]} of {len(life.pokes)}"
    for identity, n in life.pokes:
        if [seen.value["n"] for seen in causes[identity]] != [n]:
            yield f"poke {n} had {len(causes[identity])} effects"
    yield from _ring(begun, of["life.rang"], of["life.stepped"])


def _steps(begun: Seen, stepped: list[Seen]) -> Iterator[str]:
    """Six, each caused by the one before, each by the service whose turn it is."""
    chain = sorted([begun, *stepped], key=lambda seen: int(seen.value["step"]))
    services = [seen.topic.split("_")[-1].split(".")[0] for seen in chain]
    if [seen.value["step"] for seen in chain] != [1, 2, 3, 4, 5, 6] or services != [*NAMES, *NAMES]:
        yield f"steps {[(service, seen.value['step']) for service, seen in zip(services, chain, strict=True)]}"
    for before, after in pairwise(chain):
        if after.headers["ce_causationid"] != before.headers["ce_id"]:
            yield f"step {after.value['step']} was not caused by step {before.value['step']}"
        if after.headers["traceparent"][3:35] != begun.headers["traceparent"][3:35]:
            yield f"step {after.value['step']} has another trace"


def _notes(life: Life, noted: list[Seen], causes: dict[str, list[Seen]]) -> Iterator[str]:
    digest = ""
    if [seen.value["n"] for seen in noted] != [n for _, n in life.notes]:
        yield f"notes {[seen.value['n'] for seen in noted]}, published as {[n for _, n in life.notes]}"
    for seen in noted:
        digest = blake2b(f"{digest}|{seen.value['n']}".encode(), digest_size=8).hexdigest()
        if seen.value["digest"] != digest:
            yield f"digest of note {seen.value['n']} is of another order"
    for identity, n in life.notes:
        if [seen.value["n"] for seen in causes[identity]] != [n]:
            yield f"note {n} had {len(causes[identity])} effects"


def _ring(begun: Seen, rang: list[Seen], stepped: list[Seen]) -> Iterator[str]:
    """At most once, at the deadline, and only while nothing had cancelled it."""
    if len(rang) > 1:
        yield f"rang {len(rang)} times"
    for ring in rang:
        if _time(ring) != datetime.fromisoformat(begun.value["deadline"]):
            yield "rang at another time than its deadline"
        cancelled = [seen.offset for seen in stepped if seen.topic == ring.topic and seen.offset < ring.offset]
        if cancelled:
            yield "rang after it was cancelled"


def _time(seen: Seen) -> datetime:
    return datetime.fromisoformat(seen.value["occurred_at"])


def _pools(world: Outsider, facts: list[Seen]) -> Iterator[str]:
    taken: dict[str, list[int]] = defaultdict(list)
    counted: dict[str, list[int]] = defaultdict(list)
    for seen in facts:
        if seen.headers["ce_type"] == "pool.taken":
            taken[seen.value["pool"]].append(seen.value["units"])
        elif seen.headers["ce_type"] == "pool.counted":
            counted[seen.value["pool"]].append(seen.value["units"])
    for table, expected in (("pool", taken), ("tally", counted)):
        rows = {row["key"]: (json.loads(row["body"]), row["version"]) for row in world.rows("alpha", f"SELECT * FROM {table}")}
        wanted = {pool: ({"total": sum(units), "times": len(units)}, len(units)) for pool, units in expected.items()}
        if rows != wanted:
            yield f"table {table} has {rows}, its facts say {wanted}"
    for pool, units in taken.items():
        if sum(units) > POOL_SIZE:
            yield f"pool {pool} oversold: {sum(units)}"
        if sorted(counted[pool]) != sorted(units):
            yield f"pool {pool}: taken {sorted(units)}, tallied {sorted(counted[pool])}"


def _tables(world: Outsider, facts: list[Seen], logs: dict[str, list[Seen]]) -> Iterator[str]:
    for name in NAMES:
        mine = [seen for seen in facts if seen.topic == f"{world.ns}{name}.v1" and seen.headers["ce_type"] in LIFE]
        expected = _refold(mine)
        found = {row["key"]: (row["version"], _norm(json.loads(row["body"]))) for row in world.rows(name, "SELECT * FROM life")}
        for key in expected.keys() | found.keys():
            if expected.get(key) != found.get(key):
                yield f"{name}.life {key} is {found.get(key)}, its facts say {expected.get(key)}"
        for lane in world.rows(name, "SELECT * FROM lane"):
            topic = lane["topic"].removeprefix(world.ns)
            if topic in logs and lane["seq"] != sum(seen.partition == lane["partition"] for seen in logs[topic]):
                yield f"{name}: lane {topic}/{lane['partition']} is at {lane['seq']}, its topic is not"
        left = {table: world.rows(name, f"SELECT * FROM {table}") for table in ("outbox", "parked")}
        yield from (f"{name}: {table} is not empty: {rows[0]}" for table, rows in left.items() if rows)
        standing = {key for key, (_, life) in expected.items() if life["deadline"] is not None} if name == "alpha" else set()
        timers = {row["key"] for row in world.rows(name, "SELECT key FROM timer")}
        if timers != standing:
            yield f"{name}: timers of {sorted(timers ^ standing)[:5]} do not agree with their lives"
    rows = sorted((str(row["fact"]), row["life_id"], row["amount"]) for row in world.rows("alpha", "SELECT * FROM entry"))
    begun = [seen for seen in facts if seen.headers["ce_type"] == "life.begun"]
    if rows != sorted((seen.headers["ce_id"], seen.key, seen.value["units"]) for seen in begun):
        yield f"table entry has {len(rows)} rows, there are {len(begun)} facts, or they differ"


def _refold(facts: list[Seen]) -> dict[str, tuple[int, Any]]:
    lives: dict[str, tuple[int, Any]] = {}
    for seen in facts:
        version, life = lives.get(seen.key, (0, {"life_id": seen.key, "steps": [], "notes": 0, "digest": "", "pokes": 0, "deadline": None}))
        value: Any = seen.value
        match seen.headers["ce_type"]:
            case "life.begun":
                life |= {"steps": [1], "deadline": _stamp(value["deadline"])}
            case "life.noted":
                life |= {"notes": value["n"], "digest": value["digest"]}
            case "life.poked":
                life |= {"pokes": value["n"]}
            case "life.rang":
                life |= {"deadline": None}
            case "life.stepped":
                life |= {"steps": [*life["steps"], value["step"]], "deadline": None}
        lives[seen.key] = (version + 1, life)
    return lives


def _norm(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "deadline": _stamp(body["deadline"])} if body["deadline"] is not None else body


def _stamp(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() + timedelta().total_seconds()
