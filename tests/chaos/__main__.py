"""python -m tests.chaos [--trade toy|market] [--cluster] [--rounds N] [--seed S] [--minutes M]: faults of every kind, without effect.

toy: rounds of a make-believe trade on the engine, judged without any of its code. market: each round is a small market of orders and
money on the real services, judged by what it expects of every order and by `laotie verify`.

Exit 1 at the first violation, with what and where; the seed repeats the choices (not the timing).
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path
from random import Random

from deploy.local.stack import Stack
from deploy.market.demo import BEGINS
from tests.chaos.arena import Arena
from tests.chaos.cluster import clustered, remove
from tests.chaos.disasters import behead, recover, restore
from tests.chaos.market import MarketArena

WORLD_ROUNDS = 25  # of the toy; then another world: topics and tables stay small, and a fresh start is part of the test
RESTORE_AT, RECOVER_AT = 12, (6, 18)  # of a world's rounds
ROUNDS = {"toy": 300, "market": 100}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos")
    parser.add_argument("--trade", choices=list(ROUNDS), default="toy")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after that many")
    parser.add_argument("--cluster", action="store_true", help="three brokers that hold copies, and a database with a standby")
    parser.add_argument("--attach", type=Path, help="home of a running stack, for the toy: it is used, and its servers are left alone")
    given = parser.parse_args(arguments)
    given.rounds = given.rounds or ROUNDS[given.trade]
    print(f"chaos: {given.rounds} rounds, trade {given.trade}, seed {given.seed}", flush=True)
    if given.attach:
        if given.trade == "market":
            parser.error("a market needs a stack of its own: each round begins with an empty one")
        return play(Arena(Stack(given.attach), Random(given.seed), servers=False), given)
    for name in ("LAOTIE_KAFKA", "LAOTIE_POSTGRES"):  # servers of somebody else are not ours to kill
        os.environ.pop(name, None)
    home = Path(tempfile.mkdtemp(prefix="laotie-chaos-"))
    arena = arena_of(given.trade, (clustered if given.cluster else Stack)(home), Random(given.seed))
    try:
        status = play(arena, given)
    finally:
        arena.stack.stop()
    if status == 0:
        remove(arena.stack)
        shutil.rmtree(home, ignore_errors=True)
    else:
        print(f"topics, tables and logs are left in {home}", flush=True)
    return status


def arena_of(trade: str, stack: Stack, random: Random) -> Arena:
    if trade == "market":
        os.environ["LAOTIE_CLOCK_BEGINS"] = BEGINS.isoformat()
        return MarketArena(stack, random)
    return Arena(stack.start(prepare=False), random)


def play(arena: Arena, given: argparse.Namespace) -> int:
    began = time.monotonic()
    done = 0
    try:
        for n in range(given.rounds):
            if time.monotonic() - began > given.minutes * 60:
                break
            print(f"round {n + 1:4} {one(arena, n % WORLD_ROUNDS)}", flush=True)
            done = n + 1
    except AssertionError as violation:  # a Violation, or something awaited that never came
        print(f"VIOLATION in round {done + 1}, seed {given.seed}, world {arena.world.ns}\n{violation}", flush=True)
        print(arena.world.logs(40), flush=True)
        return 1
    finally:
        arena.close()
    told = ", ".join(f"{name} {count}" for name, count in sorted(arena.faults.items()))
    minutes = (time.monotonic() - began) / 60
    print(f"chaos: {done} rounds, {arena.lives} lives, seed {given.seed}, {minutes:.1f} min, no violation\nfaults: {told}", flush=True)
    return 0


def one(arena: Arena, place: int) -> str:
    """A round. place: of those in a toy world; a market's disasters are among its faults."""
    if isinstance(arena, MarketArena):
        return arena.round()
    if place == RESTORE_AT and arena.servers and not arena.clustered:
        return restore(arena)
    if place in RECOVER_AT and arena.servers and not arena.clustered:
        return recover(arena)
    if place == WORLD_ROUNDS - 1:
        told = behead(arena)
        arena.close()
        arena.open()
        return told
    return arena.round()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
