"""Which home of this user has which port: a server that is down for a moment, or for days, comes back to its address."""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / f"laotie-ports-{os.geteuid()}"


@contextmanager
def alone() -> Iterator[None]:
    """Nobody else chooses meanwhile; a claim counts from the moment at which its home's ports.json names the port."""
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def claim(port: int, root: Path) -> bool:
    """False: another home that still stands has it, though nothing may listen there now. Only within alone()."""
    link = FOLDER / str(port)
    if link.is_symlink():
        holder = link.readlink()
        if holder != root and _names(holder / "ports.json", port):
            return False
        link.unlink()
    link.symlink_to(root)
    return True


def drop(root: Path, ports: Iterable[int]) -> None:
    """Of a home that goes for good."""
    for link in (FOLDER / str(port) for port in ports):
        with suppress(OSError):
            if link.readlink() == root:
                link.unlink()


def _names(path: Path, port: int) -> bool:
    return path.exists() and port in json.loads(path.read_text(encoding="utf-8")).values()
