"""python -m tests.chaos [--rounds N] [--seed S] [--minutes M]: faults of every kind, and an oracle that must find nothing.

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
from tests.chaos.arena import Arena
from tests.chaos.disasters import behead, restore

WORLD_ROUNDS = 25  # then another world: topics and tables stay small, and a fresh start is part of the test
RESTORE_AT = 12  # of a world's rounds
ROUNDS = 300


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.chaos")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after that many")
    parser.add_argument("--attach", type=Path, help="home of a running stack: it is used, and its servers are left alone")
    given = parser.parse_args(arguments)
    print(f"chaos: {given.rounds} rounds, seed {given.seed}", flush=True)
    if given.attach:
        return play(Stack(given.attach), given, servers=False)
    for name in ("LAOTIE_KAFKA", "LAOTIE_POSTGRES"):  # servers of somebody else are not ours to kill
        os.environ.pop(name, None)
    home = Path(tempfile.mkdtemp(prefix="laotie-chaos-"))
    stack = Stack(home)
    try:
        return play(stack.start(prepare=False), given, servers=True)
    finally:
        stack.stop()
        stack.home.remove()
        shutil.rmtree(home, ignore_errors=True)


def play(stack: Stack, given: argparse.Namespace, *, servers: bool) -> int:
    began = time.monotonic()
    random = Random(given.seed)
    arena = Arena(stack, random, servers)
    try:
        for n in range(given.rounds):
            if time.monotonic() - began > given.minutes * 60:
                break
            place = n % WORLD_ROUNDS
            if place == RESTORE_AT and servers:
                print(f"round {n + 1:4} {restore(arena)}", flush=True)
            elif place == WORLD_ROUNDS - 1:
                print(f"round {n + 1:4} {behead(arena)}", flush=True)
                arena.close()
                arena.open()
            else:
                print(f"round {n + 1:4} {arena.round()}", flush=True)
    except AssertionError as violation:  # a Violation, or something awaited that never came
        print(f"VIOLATION in round {n + 1}, seed {given.seed}, world {arena.world.ns}\n{violation}", flush=True)
        print(arena.world.logs(40), flush=True)
        return 1
    finally:
        arena.close()
    told = ", ".join(f"{name} {count}" for name, count in sorted(arena.faults.items()))
    minutes = (time.monotonic() - began) / 60
    print(f"chaos: {n + 1} rounds, {arena.lives} lives, seed {given.seed}, {minutes:.1f} min, no violation\nfaults: {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
