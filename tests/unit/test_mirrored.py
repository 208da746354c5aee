"""Where a service stood, found again in a mirror: W1, W2."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Literal

import pytest

from deploy.cli.adopt import _lines
from deploy.cli.cursor import TOPICS
from deploy.cli.mirrored import Found, Mirror, Stood, mark
from shared.messaging.record import Record

APPS, OURS = ("storefront.v1", 1), ("order.v1", 1)


def sent(offset: int, id: str, value: bytes = b"{}", partition: int = 1) -> Record:
    return Record(
        "storefront.v1", partition, offset, b"k", value, (("ce_source", b"shop"), ("ce_id", id.encode()), ("ce_type", b"order.placed"))
    )


def told(offset: int, number: int, source: bytes = b"laotie/order") -> Record:
    return Record("order.v1", 1, offset, b"k", b"{}", (("ce_source", source), ("ce_sequence", str(number).encode())))


def found(
    records: Sequence[Record],
    taken: Iterable[Record] = (),
    position: int = 1_000,
    last: int | None = None,
    held: Iterable[Record] = (),
    age: Literal["new", "old"] = "new",
) -> tuple[Found, Mirror]:
    """In the first record's partition; as another cluster's offsets have it."""
    lane = (records[0].topic, records[0].partition)
    lanes = {lane, *((record.topic, record.partition) for record in records)}
    waiting = {lane: [mark(record) for record in held]}
    mirror = Mirror(TOPICS, dict.fromkeys(lanes, Stood(position, last)), dict.fromkeys(lanes, (0, len(records))), lambda _: age, waiting)
    known = {mark(record) for record in taken}
    for record in records:
        mirror.take(record, known)
    return dict(mirror.found())[lane], mirror


def test_w1_on_our_topic_it_stands_at_the_first_number_that_was_not_taken() -> None:
    """Some records stand twice, and a stranger's number is none."""
    records = [told(0, 1), told(1, 2), told(2, 1), told(3, 2), told(4, 9, b"somebody"), told(5, 3), told(6, 4)]
    assert found(records, last=2)[0] == Found(5)


def test_w1_on_our_topic_whose_tail_is_missing_it_stands_at_the_end() -> None:
    assert found([told(0, 1), told(1, 2)], last=7)[0] == Found(2)


def test_w1_what_the_mirror_lacks_in_between_is_counted_and_said() -> None:
    place = found([told(0, 1), told(1, 2), told(2, 6)], last=2)[0]
    assert place == Found(2, lacking=3)
    assert "lacks 3 numbers behind what was taken: halt.sequence_gap" in next(_lines("payment", {OURS: place}))


def test_w1_on_an_apps_topic_it_stands_behind_the_last_that_was_taken() -> None:
    a, b, c, d = (sent(offset, id) for offset, id in enumerate("abcd"))
    assert found([a, b, c, d], [a, c])[0] == Found(3, again=1)


def test_w1_a_copy_of_what_was_taken_proves_nothing() -> None:
    """c came between, and was not taken."""
    assert found([sent(0, "a"), sent(1, "b"), sent(2, "c"), sent(3, "b")], [sent(0, "b")])[0] == Found(2, again=1)


def test_w1_a_refused_one_under_the_same_id_is_not_the_one_that_was_taken() -> None:
    assert found([sent(0, "a", b"wrong"), sent(1, "b"), sent(2, "a")], [sent(2, "a")])[0].position == 3


def test_w1_what_stands_in_two_partitions_proves_nothing_of_either() -> None:
    assert found([sent(0, "a"), sent(1, "b"), sent(2, "c"), sent(0, "c", partition=2)], [sent(0, "a"), sent(2, "c")])[0] == Found(
        1, again=1
    )


def test_w1_where_nothing_is_remembered_nothing_is_said() -> None:
    """What has come since ids are remembered was not taken."""
    records = [sent(0, "a"), sent(1, "b")]
    assert found(records, age="old")[0].unsure
    assert found(records, age="old", position=0)[0] == Found(0, again=2)
    assert found(records)[0] == Found(0, again=2)


def test_w1_the_versions_of_the_policy_are_read_from_their_begin() -> None:
    """What a service has of them it knows."""
    assert found([Record("policy.v1", 0, 4, b"2", b"{}")])[0] == Found(0)


@pytest.mark.parametrize("seed", range(200))
def test_w1_nothing_that_was_not_taken_is_passed_by(seed: int) -> None:
    """Whatever is refused, sent again, copied by the mirror, or forgotten."""
    random = Random(seed)
    old = [str(random.randrange(30)) for _ in range(60)]
    cursor = random.randrange(len(old))
    remembered = [sent(0, id) for id in old[:cursor] if random.random() < 0.8]
    mirrored = list(old[: random.randrange(cursor, len(old))])
    for _ in range(random.randrange(3)):  # the tool that mirrors begins anew a little before where it was
        at = random.randrange(len(mirrored) + 1)
        mirrored[at:at] = mirrored[max(0, at - 5) : at]
    records = [sent(offset, id) for offset, id in enumerate(mirrored)]
    if not records:
        return
    place = found(records, remembered)[0]
    assert {record.event_id for record in records[: place.position]} <= set(old[:cursor])


def test_w2_what_is_held_back_is_found_in_the_mirror() -> None:
    waits, gone = sent(800, "b"), sent(801, "z")
    mirror = found([sent(0, "a"), sent(1, "b"), sent(2, "b")], [waits], held=[waits, gone])[1]
    assert mirror.places == {(APPS, mark(waits)): 1}
