"""A stripe is the partition that Kafka's default partitioner gives a key: three implementations agree."""

from __future__ import annotations

import pytest
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as aiokafka_murmur2
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.messaging.stripes import murmur2, stripe_of

# org.apache.kafka.common.utils.UtilsTest.testMurmur2, as signed 32 bits
JAVA = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("key", "hash"), JAVA.items())
def test_murmur2_is_the_java_clients(key: bytes, hash: int) -> None:
    assert murmur2(key) == hash & 0xFFFFFFFF


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40))
def test_murmur2_is_aiokafkas(key: bytes) -> None:
    assert murmur2(key) == aiokafka_murmur2(key) & 0xFFFFFFFF


@settings(max_examples=50, deadline=None)
@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()), st.integers(1, 97))
def test_a_stripe_is_the_default_partition(key: str, stripes: int) -> None:
    partitions = list(range(stripes))
    assert stripe_of(key, stripes) == DefaultPartitioner()(key.encode(), partitions, partitions)


def test_keys_spread_over_all_stripes() -> None:
    counts = [0] * 12
    for n in range(12_000):
        counts[stripe_of(f"order-{n}", 12)] += 1
    assert min(counts) > 850
    assert max(counts) < 1150
