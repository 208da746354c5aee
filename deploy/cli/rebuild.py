"""laotie rebuild"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict
from importlib import import_module

import asyncpg
import click

from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.plain import say
from deploy.local.kafka import quiet
from deploy.local.services import discover
from deploy.local.stack import Stack
from deploy.verify.log import TOPICS, records
from deploy.verify.run import ends_of
from shared import postgres
from shared.messaging.recovery.rebuild import NoRebuild, Rebuild, Rebuilt

SHOWN_MAX = 5  # keys of a kind; --json has all


@click.command()
@click.argument("service", type=click.Choice(discover()))
@click.option("--yes", is_flag=True, help="Write it; without it is only said what would be.")
@click.option("--json", "as_json", is_flag=True, help="For programs: every key.")
def rebuild(service: str, yes: bool, as_json: bool) -> None:
    """Fold all facts of SERVICE again, as this program does, and compare its entities and deadlines with what its tables say.

    After a new version that folds facts otherwise, or names other deadlines: stop the service, install, `laotie rebuild`, start. Also
    where a row was spoilt. The service waits while this runs, and needs not be stopped for a look. What is read, sent or held back is
    not touched, nor are tables that are written from facts beside entities (postings, cases' tasks …): they are named. Status 1 where
    something differs and --yes was not given. A database that is older than its topics is refused.
    """
    try:
        found = asyncio.run(rebuilt(running(), service, write=yes))
    except NoRebuild as error:
        raise Failed(str(error)) from error
    if as_json:
        click.echo(json.dumps({"agrees": found.agrees, "written": yes, **asdict(found)}, indent=1))
    else:
        for line in lines(found, written=yes):
            say(line)
    if not (found.agrees or yes):
        raise SystemExit(1)


async def rebuilt(stack: Stack, service: str, *, write: bool) -> Rebuilt:
    """Raises NoRebuild, TimeoutError, KafkaException."""
    settings = quiet(stack.settings(postgres.OPS).confluent())
    connection = await asyncpg.connect(stack.dsn("admin"), timeout=10, server_settings={"search_path": postgres.quoted(service)})
    try:
        work = Rebuild(import_module(f"services.{service}.handlers").SERVICE, TOPICS, stack.stripes, connection)
        await work.begin()
        ends = await asyncio.to_thread(ends_of, stack, work.lanes)
        await work.take(records(settings, ends))
        await work.hold()
        await work.take(records(settings, await asyncio.to_thread(ends_of, stack, work.lanes), starts=ends))
        return await work.finish(write=write)
    finally:
        await connection.close()


def lines(found: Rebuilt, *, written: bool) -> Iterator[str]:
    """For people."""
    yield f"{found.facts:,} facts folded again"
    for kind, count in found.entities.items():
        wrong = found.differing[kind]
        said = f"; {_some(wrong, len(wrong))} {'written anew' if written else 'would be otherwise'}" if wrong else ""
        yield f"{kind:<16} {count:>10,}{said}"
    for timers, what in ((found.armed, "armed"), (found.disarmed, "disarmed")):
        if timers:
            yield f"deadlines {'' if written else 'that would be '}{what}: {_some([f'{kind} {key}' for kind, key in timers], len(timers))}"
    if found.left:
        yield f"not looked at: {', '.join(found.left)}; `laotie verify` compares them with the topics"
    yield "entities and deadlines are what the facts make of them" if found.agrees else "done" if written else "--yes writes it"


def _some(names: list[str], count: int) -> str:
    left = f" and {count - SHOWN_MAX:,} more" if count > SHOWN_MAX else ""
    return f"{', '.join(names[:SHOWN_MAX])}{left}"
