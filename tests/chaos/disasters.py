"""The disasters that must stop everything they touch: a database restored from an older copy, and a log that lost its head; and the way
out where the newer copy is lost for good.
"""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from signal import Signals

from confluent_kafka import TopicPartition

from deploy.local.external import ExternalPostgres
from deploy.local.postgres import PostgresServer
from deploy.local.stack import Stack
from tests.chaos.arena import Arena, Violation
from tests.toy.outside import until
from tests.toy.world import pause

RECOVERED = 0.5  # of those that come back; else the newer one is there again
WHILE_LOST = ("bug", "die_after_commit", "die_in_relay", "kill", "kill_all", "freeze", "leave", "join")
KILLED_S = 3.0  # at most: a command begins to write after one or two
ALPHAS = "SELECT partition, position FROM cursor WHERE topic = $1"


def restore(arena: Arena) -> str:
    """Postgres comes back from an older copy of its data: all must halt, and go on once the newer one is back."""
    arena.began = time.monotonic()
    arena.burst()
    arena.rest()
    put_by(arena)
    arena.burst()
    arena.rest()
    return arena.line(f"Postgres restored from an older copy: {come_back_older(arena)}")


def put_by(arena: Arena) -> None:
    """A copy of the data as it is now, at rest; the server was down for it."""
    server, data = _data(arena)
    server.stop()
    _remove(data.with_name("older"))
    _copy(data, data.with_name("older"))
    server.start()


def come_back_older(arena: Arena) -> str:
    """Every service has published since the copy was put by, and all is at rest. Afterwards the newer data are back, and all go on."""
    server, data = _data(arena)
    older, newer = data.with_name("older"), data.with_name("newer")
    before = {name: len(arena.world.read(f"{name}.v1")) for name in arena.names}
    server.kill()
    data.rename(newer)
    older.rename(data)
    server.start()
    arena.burst()
    _all_halt(arena, "halt.lane_behind_log")
    after = {name: len(arena.world.read(f"{name}.v1")) for name in arena.names}
    if before != after:
        raise Violation(f"facts were published from a restored database: {before} became {after}")
    server.kill()
    _remove(data)
    newer.rename(data)
    server.start()
    arena.rest()
    arena.faults["restore"] = arena.faults.get("restore", 0) + 1
    return "all halted"


def recover(arena: Arena) -> str:
    """Postgres comes back from an older copy of its data, and the newer one is lost for good: what was told since is made again.

    The copy was put by and the newer one lost while all were at work; each command is killed at first.
    """
    arena.began = time.monotonic()
    arena.burst()
    put_by(arena)
    arena.burst()
    arena.idle()
    faults = []
    for _ in range(arena.random.randint(1, 3)):
        arena.thaw()
        faults.append(arena.strike(getattr(arena, arena.random.choice(WHILE_LOST))))
        arena.burst()
        if arena.random.random() < 0.5:
            arena.idle()
    arena.staff()
    arena.burst()
    arena.world.flush()
    pause(arena.random.random() * 1.5)
    faults.append(lose_the_newer(arena))
    arena.faults["lose_the_newer"] = arena.faults.get("lose_the_newer", 0) + 1
    arena.rest()
    return arena.line(", ".join(faults))


def lose_the_newer(arena: Arena) -> str:
    """The copy that was put by is all that there is, and what is lacking is made again."""
    lose(arena)
    told = []
    for name in arena.names:
        killed = arena.world.recover(name, arena.random.random() * KILLED_S)
        told.append(f"{name} {_brief(killed)} {_brief(arena.world.recover(name))}")
    for name in arena.names:
        arena.world.spawn(name)
    return f"newer data lost: {'; '.join(told)}"


def lose(arena: Arena) -> None:
    """Servers and services die, and the older copy is in place of what there was. Nobody is started again but Postgres."""
    server, data = _data(arena)
    if arena.random.random() < 0.5:
        server.kill()
    for name in arena.names:
        for process in arena.world.living(name):
            process.signal(Signals.SIGKILL)
            process.wait(20)
    server.kill()
    _remove(data)
    data.with_name("older").rename(data)
    server.start()
    arena.frozen.clear()
    arena.world.flag("boom", False)  # the bug is mended


def _brief(said: str) -> str:
    return said if said == "killed" else said.split()[1].replace("is", "0")


def _data(arena: Arena) -> tuple[PostgresServer, Path]:
    server = arena.stack.postgres
    assert not isinstance(server, ExternalPostgres)
    return server, arena.stack.home.postgres / "data"


def _all_halt(arena: Arena, code: str) -> None:
    for name in arena.names:
        for process in arena.world.living(name):
            try:
                arena.world.halted(process, code, 60)
            except AssertionError as error:
                raise Violation(str(error)) from None


def behead(arena: Arena) -> str:
    """The head of a topic goes past a cursor: that partition must halt. The world ends with it, its events are gone."""
    arena.began = time.monotonic()
    arena.rest()
    arena.world.quit("beta")
    arena.burst()
    arena.world.flush()
    arena.world.idle(60, only=("alpha",))
    ends = arena.world.ends(("alpha.v1",))
    cursors = {row["partition"]: row["position"] for row in arena.world.rows("beta", ALPHAS, f"{arena.world.ns}alpha.v1")}
    number = next((n for n in range(arena.world.stripes) if ends[("alpha.v1", n)] > cursors[n]), None)
    if number is None:
        raise Violation("nothing came to be lost")
    delete_until(arena.stack, f"{arena.world.ns}alpha.v1", number, ends[("alpha.v1", number)])
    process = arena.world.spawn("beta")
    until(
        lambda: f"partition {number}: halt." in arena.world.probe(process, "readyz")[1],
        60,
        lambda: f"no halt of partition {number}: {arena.world.probe(process, 'readyz')}\n{arena.world.logs()}",
    )
    arena.faults["behead"] = arena.faults.get("behead", 0) + 1
    return arena.line(f"head of alpha.v1/{number} deleted: it halted")


def delete_until(stack: Stack, topic: str, partition: int, offset: int) -> None:
    """The records before that offset are gone."""
    client = stack.admin()  # must outlive its futures
    for future in client.delete_records([TopicPartition(topic, partition, offset)]).values():
        future.result(30)


def _copy(source: Path, target: Path) -> None:
    """With owners and modes, as a backup would."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True, timeout=120)


def _remove(folder: Path) -> None:
    subprocess.run(["rm", "-rf", str(folder)], check=True, timeout=120)
