"""What a batch does to cursors, numbers and the inbox, without a database: C1, C2, C3."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.messaging.consume import Batch, Consumer, Gap, Moved, Run
from shared.messaging.envelope import AGE_MAX
from shared.messaging.fold import Fold
from shared.messaging.message import Topic
from shared.messaging.parked import GAVE_UP
from shared.messaging.record import Held, Incoming, Record, Unreadable
from shared.messaging.store import Move, Opened, Store
from shared.messaging.stripes import stripe_of
from shared.messaging.system import OPS, Redrive, Turn
from shared.messaging.versions import Static
from tests.unit.messaging.trade import JAR, NOON, PANTRY, SERVICE, SHOP, TIMER, Coin, Desk, Lid, Versions

TOPICS = {topic.name: topic for topic in (SHOP, PANTRY, TIMER)}
KEY = next(f"k{n}" for n in range(99) if stripe_of(f"k{n}", 4) == 0)


def consumer() -> Consumer:
    return Consumer(SERVICE, TOPICS, Static(Versions()), 4, lambda: NOON, Store(SERVICE, 4))


def record(topic: str, offset: int, sequence: str = "", key: str = KEY, number: int = 0) -> Record:
    headers = (("ce_source", b"laotie/pantry"), ("ce_sequence", sequence.encode())) if sequence else ()
    return Record(topic, number, offset, key.encode(), b"{}", headers)


def batch(*records: Record, upto: int = 0) -> Batch:
    made = Batch([0], {}, list(records))
    for one in records:
        place = (one.topic, one.partition)
        run = made.runs.setdefault(place, Run(*place, one.offset, 0, []))
        run.records.append(one)
        run.upto = max(upto, one.offset + 1)
    return made


def test_c1_a_batch_that_does_not_continue_its_cursor_is_thrown_away() -> None:
    made = batch(record("shop.v1", 5))
    Consumer._check_positions(made, Opened({("shop.v1", 0): (5, None)}, {}, False))
    with pytest.raises(Moved) as moved:
        Consumer._check_positions(made, Opened({("shop.v1", 0): (7, None)}, {}, False))
    assert moved.value.where == {("shop.v1", 0): 7}


def test_a_cut_batch_moves_each_cursor_only_to_its_first_record_not_taken() -> None:
    made = batch(record("shop.v1", 3), record("pantry.timer.v1", 8, "4"), record("shop.v1", 4), record("shop.v1", 6), upto=9)
    moves = consumer()._moves(made, 2, {("pantry.timer.v1", 0): 4})
    assert moves == [Move("pantry.timer.v1", 0, 8, 9, 4, False), Move("shop.v1", 0, 3, 4, None, False)]
    whole = consumer()._moves(made, 4, {})
    assert [move.upto for move in whole] == [9, 9]


def test_t2_a_key_off_its_stripe_marks_its_topic() -> None:
    stray = next(f"k{n}" for n in range(99) if stripe_of(f"k{n}", 4) == 1)
    assert [move.astray for move in consumer()._moves(batch(record("shop.v1", 0)), 1, {})] == [False]
    assert [move.astray for move in consumer()._moves(batch(record("shop.v1", 0, key=stray)), 1, {})] == [True]


def test_c2_a_number_seen_is_dropped_the_next_is_taken_a_later_one_is_a_gap() -> None:
    last: dict[tuple[str, int], int | None] = {("pantry.v1", 0): 7}
    reader = consumer()
    assert not reader._sequence(record("pantry.v1", 0, "6"), None, last)
    assert not reader._sequence(record("pantry.v1", 1, "7"), None, last)
    assert reader._sequence(record("pantry.v1", 2, "8"), None, last)
    assert last == {("pantry.v1", 0): 8}
    with pytest.raises(Gap, match="10 after 8"):
        reader._sequence(record("pantry.v1", 3, "10"), None, last)
    assert last == {("pantry.v1", 0): 8}


def test_c2_the_first_number_ever_seen_is_the_baseline() -> None:
    last: dict[tuple[str, int], int | None] = {("pantry.v1", 0): None}
    assert consumer()._sequence(record("pantry.v1", 0, "41"), None, last)
    assert last == {("pantry.v1", 0): 41}


@pytest.mark.parametrize("text", ["", "-1", "x", "9" * 40])
def test_c2_what_is_no_number_of_ours_has_no_part_in_it(text: str) -> None:
    last: dict[tuple[str, int], int | None] = {("pantry.v1", 0): 7}
    assert consumer()._sequence(record("pantry.v1", 0, text), None, last)
    assert last == {("pantry.v1", 0): 7}


def test_c2_a_strangers_number_has_no_part_in_it_whatever_it_is() -> None:
    last: dict[tuple[str, int], int | None] = {("pantry.v1", 0): 7}
    for number in ("7", "8", "9"):
        stranger = replace(record("pantry.v1", 0, number), headers=(("ce_source", b"shop"), ("ce_sequence", number.encode())))
        assert consumer()._sequence(stranger, None, last)
    assert last == {("pantry.v1", 0): 7}


def test_c3_a_copy_is_known_by_its_body_and_a_reused_id_is_named() -> None:
    desk = Desk()
    item = desk.coin("a", 1, id="one")
    fold = Fold(SERVICE, Versions(), NOON)
    stored = Opened({}, {("shop", "one"): b"h"}, False)
    assert consumer()._known(item, fold, Opened({}, {}, False)) is None
    assert str(consumer()._known(item, fold, stored)) == ""
    assert consumer()._known(replace(item, body_hash=b"other"), fold, stored) == "event.id_reused"
    fold.seen(item)
    assert str(consumer()._known(item, fold, Opened({}, {}, False))) == "", "known within the batch too"


def test_ops_for_a_service_that_there_is_not_are_refused_by_the_warden_alone() -> None:
    parking = [Topic(f"{name}.parked.v1", "", (name,), own=True) for name in ("pantry", "cellar")]

    def read(service: str, warden: str) -> object:
        topics = {topic.name: topic for topic in (*TOPICS.values(), *parking, replace(OPS, warden=warden))}
        reader = Consumer(SERVICE, topics, Static(Versions()), 4, lambda: NOON, Store(SERVICE, 4))
        order = Redrive(service=service, target=KEY, occurred_at=NOON)
        headers = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "ops", "ce_type": order.type}
        sent = Record(OPS.name, 0, 0, KEY.encode(), order.to_json(), tuple((name, text.encode()) for name, text in headers.items()))
        item = reader._read(sent, NOON)
        return item.code if isinstance(item, Unreadable) else item.event if isinstance(item, Incoming) else item

    assert read("attic", warden="pantry") == "ops.unknown_service"
    assert read("attic", warden="cellar") is None
    assert read("cellar", warden="pantry") is None, "it is theirs"
    assert isinstance(read("pantry", warden="pantry"), Redrive)


def test_e2_only_numbered_records_are_turns_of_the_engine() -> None:
    offer = Record("pantry.timer.v1", 0, 0, b"a", b"{}", (("ce_source", b"laotie/pantry"), ("ce_type", b"engine.offer")))
    numbered = replace(offer, headers=(*offer.headers, ("ce_sequence", b"3")))
    assert not isinstance(consumer()._read(offer, NOON), Turn)
    assert consumer()._read(numbered, NOON) == Turn("a", "engine.offer")
    assert not isinstance(consumer()._read(replace(numbered, headers=(*numbered.headers, ("ce_source", b"toy/app"))), NOON), Turn)
    assert not isinstance(consumer()._read(replace(numbered, topic=SHOP.name), NOON), Turn)


def test_f5_what_was_let_go_in_this_batch_may_come_corrected_in_it() -> None:
    item = Desk().coin("a", 1, id="one")
    fold = Fold(SERVICE, Versions(), NOON)
    fold.effects.inbox_gone.add(("shop", "one"))
    assert consumer()._known(item, fold, Opened({}, {("shop", "one"): b"other"}, False)) is None


def test_c2_a_number_that_begins_the_next_batch_is_not_seen_yet() -> None:
    desk, made = Desk(), batch(record("pantry.timer.v1", 0, "8"), record("pantry.timer.v1", 1, "9"))
    lids = [desk.incoming(Lid(jar=jar, occurred_at=NOON)) for jar in ("here", "elsewhere")]
    items = [replace(lid, envelope=replace(lid.envelope, sequence=number)) for number, lid in enumerate(lids, start=8)]
    fold = Fold(SERVICE, Versions(), NOON)
    fold.expect(items[0].event)
    fold.wanted(JAR)
    fold.put(JAR, {})
    opened = Opened({("pantry.timer.v1", 0): (0, 7)}, {}, False)
    assert consumer()._fold(made, [*items], fold, opened) == (1, {("pantry.timer.v1", 0): 8})
    alone = batch(record("pantry.timer.v1", 1, "9"))
    with pytest.raises(RuntimeError, match="did not lead to"):
        consumer()._fold(alone, [items[1]], fold, Opened({("pantry.timer.v1", 0): (1, 8)}, {}, False))


def test_a_record_without_a_key_lies_on_no_wrong_stripe_nor_does_one_of_ours() -> None:
    keyless = replace(record("shop.v1", 0, number=1), key=None)
    ours = record("pantry.timer.v1", 0, "1", number=1)
    assert stripe_of(KEY, 4) != 1
    assert [(move.upto, move.astray) for move in consumer()._moves(batch(keyless, ours), 2, {})] == [(1, False)] * 2


def test_c3_an_order_to_steer_is_known_once_it_is_done_and_refused_where_there_is_nothing_to_steer() -> None:
    desk = Desk()
    desk.all(desk.coin("a", 1, "boom"))
    order = replace(desk.incoming(Redrive(service="pantry", target="a", occurred_at=NOON), id="go"), upstream=True)
    for inbox, copies in (({("shop", "go")}, []), (set(), [b"ops.nothing_parked"])):
        fold = desk.fold(["a"], [])
        consumer()._steer(batch(), order, fold)
        assert set(fold.effects.inbox) == inbox
        assert [dict(copy.headers)["x-reason"] for copy in fold.effects.facts] == copies
        desk.keep(fold)


@pytest.mark.parametrize("code", GAVE_UP)
def test_f3_an_order_to_steer_that_fails_is_refused_and_nothing_queues_behind_it(code: str) -> None:
    """It may come again; parked, it would hold up its key until a person discards it."""
    desk = Desk()
    desk.all(desk.coin("a", 1, "boom"))
    order = replace(desk.incoming(Redrive(service="pantry", target="a", occurred_at=NOON), id="go"), upstream=True)
    fold = desk.fold(["a"], [])
    failed = batch(order.record)
    failed.park, failed.error = code, "the database is full"
    assert consumer()._offer(failed, order.record, order, fold, Opened({}, {}, True))
    assert [dict(copy.headers)["x-reason"] for copy in fold.effects.facts] == [b"ops.failed"]
    assert not fold.effects.inbox
    desk.keep(fold)
    assert [row.reason for row in desk.held] == ["parked.raised"]


def test_f4_what_a_person_lets_go_on_is_as_old_as_it_was_when_it_came() -> None:
    """Its age was judged then; a redrive, which begins its wait anew, does not make it too old."""
    coin = Coin(jar=KEY, n=1, occurred_at=NOON - AGE_MAX + timedelta(days=1))
    headers = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "shop", "ce_type": coin.type}
    sent = Record(SHOP.name, 0, 0, KEY.encode(), coin.to_json(), tuple((name, text.encode()) for name, text in headers.items()))
    for redriven in (NOON, NOON + timedelta(days=2)):
        row = Held(sent.ref, "ready", KEY, sent, "parked.raised", "boom", 1, redriven)
        assert isinstance(consumer()._reread(row), Incoming)
