"""laotie trust score · explain"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import click

from deploy.cli.clock import Then
from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.plain import say
from deploy.cli.watch import Watch
from deploy.local.kafka import quiet
from deploy.local.policies import day_end, policies_of
from deploy.local.stack import Stack
from deploy.verify.log import Entry, entries
from deploy.verify.run import ends_of
from services.trust.rules.explain import explain as explained
from services.trust.rules.explain import known_of
from shared import postgres
from shared.contracts.explained import Explanation, ItemExplained, Lift
from shared.contracts.topics import EVIDENCE
from shared.contracts.trust import EvidenceFound, EvidenceVoided
from shared.days import local_date
from shared.messaging.stripes import stripe_of
from shared.policy import Policies, Policy

MILLION = 1_000_000
DEEDS = {"completed": "lines completed", "shipped_on_time": "parcels shipped in time", "answered": "cases answered in time"}
_SUBJECT = re.compile(r"(buyer|seller|promoter):[A-Za-z0-9_.:\-]{1,64}")


class Subject(click.ParamType[str]):
    """seller:s-1, promoter:k-1 or buyer:b-1."""

    name = "subject"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        return (
            text if _SUBJECT.fullmatch(text) else self.fail(f"{text!r} is no subject like seller:s-1, promoter:k-1, buyer:b-1", param, ctx)
        )


@dataclass(frozen=True, slots=True)
class Past:
    """A moment in the set's life: what happened by then counts, by the policy of then."""

    at: datetime
    as_of: date
    policy: Policy


@click.group()
def trust() -> None:
    """Scores, recomputed from the topics: now, on a past day, up to an offset."""


def _asked(function: Any) -> Any:
    for option in (
        click.option("--json", "as_json", is_flag=True, help="For programs."),
        click.option("--offset", type=click.IntRange(0), help="Only what lies before this offset of the subject's partition."),
        click.option("--at", "then", type=Then(), help="As of that day, all of it, or of what had happened by that time (with a zone)."),
        click.argument("subject", type=Subject()),
    ):
        function = option(function)
    return function


@trust.command()
@_asked
def score(subject: str, then: date | datetime | None, offset: int | None, as_json: bool) -> None:
    """Print the score of SUBJECT (seller:s-1, promoter:k-1, buyer:b-1), now or then, in the words in which it was told.

    With --offset and without --at: as of the latest evidence before the offset, which is what the service told of it.
    """
    said = asyncio.run(_explanation(running(), subject, then, offset))
    if as_json:
        click.echo(json.dumps(score_data(said), separators=(",", ":")))
        return
    say(_head(said))


@trust.command()
@_asked
def explain(subject: str, then: date | datetime | None, offset: int | None, as_json: bool) -> None:
    """Print why SUBJECT (seller:s-1, promoter:k-1, buyer:b-1) has its score, and what would lift it, now or then.

    Per dimension what speaks for and against it; each weighty item with what the score would be without it; the rest by day. --json
    prints the same bytes as the explanation in score.explained, which `score.explanation_requested` asks for.
    """
    said = asyncio.run(_explanation(running(), subject, then, offset))
    if as_json:
        click.echo(said.model_dump_json())
        return
    for line in lines(said):
        say(line)


def score_data(said: Explanation) -> dict[str, Any]:
    """The fields of score.changed in their order, and the tier."""
    whole = said.model_dump()
    rows = [{name: row[name] for name in ("dimension", "positive", "negative", "weight_pct")} for row in whole["dimensions"]]
    names = ("subject_id", "score", "new", "items", "as_of", "dimensions", "rule_version", "ceiling", "tier")
    return {name: rows if name == "dimensions" else whole[name] for name in names}


async def _explanation(stack: Stack, subject: str, then: date | datetime | None, offset: int | None) -> Explanation:
    found = await asyncio.to_thread(_evidence, stack, subject, offset)
    if not found:
        raise Failed(f"nothing is known of {subject}" + (f" before offset {offset}" if offset is not None else ""))
    async with Watch(stack) as watch:
        now = await watch.clock()
    policies = await asyncio.to_thread(policies_of, stack)
    return told(subject, found, then if then is not None else None if offset is not None else now, policies)


def told(subject: str, found: Sequence[EvidenceFound | EvidenceVoided], then: date | datetime | None, policies: Policies) -> Explanation:
    """then None: as of the latest of what was found. Raises Failed: nothing had happened by then."""
    past = past_of(found, then, policies)
    counted = [one for one in found if one.occurred_at <= past.at]
    if not counted:
        raise Failed(f"nothing is known of {subject} at {past.as_of}")
    items = [one for one in counted if isinstance(one, EvidenceFound)]
    voids = [one for one in counted if isinstance(one, EvidenceVoided)]
    return explained(subject, known_of(items, voids, past.as_of, past.policy), past.as_of, past.policy)


def past_of(found: Sequence[EvidenceFound | EvidenceVoided], then: date | datetime | None, policies: Policies) -> Past:
    """A day is meant to its end, in the zone and by the policy that is in force then. No day turns back, where a policy moves days west:
    what happened by a time counts. Source: R1.2, R5.1.
    """
    if isinstance(then, datetime) or then is None:
        at = then if then is not None else max(one.occurred_at for one in found)
        policy = policies.at(at)
        days = [local_date(one.occurred_at, one.zone) for one in found if one.occurred_at <= at]
        return Past(at, max(days if then is None else (local_date(at, policy.zone), *days)), policy)
    end = day_end(then, policies)
    return Past(end, then, policies.at(end))


def _evidence(stack: Stack, subject: str, offset: int | None) -> list[EvidenceFound | EvidenceVoided]:
    """Of its partition alone, in the order in which it was found; copies and strangers' records are passed over."""
    place = (EVIDENCE.name, stripe_of(subject, stack.stripes))
    end = ends_of(stack, [EVIDENCE.name])[place]
    settings, key = quiet(stack.settings(postgres.OPS).confluent()), subject.encode()
    ends = {place: end if offset is None else min(offset, end)}
    found: dict[int, Entry] = {}
    for entry in entries(settings, ends, lambda message: message.key() == key):
        if entry.sequence is not None:
            found.setdefault(entry.sequence, entry)
    return [entry.event for entry in found.values() if isinstance(entry.event, EvidenceFound | EvidenceVoided)]


def lines(said: Explanation) -> list[str]:
    """As people read it."""
    known = "" if said.complete else ", as far as they are known: many of the newest were voided"
    found = [_head(said)]
    for row in said.dimensions:
        over = f"  ({_shown(row.capped)} more beyond the cap a counterparty)" if row.capped else ""
        found.append(f"  {_shown(row.positive):>14} good {_shown(row.negative):>14} bad  {row.weight_pct:>3} %  {row.dimension}{over}")
    found.append(f"the {len(said.heaviest)} weightiest items{known}:")
    for item in said.heaviest:
        found += _item(item)
    found += ["the rest by day:"] if said.rest else []
    for day in said.rest:
        sums = ", ".join(f"{one.dimension} {_shown(one.positive)} good, {_shown(one.negative)} bad" for one in day.sums)
        found.append(f"  {day.until if day.since == day.until else f'{day.since} to {day.until}'}: {sums}")
    return [*found, _lift(said.lift, said)]


def _head(said: Explanation) -> str:
    new = " (new: not shown yet)" if said.new else ""
    cap = f"; at most {said.ceiling} until {said.ceiling_until}" if said.ceiling is not None else ""
    known = f"{said.items} items, as of {said.as_of}, policy {said.rule_version}"
    return f"{said.subject_id}: {said.score}{new}, tier {said.tier}, {known}{cap}"


def _item(item: ItemExplained) -> list[str]:
    exact = f"{'-' if item.effect_millionths < 0 else '+'}{_shown(abs(item.effect_millionths))}"
    return [
        f"  {item.effect:+5}  ({exact}; {item.score_without} without it)  {item.reason}",
        f"         {item.weight:+} in {', '.join(item.dimensions)}, {item.day}, {item.age_days} days old, worth {_shown(item.worth)}, "
        f"policy {item.rule_version}, event {item.event_id or 'not written down'}",
    ]


def _lift(lift: Lift, said: Explanation) -> str:
    facts = " and ".join(f"{one.count} {DEEDS[one.kind]}" for one in lift.facts)
    words = {
        "facts": f"lifted to {lift.tier} ({lift.least}) by {facts}, each with somebody new",
        "shown": f"shown after {facts or 'more items'}, each with somebody new",
        "ceiling": f"nothing lifts it to {lift.tier} ({lift.least}) until {said.ceiling_until} is over",
        "never": f"no number of good facts lifts it to {lift.tier} ({lift.least}) today",
        "many": f"it takes more than 1,000 good facts to lift it to {lift.tier} ({lift.least})",
        "highest": "there is no higher tier",
    }
    return words[lift.by]


def _shown(millionths: int) -> str:
    """Items of today, to the millionth."""
    return f"{millionths // MILLION:,}.{millionths % MILLION:06}"
