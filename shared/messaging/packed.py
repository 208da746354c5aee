"""Batches as a broker keeps them: packed in whatever way their sender chose, and named in whatever bytes.

A broker takes gzip, snappy, lz4 and zstd from whoever may write, and of a batch only its packed bytes are bounded: a few kilobytes may
be gigabytes. Slow beside the library's reader, so only for answers that need it.
Invariants kept here:
 P1 No packed batch comes to more than UNPACKED_MAX and RECORDS_MAX. One that is larger, or that a broker understands and we do not,
    has the bytes that it will always have: one record without key and value stands for all of it, and is refused.
 P2 Of one partition's answer no more is unpacked once ENOUGH was; the rest is asked for again, from where that ends.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from gzip import GzipFile
from io import BytesIO
from typing import Any, NamedTuple

from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from cramjam import DecompressionError, lz4, snappy, zstd

from shared.messaging.record import BATCH_LAST, UNPACKED_MAX, Headers

RECORDS_MAX = 50_000  # of a packed batch: nothing packs as well as records of which none is an event
RECORD_BYTES = 300  # what a record takes here beside its own bytes
ENOUGH = 4 * 1024 * 1024  # bytes: what an answer that is not packed may bring as well
_LENGTH, _CRC, _ATTRIBUTES, _COUNT, _HEAD = 8, 17, 21, 57, 61  # offsets of a batch's fields, and where its records begin
_CODECS = 0x07
_XERIAL = b"\x82SNAPPY\x00"  # how Java's snappy begins: 16 bytes, then blocks behind their lengths
_SNUG = 16  # times: what a batch may grow by before the largest room is made for it


class TooMuch(Exception):
    """P1."""


def packed(data: bytes) -> bool:
    """Whether any of these batches is."""
    return any(data[at + _ATTRIBUTES + 1] & _CODECS for at, _ in _whole(data))


class Batches:
    """One partition's answer. lenient: header names that are not UTF-8 come as `\\x…`."""

    def __init__(self, data: bytes, *, lenient: bool = False) -> None:
        self._data, self._lenient = data, lenient
        self._coming = _whole(data)
        self._next = next(self._coming, None)
        self._unpacked = 0

    def has_next(self) -> bool:
        """P2."""
        return self._next is not None and self._unpacked < ENOUGH

    def next_batch(self) -> Any:
        """Raises CorruptRecordException where its bytes are not those that the broker has."""
        at, end = self._next or (0, 0)
        self._next, batch = next(self._coming, None), self._data[at:end]
        if batch[_ATTRIBUTES + 1] & _CODECS:
            if calc_crc32c(batch[_ATTRIBUTES:]) != int.from_bytes(batch[_CRC:_ATTRIBUTES], "big"):
                raise CorruptRecordException("checksum of a packed batch")
            try:
                batch = _plain(batch)
            except (TooMuch, DecompressionError, zlib.error, EOFError, OSError):
                self._unpacked += UNPACKED_MAX
                return Closed(batch)
            self._unpacked += len(batch) + RECORD_BYTES * _count(batch)
        return _LenientBatch(batch) if self._lenient else MemoryRecords(batch).next_batch()


def _whole(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each batch that came whole begins and ends: base offset, length, then so many bytes."""
    at = 0
    while at + _HEAD <= len(data) and (end := at + 12 + int.from_bytes(data[at + _LENGTH : at + 12], "big")) <= len(data):
        yield at, end
        at = end


def _count(batch: bytes) -> int:
    return int.from_bytes(batch[_COUNT:_HEAD], "big")


def _plain(batch: bytes) -> bytes:
    """The same batch as if it had not been packed. P1: raises TooMuch."""
    if _count(batch) > RECORDS_MAX:
        raise TooMuch
    records = _UNPACK[batch[_ATTRIBUTES + 1] & _CODECS](batch[_HEAD:])
    if len(records) > UNPACKED_MAX:
        raise TooMuch
    kept = bytes([batch[_ATTRIBUTES], batch[_ATTRIBUTES + 1] & ~_CODECS]) + batch[_ATTRIBUTES + 2 : _HEAD] + records
    length = (_HEAD - 12 + len(records)).to_bytes(4, "big")
    checksum: bytes = calc_crc32c(kept).to_bytes(4, "big")
    return batch[:_LENGTH] + length + batch[12:_CRC] + checksum + kept


def _gzip(data: bytes) -> bytes:
    with GzipFile(fileobj=BytesIO(data)) as file:
        return file.read(UNPACKED_MAX + 1)


def _snappy(data: bytes) -> bytes:
    blocks = list(_blocks(data)) if data.startswith(_XERIAL) else [data]
    if sum(map(snappy.decompress_raw_len, blocks)) > UNPACKED_MAX:
        raise TooMuch
    return b"".join(bytes(snappy.decompress_raw(block)) for block in blocks)


def _blocks(data: bytes) -> Iterator[bytes]:
    end = 16
    while (begin := end + 4) <= len(data):
        end = begin + int.from_bytes(data[end:begin], "big")
        if end > begin:
            yield data[begin:end]


def _into(decompress_into: Callable[[bytes, bytearray], int]) -> Callable[[bytes], bytes]:
    """It fails where the room does not suffice: nothing is unpacked beyond that. That it is whole the broker has seen."""

    def unpack(data: bytes) -> bytes:
        for room in (min(_SNUG * len(data), UNPACKED_MAX), UNPACKED_MAX):
            found = bytearray(room)
            try:
                return bytes(found[: decompress_into(data, found)])
            except DecompressionError:
                continue
        raise TooMuch

    return unpack


_UNPACK: dict[int, Callable[[bytes], bytes]] = {1: _gzip, 2: _snappy, 3: _into(lz4.decompress_into), 4: _into(zstd.decompress_into)}


class Closed(_DefaultRecordBatchPy):  # type: ignore[misc]
    """P1. One record in place of all."""

    class Record(NamedTuple):
        offset: int
        timestamp: int
        headers: Headers
        key: None = None
        value: None = None

    def validate_crc(self) -> bool:
        """It was, packed as it is."""
        return True

    def __iter__(self) -> Any:
        return iter((self.Record(self.base_offset, self.max_timestamp, ((BATCH_LAST, b"%d" % (self.next_offset - 1)),)),))


class _LenientBatch(_DefaultRecordBatchPy):  # type: ignore[misc]
    _buffer: bytearray

    def __iter__(self) -> Any:
        super().__iter__()
        self._buffer = _Named(self._buffer)
        return self


class _Named(bytearray):
    """What is cut out of it can be decoded, whatever it is."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Name(found) if isinstance(at, slice) else found


class _Name(bytearray):
    def decode(self, encoding: str = "utf-8", errors: str = "") -> str:
        return super().decode(encoding, "backslashreplace")
