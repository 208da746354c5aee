"""Batches cut from queues: Q5, what is for other services."""

from __future__ import annotations

from tests.unit.messaging.queued import fill, queues, took


def test_q5_what_is_for_others_makes_no_batch_until_it_is_pressed() -> None:
    queue = queues(2)
    assert not queue.lingering()
    fill(queue, "x", 1, 2, type=b"theirs")
    assert (queue.take(), queue.ready(), queue.lingering()) == (None, 0, True)
    queue.press()
    assert (queue.ready(), queue.lingering()) == (2, False)
    batch = queue.take()
    assert took(batch) == ["x/1/0", "x/1/1"]
    assert batch is not None
    queue.put_back(batch)
    assert (queue.take(), queue.lingering()) == (None, True), "once pressed is once"


def test_q5_what_is_for_others_goes_with_the_first_of_its_partition_that_is_ours() -> None:
    queue = queues(2)
    fill(queue, "x", 0, 1, type=b"theirs")
    fill(queue, "x", 1, 2, type=b"theirs")
    fill(queue, "y", 1, 1, at=5)
    first = queue.take()
    assert took(first) == ["x/1/0", "x/1/1", "y/1/0"]
    assert (queue.take(), queue.lingering()) == (None, True)
    assert first is not None
    queue.done(first, 1)
    again = queue.take()
    assert took(again) == ["x/1/1", "y/1/0"], "what is put back still has one of ours"


def test_q5_what_fills_a_batch_waits_for_nobody() -> None:
    queue = queues(1)
    fill(queue, "x", 0, 4, type=b"theirs")
    assert len(took(queue.take())) == 4


def test_q5_one_of_ours_that_was_forgotten_in_a_rewind_presses_nobody() -> None:
    queue = queues(1)
    fill(queue, "x", 0, 1)
    queue.rewind("x", 0, 0)
    fill(queue, "x", 0, 1, type=b"theirs")
    assert queue.take() is None
