"""Brokers that hold copies of all topics, each a controller too: any one of them may be killed, frozen or started again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from deploy.local.home import Home
from deploy.local.kafka import ADMIN, BROKER, KafkaServer
from deploy.local.stack import Stack
from shared.settings import Settings

COPIES = 3
REPLICATION = {
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
    "share.coordinator.state.topic.replication.factor": "3",
    "share.coordinator.state.topic.min.isr": "2",
}


class Cluster(KafkaServer):
    """Used like the one server of that home. brokers: once it was started."""

    def __init__(self, home: Home, principals: Sequence[str], inherit: Callable[[], Sequence[int]]) -> None:
        super().__init__(home, principals, lambda _: None, inherit)
        self.brokers: list[KafkaServer] = []

    def settings(self, principal: str) -> Settings:
        addresses = ",".join(one.bootstrap for one in self.brokers)
        return super().settings(principal).model_copy(update={"kafka": addresses})

    @property
    def alive(self) -> bool:
        return bool(self.brokers) and all(one.alive for one in self.brokers)

    def start(self) -> None:
        """A majority of controllers must be up before any of them answers."""
        self.brokers = self.brokers or self._made()
        down = [one for one in self.brokers if not one.alive]
        for one in down:
            one.launch()
        for one in down:
            one.wait_ready()

    def stop(self) -> None:
        for one in self.brokers:
            one.stop()

    def _made(self) -> list[KafkaServer]:
        secrets = {
            name: self._home.secret(name) for name in ("cluster_id", *(f"kafka.{who}" for who in (BROKER, ADMIN, *self._principals)))
        }
        homes = [Home(self._home.root / f"broker-{number}") for number in range(1, COPIES + 1)]
        controllers = [one.ports(["kafka", "kafka-controller"])["kafka-controller"] for one in homes]
        voters = ",".join(f"{number}@127.0.0.1:{port}" for number, port in enumerate(controllers, 1))
        for one in homes:
            one.write("secrets.json", json.dumps(secrets), mode=0o600)
        return [
            KafkaServer(
                one,
                self._principals,
                self._say,
                self._inherit,
                properties={"node.id": str(number), "controller.quorum.voters": voters, **REPLICATION},
            )
            for number, one in enumerate(homes, 1)
        ]


def clustered(stack: Stack) -> Stack:
    """The same, before it is started, with several brokers."""
    stack.kafka = Cluster(stack.home, stack.principals, stack._inherit)
    return stack
