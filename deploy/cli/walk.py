"""Walking a manual clock to a time through the deadlines on the way, so that none is outrun by what follows from a later one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pydantic import ValidationError

from deploy.cli.errors import Failed
from deploy.cli.watch import TIMEOUT_SECONDS, Watch
from shared.messaging.system import ClockSet

STEP = timedelta(hours=1)
STEPS_MAX = 100_000  # a deadline that arms itself again at once would keep us for ever


@dataclass(frozen=True, slots=True)
class Walk:
    """steps: how often the clock was set on the way."""

    since: datetime
    to: datetime
    steps: int


async def walk(
    watch: Watch,
    to: datetime | timedelta,
    step: timedelta = STEP,
    timeout_s: float = TIMEOUT_SECONDS,
    say: Callable[[datetime], None] = lambda _: None,
) -> Walk:
    """Idle at each stop; returns when every process stands at the time. step: deadlines within it fire together, zero: each alone.

    Raises Failed (`clock.not_manual`, `clock.backwards`, `clock.beyond_calendar`) and NotIdle (timeout_s is for one stop).
    """
    if watch.stack.clock != "manual":
        raise Failed("clock.not_manual: this stack follows the system's clock; `laotie down`, then `laotie up --clock manual`")
    since = now = await watch.clock()
    target = _target(since, to)
    if target < now:
        raise Failed(f"clock.backwards: it is {now.isoformat()}, and a manual clock never goes back to {target.isoformat()}")
    steps = 0
    await watch.idle(timeout_s)
    while now < target:
        if steps == STEPS_MAX:
            raise Failed(f"clock.too_many_steps: {steps} deadlines on the way, and it is {now.isoformat()}; is one armed again and again?")
        now = await _next_stop(watch, target, step)
        await watch.set_clock(now)
        say(now)
        steps += 1
        await watch.idle(timeout_s)
    return Walk(since, target, steps)


def _target(since: datetime, to: datetime | timedelta) -> datetime:
    try:
        return ClockSet(occurred_at=since + to if isinstance(to, timedelta) else to).occurred_at
    except (OverflowError, ValidationError):
        raise Failed("clock.beyond_calendar: a clock goes from 0001-01-02 to 9999-12-30") from None


async def _next_stop(watch: Watch, target: datetime, step: timedelta) -> datetime:
    """Behind the last deadline of the next group; the target, where that group reaches so far. A deadline fires at its grace after it."""
    first = await watch.next_due()
    if first is None or first + max(step, watch.grace) >= target:
        return target
    last = await watch.last_due(min(first + step, target - watch.grace))
    return min(target, (last or first) + watch.grace)
