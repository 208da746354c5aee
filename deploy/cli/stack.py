"""laotie up · down · status · logs"""

import asyncio
import json
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import asyncpg
import click
from confluent_kafka import KafkaException

from deploy.cli.connect import running
from deploy.cli.errors import Failed
from deploy.cli.inforce import standing
from deploy.cli.plain import say
from deploy.cli.topics import planned
from deploy.local import control
from deploy.local.home import Home, default_home
from deploy.local.policies import business_time
from deploy.local.process import StackError
from deploy.local.services import HALT, OK, answer
from deploy.local.stack import Stack
from shared import postgres

T = TypeVar("T")

FOLLOW_S = 0.2
LINES = 50
WITHDRAWN_SHOWN = 3


def progress(line: str) -> None:
    say(line, err=True)


@click.command()
@click.option("--clock", type=click.Choice(["system", "manual"]), help="Source of business time; else as it was, at first system.")
@click.option("--fresh", is_flag=True, help="Forget all data, passwords and logs first; addresses stay.")
@click.option("--no-services", is_flag=True, help="Kafka and Postgres only.")
@click.option("--no-restart", is_flag=True, help="Leave a crashed process down.")
@click.option("--json", "as_json", is_flag=True, help="Print the state when ready.")
def up(clock: Literal["system", "manual"] | None, fresh: bool, no_services: bool, no_restart: bool, as_json: bool) -> None:
    """Start what is missing; returns when everything is ready.

    Starts Kafka and Postgres, applies topics, ACLs, roles and migrations, and starts every service as a process of its own.
    Writes .laotie/env (source it), .laotie/clients/ (settings for kcat and Kafka's tools) and .laotie/bin/ (those tools).
    """
    began = time.monotonic()
    home = Home(default_home())
    stripes = Stack(home.root).stripes  # wrong settings are told here and not by the daemon
    state = control.up(
        home,
        clock or ("system" if fresh else clock_of(home)),
        stripes,
        fresh=fresh,
        start_services=not no_services,
        restart=not no_restart,
        say=progress,
    )
    halted = _ask(state)
    if as_json:
        click.echo(json.dumps(state, indent=1))
    else:
        _table(state)
        say(f"up in {time.monotonic() - began:.1f} s; for your shell: . {_shown(home.root / 'env')}")
    if fallen := [row["name"] for row in state["processes"] if not row["alive"]]:
        raise Failed(f"{', '.join(fallen)} down; unless --no-restart was said it is tried again, `laotie down` and `laotie up` do it now")
    if halted:
        raise Failed(f"{', '.join(halted)} halted; the way out stands in deploy/RUNBOOK.md under the code")


def clock_of(home: Home) -> Literal["system", "manual"]:
    """The one that it was up with last: business time that was walked ahead by hand does not fall back to today."""
    env = home.root / "env"
    return "manual" if env.exists() and "export LAOTIE_CLOCK=manual\n" in env.read_text(encoding="utf-8") else "system"


@click.command()
def down() -> None:
    """Stop services, then Kafka, then Postgres; leaves no process behind."""
    began, home = time.monotonic(), Home(default_home())
    stopped = control.down(home, say)
    say(f"down in {time.monotonic() - began:.1f} s" if stopped else f"nothing was up in {_shown(home.root)}")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(as_json: bool) -> None:
    """Show every process, and what it says when it does not do its work; status 1 when one is down or has halted."""
    home = Home(default_home())
    state = control.state(home)
    halted = _ask(state)
    if state["phase"] == "ready" and all(row["alive"] for row in state["processes"] if row["name"] in control.SERVERS):
        state |= {"policies": _asked(_policies) or [], "differences": _asked(_differences)}
    if as_json:
        click.echo(json.dumps(state, indent=1))
    else:
        phase = f"{state['phase']}, but halted: {', '.join(halted)}" if halted else state["phase"]
        clock = f", {state['clock']} clock" if state.get("clock") else ""
        say(f"{phase}{clock}, home {_shown(home.root)}")
        if state.get("error"):
            for line in state["error"].split("\n"):
                say(line, err=True)
        _table(state)
        for row in state.get("policies", ()):
            coming = f", next {row['next']} from {row['next_from']}" if row["next"] else ""
            say(f"  {row['service']:<14} policy {row['in_force'] or 'none'}{coming}{_withdrawn(row['withdrawn'])}")
        if differences := state.get("differences"):
            say(f"  topics and ACLs are not as deployed, {len(differences)} differences: `laotie topics plan`")
    if halted or state["phase"] != "ready" or not all(row["alive"] for row in state["processes"]):
        raise SystemExit(1)


@click.command()
@click.argument("name", required=False)
@click.option("-f", "--follow", is_flag=True, help="Keep printing what is added.")
@click.option("-n", "--lines", default=LINES, show_default=True, type=click.IntRange(0), help="How many of the last lines.")
def logs(name: str | None, follow: bool, lines: int) -> None:
    """Print the log of NAME (kafka, postgres, order-1, …), or of all."""
    home = Home(default_home())
    known = {path.stem: path for path in sorted(home.logs.glob("*.log"))}
    if name is not None and name not in known:
        raise Failed(f"no log of {name!r}; there are: {', '.join(known) or 'none'}")
    chosen = known if name is None else {name: known[name]}
    positions = {one: _print_tail(one, path, lines, label=len(chosen) > 1) for one, path in chosen.items()}
    while follow:
        time.sleep(FOLLOW_S)
        for one, path in chosen.items():
            positions[one] = _print_from(one, path, positions[one], label=len(chosen) > 1)


def _asked(question: Callable[[Stack], list[T]]) -> list[T] | None:
    """None where a server does not answer."""
    try:
        return question(running())
    except (OSError, asyncpg.PostgresError, KafkaException, StackError, click.ClickException):
        return None


def _policies(stack: Stack) -> list[dict[str, Any]]:
    """Which version each service has in force, and the next one."""
    found = asyncio.run(standing(stack, business_time(stack, postgres.OPS)))
    rows = []
    for service, one in found.items():
        coming, begins = one.coming or (None, None)
        row = {"service": service, "in_force": one.in_force, "next": coming, "next_from": begins.isoformat() if begins else None}
        rows.append({**row, "withdrawn": one.withdrawn})
    return rows


def _differences(stack: Stack) -> list[str]:
    """What of topics and ACLs is not as deployed."""
    changes = planned(stack)
    return [*changes.errors, *changes.lines()]


def _ask(state: dict[str, Any]) -> list[str]:
    """Adds what each living service says of itself under /readyz; the names of those that have halted."""
    for row in state["processes"]:
        if row["alive"] and row["address"].startswith("http"):
            row["said"] = answer(row["address"])
    return [row["name"] for row in state["processes"] if HALT in row.get("said", "")]


def _withdrawn(versions: Sequence[str]) -> str:
    """Those that were withdrawn last; `laotie policy history` has all."""
    before = len(versions) - WITHDRAWN_SHOWN
    more = f" and {before} before" if before > 0 else ""
    return f", withdrawn {', '.join(versions[-WITHDRAWN_SHOWN:])}{more}" if versions else ""


def _table(state: dict[str, Any]) -> None:
    for row in state["processes"]:
        condition = "up" if row["alive"] else "down"
        restarts = f", started again {row['restarts']}x" if row["restarts"] else ""
        say(f"  {row['name']:<14} {condition:<5} pid {row['pid'] or '-':<8} {row['address']}{restarts}")
        why = row["error"] if not row["alive"] else "" if row.get("said", OK) == OK else row["said"] or "it does not answer"
        for line in (why or "").splitlines():
            say(f"    {line}")


def _shown(path: Path) -> str:
    """Relative where that is shorter to type."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def _print_tail(name: str, path: Path, lines: int, *, label: bool) -> int:
    with path.open("rb") as file:
        for line in deque(file, maxlen=lines):
            _print_line(name, line, label=label)
        return file.tell()


def _print_from(name: str, path: Path, position: int, *, label: bool) -> int:
    """A file that has become shorter was begun anew."""
    with path.open("rb") as file:
        file.seek(position if path.stat().st_size >= position else 0)
        for line in file:
            _print_line(name, line, label=label)
        return file.tell()


def _print_line(name: str, line: bytes, *, label: bool) -> None:
    text = line.decode(errors="replace").rstrip("\n")
    say(f"{name:<12} | {text}" if label else text)
