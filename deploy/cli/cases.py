"""laotie cases · case show"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import click

from deploy.cli.borne import flow_data
from deploy.cli.clock import Span
from deploy.cli.connect import asking, running
from deploy.cli.errors import Failed
from deploy.cli.explain import print_step, step_data
from deploy.cli.lookup import place
from deploy.cli.plain import local, say
from deploy.cli.short import appealed, said
from deploy.cli.story import Step, Story, sentences, tell
from deploy.cli.watch import Watch
from deploy.cli.waterfall import waterfall
from deploy.local.policies import zone_of
from deploy.local.stack import Stack
from shared.contracts.refund import STATES, CaseFact, Turn
from shared.contracts.storefront import CaseKind
from shared.currencies import money

LIMIT = 1000

QUEUE = """
SELECT * FROM refund.case_queue
 WHERE ($1::timestamptz IS NULL OR deadline <= $1) AND ($2::text[] IS NULL OR turn = ANY ($2))
   AND ($3::text IS NULL OR seller_id = $3) AND ($4::text IS NULL OR kind = $4)
 ORDER BY deadline NULLS LAST, since, order_id, case_id, task LIMIT $5
"""
TASK = "SELECT * FROM refund.case_task WHERE order_id = $1 AND case_id = $2 AND task = 'case'"


@click.command()
@click.option("--due", type=Span(), help="With a deadline that has passed, or passes within this span: 24h, 2d.")
@click.option("--turn", type=click.Choice(get_args(Turn)), help="Whose turn it is; buyer and seller each with what is both's.")
@click.option("--seller", help="Of this seller only.")
@click.option("--kind", type=click.Choice(get_args(CaseKind)), help="Of this kind only.")
@click.option("--limit", default=LIMIT, show_default=True, type=click.IntRange(1, 100_000), help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def cases(due: timedelta | None, turn: str | None, seller: str | None, kind: str | None, limit: int, as_json: bool) -> None:
    """List the cases that are not ended, those with the next deadline first: whose turn it is, until when, by which rule.

    An open appeal is a line of its own, the platform's. What has no deadline stands last: money under way, a refund that the provider
    did not pay, a claim that waits for the guarantee fund; the latter two are the platform's until a ruling decides.
    """
    turns = [turn, "both"] if turn in ("buyer", "seller") else [turn] if turn else None
    stack = running()
    rows, now = asyncio.run(_queue(stack, due, turns, seller, kind, limit))
    if as_json:
        click.echo(json.dumps([{**row, "overdue": _late(row, now)} for row in rows], indent=1, default=_text))
        return
    zone = zone_of(stack)
    for row in rows:
        say(line(row, now, zone))
    more = ", there may be more: --limit" if len(rows) == limit else ""
    say(f"{len(rows)} {'case' if len(rows) == 1 else 'cases'}, times in {zone.key}{more}")


@click.group()
def case() -> None:
    """One after-sale case."""


@case.command("show")
@click.argument("case_id", metavar="CASE")
@click.option("--order", help="Of this order: case ids are an order's own.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(case_id: str, order: str | None, as_json: bool) -> None:
    """Show where CASE stands, and what happened in it, in order.

    That is: its state and the platform's code of it, whose turn it is, until when and by which rule; evidence, ruling, appeal, money.
    """
    stack = running()
    told = asyncio.run(_told(stack, place(stack, case_id, order)[0], case_id))
    if as_json:
        click.echo(json.dumps(told.data(), indent=1, default=_text))
        return
    told.print()


async def _queue(
    stack: Stack, due: timedelta | None, turns: list[str] | None, seller: str | None, kind: str | None, limit: int
) -> tuple[list[dict[str, Any]], datetime]:
    async with Watch(stack) as watch:
        now = await watch.clock()
    async with asking(stack) as connection:
        until = now + due if due is not None else None
        return [dict(row) for row in await connection.fetch(QUEUE, until, turns, seller, kind, limit)], now


def line(row: Mapping[str, Any], now: datetime, zone: ZoneInfo) -> str:
    until = local(row["deadline"], zone) if row["deadline"] else "no deadline"
    late = "  OVERDUE" if _late(row, now) else ""
    why = "  waits for the fund" if row["waits_for_fund"] else "  refund not paid" if row["stuck"] else ""
    what = "appeal" if row["task"] == "appeal" else f"{row['kind']}/{row['ground']}"
    where = f"{row['case_id']} of {row['order_id']}, line {row['line_no']}, seller {row['seller_id']}"
    return f"{until:<19}  {row['turn']:<8}  {row['state']} {STATES[row['state']]:<16}  {what}  {where}  [{row['rule']}]{why}{late}"


def _late(row: Mapping[str, Any], now: datetime) -> bool:
    return row["deadline"] is not None and row["deadline"] < now


async def _told(stack: Stack, order_id: str, case_id: str) -> Told:
    story = await tell(stack, order_id)
    async with asking(stack) as connection:
        task = await connection.fetchrow(TASK, order_id, case_id)
    if task is None:
        raise Failed(f"nothing is known of a case {case_id!r}")
    return Told(story, case_id, dict(task))


class Told:
    """One case, from its order's story and the row of its task."""

    def __init__(self, story: Story, case_id: str, task: Mapping[str, Any]) -> None:
        self.story, self.id, self.task = story, case_id, task
        self.body: Mapping[str, Any] = story.bodies.get("refund", {}).get("cases", {}).get(case_id, {})
        self.flow = waterfall(story.steps, case_id, task["seller_id"] or "")
        self.steps = [step for step in story.steps if self._mine(step)]

    def data(self) -> dict[str, Any]:
        body, task = self.body, self.task
        return {
            "case_id": self.id,
            **{name: task[name] for name in ("order_id", "line_no", "kind", "ground", "seller_id", "buyer_id", "opened_at")},
            "state": task["state"],
            "state_name": STATES[task["state"]],
            **{name: task[name] for name in ("turn", "deadline", "rule", "code")},
            "since": body.get("since"),
            "quantity": body.get("quantity"),
            "evidence": self.evidence,
            "rulings": self._bodies("case.ruled"),
            "appeal": body.get("appeal"),
            "appeals_ended": self._bodies("case.appeal_ended"),
            "money": flow_data(self.flow),
            "deadlines": [row for row in self.story.deadlines if str(row["subject"]).endswith(f"/{self.id}")],
            "steps": [step_data(self.story, step) for step in self.steps],
        }

    @property
    def evidence(self) -> list[dict[str, str]]:
        """Who showed what."""
        shown = (str(one).partition("/") for one in self.body.get("evidence", ()))
        return [{"side": side, "evidence_id": evidence_id} for side, _, evidence_id in shown]

    def print(self) -> None:
        task, zone = self.task, self.story.zone
        say(f"case {self.id} of order {task['order_id']}, line {task['line_no']}, times in {zone.key}")
        say(f"{task['kind']} for {task['ground']}; buyer {task['buyer_id']}, seller {task['seller_id']}")
        until = f" until {local(task['deadline'], zone)}" if task["deadline"] else ""
        say(f"{task['state']} {STATES[task['state']]}: {task['turn']}'s turn{until} [{task['rule']}] {task['code']}")
        facts = [fact for step in self.steps if isinstance(fact := step.entry.event, CaseFact) and fact.case_id == self.id]
        for words in sentences(self.story, *said(facts[-1])) if facts else ():
            say(f"  {words}")
        for one in self.evidence:
            say(f"evidence of the {one['side']}: {one['evidence_id']}")
        for ruled in self._bodies("case.ruled"):
            whose = "for the buyer" if ruled["upheld"] else "for the seller"
            say(f"ruled {whose} by {ruled['ruling_id'] or ruled['by']}; fault {ruled['fault']}, finding {ruled['finding']}")
            _print_reason(ruled)
        for words in appealed(self.story, self.body):
            say(words)
        for ended in self._bodies("case.appeal_ended"):
            _print_reason(ended)
        for refund_id, minor, funder, became in self.flow.refunds:
            say(f"refund {refund_id}: {money(minor, self.flow.currency)}, {became}; the {funder} bears it")
        for compensation_id, why, minor, became in self.flow.compensations:
            say(f"compensation {compensation_id}: {money(minor, self.flow.currency)}, {why}, {became}")
        say("what happened:")
        for step in self.steps:
            print_step(self.story, step)

    def _mine(self, step: Step) -> bool:
        """It names the case, or money of it. An order's events of other cases are another story."""
        event = step.entry.event
        if getattr(event, "case_id", None) == self.id or step.number in self.flow.steps:
            return True
        ids = {one[0] for one in self.flow.refunds} | {one[0] for one in self.flow.compensations}
        return not isinstance(event, CaseFact) and bool({getattr(event, name, None) for name in ("refund_id", "compensation_id")} & ids)

    def _bodies(self, kind: str) -> list[dict[str, Any]]:
        return [step.entry.event.model_dump(mode="json") for step in self.steps if step.entry.type == kind and step.entry.event is not None]


def _print_reason(told: Mapping[str, Any]) -> None:
    """Of the platform, in the words of who ruled."""
    if told["reason"]:
        say(f"  because: {told['reason']}")


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
