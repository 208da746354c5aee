"""laotie idle"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterable
from datetime import datetime, timedelta
from typing import Any, Self, TypeVar

import click

from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.plain import say
from deploy.cli.walk import STEP, Walk, walk
from deploy.cli.watch import TIMEOUT_SECONDS, NotIdle, Sweep, Watch
from deploy.local.stack import Stack

T = TypeVar("T")


@click.command()
@click.option("--timeout", "timeout_s", default=TIMEOUT_SECONDS, show_default=True, type=click.FloatRange(0), help="Seconds.")
@click.option("--group", "groups", multiple=True, help="Also until this consumer group of an app has committed all; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def idle(timeout_s: float, groups: tuple[str, ...], as_json: bool) -> None:
    """Wait until nothing is left to do; status 1, naming what is left, when that takes too long.

    A look with nothing left: clocks equal, positions at the ends of the topics, outboxes empty, nothing to be offered again, no
    timer due.
    """
    with Idle(running(), groups) as watched:
        try:
            sweep = watched.wait(timeout_s)
        except NotIdle as error:
            if as_json:
                click.echo(json.dumps({"idle": False, "left": error.left}))
                raise SystemExit(1) from None
            raise Failed(str(error)) from None
    if as_json:
        click.echo(json.dumps({"idle": True, "left": [], "clock": sweep.clock.isoformat() if sweep.clock else None}))
    else:
        say(f"idle at {sweep.clock.isoformat()}" if sweep.clock else "idle")


class Idle:
    """`Watch` for plain code: each call blocks until it is done. Where a loop is running, use `Watch` and `walk` themselves."""

    def __init__(self, stack: Stack, groups: Iterable[str] = ()) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="laotie-watch", daemon=True)
        self._thread.start()
        self._watch = Watch(stack, groups)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self, timeout_s: float = TIMEOUT_SECONDS) -> Sweep:
        """Returns when nothing is left. Raises NotIdle."""
        return self._call(self._watch.idle(timeout_s))

    def sweep(self) -> Sweep:
        return self._call(self._watch.sweep())

    def clock(self) -> datetime:
        """Business time."""
        return self._call(self._watch.clock())

    def next_due(self) -> datetime | None:
        """The earliest deadline that stands; None: there is none."""
        return self._call(self._watch.next_due())

    def set_clock(self, to: datetime | timedelta, step: timedelta = STEP, timeout_s: float = TIMEOUT_SECONDS) -> Walk:
        """Walks every process's clock there; a timedelta is from now. Raises Failed, NotIdle. timeout_s: of each step."""
        return self._call(walk(self._watch, to, step, timeout_s))

    def close(self) -> None:
        self._call(self._watch.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
