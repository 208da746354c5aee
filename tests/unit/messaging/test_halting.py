"""What monitoring is told of a halt, and what ends it: L3."""

from __future__ import annotations

from shared.messaging.consume import Batch, Run
from shared.messaging.halting import halt, lift, lift_done, place
from shared.messaging.metrics import METRICS
from shared.messaging.queues import Partition
from shared.messaging.record import Record

LANE = ("x.v1", 5)


def told() -> float:
    return float(METRICS.halted.labels(code="halt.cannot_park", partition=5)._value.get())


def test_l3_an_alert_ends_with_its_halt() -> None:
    partition = Partition(5, 4)
    halt(partition, "halt.cannot_park")
    assert told() == 1
    lift(partition)
    assert (told(), partition.halted) == (0, "")


def test_l3_where_the_log_went_on_without_records_a_halt_ends_once_that_is_behind() -> None:
    """Control records of a transaction: nothing else comes, so there is no later position."""
    runs = {LANE: Run(*LANE, 3, 6, [])}
    assert place(Batch([5], runs)) == ("x.v1", 5)
    assert place(Batch([5], runs, [Record(*LANE, 4, b"k", b"{}")])) == ("x.v1", 4)
    partition = Partition(5, 4)
    halt(partition, "halt.cannot_park", place(Batch([5], runs)))
    partition.trying = True
    lift_done([partition], {LANE: 5})
    assert partition.halted
    lift_done([partition], {LANE: 6})
    assert not partition.halted
