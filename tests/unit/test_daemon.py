"""How long the supervisor waits before it starts what fell again, and for what has halted."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli import parked
from deploy.cli import stack as command
from deploy.local import control, process, services
from deploy.local.daemon import BACKOFF_MAX_S, BACKOFF_MIN_S, CALM_S, CHECK_S, Daemon, Watch
from deploy.local.home import Home
from deploy.local.process import StackError, tail, trim
from deploy.local.services import ServiceProcess


class Falling:
    """A process that is down whenever it is looked at, until it is told to stay up."""

    pid: int | None = None
    alive = False


def starts(watch: Watch, begin: float, seconds: float) -> list[float]:
    """When it was started again, looked at as often as the daemon does."""
    found, before = [], watch.restarts
    for n in range(int(seconds / CHECK_S)):
        watch.revive(begin + n * CHECK_S, "it")
        if watch.restarts > before:
            found.append(begin + n * CHECK_S)
            before = watch.restarts
    return found


def test_what_falls_again_and_again_is_started_less_and_less_often() -> None:
    times = starts(Watch(Falling(), lambda: None), 0.0, 120)
    waits = [later - sooner for sooner, later in zip([0.0, *times], times, strict=False)]
    assert waits[0] <= BACKOFF_MIN_S + CHECK_S
    assert waits[:5] == sorted(waits[:5])
    assert set(waits[6:]) <= {BACKOFF_MAX_S, BACKOFF_MAX_S + CHECK_S}


def test_what_ran_for_a_while_is_started_soon() -> None:
    what = Falling()
    watch = Watch(what, lambda: None)
    last = starts(watch, 0.0, 120)[-1]
    what.alive = True
    assert starts(watch, last, CALM_S + 1) == []
    what.alive = False
    (again, *_) = starts(watch, last + CALM_S + 1, 5)
    assert again - (last + CALM_S + 1) <= BACKOFF_MIN_S + CHECK_S


def test_a_start_that_fails_is_told_and_tried_again() -> None:
    tries = iter([StackError("no port"), None])

    def start() -> None:
        if error := next(tries):
            raise error

    watch = Watch(Falling(), start)
    told = []
    for begin in (0.0, 1.0):
        starts(watch, begin, 1.0)
        told.append((watch.restarts, watch.error))
    assert told == [(1, "no port"), (2, None)]


def test_what_runs_for_weeks_keeps_so_much_of_its_log_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was looked at when a process starts, and one that does not fall wrote on for ever."""
    monkeypatch.setattr(process, "LOG_BYTES_MAX", 100)
    log = Home(tmp_path).log("order-1")
    daemon = Daemon(tmp_path, "manual", 4, fresh=False, start_services=True, restart=True)
    with log.open("ab", buffering=0) as written:
        for n in range(60):
            written.write(b"line %2d\n" % n)
            daemon._trimmed = 0.0
            daemon._revive()
    kept = (log.with_suffix(".log.1").read_bytes() + log.read_bytes()).split(b"\n")
    assert log.stat().st_size <= 100
    assert len(kept) < 30
    assert kept == [b"line %2d" % n for n in range(61 - len(kept), 60)] + [b""]


def test_a_log_stays_whole_where_there_is_no_room_for_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "LOG_BYTES_MAX", 100)
    log = tmp_path / "order-1.log"
    log.write_bytes(b"x" * 200)
    with monkeypatch.context() as full:
        full.setattr(shutil, "copyfile", no_room)
        trim(log)
    assert [(path.name, path.stat().st_size) for path in tmp_path.iterdir()] == [("order-1.log", 200)]


def test_the_daemon_of_a_fresh_stack_still_writes_where_its_log_is_read(tmp_path: Path) -> None:
    """It wiped the file that it was writing: what it said afterwards, why it gave up too, nobody could read."""
    home = Home(tmp_path)
    home.log("order-1").write_text("old\n")
    with home.log("daemon").open("ab", buffering=0) as written:
        written.write(b"old\n")
        home.wipe()
        written.write(b"gives up: no port\n")
    assert {path.name: path.read_text() for path in home.logs.iterdir()} == {"daemon.log": "gives up: no port\n"}


def test_a_disk_that_is_full_ends_no_supervisor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With it went Kafka, Postgres and every service, and nothing came back once there was room."""
    home = Home(tmp_path)
    daemon = Daemon(tmp_path, "manual", 4, fresh=False, start_services=True, restart=True)
    watch = daemon._watches["kafka"] = Watch(Falling(), lambda: None, due=0.0)
    with monkeypatch.context() as full:
        full.setattr(os, "open", no_room)
        daemon._revive()
        assert watch.restarts == 1
    assert control.state(home)["phase"] == "down"
    daemon._revive()
    assert [row["restarts"] for row in json.loads((tmp_path / "run/state.json").read_text())["processes"]] == [1]


def test_a_start_for_which_there_is_no_room_is_tried_again() -> None:
    def start() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    watch = Watch(Falling(), start)
    starts(watch, 0.0, 2.0)
    assert (watch.restarts > 1, watch.error) == (True, "[Errno 28] No space left on device")


def test_who_gives_up_for_lack_of_room_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    Home(tmp_path)
    daemon = Daemon(tmp_path, "manual", 4, fresh=False, start_services=True, restart=True)
    monkeypatch.setattr(os, "open", no_room)
    assert daemon.run() == 1
    assert f"gives up: {tmp_path / 'run/state.json'} cannot be written: No space left on device" in caplog.text


def test_a_supervisor_that_had_no_room_to_say_why_it_ended_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of its log is of another day then, or empty."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
    with pytest.raises(StackError, match=f"no room on the disk of {tmp_path}$"):
        control._follow(Home(tmp_path), ended, print)


def no_room(*_: object, **__: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


class Living(ServiceProcess):
    """One that runs, and says of itself what it is made to."""

    pid, alive, returncode = 1, True, None


def living(tmp_path: Path) -> Living:
    return Living(Home(tmp_path), "order", 1, {}, tuple, 1.0)


def test_a_service_that_has_halted_stays_up_with_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`laotie up` took everything down again: of the way out nothing was left to do it with."""
    monkeypatch.setattr(services, "answer", lambda address: "partition 1: halt.sequence_gap")
    monkeypatch.setattr(services, "HALTED_S", 0.2)
    (tmp_path / "run").mkdir()
    daemon = Daemon(tmp_path, "manual", 4, fresh=False, start_services=True, restart=True)
    daemon._await(living(tmp_path))
    assert "order-1 has halted: partition 1: halt.sequence_gap" in (tmp_path / "run" / "progress").read_text()


@pytest.mark.timeout(60)
def test_halts_of_several_services_are_waited_out_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a restored database all of them have halted; one after the other was four times as long."""
    monkeypatch.setattr(services, "answer", lambda address: "halt.lane_behind_log: order.v1/0")
    monkeypatch.setattr(services, "HALTED_S", 1.0)
    (tmp_path / "run").mkdir()
    daemon = Daemon(tmp_path, "manual", 4, fresh=False, start_services=True, restart=True)
    began = time.monotonic()
    daemon._await_all([living(tmp_path) for _ in range(4)])
    assert time.monotonic() - began < 2
    assert (tmp_path / "run" / "progress").read_text().count("order-1 has halted") == 4


@pytest.mark.timeout(60)
def test_a_start_is_given_up_at_once_where_one_service_falls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the others would be waited for."""
    monkeypatch.setattr(services, "answer", lambda address: "starting: not yet")
    (tmp_path / "run").mkdir()
    daemon = Daemon(tmp_path, "manual", 4, fresh=False, start_services=True, restart=True)
    slow, fallen = living(tmp_path), living(tmp_path)
    fallen.log.parent.mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(fallen, "alive", False, raising=False)
    began = time.monotonic()
    with pytest.raises(StackError, match="order-1 stopped while starting"):
        daemon._await_all([slow, fallen])
    assert time.monotonic() - began < 5
    monkeypatch.setattr(slow, "alive", False, raising=False)  # what is stopped ends its wait


def test_one_that_is_not_ready_for_another_reason_is_still_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter(["halt.no_policy: not yet", *["starting: nobody answers"] * 1000])
    monkeypatch.setattr(services, "answer", lambda address: next(said))
    monkeypatch.setattr(services, "HALTED_S", 0.2)
    process = living(tmp_path)
    process.log.parent.mkdir(parents=True, exist_ok=True)
    process.log.write_text("its log")
    began = time.monotonic()
    with pytest.raises(StackError, match="is not ready after 1 s"):
        process.wait_ready(0.6)
    assert time.monotonic() - began > 0.5


def test_an_event_held_back_is_one_line_however_long_its_error_is() -> None:
    said = {
        "service": "order",
        "state": "parked",
        "key": "o-1",
        "ref": "psp.v1/0/1",
        "type": "t",
        "reason": "parked.raised",
        "error": "a\n  b\n",
    }
    assert parked.line(said) == "order    parked   o-1  psp.v1/0/1  t  parked.raised: a b"


def test_status_names_the_halt_of_each_process(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"http://one": "ok", "http://two": "halt.lane_behind_log: order.v1/0", "http://three": ""}
    monkeypatch.setattr(command, "answer", told.__getitem__)
    rows = [{"name": address[7:], "address": address, "alive": True, "pid": 1, "restarts": 0} for address in told]
    state = {"processes": [*rows, {"name": "kafka", "address": "127.0.0.1:9", "alive": True, "pid": 1, "restarts": 0}]}
    assert command._ask(state) == ["two"]
    command._table(state)
    lines = capsys.readouterr().out.splitlines()
    assert [line.strip() for line in lines if line.startswith("    ")] == ["halt.lane_behind_log: order.v1/0", "it does not answer"]


def test_what_fell_since_the_supervisor_could_last_write_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Home, "owner", lambda self: os.getpid())
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    rows = [{"name": name, "alive": True, "pid": pid} for name, pid in (("kafka", gone.pid), ("postgres", os.getpid()))]
    Home(tmp_path).write("run/state.json", json.dumps({"phase": "ready", "processes": rows}))
    assert [row["alive"] for row in control.state(Home(tmp_path))["processes"]] == [False, True]


def test_status_tells_why_a_process_is_down_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A server's log is many lines, and no column of a table."""
    row = {"name": "postgres", "address": "127.0.0.1:9", "alive": False, "pid": None, "restarts": 2, "error": "Postgres stopped:\nPANIC"}
    command._table({"processes": [row]})
    assert capsys.readouterr().out.splitlines() == [
        "  postgres       down  pid -        127.0.0.1:9, started again 2x",
        "    Postgres stopped:",
        "    PANIC",
    ]


def test_the_end_of_a_log_is_of_the_last_start_alone(tmp_path: Path) -> None:
    """What an earlier process said last is no reason why this one fell."""
    log = tmp_path / "postgres.log"
    log.write_text("FATAL: of yesterday\n--- postgres starts at 2026-01-01T00:00:00+00:00\nFATAL: No space left on device\n")
    assert tail(log).splitlines()[1:] == ["FATAL: No space left on device"]


def test_the_end_of_a_log_has_the_reason_and_not_the_way_to_it(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("java.io.IOException: No space left on device\n" + "\tat java.base/sun.nio.ch.FileDispatcherImpl.write0\n" * 40)
    assert tail(log) == "java.io.IOException: No space left on device"


@pytest.mark.parametrize(("said", "clock"), [((), "manual"), (("--clock", "system"), "system"), (("--fresh",), "system")])
def test_a_stack_comes_up_with_the_clock_that_it_had(
    said: tuple[str, ...], clock: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else time that was walked ahead by hand falls back to today."""
    asked: list[str] = []

    def up(home: Home, clock: str, *_: object, **__: object) -> dict[str, object]:
        asked.append(clock)
        return {"phase": "ready", "processes": []}

    monkeypatch.setenv("LAOTIE_HOME", str(tmp_path))
    monkeypatch.setattr(control, "up", up)
    (tmp_path / "env").write_text("export LAOTIE_CLOCK=manual\nexport LAOTIE_STRIPES=12\n", encoding="utf-8")
    CliRunner().invoke(command.up, said, catch_exceptions=False)
    assert asked == [clock]
