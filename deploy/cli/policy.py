"""laotie policy validate · diff · publish · withdraw · history · replay"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from confluent_kafka import Producer

from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.inforce import Standing, standing
from deploy.cli.plain import say
from deploy.cli.replay import replay
from deploy.local import policies as topic
from deploy.local.kafka import quiet
from deploy.local.stack import Stack
from shared import postgres
from shared.messaging.record import Unreadable
from shared.messaging.versions import Kept
from shared.policy import InvalidPolicy, Policies, Policy
from shared.policy.changes import changes
from shared.policy.policies import parse
from shared.policy.published import digest, verdict, withdrawal

TIMEOUT_S = 60.0
POLL_S = 0.2
file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
no_wait_option = click.option("--no-wait", is_flag=True, help="Return once the broker has it.")
timeout_option = click.option(
    "--timeout", "timeout_s", default=TIMEOUT_S, show_default=True, type=click.FloatRange(0), help="Seconds to wait."
)
json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group()
def policy() -> None:
    """The rules that ops may change: look at a version, compare two, publish one or take it back, see what was published."""


policy.add_command(replay)


@policy.command()
@file_argument
@json_option
def validate(file: Path, as_json: bool) -> None:
    """Check the versions in a YAML or JSON file as every service would; status 1, naming fields and rules, if one is not right."""
    versions: Sequence[Policy] = ()
    faults: Sequence[str] = ()
    try:
        versions = _read(file)
    except InvalidPolicy as error:
        faults = error.faults
    if as_json:
        click.echo(json.dumps({"valid": not faults, "faults": faults, "versions": [_said(one) for one in versions]}, indent=1))
        raise SystemExit(1 if faults else 0)
    if faults:
        raise Failed("\n".join([f"policy.invalid: {file}", *(f"  {line}" for line in faults)]))
    for one in versions:
        say(f"version {one.version} is valid, in force from {_local(one)}  sha256 {digest(one)[:12]}")


@policy.command()
@click.argument("old")
@click.argument("new")
@json_option
def diff(old: str, new: str, as_json: bool) -> None:
    """Say in words what changes from OLD to NEW, for whom, by which rule and from when.

    Each is a file (its last version counts) or the name of a version on policy.v1.
    """
    published: list[topic.Reading] = []
    before, after = _named(old, published), _named(new, published)
    found = changes(before, after)
    if as_json:
        rows = [
            {"path": one.path, "who": one.word.who, "rule": one.word.rule, "since": one.word.since,
             "old": one.old, "new": one.new, "sentence": one.sentence}
            for one in found
        ]  # fmt: skip
        click.echo(json.dumps({"old": before.version, "new": after.version, "changes": rows}, indent=1, ensure_ascii=False))
        return
    for one in found:
        say(one.sentence)
    say(f"{before.version} → {after.version}: {len(found)} {'value changes' if len(found) == 1 else 'values change'}")


@policy.command()
@file_argument
@no_wait_option
@timeout_option
@json_option
def publish(file: Path, no_wait: bool, timeout_s: float, as_json: bool) -> None:
    """Publish the versions of a file that policy.v1 does not hold, and wait until every service took them.

    What the services would refuse is refused here, and nothing is published; status 1 also while a service has not taken it.
    """
    stack = running()
    try:
        versions = _read(file)
    except InvalidPolicy as error:
        raise Failed("\n".join([f"policy.invalid: {file}", *(f"  {line}" for line in error.faults)])) from None
    now, fresh = topic.business_time(stack, postgres.OPS), list[Policy]()
    reading = topic.read(stack)
    accepted = reading.policies
    for one in versions:
        found = verdict(one, now, accepted, reading.withdrawn)
        if isinstance(found, Policy):
            topic.refuse_ahead(found, now, accepted)
            accepted = Policies([*(accepted.versions if accepted else ()), found])
            fresh.append(found)
        elif found is not None:
            raise Failed(f"{found[0]}: version {one.version}: {found[1]}")
    producer = Producer(quiet(stack.settings(postgres.OPS).confluent()))
    for one in fresh:
        topic.publish(producer, one, now)
    if not no_wait:
        _taken(stack, versions, timeout_s)
    if as_json:
        click.echo(json.dumps({"published": [_said(one) for one in fresh], "taken": not no_wait}, indent=1))
        return
    for one in versions:
        lead = f", {_span(one.effective_from - now)} from now" if one.effective_from > now else ""
        say(f"version {one.version} is {'published' if one in fresh else 'there already'}: in force from {_local(one)}{lead}")
    say("not waited for the services" if no_wait else "every service has taken it")


@policy.command()
@click.argument("version")
@no_wait_option
@timeout_option
@json_option
def withdraw(version: str, no_wait: bool, timeout_s: float, as_json: bool) -> None:
    """Take a version back that is not in force yet, and wait until every service knows; its name is not used again.

    What the services would refuse is refused here: it begins too soon, or there is none of that name.
    """
    stack = running()
    reading, now = topic.read(stack), topic.business_time(stack, postgres.OPS)
    found = withdrawal(version, now, reading.policies, reading.withdrawn)
    if isinstance(found, tuple):
        raise Failed(f"{found[0]}: {found[1]}")
    if found is not None:
        topic.withdraw(Producer(quiet(stack.settings(postgres.OPS).confluent())), version, now)
    if not no_wait:
        _wait(stack, lambda one: version in one.withdrawn, timeout_s, "withdrawn")
    if as_json:
        click.echo(json.dumps({"withdrawn": version, "before": found is None, "taken": not no_wait}, indent=1))
        return
    say(f"version {version} {'was withdrawn already' if found is None else f'is withdrawn: it does not begin {_local(found)}'}")
    say("not waited for the services" if no_wait else "every service has taken it")


@policy.command()
@json_option
def history(as_json: bool) -> None:
    """List what was published on policy.v1, in order, and what became of it: in force when, withdrawn, or refused with which code."""
    stack = running()
    reading, now = topic.read(stack), topic.business_time(stack, postgres.OPS)
    current = reading.policies.version_at(now) if reading.policies else ""
    rows = [_row(one, current, reading.withdrawn, now) for one in reading.heard]
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        what = f"{row['code']}: {row['detail']}" if row["code"] else row["became"]
        begins = f"  from {row['begins']}" if row["begins"] else ""
        say(f"{row['offset']:>4}  {row['published']}  {row['key']:<16} {what}{begins}")
    say(f"in force: {current or 'none'}")


def _row(one: topic.Heard, current: str, withdrawn: Collection[str], now: datetime) -> dict[str, Any]:
    record, became = one.record, one.became
    row: dict[str, Any] = {
        "offset": record.offset,
        "published": datetime.fromtimestamp(record.timestamp_ms / 1000).astimezone().isoformat(timespec="seconds"),
        "key": (record.key or b"").decode(errors="replace"),
        "became": "known", "code": "", "detail": "", "begins": "", "sha256": "",
    }  # fmt: skip
    if isinstance(became, Kept):
        state = "in force" if became.version == current else "over" if became.begins <= now else "to come"
        if became.withdrawn is not None:
            row |= {"became": "withdrawal"}
        else:
            state = "withdrawn" if became.version in withdrawn else state
            row |= {"became": state, "begins": became.begins.isoformat(), "sha256": became.sha256}
    elif isinstance(became, Unreadable):
        row |= {"became": "refused", "code": became.code, "detail": became.detail}
    return row


def _read(file: Path) -> Sequence[Policy]:
    """In the order in which they begin. Raises InvalidPolicy."""
    try:
        return Policies(parse(file.read_text(encoding="utf-8"))).versions
    except UnicodeDecodeError as error:
        raise InvalidPolicy(f"not UTF-8: {error}") from None


def _named(name: str, published: list[topic.Reading]) -> Policy:
    """published: read once for both."""
    if Path(name).is_file():
        try:
            return _read(Path(name))[-1]
        except InvalidPolicy as error:
            raise Failed(f"policy.invalid: {name}: {error}") from None
    if not published:
        published.append(topic.read(running()))
    versions = published[0].policies.versions if published[0].policies else ()
    found = next((one for one in versions if one.version == name), None)
    if name in published[0].withdrawn:
        raise Failed(f"version {name} was withdrawn")
    if found is None:
        raise Failed(f"there is no file and no version {name!r}; versions: {', '.join(one.version for one in versions) or 'none'}")
    return found


def _taken(stack: Stack, versions: Sequence[Policy], timeout_s: float) -> None:
    """Raises Failed, naming the services that have not. Wanted is what policy.v1 says: it may be written otherwise than the file."""
    named = {one.version for one in versions}
    wanted = {one.version: one.sha256 for one in topic.read(stack).kept if one.version in named and one.withdrawn is None}
    _wait(stack, lambda one: _holds(one, wanted), timeout_s, "published")


def _wait(stack: Stack, taken: Callable[[Standing], bool], timeout_s: float, what: str) -> None:
    """Raises Failed, naming the services that have not."""
    deadline = time.monotonic() + timeout_s
    while True:
        missing = [service for service, one in asyncio.run(standing(stack)).items() if not taken(one)]
        if not missing:
            return
        if time.monotonic() > deadline:
            raise Failed(f"{what}, but not taken by {', '.join(missing)} within {timeout_s:.0f} s: laotie status, laotie policy history")
        time.sleep(POLL_S)


def _holds(one: Standing, wanted: Mapping[str, str]) -> bool:
    return all(one.kept.get(version) == sha256 for version, sha256 in wanted.items())


def _said(one: Policy) -> dict[str, str]:
    return {"version": one.version, "effective_from": one.effective_from.isoformat(), "sha256": digest(one)}


def _local(one: Policy) -> str:
    return one.effective_from.astimezone(ZoneInfo(one.zone)).isoformat()


def _span(span: timedelta) -> str:
    """3 d 4 h, 12 min."""
    minutes = int(span.total_seconds() // 60)
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "under a minute"
