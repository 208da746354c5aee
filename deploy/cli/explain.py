"""laotie explain"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import click

from deploy.cli.about import about
from deploy.cli.borne import flow_data, flow_lines
from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.lookup import is_case, place
from deploy.cli.plain import local, say
from deploy.cli.short import in_short, said
from deploy.cli.story import Step, Story, meaning, sentences, tell, tell_each
from deploy.cli.waterfall import waterfall
from deploy.local.stack import Stack
from shared.currencies import amount
from shared.texts import numbers_of


@click.command()
@click.argument("name", metavar="ORDER|CASE")
@click.option("--order", help="The case of this order: case ids are an order's own.")
@click.option("--json", "as_json", is_flag=True, help="For programs: every record whole.")
@click.option(
    "--whole", is_flag=True, help="Read every topic whole: finds even what nobody reads where it lies, or came long before the order."
)
def explain(name: str, order: str | None, as_json: bool, whole: bool) -> None:
    """Tell where ORDER stands, and what happened to it, in the order in which it was published, and why: events, rules, money, deadlines.

    Times are when it happened, in the zone of the policy. `<- 3` follows from step 3; a step without one came from outside or by time.

    Of a CASE, tell who pays what of it: from which account, by which rule, and what buyer and seller read of that.
    """
    stack = running()
    if order is not None or is_case(stack, name):
        _explain_case(stack, name, order, as_json)
        return
    story = asyncio.run(tell_each(stack, [name]))[name] if whole else asyncio.run(tell(stack, name))
    if not story.known:
        raise Failed(f"nothing is known of an order or a case {name!r}")
    if as_json:
        click.echo(json.dumps(_data(story), indent=1))
        return
    show(story)


def _explain_case(stack: Stack, case_id: str, order: str | None, as_json: bool) -> None:
    order_id, seller_id = place(stack, case_id, order)
    story = asyncio.run(tell(stack, order_id))
    flow = waterfall(story.steps, case_id, seller_id)
    if as_json:
        click.echo(json.dumps({"case_id": case_id, "order_id": order_id, **flow_data(flow)}, indent=1))
        return
    say(f"case {case_id} of order {order_id}")
    for line in flow_lines(flow):
        say(line)


def show(story: Story) -> None:
    """As `laotie explain` prints it."""
    say(f"order {story.order}, times in {story.zone.key}")
    if story.missing is not None:
        what = f"{story.missing.entry.type} follows from what is in no topic any more"
        say(f"not whole: {what}; a topic was shortened, `laotie verify` says from where on it is proven")
    state = in_short(story)
    for line in ["in short:", *(f"  {one}" for one in state), "step by step:"] if state else ():
        say(line)
    for step in story.steps:
        print_step(story, step)
    _print_money(story)
    _print_rest(story)


def print_step(story: Story, step: Step) -> None:
    cause = f" <- {step.cause}" if step.cause is not None else ""
    rules = f" [{', '.join(step.rules)}]" if step.rules else ""
    what = f"a copy of {step.copy_of}" if step.copy_of is not None else step.what
    source = step.entry.topic.removesuffix(".v1")
    say(f"{step.number:>4}  {local(step.at, story.zone)}  {source + '/' + step.entry.type:<34}{cause:<7} {what}{rules}")
    if step.copy_of is None and (details := about(step, story)):
        say(f"{'':>6}{details}")
    for service, code, detail in step.refused:
        say(f"{'':>6}refused by {service}: {code}, {meaning(code)}")
        _print_sentences(story, code, numbers_of(detail))
    if step.copy_of is None:
        _print_sentences(story, *said(step.entry.event))
    if step.moves is not None:
        for posting in step.moves.postings:
            say(f"{'':>8}{amount(posting.amount_minor, step.moves.currency):>14} {step.moves.currency}  {posting.account}")


def _print_sentences(story: Story, code: str, numbers: Mapping[str, object]) -> None:
    for line in sentences(story, code, numbers):
        say(f"{'':>8}{line}")


def _print_money(story: Story) -> None:
    totals = story.totals()
    if totals:
        say("money, all of it together:")
    for (account, currency), minor in sorted(totals.items()):
        say(f"{amount(minor, currency):>14} {currency}  {account}")


def _print_rest(story: Story) -> None:
    for row in story.deadlines:
        sent = ", sent" if row["sent_at"] else ""
        say(f"deadline: {local(row['due_at'], story.zone)} {row['kind']} of {row['subject']} ({row['service']}{sent})")
    if not story.deadlines:
        say("no deadline stands")
    for row in story.held:
        say(f"held back by {row['service']}: {row['ref']} is {row['state']}, {row['reason']}: {meaning(row['reason'])}")


def _data(story: Story) -> dict[str, Any]:
    return {
        "order": story.order,
        "zone": story.zone.key,
        "steps": [step_data(story, step) for step in story.steps],
        "money": [{"account": name, "currency": unit, "amount_minor": minor} for (name, unit), minor in sorted(story.totals().items())],
        "deadlines": [
            {**row, "due_at": row["due_at"].isoformat(), "sent_at": row["sent_at"] and row["sent_at"].isoformat()}
            for row in story.deadlines
        ],
        "held": story.held,
        "state": in_short(story),
        "stored": story.bodies,
    }


def step_data(story: Story, step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "at": step.at.astimezone(story.zone).isoformat(),
        "place": step.entry.ref,
        "published_ms": step.entry.timestamp_ms,
        "id": step.entry.id,
        "source": step.entry.header("ce_source"),
        "type": step.entry.type,
        "what": step.what,
        "rules": step.rules,
        "cause": step.cause,
        "cause_id": step.entry.header("ce_causationid") or None,
        "copy_of": step.copy_of,
        "refused": [
            {"service": service, "code": code, "meaning": meaning(code), "detail": detail} for service, code, detail in step.refused
        ],
        "body": step.entry.event.model_dump(mode="json") if step.entry.event is not None else None,
    }
