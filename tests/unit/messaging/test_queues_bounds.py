"""Batches cut from queues: Q6, how much is queued and cut, counted as it comes and goes; whose turn it is; what is put back."""

from __future__ import annotations

from shared.messaging.queues import BATCH_BYTES, QUEUED_BYTES, QUEUED_MAX, Queues
from tests.unit.messaging.queued import fill, queues, record, took

X = ("x", 0)


def large(queue: Queues, *sizes: int) -> None:
    """Records of these sizes."""
    since = queue.stream(*X).fetched
    records = [record("x", 0, since + nth) for nth in range(len(sizes))]
    for one, size in zip(records, sizes, strict=True):
        one.size = size
    queue.add(X, since, records, since + len(sizes))


def reads(queue: Queues) -> bool:
    return X in queue.wanted()


def test_q6_a_lane_is_read_on_until_its_bytes_are_over_the_bound_and_again_once_little_is_left() -> None:
    queue = queues(1, batch_max=4)
    large(queue, *[QUEUED_BYTES // 16] * 16)
    assert reads(queue), "as many as may lie there"
    large(queue, 1)
    assert not reads(queue)
    for left in (13, 9, 5):
        batch = queue.take()
        assert batch is not None
        queue.done(batch, 4)
        assert (len(queue.stream(*X).records), reads(queue)) == (left, False)
    batch = queue.take()
    assert batch is not None
    queue.done(batch, 4)
    assert reads(queue), f"less than 1/{QUEUED_MAX} of them is left"


def test_q6_what_is_put_back_counts_again() -> None:
    queue = queues(1, batch_max=4)
    large(queue, *[QUEUED_BYTES] * 2)
    batch = queue.take()
    assert batch is not None
    assert reads(queue)
    queue.put_back(batch)
    assert queue.stream(*X).size == 2 * QUEUED_BYTES
    assert not reads(queue)


def test_q6_each_record_counts_with_its_own_size() -> None:
    queue = queues(1, batch_max=9)
    large(queue, 1, BATCH_BYTES, 1)
    assert took(queue.take()) == ["x/0/0", "x/0/1"]


def test_q5_once_ours_are_taken_what_is_for_others_waits_again() -> None:
    queue = queues(1, batch_max=2)
    fill(queue, "x", 0, 2)
    fill(queue, "x", 0, 1, type=b"theirs")
    batch = queue.take()
    assert took(batch) == ["x/0/0", "x/0/1"]
    assert batch is not None
    queue.done(batch, 2)
    assert (queue.take(), queue.lingering()) == (None, True)


def test_heads_are_merged_by_the_brokers_time_whichever_topic_comes_first() -> None:
    queue = queues(2, batch_max=8)
    for topic, number, at in (("x", 0, 7), ("y", 0, 5), ("x", 1, 3), ("y", 1, 1)):
        fill(queue, topic, number, 1, at=at)
    fill(queue, "y", 1, 1, at=9)
    assert took(queue.take()) == ["y/1/0", "x/1/0", "y/0/0", "x/0/0", "y/1/1"]


def test_q3_a_suspect_is_alone_though_others_have_its_time() -> None:
    queue = queues(1, unclean=(0,))
    fill(queue, "x", 0, 1, at=1)
    queue.add(X, 1, [record("x", 0, 1, at=1)], 2)
    assert took(queue.take()) == ["x/0/0"]


def test_the_longest_waiting_partition_goes_first_by_its_oldest_record() -> None:
    queue = queues(2, batch_max=2)
    fill(queue, "x", 0, 1, at=5)
    fill(queue, "x", 1, 1, at=9)
    fill(queue, "y", 1, 1, at=1)
    assert took(queue.take()) == ["y/1/0", "x/1/0"]


def test_q2_what_was_rewound_while_a_part_of_it_was_committed_is_not_put_back() -> None:
    queue = queues(1)
    fill(queue, "x", 0, 3)
    batch = queue.take()
    assert batch is not None
    queue.rewind("x", 0, 1)
    queue.done(batch, 1)
    assert queue.wanted()[X] == 1
    assert not queue.stream(*X).records, "the reader brings them again"


def test_c2_what_goes_on_in_another_partition_forgets_no_gap_of_this_one() -> None:
    queue = queues(2)
    queue.partitions[0].reread.add("x")
    fill(queue, "x", 1, 1)
    fill(queue, "y", 0, 1)
    batch = queue.take()
    assert batch is not None
    assert took(batch) == ["y/0/0", "x/1/0"]
    queue.done(batch, 2)
    assert queue.partitions[0].reread == {"x"}
