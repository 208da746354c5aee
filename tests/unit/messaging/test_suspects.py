"""Who is blamed: a process dies once for one event, and a copy of a stranger's number is not ours."""

from __future__ import annotations

from shared.messaging.envelope import number_of
from shared.messaging.message import Topic
from shared.messaging.queues import Queues
from shared.messaging.record import Record

PARKED = Topic("order.parked.v1", "", ("order",), own=True)


def two(unclean: tuple[int, ...]) -> Queues:
    queues = Queues({("a.v1", 0): 0, ("a.v1", 1): 0}, unclean, 100)
    for number in (0, 1):
        queues.add(("a.v1", number), 0, [Record("a.v1", number, at, b"k", b"{}") for at in range(3)], 3)
    return queues


def test_q3_a_suspect_is_tried_while_no_other_suspect_is_under_way() -> None:
    queues = two(unclean=(0, 1))
    first = queues.take()
    assert first is not None
    assert len(first.records) == 1
    assert queues.take() is None
    queues.done(first, 1)
    assert queues.take() is not None


def test_q3_partitions_above_suspicion_do_not_wait_for_the_suspect() -> None:
    queues = two(unclean=(0,))
    first, second = queues.take(), queues.take()
    assert first is not None
    assert second is not None
    assert (first.partitions, second.partitions) == ([0], [1])
    assert len(second.records) == 3


def test_the_number_of_a_parked_copy_is_its_own_and_not_its_originals() -> None:
    headers: dict[str, bytes | None] = {"ce_sequence": b"95", "x-sequence": b"2"}
    assert number_of(PARKED, headers) == 2
    assert number_of(PARKED, {"ce_sequence": b"95"}) == 0


def test_e2_a_number_is_ours_under_the_source_of_the_topics_service_alone() -> None:
    headers: dict[str, bytes | None] = {"ce_sequence": b"95", "ce_source": b"laotie/order"}
    assert number_of(Topic("order.v1", "", ("order",), own=True), headers) == 95
    for source in (b"laotie/payment", b"laotie/order ", b"", None):
        assert number_of(Topic("order.v1", "", ("order",), own=True), {**headers, "ce_source": source}) == 0
    assert number_of(Topic("order.refused.v1", "", ("order",), own=True), {**headers, "ce_source": b"shop"}) == 95, "a notice names theirs"
