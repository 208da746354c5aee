"""laotie verify"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict

import click

from deploy.cli.connect import running
from deploy.cli.plain import say
from deploy.verify import Report
from deploy.verify import verify as recompute

WIDTH = 78


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def verify(as_json: bool) -> None:
    """Recompute from the topics alone what must be true, and compare with the tables; status 1 if anything differs.

    Nothing lost, nothing vanished, no effect twice; the ledger sums to zero, escrow is in less out, no refund above what was paid;
    postings, balances, orders, cases and evidence as stored. Needs no pause: it looks at one moment of all services.
    """
    report = asyncio.run(recompute(running()))
    if as_json:
        click.echo(json.dumps({"holds": report.holds, **asdict(report)}, indent=1))
    else:
        _print(report)
    if not report.holds:
        raise SystemExit(1)


def _print(report: Report) -> None:
    for check in report.checks:
        mark = "ok" if check.holds else "NO"
        say(f"{mark}  {check.name:<{WIDTH}} {check.counted:>8}")
        if not check.holds:
            say(f"    {check.differences} differences; the first: {check.first}")
    for place, start in report.since.items():
        say(f"    {place} was shortened: nothing is proven before offset {start}")
    if report.strangers:
        say(f"    {report.strangers} records on our topics are not their service's and were left out; the first: {report.stranger}")
    broken = sum(not check.holds for check in report.checks)
    verdict = "everything holds" if report.holds else f"{broken} of {len(report.checks)} statements do not hold"
    say(f"{verdict}: {report.records} records read, {report.seconds:.1f} s")
