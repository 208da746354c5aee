"""The Kafka side of `laotie idle`."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from deploy.cli.ends import Ends
from deploy.local.stack import Stack
from shared.settings import Settings


class Client:
    """librdkafka's: it keeps the leader epochs that it learnt, and a broker that came back refuses them for minutes."""

    def __init__(self, broker: SimpleNamespace) -> None:
        self._broker, self._epoch = broker, broker.epoch

    def list_offsets(self, wanted: Mapping[TopicPartition, Any], **_: Any) -> dict[TopicPartition, Future[Any]]:
        found: dict[TopicPartition, Future[Any]] = {place: Future() for place in wanted}
        for answer in found.values():
            if self._epoch == self._broker.epoch:
                answer.set_result(SimpleNamespace(offset=0))
            else:
                answer.set_exception(KafkaException(KafkaError(KafkaError.FENCED_LEADER_EPOCH)))
        return found


def test_a_broker_that_came_back_is_asked_by_a_new_client() -> None:
    broker = SimpleNamespace(epoch=0)
    stack = SimpleNamespace(stripes=1, admin=lambda: Client(broker), settings=lambda _: Settings())
    ends = Ends(cast(Stack, stack), ["order.v1"], [])
    before = ends.read({})
    broker.epoch = 1
    with pytest.raises(KafkaException):
        ends.read({})
    assert ends.read({}) == before
