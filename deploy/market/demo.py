"""python -m deploy.market.demo: a market's life on a real stack of its own, and proof that it came out right."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import click
from rich.console import Console

from deploy.cli.clock import Span
from deploy.cli.errors import expected
from deploy.cli.explain import show
from deploy.cli.story import tell_each
from deploy.cli.watch import NotIdle
from deploy.local import control, services
from deploy.local.home import Home, default_home
from deploy.local.stack import Stack
from deploy.market import display, totals
from deploy.market.market import build
from deploy.market.play import Play
from deploy.market.scenes import Scenes
from deploy.market.sent import DAY, closing
from deploy.market.verdict import Verdict, judge

FOREIGN = ("LAOTIE_KAFKA", "LAOTIE_POSTGRES")  # servers that the demo must not fill
NOT_KEPT = "nothing is left running; to look around: .venv/bin/python -m deploy.market.demo --keep, or make up for an empty stack"
STRIPES = 4  # of one process each; the broker, on the same cores, works for each partition of each fetch
BEGINS = closing(0) - timedelta(hours=1)


@click.command()
@click.option("--orders", default=1_000, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--seed", default=1, show_default=True, help="The same seed plays the same market; facts.jsonl shows it.")
@click.option(
    "--delays", default="0", type=Span(), help="How late news may come, in days: 3d. Orders then come out otherwise than expected."
)
@click.option("--shuffle", default=None, type=int, help="Each number lets topics overtake each other in another way.")
@click.option("--keep", is_flag=True, help="Leave the stack running afterwards.")
@click.option("--spoil", hidden=True, default="", help="SQL, run by the owner of the tables before the verdict: it must be noticed.")
def main(orders: int, seed: int, delays: timedelta, shuffle: int | None, keep: bool, spoil: str) -> None:
    """Play a market of so many orders on a fresh stack of its own; status 0 only if everything came out as it must.

    Two plays of a seed and a number of orders send the same events and lead to the same facts and refusals: same ids, same times,
    same money, line by line in .laotie/demo/facts.jsonl, however they are shuffled. Open is only which order comes first to a party
    or a subject of trust, so the balance and the score on the way there, and, where such a score crosses a tier, the days in escrow of
    what is ordered until it crosses back; and who gets what is too scarce in a campaign, which is left out of the file. With delays,
    news comes after the deadlines that it would have met: nothing is lost, nobody is paid twice, every refusal is announced, but what
    an order comes to is open.
    """
    for name in FOREIGN:
        os.environ.pop(name, None)
    os.environ["LAOTIE_CLOCK_BEGINS"] = BEGINS.isoformat()
    console = Console()
    home = Home(default_home() / "demo")
    with expected(), running(home, keep, console) as stack:
        began = time.monotonic()
        market = build(seed, orders, delays // DAY)
        play = Play(stack, market, shuffle)
        rested = _played(play, console)
        if spoil:
            asyncio.run(_spoil(stack, spoil))
        verdict = judge(stack, market, play)
        if not rested:
            verdict.problems.insert(0, "the services did not come to rest")
        seconds = time.monotonic() - began
        play.seconds["judging"] = seconds - sum(play.seconds.values())
        _tell(console, stack, verdict)
        home.write("facts.jsonl", "".join(f"{line}\n" for line in verdict.told))
        home.write("report.json", json.dumps(report(verdict, seconds), indent=1) + "\n")
        console.print(_result(verdict, seconds), highlight=False, soft_wrap=True)
        for line in _where_next(home, stack) if keep else (NOT_KEPT,):
            console.print(line, highlight=False, markup=False, soft_wrap=True)
    if not verdict.verified:
        raise SystemExit(1)


def report(verdict: Verdict, seconds: float) -> dict[str, Any]:
    """events: published by the apps. lost: of these, without effect, not held, not rejected. doubled: effects that happened twice.

    totals: what went back, by rule and funder.
    """
    return {
        "orders": len(verdict.market.lives),
        "events": len(verdict.play.published),
        "lost": verdict.lost,
        "doubled": len(verdict.found.doubled),
        "parked": verdict.parked,
        "ledger_sum_minor": verdict.ledger_sum_minor,
        "escrow_minor": verdict.escrow_minor,
        "seconds": round(seconds, 1),
        "verified": verdict.verified,
        "totals": totals.table(verdict.totals),
    }


@contextmanager
def running(home: Home, keep: bool, console: Console) -> Iterator[Stack]:
    """A fresh stack with every service once. keep: it is left behind, supervised as by `laotie up`; else nothing is left."""

    def say(line: str) -> None:
        console.print(line, highlight=False, markup=False)

    if keep:
        control.up(home, "manual", STRIPES, fresh=True, start_services=True, restart=True, say=say)
        yield Stack(home.root, clock="manual", stripes=STRIPES)
        return
    with Stack(home.root, clock="manual", stripes=STRIPES, say=say) as stack:
        stack.start(fresh=True)
        for name in services.discover():
            stack.spawn(name, wait=False)
        for process in stack.services.values():
            process.wait_ready()
        say(f"services ready: {', '.join(stack.services)}")
        yield stack


def _played(play: Play, console: Console) -> bool:
    """False: a service did not come to rest; what is left is told."""
    try:
        with display.progress(console) as show:
            play.run(show)
    except NotIdle as error:
        console.print(str(error), highlight=False, markup=False)
        return False
    return True


async def _spoil(stack: Stack, sql: str) -> None:
    connection = await asyncpg.connect(stack.dsn("admin"))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _tell(console: Console, stack: Stack, verdict: Verdict) -> None:
    """One order in full, a few scenes, the tables, the verdict, and what is wrong."""
    whole, played = _telling(verdict), Scenes(verdict)
    stories = asyncio.run(tell_each(stack, {whole, *played.orders}))
    show(stories[whole])
    for line in played.told(stories):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    for table in display.tables(verdict):
        console.print(table)
    report, provider = verdict.report, verdict.play.provider
    console.print(
        f"{len(verdict.play.published):,} events sent, {verdict.rejected} of them rejected with a code; {verdict.found.facts:,} facts; "
        f"{len(provider.instructed):,} instructions to the provider, carried out once each",
        highlight=False,
        soft_wrap=True,
    )
    console.print(display.breaks(verdict), highlight=False, soft_wrap=True)
    held = sum(check.holds for check in report.checks)
    console.print(f"verify: {held} of {len(report.checks)} statements hold, {report.records:,} records read", highlight=False)
    if verdict.market.delayed:
        console.print(display.lateness(verdict), highlight=False, soft_wrap=True)
    display.problems(console, verdict)


def _telling(verdict: Verdict) -> str:
    """An order to which much happened, where there is one."""
    return max(verdict.market.lives, key=lambda life: (life.fate == "returned in part", len(life.cart.offers))).cart.order_id


def _result(verdict: Verdict, seconds: float) -> str:
    profile = ", ".join(f"{what} {spent:.1f} s" for what, spent in verdict.play.seconds.items())
    return f"{'verified' if verdict.verified else 'NOT VERIFIED'} in {seconds:.1f} s ({profile})"


def _where_next(home: Home, stack: Stack) -> Iterator[str]:
    root = Path(os.path.relpath(home.root))
    rows = json.loads((home.root / "services.json").read_text(encoding="utf-8"))
    yield "still running:"
    yield f"  Kafka {stack.bootstrap}; " + ", ".join(f"{name} {row['address']}" for name, row in rows.items())
    yield f"  kcat -F {root}/clients/ops.kcat -C -t order.v1 -o beginning -e -f '%k %h %s\\n'"
    yield f"  {root}/bin/kafka-console-consumer --bootstrap-server {stack.bootstrap} --command-config {root}/clients/ops.properties \\"
    yield "      --topic order.v1 --from-beginning --timeout-ms 5000"
    yield f"  . {root}/env; .venv/bin/laotie verify; .venv/bin/laotie down"


if __name__ == "__main__":
    main()
