"""How long the supervisor waits before it starts what fell again."""

from __future__ import annotations

from deploy.local.daemon import BACKOFF_MAX_S, BACKOFF_MIN_S, CALM_S, CHECK_S, Watch
from deploy.local.process import StackError


class Falling:
    """A process that is down whenever it is looked at, until it is told to stay up."""

    pid: int | None = None
    alive = False


def starts(watch: Watch, begin: float, seconds: float) -> list[float]:
    """When it was started again, looked at as often as the daemon does."""
    found, before = [], watch.restarts
    for n in range(int(seconds / CHECK_S)):
        watch.revive(begin + n * CHECK_S, "it")
        if watch.restarts > before:
            found.append(begin + n * CHECK_S)
            before = watch.restarts
    return found


def test_what_falls_again_and_again_is_started_less_and_less_often() -> None:
    times = starts(Watch(Falling(), lambda: None), 0.0, 120)
    waits = [later - sooner for sooner, later in zip([0.0, *times], times, strict=False)]
    assert waits[0] <= BACKOFF_MIN_S + CHECK_S
    assert waits[:5] == sorted(waits[:5])
    assert set(waits[6:]) <= {BACKOFF_MAX_S, BACKOFF_MAX_S + CHECK_S}


def test_what_ran_for_a_while_is_started_soon() -> None:
    what = Falling()
    watch = Watch(what, lambda: None)
    last = starts(watch, 0.0, 120)[-1]
    what.alive = True
    assert starts(watch, last, CALM_S + 1) == []
    what.alive = False
    (again, *_) = starts(watch, last + CALM_S + 1, 5)
    assert again - (last + CALM_S + 1) <= BACKOFF_MIN_S + CHECK_S


def test_a_start_that_fails_is_told_and_tried_again() -> None:
    tries = iter([StackError("no port"), None])

    def start() -> None:
        if error := next(tries):
            raise error

    watch = Watch(Falling(), start)
    told = []
    for begin in (0.0, 1.0):
        starts(watch, begin, 1.0)
        told.append((watch.restarts, watch.error))
    assert told == [(1, "no port"), (2, None)]
