"""Where partitions end, asked as a consumer asks: in one call. The admin client's answers cost six times as much, a future each."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition


def ends(asking: Consumer, places: Iterable[tuple[str, int]], timeout_s: float) -> dict[tuple[str, int], int]:
    """asking: a client that reads nothing, as behind a long poll each question would wait for its end. Raises KafkaException."""
    asked = [TopicPartition(*place, OFFSET_END) for place in places]  # at the latest time, which is the end
    found = asking.offsets_for_times(asked, timeout=timeout_s)
    if wrong := next((place.error for place in found if place.error is not None), None):
        raise KafkaException(wrong)
    return {(place.topic, place.partition): place.offset for place in found}
