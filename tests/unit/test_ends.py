"""The Kafka side of `laotie idle`."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from deploy.cli.ends import Ends
from deploy.local.stack import Stack
from shared.settings import Settings

SOON = 0.0  # long over


class Client:
    """librdkafka's: it keeps the leader epochs that it learnt, and a broker that came back refuses them for minutes."""

    def __init__(self, broker: SimpleNamespace) -> None:
        self._broker, self._epoch = broker, broker.epoch

    def offsets_for_times(self, asked: Sequence[TopicPartition], **_: Any) -> list[TopicPartition]:
        if self._epoch != self._broker.epoch:
            raise KafkaException(KafkaError(KafkaError.FENCED_LEADER_EPOCH))
        return [TopicPartition(place.topic, place.partition, 0) for place in asked]

    def close(self) -> None:
        pass


def test_a_broker_that_came_back_is_asked_by_a_new_client(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = SimpleNamespace(epoch=0)
    monkeypatch.setattr("deploy.cli.ends.Consumer", lambda _: Client(broker))
    stack = SimpleNamespace(stripes=1, admin=lambda: None, settings=lambda _: Settings())
    ends = Ends(cast(Stack, stack), ["order.v1"], [])
    before = ends.read({}, SOON)
    broker.epoch = 1
    with pytest.raises(KafkaException):
        ends.read({}, SOON)
    assert ends.read({}, SOON) == before
