"""python -m tests.chaos.mutants [NAME ...]: applies each break to a copy of the tree and runs the test that must fail.

One stack for all. First every test that is used must pass on the unbroken copy. Exit 1 if a break survives or does not apply.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.local.stack import Stack, environment_of
from tests.chaos import breaks_real, breaks_unit
from tests.chaos.breaks import UNIT, Break

CHECKOUT = Path(__file__).parents[2]
COPIED = ("deploy", "shared", "tests", "services", "pyproject.toml")
PATIENCE_S = "25"  # how long a broken engine is waited for; the unbroken one has passed within it
TEST_S = 240


def main(names: list[str]) -> int:
    known = {one.name: one for one in (*breaks_unit.BREAKS, *breaks_real.BREAKS)}
    if unknown := [name for name in names if name not in known]:
        print(f"no such break: {', '.join(unknown)}; there are:", *known, sep="\n  ")
        return 2
    breaks = [known[name] for name in names or known]
    home = Path(tempfile.mkdtemp(prefix="laotie-mutants-"))
    stack = Stack(home / "stack")
    try:
        tree = copy(home / "tree")
        environment = {**os.environ, "TOY_PATIENCE_S": PATIENCE_S, "PYTHONDONTWRITEBYTECODE": "1"}
        if any(not one.by.startswith(UNIT) for one in breaks):
            for name in ("LAOTIE_KAFKA", "LAOTIE_POSTGRES"):
                os.environ.pop(name, None)
            environment |= environment_of(stack.start().settings("admin"))
        return table(tree, breaks, environment)
    finally:
        stack.stop()
        stack.home.remove()
        shutil.rmtree(home, ignore_errors=True)


def copy(tree: Path) -> Path:
    tree.mkdir()
    for name in COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(source, tree / name)
    return tree


def table(tree: Path, breaks: list[Break], environment: Mapping[str, str]) -> int:
    began = time.monotonic()
    tests = list(dict.fromkeys(one.by for one in breaks))
    failed, seconds, output = run(tree, tests, environment, TEST_S * 4)
    print(f"{len(tests)} tests on the unbroken copy: {'FAILED' if failed else 'passed'} in {seconds:.0f} s", flush=True)
    if failed:
        print(output)
        return 1
    survivors = 0
    print(f"\n{'break':42} {'what it makes untrue':72} caught by", flush=True)
    for one in breaks:
        path = tree / "shared/messaging" / one.file
        text = path.read_text(encoding="utf-8")
        if text.count(one.old) != 1:
            print(f"{one.name:42} {one.sentence:72} DOES NOT APPLY: {one.file} holds it {text.count(one.old)} times", flush=True)
            survivors += 1
            continue
        path.write_text(text.replace(one.old, one.new), encoding="utf-8")
        caught, seconds, output = run(tree, [one.by], environment, TEST_S)
        path.write_text(text, encoding="utf-8")
        survivors += not caught
        verdict = f"{one.by.removeprefix('tests/')} in {seconds:.0f} s" if caught else f"SURVIVED {one.by}"
        print(f"{one.name:42} {one.sentence:72} {verdict}", flush=True)
    print(f"\n{len(breaks)} breaks, {len(breaks) - survivors} caught, {(time.monotonic() - began) / 60:.1f} min", flush=True)
    return 1 if survivors else 0


def run(tree: Path, tests: list[str], environment: Mapping[str, str], seconds: float) -> tuple[bool, float, str]:
    """(failed, seconds, output). A test that hangs has failed; a test that cannot be collected is an error of ours."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-x", "--infra=external", "-p", "no:cacheprovider", *tests]
    try:
        done = subprocess.run(command, cwd=tree, env=dict(environment), capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return True, seconds, "timed out"
    output = done.stdout[-4000:] + done.stderr[-2000:]
    if done.returncode not in (0, 1):
        raise RuntimeError(f"pytest ended with {done.returncode}:\n{output}")
    return done.returncode == 1, time.monotonic() - began, output


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
