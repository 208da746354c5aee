"""The topics of a running stack, gathered for a what-if. Reads only: no group's positions, no table, nothing is written. Source: R9.2."""

from __future__ import annotations

from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from deploy.verify.log import TOPICS, entries
from deploy.verify.run import ends_of, starts_of
from deploy.whatif.past import Past, gather
from shared import postgres


def recorded(stack: Stack, *, whole: bool = False) -> Past:
    """Up to where the topics end now; what comes meanwhile is left out. Raises NoReplay, TimeoutError, KafkaException."""
    names = [topic.name for topic in TOPICS.values() if not topic.single]
    ends = ends_of(stack, names)
    return gather(entries(quiet(stack.settings(postgres.OPS).confluent()), ends), starts_of(stack, ends), whole=whole)
