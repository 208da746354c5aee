"""The folder of one stack: where everything lies, its secrets, its ports, and the lock that keeps two owners apart."""

import base64
import fcntl
import hashlib
import json
import os
import random
import secrets
import shutil
import socket
import threading
import time
import uuid
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import claims
from deploy.local.process import StackError

CHECKOUT = Path(__file__).resolve().parents[2]
PORTS = range(
    20_000, 32_000
)  # below every system's ephemeral range: a client that retries a closed port there may connect to itself and keep it
PORT_TRIES_MAX = 500
ROOT_DATA = Path("/var/tmp")
_writing = threading.RLock()  # Kafka and Postgres start side by side


def default_home() -> Path:
    """LAOTIE_HOME, else `.laotie` of the checkout."""
    return Path(os.environ.get("LAOTIE_HOME") or CHECKOUT / ".laotie").resolve()


@dataclass(frozen=True)
class Home:
    root: Path

    def __post_init__(self) -> None:
        for folder in (self.root, self.logs, self.run, self.clients, self.bin, self.kafka):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def clients(self) -> Path:
        return self.root / "clients"

    @property
    def bin(self) -> Path:
        return self.root / "bin"

    @property
    def kafka(self) -> Path:
        return self.root / "kafka"

    @property
    def postgres(self) -> Path:
        """Root cannot run Postgres, and the user it runs as instead may be unable to enter the checkout."""
        if os.geteuid() == 0:
            return ROOT_DATA / f"laotie-{hashlib.sha256(str(self.root).encode()).hexdigest()[:12]}"
        return self.root / "postgres"

    def log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def secret(self, name: str) -> str:
        """Made at the first request and kept in secrets.json; the cluster's id is one of them."""
        with _writing:
            known = self._read("secrets.json")
            if name not in known:
                known[name] = _cluster_id() if name == "cluster_id" else secrets.token_urlsafe(18)
                self.write("secrets.json", json.dumps(known, indent=1, sort_keys=True), mode=0o600)
            return str(known[name])

    def known_secret(self, name: str) -> str | None:
        """None where none was made or given."""
        with _writing:
            found = self._read("secrets.json").get(name)
            return None if found is None else str(found)

    def port(self, name: str) -> int:
        """The same port for the same name for as long as the home lives, so that clients survive a restart."""
        return self.ports([name])[name]

    def ports(self, names: Iterable[str]) -> dict[str, int]:
        names = list(names)
        with _writing, ExitStack() as held:
            known = self._read("ports.json")
            missing = [name for name in names if name not in known]
            if missing:
                held.enter_context(claims.alone())
                for name in missing:
                    known[name] = self._free_port(held, taken=set(known.values()))
                self.write("ports.json", json.dumps(known, indent=1, sort_keys=True))
            return {name: int(known[name]) for name in names}

    def _free_port(self, held: ExitStack, taken: set[int]) -> int:
        """The socket stays bound until all ports of this request are chosen."""
        for _ in range(PORT_TRIES_MAX):
            port = random.choice(PORTS)
            probe = socket.socket()
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                probe.close()
                continue
            held.callback(probe.close)
            if port not in taken and claims.claim(port, self.root):
                return port
        raise StackError(f"no free port between {PORTS.start} and {PORTS.stop} on 127.0.0.1")

    def write(self, name: str, text: str, mode: int = 0o644) -> Path:
        """Whole or not at all: readers never see half a file. Raises StackError where there is no room, or no right."""
        path = self.root / name
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
                file.write(text)
            draft.chmod(mode)
            draft.replace(path)
        except OSError as error:
            raise StackError(f"{path} cannot be written: {error.strerror}") from error
        return path

    def _read(self, name: str) -> dict[str, Any]:
        path = self.root / name
        return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}

    def lock(self, timeout_s: float) -> int:
        """A file handle that owns this home. Watchdogs inherit it, so it is free only when every process of the stack is gone."""
        handle = os.open(self.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() < deadline:
                    time.sleep(0.05)
                    continue
                owner = os.pread(handle, 20, 0).decode().strip()
                os.close(handle)
                raise StackError(f"{self.root} is in use by process {owner}; stop that stack first, or set LAOTIE_HOME") from None
            os.truncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            return handle

    def owner(self) -> int | None:
        """Process id of whoever holds the lock (its watchdogs may outlive it for a moment); None when the stack is down."""
        path = self.run / "lock"
        if not path.exists():
            return None
        handle = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(os.pread(handle, 20, 0) or b"0")
        finally:
            os.close(handle)
        return None

    def wipe(self) -> None:
        """Forgets data, secrets and logs; ports stay, so that addresses stay, and so does a home inside this one (the demo's).

        The daemon's log is emptied: who wipes may be the daemon, and writes on.
        """
        shutil.rmtree(self.postgres, ignore_errors=True)
        with suppress(FileNotFoundError):
            os.truncate(self.log("daemon"), 0)
        for path in (*self.root.iterdir(), *self.logs.iterdir()):
            if path not in {self.run, self.logs, self.log("daemon"), self.root / "ports.json"} and not (path / "run" / "lock").exists():
                with suppress(FileNotFoundError):
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.__post_init__()

    def remove(self) -> None:
        """Everything, for a home that was only for a test."""
        claims.drop(self.root, self._read("ports.json").values())
        shutil.rmtree(self.postgres, ignore_errors=True)
        shutil.rmtree(self.root, ignore_errors=True)


def _cluster_id() -> str:
    while True:
        text = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not text.startswith("-"):  # the format tool would take it for an option
            return text
