"""Topics and ACLs as they are made on brokers of which each hears of a new topic in its own time."""

from __future__ import annotations

from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from deploy.local import topics
from deploy.local.topics import Topic, settle

ORDER = Topic("order.v1", 4, {"retention.ms": "-1"})


def answered(value: object = None) -> Future[Any]:
    future: Future[Any] = Future()
    if isinstance(value, Exception):
        future.set_exception(value)
    else:
        future.set_result(value)
    return future


class Brokers:
    """One lists the topic at once; the one that is asked for its configuration has not heard of it so many times. made: by name."""

    def __init__(self, deaf: int) -> None:
        self.deaf, self.made = deaf, dict[str, Any]()

    def list_topics(self, timeout: float) -> Any:
        return SimpleNamespace(topics={name: SimpleNamespace(partitions=range(topic.num_partitions)) for name, topic in self.made.items()})

    def create_topics(self, asked: list[Any], **_: Any) -> dict[str, Future[Any]]:
        self.made.update({topic.topic: topic for topic in asked})
        return {topic.topic: answered() for topic in asked}

    def describe_configs(self, resources: list[Any], **_: Any) -> dict[Any, Future[Any]]:
        self.deaf -= 1
        if self.deaf >= 0:
            return {one: answered(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART))) for one in resources}
        return {
            one: answered({key: SimpleNamespace(value=value) for key, value in self.made[one.name].config.items()}) for one in resources
        }

    def describe_acls(self, *_: Any, **__: Any) -> Future[Any]:
        return answered([])

    def describe_cluster(self, **_: Any) -> Future[Any]:
        return answered(SimpleNamespace(authorized_operations=[]))


def test_a_broker_that_has_not_heard_of_a_new_topic_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """`laotie up` and `laotie prepare` on three brokers ended with `Unknown topic or partition`, now and then."""
    monkeypatch.setattr(topics, "SETTLE_POLL_S", 0)
    brokers = Brokers(deaf=3)
    changes = settle(cast("AdminClient", brokers), [ORDER], [])
    assert ([topic.name for topic in changes.create], brokers.deaf) == (["order.v1"], -1)
