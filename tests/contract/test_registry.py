"""A message says in its docstring who publishes it and who takes it; where that contradicts its topic, the gate says so."""

from __future__ import annotations

from typing import ClassVar

import pytest

from shared.contracts import registry
from shared.messaging.message import Message, Topic

GIFTS = Topic("gift.v1", "gift_id", ("storefront",), ("order", "refund"))


class GiftSent(Message):
    """A gift.

    Producer: storefront. Consumers: order, trust.
    """

    type: ClassVar[str] = "gift.sent"
    topic: ClassVar[Topic] = GIFTS
    gift_id: str


class GiftStolen(Message):
    """Published by someone who may not.

    Producer: psp. Consumers: outsiders.
    """

    type: ClassVar[str] = "gift.stolen"
    topic: ClassVar[Topic] = GIFTS
    gift_id: str


class GiftLost(Message):
    """Nobody says who takes it."""

    type: ClassVar[str] = "gift.lost"
    topic: ClassVar[Topic] = Topic("lost.v1", "gift_id", ("storefront",))
    gift_id: str


class GiftFound(Message):
    """Taken by whom?

    Producer: storefront. Consumers: order, whoever.
    """

    type: ClassVar[str] = "gift.found"
    topic: ClassVar[Topic] = Topic("found.v1", "gift_id", ("storefront",))
    gift_id: str


def test_producer_and_consumers_are_read_from_the_docstring() -> None:
    found = registry.entry(GiftSent)
    assert (found.name, found.direction, found.producer, found.consumers) == (
        "gift.v1/gift.sent",
        "upstream",
        "storefront",
        ("order", "trust"),
    )


def test_docstring_and_topic_that_disagree_are_told() -> None:
    assert registry.problems(registry.entries([GIFTS])) == [
        "gift.v1/gift.stolen: psp is no writer of gift.v1",
        "gift.v1/gift.sent: trust takes it but is no reader of gift.v1",
        "gift.v1: refund is a reader and takes none of its types",
    ]


@pytest.mark.parametrize(("kind", "said"), [(GiftLost, "does not end in"), (GiftFound, "'whoever' is no consumer")])
def test_a_docstring_that_does_not_say_is_an_error(kind: type[Message], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        registry.entry(kind)


def test_a_topic_that_is_modelled_is_planned_no_more() -> None:
    names = [topic.name for topic in registry.topics()]
    assert len(names) == len(set(names))
    assert "policy.v1" in names


def test_every_topic_that_a_service_reads_has_one_of_its_readers_answer_for_what_nobody_can_read_there() -> None:
    """Else a record that is no event would be passed over by all of them, and be lost."""
    read = [topic for topic in registry.topics() if topic.readers and topic.readers != ("*",)]
    assert read
    assert [topic.name for topic in read if topic.warden not in topic.readers] == []
