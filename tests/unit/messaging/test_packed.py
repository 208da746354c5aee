"""P1, P2, X3: whatever its sender packed a batch with, it is read, and unpacked no further than a process can bear."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.util import calc_crc32c
from cramjam import snappy

from shared.messaging import packed
from shared.messaging.envelope import decode
from shared.messaging.fetch import _records
from shared.messaging.packed import ENOUGH, RECORDS_MAX
from shared.messaging.record import BATCH_LAST, UNPACKED_MAX, Record, Unreadable
from tests.unit.envelopes import NOW, TOPICS

LANE = ("psp.v1", 0)
CODECS = {"gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4}


def batch(codec: int, *values: bytes, base: int = 0) -> bytes:
    """As a client would send it, at the offset that a broker gives it."""
    builder = _DefaultRecordBatchBuilderPy(2, codec, False, -1, -1, 0, 1 << 30)
    for at, value in enumerate(values):
        builder.append(at, timestamp=1, key=b"k", value=value, headers=[("ce_id", b"%d" % at)])
    return base.to_bytes(8, "big") + bytes(builder.build())[8:]


def values(records: list[Record]) -> list[tuple[int, bytes | None]]:
    return [(record.offset, record.value) for record in records]


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_x3_every_codec_that_a_broker_takes_is_read(codec: int) -> None:
    mixed = batch(0, b"plain") + batch(codec, b"a" * 5000, b"b", base=1) + batch(0, b"last", base=3)
    records, position = _records(LANE, 0, mixed, None)
    assert values(records) == [(0, b"plain"), (1, b"a" * 5000), (2, b"b"), (3, b"last")]
    assert [record.headers for record in records] == [(("ce_id", b"%d" % at),) for at in (0, 0, 1, 0)]
    assert position == 4


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_p1_what_is_too_large_unpacked_is_one_refusal_and_the_next_batch_is_read(codec: int) -> None:
    records, position = _records(LANE, 0, batch(codec, bytes(6_000_000), bytes(6_000_000)) + batch(0, b"next", base=2), None)
    assert values(records) == [(0, None)]
    assert records[0].headers == ((BATCH_LAST, b"1"),)
    assert position == 2, "P2: what follows comes with the next answer"
    refused = decode(records[0], TOPICS, "payment", (), NOW)
    assert isinstance(refused, Unreadable)
    assert refused.code == "event.too_large"


def test_p1_a_batch_of_countless_empty_records_is_not_unpacked() -> None:
    records, position = _records(LANE, 0, batch(1, *[b""] * (RECORDS_MAX + 1)), None)
    assert values(records) == [(0, None)]
    assert position == RECORDS_MAX + 1


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_p1_what_fits_is_read_whole_however_well_it_was_packed(codec: int) -> None:
    records, _ = _records(LANE, 0, batch(codec, bytes(UNPACKED_MAX - 100)), None)
    assert [len(record.value or b"") for record in records] == [UNPACKED_MAX - 100]


def test_p2_an_answer_is_unpacked_until_it_is_enough_and_the_rest_is_asked_for_again() -> None:
    batches = [batch(4, bytes(1_000_000), base=at) for at in range(40)]
    since, seen = 0, list[int]()
    for _ in batches:
        records, since = _records(LANE, since, b"".join(batches[since:]), None)
        assert sum(record.size for record in records) <= ENOUGH + 1_000_100
        seen += [record.offset for record in records]
    assert seen == list(range(40))


def test_p2_small_records_count_for_what_they_take_here() -> None:
    """Each is an object beside its bytes: of batches full of them not many are unpacked for one answer."""
    many = [batch(4, *[b""] * 10_000, base=10_000 * at) for at in range(5)]
    records, position = _records(LANE, 0, b"".join(many), None)
    assert (len(records), position) == (20_000, 20_000)


def test_p1_a_bomb_takes_no_more_room_than_what_may_be_read() -> None:
    bomb = reframed(lambda _: gzip.compress(bytes(8 * UNPACKED_MAX), 1))
    tracemalloc.start()
    try:
        records, _ = _records(LANE, 0, bomb, None)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert values(records) == [(0, None)]
    assert peak < 4 * UNPACKED_MAX


def reframed(change: Callable[[bytes], bytes], codec: int = 1) -> bytes:
    """The packed records of a batch, changed; length and checksum fit again, as a broker saw to."""
    whole = batch(codec, b"v" * 100)
    records = change(whole[61:])
    kept = whole[21:61] + records
    checksum: bytes = calc_crc32c(kept).to_bytes(4, "big")
    return whole[:8] + (49 + len(records)).to_bytes(4, "big") + whole[12:17] + checksum + kept


SPOILT: dict[str, Callable[[bytes], bytes]] = {
    "rest": lambda data: data + b"rest",
    "cut": lambda data: data[:-9],
    "no gzip": lambda _: bytes(40),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_p1_what_a_broker_understands_and_we_do_not_stops_no_lane(spoil: Callable[[bytes], bytes]) -> None:
    assert _records(LANE, 0, reframed(spoil), None)[1] == 1


def test_javas_snappy_comes_in_blocks_empty_ones_too() -> None:
    def blocks(data: bytes) -> bytes:
        raw = b"".join(bytes(snappy.decompress_raw(block)) for block in packed._blocks(data))
        parts = [bytes(snappy.compress_raw(raw[:50])), b"", bytes(snappy.compress_raw(raw[50:]))]
        return b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)

    assert values(_records(LANE, 0, reframed(blocks, 2), None)[0]) == [(0, b"v" * 100)]


def test_gzip_of_several_members_is_one_batch() -> None:
    def members(data: bytes) -> bytes:
        raw = gzip.decompress(data)
        return gzip.compress(raw[:10]) + gzip.compress(b"") + gzip.compress(raw[10:])

    assert values(_records(LANE, 0, reframed(members), None)[0]) == [(0, b"v" * 100)]


def test_a_packed_batch_whose_bytes_changed_on_the_way_is_asked_for_again() -> None:
    spoilt = batch(1, b"v" * 100)
    with pytest.raises(CorruptRecordException):
        _records(LANE, 0, spoilt[:70] + bytes([spoilt[70] ^ 1]) + spoilt[71:], None)


def test_a_name_that_is_not_utf8_is_read_in_a_packed_batch_too() -> None:
    data = reframed(lambda records: gzip.compress(gzip.decompress(records).replace(b"ce_id", b"ce_\xff\xfe")))
    assert _records(LANE, 0, data, None)[0][0].headers == (("ce_\\xff\\xfe", b"0"),)
