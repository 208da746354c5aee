"""Which stripe a key belongs to: the partition that Kafka's own default partitioner gives it."""

from __future__ import annotations

import struct
from functools import lru_cache

_MASK = 0xFFFFFFFF
_M = 0x5BD1E995


@lru_cache(maxsize=200_000)
def stripe_of(key: str, stripes: int) -> int:
    """murmur2(key) mod P, as the Java client spreads keyed records. Source: org.apache.kafka.common.utils.Utils."""
    return (murmur2(key.encode()) & 0x7FFFFFFF) % stripes


def murmur2(data: bytes) -> int:
    """MurmurHash2, 32 bits, seed 0x9747b28c, as an unsigned integer."""
    length = len(data)
    h = 0x9747B28C ^ length
    for word in struct.unpack_from(f"<{length >> 2}I", data):
        k = word * _M & _MASK
        k = (k ^ (k >> 24)) * _M & _MASK
        h = (h * _M & _MASK) ^ k
    tail = data[length & ~3 :]
    if tail:
        h = (h ^ int.from_bytes(tail, "little")) * _M & _MASK
    h = (h ^ (h >> 13)) * _M & _MASK
    return h ^ (h >> 15)
