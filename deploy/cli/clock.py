"""laotie clock set · show"""

from __future__ import annotations

import asyncio
import json
import re
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta

import click

from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.plain import say
from deploy.cli.walk import Walk, walk
from deploy.cli.watch import TIMEOUT_SECONDS, NotIdle, Watch, now
from deploy.local.stack import Stack

SPAN_MAX = timedelta(days=36_525)  # a hundred years
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SPAN = re.compile(r"(?:\d+[smhd])+")


class Span(click.ParamType[timedelta]):
    """7d, 30m, 1h30m; 0 is none."""

    name = "span"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        found = span(str(value))
        return found if found is not None else self.fail(f"{value!r} is no span like 7d, 30m or 1h30m, a hundred years at most", param, ctx)


class Moment(click.ParamType[datetime | timedelta]):
    """ISO 8601 with a zone, or +SPAN from now."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime | timedelta:
        if isinstance(value, datetime | timedelta):
            return value
        text = str(value)
        relative = span(text[1:]) if text.startswith("+") else None
        if relative is not None:
            return relative
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no time like 2026-07-01T08:00:00+08:00, and no +7d or +30m", param, ctx)
        if at.tzinfo is None:
            self.fail(f"{text!r} has no zone: end it with Z or +08:00", param, ctx)
        return at if MINYEAR < at.year < MAXYEAR else self.fail(f"{text!r} is at the edge of the calendar", param, ctx)


class Then(click.ParamType[date | datetime]):
    """A day, or ISO 8601 with a zone."""

    name = "date|time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date | datetime:
        if isinstance(value, date):
            return value
        text = str(value)
        try:
            found = date.fromisoformat(text) if _DAY.fullmatch(text) else datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{text!r} is no day like 2026-07-01 and no time like 2026-07-01T08:00:00+08:00", param, ctx)
        if isinstance(found, datetime) and found.tzinfo is None:
            self.fail(f"{text!r} has no zone: end it with Z or +08:00", param, ctx)
        if found.year in (MINYEAR, MAXYEAR):
            self.fail(f"{text!r} is at the edge of the calendar", param, ctx)
        return found


@click.group()
def clock() -> None:
    """Business time: where it stands, and with a manual clock where it is to go."""


@clock.command("set")
@click.argument("time", type=Moment())
@click.option("--step", type=Span(), default="1h", show_default=True, help="Deadlines within it fire together; 0: one by one.")
@click.option("--timeout", "timeout_s", default=TIMEOUT_SECONDS, show_default=True, type=click.FloatRange(0), help="Seconds a stop.")
@click.option("--group", "groups", multiple=True, help="An app's consumer group to wait for at each stop; may be repeated.")
@click.option("-v", "--verbose", is_flag=True, help="Tell each stop.")
def set_(time: datetime | timedelta, step: timedelta, timeout_s: float, groups: tuple[str, ...], verbose: bool) -> None:
    """Walk every process's clock to TIME, idle at each deadline on the way; manual clock only, never back.

    TIME is ISO 8601 with a zone, or relative: +7d, +30m, +1h30m.
    """
    try:
        done = asyncio.run(_walk(running(), time, step, timeout_s, groups, verbose=verbose))
    except NotIdle as error:
        raise Failed(str(error)) from None
    say(f"{done.to.isoformat()}: every process follows, {done.steps} {'stop' if done.steps == 1 else 'stops'} on the way")


@clock.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(as_json: bool) -> None:
    """Print the business time that stands."""
    stack = running()
    at = asyncio.run(now(stack)).isoformat()
    say(json.dumps({"clock": stack.clock, "at": at}) if as_json else f"{at} ({stack.clock} clock)")


def span(text: str) -> timedelta | None:
    """None: not a span, or too long a one."""
    if text == "0":
        return timedelta()
    if not _SPAN.fullmatch(text):
        return None
    parts = re.findall(r"(\d+)([smhd])", text)
    try:
        found = sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        return None
    return found if found <= SPAN_MAX else None


async def _walk(
    stack: Stack, to: datetime | timedelta, step: timedelta, timeout_s: float, groups: tuple[str, ...], *, verbose: bool
) -> Walk:
    async with Watch(stack, groups) as watch:
        return await walk(watch, to, step, timeout_s, lambda at: say(at.isoformat(), err=True) if verbose else None)
