"""F8: what a stranger sent may be larger than we can send; nobody waits behind it."""

from __future__ import annotations

from collections import deque

from aiokafka import AIOKafkaProducer

from shared.messaging.envelope import MAX_IN_BYTES, copy_headers
from shared.messaging.fold import COPY_MAX, Fold
from shared.messaging.record import Headers, Out, Record, Unreadable
from shared.messaging.relay import BATCH_BYTES, REQUEST_BYTES, Relay
from shared.messaging.store import OutboxRow
from tests.unit.messaging.trade import NOON, SERVICE, Versions

MIB = 1024 * 1024
ROOM = 64 * 1024


def copied(key: int = 1, value: int = 1, header: int = 1) -> Out:
    """Of a record with that many bytes."""
    record = Record("shop.v1", 0, 7, b"k" * key, b"v" * value, (("theirs", b"h" * header),))
    fold = Fold(SERVICE, Versions(), NOON)
    fold.refuse(Unreadable(record, "event.too_large", "so large"))
    (copy,) = fold.effects.facts
    assert len(copy.key or b"") + len(copy.value or b"") + sum(len(data) for _, data in copy.headers if data) <= COPY_MAX + ROOM < 5 * MIB
    assert (dict(copy.headers)["x-original-offset"], dict(copy.headers)["x-attempts"]) == (b"7", b"1")
    return copy


def test_e3_what_can_come_uncompressed_is_copied_whole() -> None:
    copy = copied(value=4 * MIB - 100)
    assert (len(copy.value or b""), "x-cut" in dict(copy.headers)) == (4 * MIB - 100, False)


def test_f8_what_came_compressed_and_is_larger_is_named_and_stays_where_it_was() -> None:
    copy = copied(value=7 * MIB)
    assert (copy.key, copy.value, dict(copy.headers)["theirs"], dict(copy.headers)["x-cut"]) == (b"k", None, b"h", b"value")
    copy = copied(value=MIB, header=5 * MIB)
    assert (copy.key, copy.value, "theirs" in dict(copy.headers), dict(copy.headers)["x-cut"]) == (b"k", None, False, b"value headers")
    assert copied(key=5 * MIB).key is None


async def test_r1_copies_with_large_headers_or_keys_go_in_as_many_requests_as_they_need() -> None:
    producer = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", max_request_size=REQUEST_BYTES, max_batch_size=REQUEST_BYTES)
    theirs: Headers = (("theirs", b"h" * (MAX_IN_BYTES // 2)),)
    record = Record("shop.v1", 0, 0, b"k" * (MAX_IN_BYTES // 2), b"{}", theirs)
    headers = copy_headers(record, "event.invalid", "", 1)
    rows = deque(OutboxRow("pantry.parked.v1", 0, nth, record.key, headers, record.value) for nth in range(1, 9))
    sizes, taken = [], []
    while rows:
        batch, last, count = Relay._build(producer, "pantry.parked.v1", rows)
        taken += [rows.popleft().seq for _ in range(count)]
        assert last == taken[-1]
        sizes.append(batch.size())
    await producer.stop()
    assert taken == list(range(1, 9))
    assert max(sizes) <= max(BATCH_BYTES, 2 * MAX_IN_BYTES)
