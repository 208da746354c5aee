"""make bench: what the engine costs and gains, beside what it is compared with, in one interleaved run.

Real Kafka and Postgres, fsync on, load from a process of its own, medians over the rounds. Two noisy cores: read ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.home import Home, default_home
from deploy.local.stack import Stack
from tests.bench import aftersale, daily, engine, folding, policies, replay, trust
from tests.bench.engine import RATES, median
from tests.bench.money import Money, answered
from tests.bench.whole import Whole, whole

MONEY = ("life", "refunds", "wide", "settling", "rush", "aftersale", "cases")  # orders and money: each beside the plain loop
SECTIONS = ("certificates", "trust", "replay", "mini", "latency", "whole", *MONEY, "quiet", "day", "policy", "growth", "backlog")
WARM_RATE, WARM_S = 40.0, 25.0  # the broker compiles by requests, not by records
FOLDED = 100  # lives in memory
LARGE = ("settling", "rush", "cases")  # once is enough

console = Console()


def main() -> None:
    options = _options()
    report: dict[str, Any] = {"rounds": options.rounds, "load_before": os.getloadavg()[0]}
    began = time.monotonic()
    if "certificates" in options.sections:
        console.rule("certificates, in memory")
        report["certificates"] = folding.certificates(options.rounds, FOLDED, console.print)
    if "trust" in options.sections:
        console.rule("trust, in memory")
        report["trust"] = trust.report(options.evidence, options.subjects, trust.BATCH, console.print)
    if "replay" in options.sections:
        console.rule("recorded orders decided again, in memory")
        report["replay"] = {kind: replay.report(kind, orders) for kind, orders in replay.ORDERS.items()}
    if {"mini", "latency", "growth", "backlog"} & set(options.sections):
        with alone() as home, Stack(home, lasting=True, say=console.print) as stack:
            stack.start()
            console.rule("the engine alone")
            report |= engine.sections(stack, options, console.print)
    if {"whole", "quiet", "day", "policy", *MONEY} & set(options.sections):
        with alone() as home, whole(home) as lives:
            _service_sections(lives, options, report)
    report["seconds"] = round(time.monotonic() - began, 1)
    folder = default_home() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _print(report)
    console.print(f"written: {folder / 'report.json'}")


@contextmanager
def alone() -> Iterator[Path]:
    """A home for this run only; as root its database lies elsewhere, and goes too."""
    home = Home(Path(tempfile.mkdtemp(prefix="laotie-bench-")))
    try:
        yield home.root
    finally:
        home.remove()


def _service_sections(lives: Whole, options: argparse.Namespace, report: dict[str, Any]) -> None:
    if "policy" in options.sections:
        console.rule("a policy changes")
        report["policy"] = policies.measured(lives)
    if "whole" in options.sections:
        console.rule("whole life, four services")
        found = _whole(lives, options)
        report |= {**found, "memory_mb": report.get("memory_mb", {}) | found["memory_mb"]}
    sections = [name for name in MONEY if name in options.sections]
    with answered(lives):
        money = Money(
            lives, {name: getattr(options, name) for name in ("orders", "wide", "settling", "rush", "units", "cases")}, console.print
        )
        if sections:
            console.rule(f"orders and money: {', '.join(sections)}")
            report["money"] = _money(money, sections, options.rounds)
        if {"quiet", "day"} & set(options.sections):
            money.quiet(WARM_RATE, WARM_S)
        if "quiet" in options.sections:
            console.rule("orders and money at a given rate")
            report["quiet"] = _quiet(money, options)
        if "day" in options.sections:
            console.rule("the pass of a day beside live traffic")
            report["day"] = daily.measured(money, options.looked, options.seconds)


def _money(money: Money, sections: list[str], rounds: int) -> dict[str, Any]:
    """They take turns with the plain loop, whose life has as many steps as a whole one."""
    money.lives.live(max(100, money.sizes["orders"] // 4), 1000)  # warm
    steps = money.lives.live(max(100, money.sizes["orders"] // 10), 1000)["steps_per_life"]
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in ("raw", *sections)}
    for _ in range(rounds):
        for name, runs in found.items():
            if not (name in LARGE and runs):
                runs.append(money.raw(steps) if name == "raw" else _section(money, name))
    told = {name: {key: median(runs, key) for key in runs[0]} for name, runs in found.items()}
    for name in (name for name in sections if name != "cases"):  # compared with themselves
        rate = told[name].get("steps_per_s", told[name].get("settle_steps_per_s", 0))
        told[name]["ratio_to_raw"] = rate / told[name].get("raw_steps_per_s", told["raw"]["steps_per_s"])
    return told


def _quiet(money: Money, options: argparse.Namespace) -> dict[str, Any]:
    found = [{str(rate): money.quiet(rate, options.seconds) for rate in RATES} for _ in range(options.rounds)]
    return {rate: {key: median([turn[rate] for turn in found], key) for key in found[0][rate]} for rate in found[0]}


def _section(money: Money, name: str) -> dict[str, Any]:
    after: dict[str, Callable[[Money], dict[str, Any]]] = {"aftersale": aftersale.life, "cases": aftersale.cases}
    found: dict[str, Any] = after[name](money) if name in after else getattr(money, name)()
    return found


def _whole(lives: Whole, options: argparse.Namespace) -> dict[str, Any]:
    spread, hot = [], []
    lives.live(options.orders // 4, 1000)
    for _ in range(options.rounds):
        spread.append(lives.live(options.orders, 1000))
        hot.append(lives.live(options.orders, 1))
        console.print(f"spread {spread[-1]['lives_per_s']:.0f} lives/s, one seller {hot[-1]['lives_per_s']:.0f}")
    phases, memory = lives.phases(), lives.memory_mb()
    life = {key: median(spread, key) for key in spread[0]}
    ratio = median(hot, "lives_per_s") / life["lives_per_s"]
    settle = median(hot, "settle_lives_per_s") / life["settle_lives_per_s"]
    hot_seller = {"ratio_to_spread": ratio, "settle_ratio_to_spread": settle}
    return {"whole_life": {**life, "us_per_event_by_phase": phases}, "hot_seller": hot_seller, "memory_mb": memory}


def _print(report: dict[str, Any]) -> None:
    table = Table("figure", "value")
    for key, value in _flat("", report):
        table.add_row(key, f"{value:.2f}" if isinstance(value, float) else str(value))
    if "mini_life" in report:
        mini = report["mini_life"]
        for other, key, target in (("raw", "lives_per_s", "≥ 0.6"), ("naive", "lives_per_s", "≥ 30"), ("raw", "cpu_ms_per_life", "≤ 1.6")):
            table.add_row(f"engine / {other}, {key} (target {target})", f"{mini['engine'][key] / mini[other][key]:.2f}")
    replay.rows(report.get("replay", {}), table.add_row)
    if "certificates" in report:
        added = report["certificates"]["plain"]["added"]
        table.add_row("the refund service, CPU added to an order's life (target for certificates ≤ 0.25)", f"{added:.2f}")
    if "trust" in report:
        table.add_row(
            "trust: one seller with nine tenths of the evidence / spread (target ≥ 0.7)", f"{report['trust']['hot_to_spread']:.2f}"
        )
    if "cases" in report.get("money", {}):
        table.add_row("slowdown by open cases (target ≤ 1.2)", f"{report['money']['cases']['slowdown']:.2f}")
    for name, found in report.get("money", {}).items():
        if "ratio_to_raw" in found:
            table.add_row(f"{name} / raw, durable steps per second (target ≥ 0.5)", f"{found['ratio_to_raw']:.2f}")
    console.print(table)


def _flat(prefix: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [item for key, inner in value.items() for item in _flat(f"{prefix}.{key}" if prefix else str(key), inner)]
    return [(prefix, value)]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lives", type=int, default=6000, help="of a saturated run")
    parser.add_argument("--orders", type=int, default=3000, help="of a whole-life run")
    parser.add_argument("--wide", type=int, default=60, help="orders of 200 lines")
    parser.add_argument("--settling", type=int, default=20_000, help="orders of one seller due at one midnight; in full 100000")
    parser.add_argument("--rush", type=int, default=20_000, help="orders of the flash sale")
    parser.add_argument("--units", type=int, default=500, help="that the flash sale has")
    parser.add_argument("--cases", type=int, default=100_000, help="open cases with deadlines that are stored; in full 1000000")
    parser.add_argument(
        "--evidence", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="items of a subject's history; in full 1000000"
    )
    parser.add_argument("--subjects", type=int, default=10_000, help="looked at in a day's pass; in full 1000000")
    parser.add_argument("--looked", type=int, default=100_000, help="subjects of the pass beside live traffic; in full 1000000")
    parser.add_argument("--backlog", type=int, default=50_000)
    parser.add_argument("--seconds", type=float, default=15, help="of a latency run")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
