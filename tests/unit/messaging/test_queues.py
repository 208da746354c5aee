"""Batches cut from queues: Q1 to Q4."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.messaging.consume import Batch
from shared.messaging.queues import OUT_OF_RANGE
from tests.unit.messaging.queued import TOPICS, fill, queues, record, took


def test_q1_one_batch_at_a_time_works_on_a_partition() -> None:
    queue = queues(1)
    fill(queue, "x", 0, 6)
    first = queue.take()
    assert took(first) == ["x/0/0", "x/0/1", "x/0/2", "x/0/3"]
    assert queue.take() is None
    assert first is not None
    queue.done(first, 4)
    assert took(queue.take()) == ["x/0/4", "x/0/5"]


def test_x4_it_is_calm_when_nothing_waits_is_worked_on_or_stands_still() -> None:
    queue = queues(2)
    assert queue.calm()
    fill(queue, "x", 0, 1)
    assert not queue.calm(), "a record waits"
    batch = queue.take()
    assert batch is not None
    assert not queue.calm(), "it is worked on, and what comes of it may rewind"
    queue.done(batch, 1)
    assert queue.calm()
    queue.add(("x", 1), 0, [], 3)
    assert not queue.calm(), "a position is to be moved"
    queue.rewind("x", 1, 3)
    queue.partitions[1].halted = OUT_OF_RANGE
    assert not queue.calm(), "it is tried again soon, from where a person may have put it"


def test_q2_what_was_not_taken_stands_in_front_again() -> None:
    queue = queues(1)
    fill(queue, "x", 0, 3)
    fill(queue, "y", 0, 3, at=10)
    batch = queue.take()
    assert took(batch) == ["x/0/0", "x/0/1", "x/0/2", "y/0/0"]
    assert batch is not None
    queue.done(batch, 2)
    assert queue.stream("x", 0).position == 2
    assert queue.stream("y", 0).position == 0
    again = queue.take()
    assert took(again) == ["x/0/2", "y/0/0", "y/0/1", "y/0/2"]
    assert again is not None
    queue.put_back(again)
    assert took(queue.take()) == took(again)


def test_q2_what_was_rewound_while_a_batch_was_out_is_not_put_back_twice() -> None:
    queue = queues(1)
    fill(queue, "x", 0, 3)
    batch = queue.take()
    assert batch is not None
    queue.rewind("x", 0, 1)
    queue.put_back(batch)
    queue.add(("x", 0), 1, [record("x", 0, n) for n in range(1, 5)], 5)
    assert took(queue.take()) == ["x/0/1", "x/0/2", "x/0/3", "x/0/4"]


def test_q2_positions_move_over_control_records() -> None:
    queue = queues(1)
    queue.add(("x", 0), 0, [], 3)
    assert queue.take() is None, "Q5"
    queue.press()
    batch = queue.take()
    assert batch is not None
    assert [(run.since, run.upto) for run in batch.runs.values()] == [(0, 3)]
    queue.done(batch, 0)
    queue.press()
    assert queue.take() is None


def test_q4_what_was_asked_for_before_a_rewind_is_dropped_when_it_comes() -> None:
    queue = queues(1, batch_max=9)
    fill(queue, "x", 0, 3)
    queue.rewind("x", 0, 1)
    queue.add(("x", 0), 3, [record("x", 0, 3)], 4)
    assert queue.wanted()[("x", 0)] == 1
    queue.add(("x", 0), 1, [record("x", 0, n) for n in range(1, 4)], 4)
    assert took(queue.take()) == ["x/0/1", "x/0/2", "x/0/3"]


def test_a_lane_is_read_until_it_is_full_and_again_when_little_is_left() -> None:
    queue = queues(1, batch_max=2)
    fill(queue, "x", 0, 9)
    assert set(queue.wanted()) == {("y", 0)}
    for left in (7, 5, 3):
        batch = queue.take()
        assert batch is not None
        queue.done(batch, 2)
        assert (len(queue.stream("x", 0).records), set(queue.wanted())) == (left, {("y", 0)})
    batch = queue.take()
    assert batch is not None
    assert set(queue.wanted()) == {("x", 0), ("y", 0)}


def test_q6_a_lane_is_full_of_large_records_sooner_and_they_go_in_smaller_batches() -> None:
    queue = queues(1, batch_max=500)
    large = [record("x", 0, n) for n in range(12)]
    for one in large:
        one.size = 4_000_000
    queue.add(("x", 0), 0, large, 12)
    assert set(queue.wanted()) == {("y", 0)}
    batch = queue.take()
    assert batch is not None
    assert len(batch.records) == 5, "16 MiB, and the one that fills them"
    queue.done(batch, 5)
    queue.take()
    assert set(queue.wanted()) == {("y", 0)}
    queue.rewind("x", 0, 0)
    assert set(queue.wanted()) == {("x", 0), ("y", 0)}


def test_a_lane_whose_log_lost_its_position_is_not_read() -> None:
    queue = queues(2)
    queue.read(queue.wanted())
    queue.partitions[1].halted = OUT_OF_RANGE
    assert set(queue.wanted()) == {("x", 0), ("y", 0)}


def test_a_batch_is_cut_from_as_few_partitions_as_fill_it_the_longest_waiting_first() -> None:
    queue = queues(3)
    for number, at in ((0, 7), (1, 3), (2, 5)):
        fill(queue, "x", number, 3, at=at)
    first, second = queue.take(), queue.take()
    assert first is not None
    assert second is not None
    assert (first.partitions, len(first.records)) == ([1, 2], 4), "of at most four"
    assert (second.partitions, len(second.records)) == ([0], 3), "what is left need not be many"


def test_q3_after_an_unclean_start_batches_begin_at_one_and_double() -> None:
    queue = queues(2, unclean=(1,), batch_max=8)
    fill(queue, "x", 1, 20)
    sizes = []
    while batch := queue.take():
        sizes.append((len(batch.records), batch.careful))
        queue.done(batch, len(batch.records))
    assert sizes == [(1, True), (2, False), (4, False), (8, False), (5, False)]


def test_q3_a_partition_that_starts_slowly_goes_alone() -> None:
    queue = queues(2, unclean=(1,))
    fill(queue, "x", 0, 1)
    fill(queue, "x", 1, 1)
    batch = queue.take()
    assert batch is not None
    assert (batch.partitions, took(batch)) == ([1], ["x/1/0"])


def test_l2_two_suspects_are_never_tried_at_once() -> None:
    """If the process dies of one, the other has no attempt counted."""
    queue = queues(3, unclean=(0, 1))
    for number in range(3):
        fill(queue, "x", number, 2)
    first = queue.take()
    assert took(first) == ["x/0/0"]
    neighbour = queue.take()
    assert took(neighbour) == ["x/2/0", "x/2/1"]
    assert queue.take() is None
    assert first is not None
    queue.done(first, 1)
    assert took(queue.take()) in (["x/0/1"], ["x/1/0"])


def test_l1_what_failed_goes_one_by_one_and_the_one_that_fails_alone_is_parked() -> None:
    queue = queues(1)
    fill(queue, "x", 0, 4)
    batch = queue.take()
    assert batch is not None
    assert not batch.careful
    queue.put_back(batch)
    queue.one_by_one(batch.partitions)
    alone = queue.take()
    assert took(alone) == ["x/0/0"]
    assert alone is not None
    assert alone.careful
    assert not alone.park
    queue.put_back(alone)
    queue.park_next(0, "x/0/0", "ValueError: no")
    parked = queue.take()
    assert parked is not None
    assert (parked.park, parked.error) == ("parked.raised", "ValueError: no")
    queue.done(parked, 1)
    after = queue.take()
    assert after is not None
    assert not after.park


def test_l3_a_halted_partition_keeps_its_records() -> None:
    queue = queues(2)
    fill(queue, "x", 0, 1)
    fill(queue, "x", 1, 1)
    queue.partitions[0].halted = "halt.sequence_gap"
    assert took(queue.take()) == ["x/1/0"]
    queue.partitions[0].halted = ""
    assert took(queue.take()) == ["x/0/0"]


def test_c2_a_topic_read_again_for_a_gap_is_remembered_until_it_goes_on_itself() -> None:
    """Else a gap would never halt while other topics of the partition have traffic."""
    queue = queues(1)
    queue.partitions[0].reread.add("x")
    fill(queue, "y", 0, 2)
    batch = queue.take()
    assert batch is not None
    queue.done(batch, 2)
    assert queue.partitions[0].reread == {"x"}
    fill(queue, "x", 0, 1)
    batch = queue.take()
    assert batch is not None
    queue.done(batch, 1)
    assert queue.partitions[0].reread == set()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.just("fill"),
                st.sampled_from(TOPICS),
                st.integers(0, 2),
                st.integers(1, 5),
                st.integers(0, 9),
                st.sampled_from((b"ours", b"theirs")),
            ),
            st.tuples(
                st.just("press"),
            ),
            st.tuples(
                st.just("take"),
            ),
            st.tuples(st.just("done"), st.integers(0, 4)),
            st.tuples(
                st.just("back"),
            ),
            st.tuples(st.just("slow"), st.integers(0, 2)),
        ),
        max_size=40,
    )
)
def test_q1_q2_every_stream_is_taken_once_and_in_order_whatever_fails(steps: list[tuple[object, ...]]) -> None:
    """Each batch's runs continue the committed positions; merging by time never turns a stream around."""
    queue = queues(3)
    position = {(topic, n): 0 for topic in TOPICS for n in range(3)}
    out: list[Batch] = []
    for step in [*steps, *[("press",), ("take",), ("done", 99)] * 80]:
        match step:
            case ("fill", str(topic), int(number), int(count), int(at), bytes(type)):
                fill(queue, topic, number, count, at=at, type=type)
            case ("press",):
                queue.press()
            case ("take",):
                if batch := queue.take():
                    busy = [n for other in out for n in other.partitions]
                    assert not set(busy) & set(batch.partitions)
                    assert all(run.since == position[place] for place, run in batch.runs.items())
                    out.append(batch)
            case ("done", int(taken)) if out:
                batch = out.pop(0)
                taken = min(taken, len(batch.records)) or len(batch.records)
                for one in batch.records[:taken]:
                    place = (one.topic, one.partition)
                    assert one.offset == position[place]
                    position[place] += 1
                queue.done(batch, taken)
            case ("back",) if out:
                queue.put_back(out.pop(0))
            case ("slow", int(number)):
                queue.one_by_one([number])
    assert position == {place: queue.stream(*place).fetched for place in position}
