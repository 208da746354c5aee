"""What a database lost: which of it comes next, of what it came, and what is the same. Invariants O1, O2, A1, A2."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from shared.messaging.fold import fact_id
from shared.messaging.message import Topic
from shared.messaging.record import Effects, Held, Out, Record, Restated
from shared.messaging.recovery.fitting import Aim, Fitting, Unfit
from shared.messaging.recovery.lost import Lost, NoRecovery
from shared.messaging.recovery.streams import Backlog, Stream
from tests.unit.messaging.trade import NOON, PANTRY, SERVICE, SHELVES, SHOP, TIMER, Taken

PARKED = Topic("pantry.parked.v1", "", ("pantry",), own=True)
TOPICS = {topic.name: topic for topic in (SHOP, PANTRY, SHELVES, TIMER, PARKED)}
EVENT = Record("shop.v1", 0, 4, b"a", b"{}", (("ce_id", b"e4"), ("ce_source", b"shop")))


def taken(n: int, cause: str = "e4", ordinal: int = 0, jar: str = "a") -> Out:
    fact = Taken(jar=jar, n=n, occurred_at=NOON)
    headers = {
        "ce_id": fact_id("laotie/pantry", "shop", cause, ordinal),
        "ce_source": "laotie/pantry",
        "ce_type": "taken",
        "ce_entityversion": str(n),
        "ce_causationid": cause,
    }
    return Out(PANTRY.name, jar.encode(), tuple((name, text.encode()) for name, text in headers.items()), fact.to_json(), 0)


def copy(reason: str, offset: int = 4) -> Out:
    told = {
        "x-original-topic": "shop.v1",
        "x-original-partition": "0",
        "x-original-offset": str(offset),
        "x-reason": reason,
        "x-error": "e",
    }
    return Out(PARKED.name, b"a", (*EVENT.headers, *((name, text.encode()) for name, text in told.items())), b"{}", 0)


def told(out: Out, number: int) -> Record:
    name = "x-sequence" if out.topic == PARKED.name else "ce_sequence"
    return Record(out.topic, 0, number - 1, out.key, out.value, (*out.headers, (name, str(number).encode())), 1000 + number)


def lost(*outs: Out, stands: int = 0) -> Lost:
    """Numbered by topic, behind where each lane stands."""
    found = Lost(SERVICE, TOPICS, {(PANTRY.name, 0): stands, (PARKED.name, 0): stands})
    last: dict[str, int] = {}
    for out in outs:
        last[out.topic] = last.get(out.topic, stands) + 1
        found.take(told(out, last[out.topic]))
    return found


def fitted(found: Lost, aim: Aim, *outs: Out, **effects: Any) -> None:
    store = Fitting(SERVICE, 1, found)
    store.aim = aim
    store._fit(Effects(facts=list(outs), **effects))


def test_what_lies_beyond_where_a_lane_stands_is_lost_the_first_telling_counts() -> None:
    found = lost(taken(1), taken(2, "e5"))
    found.take(told(taken(9), 1))
    found.check()
    assert found.left == 2
    assert [telling.number for telling in found.of(EVENT)] == [1]
    assert found.at((PANTRY.name, 0), 1) in found.of(EVENT)
    found.stands[(PANTRY.name, 0)] = 1
    assert (found.left, found.of(EVENT)) == (1, [])


def test_a_hole_in_what_was_told_is_said() -> None:
    found = lost(taken(1))
    found.take(told(taken(3, "e6"), 3))
    with pytest.raises(NoRecovery, match=r"halt\.sequence_gap: number 2 of pantry\.v1/0"):
        found.check()


def test_what_nobody_here_can_read_is_said() -> None:
    with pytest.raises(NoRecovery, match=r"halt\.replay_unreadable: taken at pantry\.v1/0/0"):
        lost(taken(1)._replace(value=b"{}"))


def test_facts_of_another_apps_event_of_the_same_id_are_none_of_it() -> None:
    assert lost(taken(1)).of(replace(EVENT, headers=(("ce_id", b"e4"), ("ce_source", b"other")))) == []


def test_a_refusal_comes_before_the_facts_of_a_corrected_resend() -> None:
    """F5."""
    found = lost(copy("order.closed"), taken(1))
    assert [telling.reason for telling in found.of(EVENT)] == ["order.closed"]
    found.stands[(PARKED.name, 0)] = 1
    assert [telling.cause for telling in found.of(EVENT)] == ["e4"]


def test_what_waited_too_long_was_not_told_so_when_it_came() -> None:
    found = lost(copy("wait.over"), taken(1))
    assert found.of(EVENT) == []
    assert found.expired(EVENT.ref)


def test_what_is_not_next_in_its_lane_is_blocked() -> None:
    found = lost(taken(1, "e3"), taken(2))
    assert found.blocked(found.of(EVENT)) == [(PANTRY.name, 0)]
    found.stands[(PANTRY.name, 0)] = 1
    assert found.blocked(found.of(EVENT)) == []


def test_copies_of_what_is_in_no_topic_any_more_are_nobodys() -> None:
    found = lost(copy("event.not_json", 3), copy("order.closed"))
    found.alone([EVENT.ref])
    (alone,) = [found.next_alone()]
    assert alone is not None
    assert alone.about == "shop.v1/0/3"
    found.stands[(PARKED.name, 0)] = 1
    assert found.next_alone() is None


def test_what_comes_of_it_fits_under_the_number_that_it_was_told_under() -> None:
    """A1. Of a copy what it is about and why; a fact that an older release told without a field is the same."""
    found = lost(taken(1), taken(2, ordinal=1), copy("order.closed", 9))
    aim = Aim(EVENT.ref, found.of(EVENT))
    fitted(found, aim, taken(1), taken(2, ordinal=1))
    older = lost(taken(1)._replace(value=taken(1).value.replace(b',"filler":""', b"")))  # type: ignore[union-attr]
    fitted(older, Aim(EVENT.ref, older.of(EVENT)), taken(1))
    fitted(found, Aim(), copy("order.closed", 9)._replace(value=b"as it was packed"))
    for wrong in ([taken(1)], [taken(2, ordinal=1), taken(1)], [taken(1), taken(3, ordinal=1)], [taken(1, "e7"), taken(2, "e7", 1)], []):
        with pytest.raises(Unfit):
            fitted(found, aim, *wrong)


def test_what_was_told_in_part_may_be_told_for_the_rest_what_was_not_told_waits() -> None:
    """A2."""
    found = lost(copy("order.closed"))
    with pytest.raises(Unfit, match="it was not told"):
        fitted(found, Aim(), taken(1))
    fitted(found, Aim(EVENT.ref, found.of(EVENT)), copy("order.closed"), taken(1))
    fitted(found, Aim(news=True), taken(1))
    behind = lost(taken(1, "e3"))
    with pytest.raises(Unfit, match="another"):
        fitted(behind, Aim(news=True), taken(1))
    elsewhere = lost(taken(1))
    elsewhere.stands[(PANTRY.name, 0)] = 0
    with pytest.raises(Unfit, match="has it"):
        fitted(elsewhere, Aim(news=True), taken(1)._replace(partition=3))


def held(ref: str, state: Any = "waiting") -> Held:
    topic, partition, offset = ref.split("/")
    return Held(ref, state, "a", Record(topic, int(partition), int(offset), b"a", b"{}", EVENT.headers), "", "", 1, NOON)


def test_what_was_told_later_may_be_held_back() -> None:
    found = lost(taken(1, "e3"), taken(2))
    row = held(EVENT.ref)
    with pytest.raises(Unfit, match="does not come of it"):
        fitted(found, Aim(EVENT.ref, found.of(EVENT)), held={row.ref: row})
    fitted(found, Aim(EVENT.ref, found.of(EVENT), holding=True), held={row.ref: row})


def test_what_is_held_back_with_something_to_be_told_of_it_is_followed() -> None:
    backlog = Backlog(lost(taken(1)))
    assert backlog.follow(Effects(held={EVENT.ref: held(EVENT.ref)})) == [held(EVENT.ref)]
    other = replace(held("shop.v1/0/5"), record=replace(EVENT, offset=5, headers=(("ce_id", b"e5"), ("ce_source", b"shop"))))
    assert backlog.follow(Effects(held={other.ref: other})) == []
    assert backlog.has(replace(EVENT, offset=7)), "a copy"
    backlog.follow(Effects(restated=[Restated("a", "waiting", "ready", None), Restated("b", "ready", "parked", None)]))
    assert (backlog.state(EVENT.ref), backlog.state(other.ref)) == ("ready", None)
    backlog.follow(Effects(released={EVENT.ref}))
    assert backlog.state(EVENT.ref) is None
    assert not backlog.has(EVENT)


def test_what_is_still_to_be_told_is_shown_only_in_its_turn() -> None:
    found = lost(taken(1))
    store = Fitting(SERVICE, 1, found)
    mine, other, parked = (
        held(EVENT.ref),
        replace(held("shop.v1/0/5"), record=Record("shop.v1", 0, 5, b"a", b"")),
        held("shop.v1/0/6", "parked"),
    )
    assert store._shown([mine, other]) == [other]
    assert store._shown([mine, parked]) == [parked]
    store.only = mine.ref
    assert store._shown([other, mine]) == [replace(mine, state="ready"), other]
    assert store._shown([parked, mine]) == [replace(mine, state="ready")]


def test_records_for_others_go_with_the_next_of_ours() -> None:
    stream = Stream("read", ("shop.v1", 0))
    for offset, ours in enumerate((False, False, True, True, False)):
        stream.put(Record("shop.v1", 0, offset, None, None, timestamp_ms=offset, ours=ours))
    assert [[record.offset for record in group] for group in stream.groups] == [[0, 1, 2], [3], [4]]
    assert stream.at == (2, True)
    stream.took(2, 2)
    assert (stream.position, [record.offset for record in stream.groups[0]]) == (2, [2])
    stream.took(1, 3)
    assert stream.head.offset == 3
