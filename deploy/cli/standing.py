"""laotie standing"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from deploy.cli import card
from deploy.cli.connect import asking, running
from deploy.cli.errors import Failed
from deploy.cli.plain import local, say
from deploy.cli.watch import Watch
from deploy.local.policies import policies_of, zone_of
from deploy.local.stack import Stack
from shared.policy import Policies

STANDING = "SELECT body::text FROM trust.standing WHERE key = $1"
VOTES = "SELECT (body ->> 'votes')::bigint FROM trust.poll WHERE key = $1"
PREFIXES = ("seller:", "promoter:")
BUYER = "buyer:"


@click.command()
@click.argument("subject", metavar="SUBJECT")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def standing(subject: str, as_json: bool) -> None:
    """Show what is held against SUBJECT, a seller:ID or promoter:ID: violations and their appeals, points, study, suspensions, votes.

    Points are violations less study, never below 0; at a hundred it is removed. Whose appeals wait: `laotie attention`.

    Of a buyer:ID, show its trust card, or why it has none and until when.
    """
    if not subject.startswith((*PREFIXES, BUYER)):
        raise click.BadParameter("say seller:ID, promoter:ID or buyer:ID", param_hint="SUBJECT")
    stack = running()
    policies = policies_of(stack)
    if subject.startswith(BUYER):
        told, now = asyncio.run(_card(stack, subject, policies))
        shown = card.lines(told, ZoneInfo(policies.at(now).zone))
    else:
        body, votes, now = asyncio.run(_read(stack, subject))
        if body is None and votes is None:
            raise Failed(f"nothing is known of {subject!r}: no violation, no study, no vote")
        told = data(subject, body or {}, votes, now, policies)
        shown = lines(told, zone_of(stack))
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    for line in shown:
        say(line)


async def _card(stack: Stack, subject: str, policies: Policies) -> tuple[dict[str, Any], datetime]:
    async with Watch(stack) as watch:
        now = await watch.clock()
    async with asking(stack) as connection:
        holder, person, score = await card.read(connection, subject)
    if not (holder or person or score):
        raise Failed(f"nothing is known of {subject!r}: no trust card, no score")
    return card.data(subject, holder, person, score, policies.at(now), now), now


async def _read(stack: Stack, subject: str) -> tuple[dict[str, Any] | None, int | None, datetime]:
    async with Watch(stack) as watch:
        now = await watch.clock()
    async with asking(stack) as connection:
        body = await connection.fetchval(STANDING, subject)
        return json.loads(body) if body is not None else None, await connection.fetchval(VOTES, subject), now


def data(subject: str, body: Mapping[str, Any], votes: int | None, now: datetime, policies: Policies) -> dict[str, Any]:
    """From the standing as stored; suspended, removed, appeal_until: at the business time `now`. Times in UTC. voids_ahead: of what nobody
    recorded so far, be it that the void came first or that its id is wrong.
    """
    appeals, voided = body.get("appeals", {}), set(body.get("voided", ()))
    violations = [
        {"violation_id": name, **one, "voided": name in voided, "appeal": appeals.get(name, {}).get("outcome")}
        | ({} if name in voided or name in appeals else _appeal(one, now, policies))
        for name, one in body.get("told", {}).items()
    ]
    suspensions = [{"id": name, **one, "in_force": _in_force(one, now)} for name, one in body.get("suspensions", {}).items()]
    return {
        "subject": subject,
        "points": body.get("points", 0),
        "of_violations": body.get("against", 0),
        "of_study": body.get("credited", 0),
        "removed_since": body.get("removed_since"),
        "suspended": any(one["in_force"] for one in suspensions),
        "violations": sorted(violations, key=lambda one: (one["at"], one["violation_id"])),
        "voids_ahead": sorted(voided - body.get("told", {}).keys() - set(body.get("violations", ()))),
        "study": sorted(({"study_id": name, **one} for name, one in body.get("study", {}).items()), key=lambda one: one["at"]),
        "suspensions": sorted(suspensions, key=lambda one: (one["effective_from"], one["id"])),
        "votes": votes or 0,
    }


def lines(told: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    state = _suspended(told, zone) if told["suspended"] else "free"
    state = f"removed since {local(told['removed_since'], zone)}" if told["removed_since"] else state
    yield f"{told['subject']}: {state}, times in {zone.key}"
    yield f"{told['points']} points: {told['of_violations']} of violations, less {told['of_study']} of study [R6.1]"
    for one in told["violations"]:
        notes = ", void" * one["voided"] + (f", appeal {one['appeal']}" if one["appeal"] else "")
        notes += f", can be appealed until {local(one['appeal_until'], zone)}" if "appeal_until" in one else ""
        what = f"violation {one['violation_id']}, {one['kind']}, {one['points']} points, level {one['level']}"
        yield f"{local(one['at'], zone)}  {what}{notes}"
    for name in told["voids_ahead"]:
        yield f"void of violation {name}, which was not recorded here so far [R6.2]"
    for one in told["study"]:
        yield f"{local(one['at'], zone)}  study {one['study_id']}, {one['points']} points"
    for one in told["suspensions"]:
        until = f"until {local(one['until'], zone)}" if one["until"] else "for good"
        why = f"points, brought there by {one['brought_by']}" if one["brought_by"] else f"violation {one['id']}"
        ended = f", lifted at {local(one['ended_at'], zone)}" if one["ended_at"] else ", in force" * one["in_force"]
        yield f"{local(one['effective_from'], zone)}  suspended, level {one['level']}, {until}, for {why}{ended} [R6.2]"
    if told["votes"]:
        yield f"{told['votes']} votes in all [R6.3]"


def _suspended(told: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Until the last of those in force is over."""
    ends = [one["until"] for one in told["suspensions"] if one["in_force"]]
    return f"suspended until {local(max(ends, key=datetime.fromisoformat), zone)}" if all(ends) else "suspended for good"


def _appeal(violation: Mapping[str, Any], now: datetime, policies: Policies) -> dict[str, str]:
    """By the policy of its day; empty once it is too late. Source: R6.2."""
    at = datetime.fromisoformat(violation["at"])
    until = at + timedelta(days=policies.at(at).trust.violations.appeal_days)
    return {"appeal_until": until.isoformat()} if now < until else {}


def _in_force(one: Mapping[str, Any], now: datetime) -> bool:
    """Half open; lifted or over, no more."""
    ends = [datetime.fromisoformat(one[name]) for name in ("until", "ended_at") if one[name]]
    return datetime.fromisoformat(one["effective_from"]) <= now and all(now < end for end in ends)
