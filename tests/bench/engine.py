"""The engine alone, on the mini-life: throughput beside what it is compared with, latency, growth, backlog."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from signal import Signals
from typing import Any

import asyncpg

from deploy.local.postgres import run
from deploy.local.stack import Stack
from tests.bench.mini import Variant, memory_mb, variant
from tests.toy.outside import NAMES, until

VARIANTS = ("engine", "raw", "batch", "naive")
RATES = (10, 40, 200)

Say = Callable[[str], None]


def sections(stack: Stack, options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """Those that are asked for."""
    found: dict[str, Any] = {}
    if "mini" in options.sections:
        found |= {"mini_life": _mini(stack, options, say)}
    if "latency" in options.sections:
        found |= _latency(stack, options, say)
    if "growth" in options.sections:
        found |= {"growth": _growth(stack, options, say)}
    if "backlog" in options.sections:
        found |= {"backlog": _backlog(stack, options, say)}
    return found


def _mini(stack: Stack, options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """Six durable steps over three services; the three ways take turns."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in VARIANTS}
    with variant(stack, "raw") as made:
        made.load(options.lives)  # the broker, once for all
    for number in range(options.rounds):
        for name in VARIANTS:
            lives = options.lives if name != "naive" else max(100, options.lives // 20)
            with variant(stack, name) as made:
                made.load(max(100, lives // 2))  # warm
                found[name].append(made.load(lives))
            say(f"round {number + 1} {name}: {found[name][-1]['lives_per_s']:.0f} lives/s, {found[name][-1]['cpu_ms_per_life']:.2f} ms")
    return {name: {key: median(runs, key) for key in ("lives_per_s", "cpu_ms_per_life")} for name, runs in found.items()}


def _latency(stack: Stack, options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """The same life at low rates, after warming the broker by requests."""
    found: dict[int, list[dict[str, Any]]] = {rate: [] for rate in RATES}
    with variant(stack, "engine") as made:
        made.load(int(200 * options.seconds), 200)
        for _ in range(options.rounds):
            for rate in RATES:
                found[rate].append(made.load(int(rate * options.seconds), rate))
                say(f"{rate}/s: p50 {found[rate][-1]['p50_ms']:.1f} ms, p99 {found[rate][-1]['p99_ms']:.1f} ms")
        memory = dict(zip(NAMES, made.memory_mb(), strict=True))
    return {
        "latency": {str(rate): {key: median(runs, key) for key in ("p50_ms", "p99_ms")} for rate, runs in found.items()},
        "memory_mb": {"mini": memory},
    }


def _growth(stack: Stack, options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """CPU of a life with 10,000 and with 100,000 entities and inbox rows already stored."""
    found = {}
    for stored in (0, 10_000, 100_000):
        with variant(stack, "engine") as made:
            for name in NAMES:
                run(_store(stack.dsn("admin"), made.world.ns + name, stored))
            made.load(options.lives // 4)
            runs = [made.load(options.lives) for _ in range(options.rounds)]
        found[str(stored)] = {key: median(runs, key) for key in ("lives_per_s", "cpu_ms_per_life")}
        say(f"{stored} stored: {found[str(stored)]}")
    return found | {"cpu_ratio_100k_to_10k": found["100000"]["cpu_ms_per_life"] / found["10000"]["cpu_ms_per_life"]}


async def _store(dsn: str, schema: str, count: int) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(f'SET search_path = "{schema}"')
    body = '{"life_id": "x", "steps": [1, 4], "notes": 0, "digest": "", "pokes": 0, "deadline": null}'
    await connection.execute(f"INSERT INTO life SELECT 'old-' || n, 2, 1, '{body}' FROM generate_series(1, {count}) n")
    await connection.execute(f"INSERT INTO inbox SELECT 'toy/old', 'old-' || n, '\\x00'::bytea, now() FROM generate_series(1, {count}) n")
    await connection.execute("ANALYZE")
    await connection.close()


def _backlog(stack: Stack, options: argparse.Namespace, say: Say) -> dict[str, Any]:
    """Lives published while nothing runs; then all processes start."""
    with variant(stack, "engine") as made:
        made.load(options.lives // 4)
        steady = made.load(options.lives)
        for process in made.processes:
            process.signal(Signals.SIGTERM)
        until(lambda: not any(process.alive for process in made.processes), 60, lambda: "services do not stop")
        for n in range(options.backlog):
            made.world.publish("life.begin", f"backlog-{n}", id=f"backlog-{n}")
        made.world.flush()
        done, peaks, began = _drain(made, options.backlog)
    rate = options.backlog / done
    say(f"backlog of {options.backlog}: {rate:.0f} lives/s, steady {steady['lives_per_s']:.0f}; began {began:.1f} s after the start")
    return {"lives": options.backlog, "lives_per_s": rate, "ratio_to_steady": rate / steady["lives_per_s"], "memory_peak_mb": max(peaks)}


def _drain(made: Variant, lives: int) -> tuple[float, list[float], float]:
    """Seconds from the first step done to the last, peak memory on the way, seconds the start took."""
    schema = made.world.ns + "gamma"

    def ended() -> int:
        rows = made.world.rows("gamma", "SELECT coalesce(sum(seq), 0)::bigint AS n FROM lane WHERE topic = $1", f"{schema}.v1")
        return int(rows[0]["n"])

    before, started = ended(), time.monotonic()
    made.processes = [made.world.spawn(name) for name in NAMES]
    peaks, first = [0.0], 0.0
    while (now := ended()) < before + 2 * lives:  # steps 3 and 6 of each life
        if now > before and not first:
            first = time.monotonic()
        peaks.append(max((memory_mb(process.pid) for process in made.processes if process.alive), default=0.0))
        if time.monotonic() - started > 1200:
            raise RuntimeError(f"{now - before} of {2 * lives} steps after 20 minutes")
        time.sleep(0.2)
    return time.monotonic() - (first or started), peaks, (first or started) - started


def median(runs: list[dict[str, Any]], key: str) -> float:
    """Of one figure of several rounds."""
    return float(statistics.median(run[key] for run in runs))
