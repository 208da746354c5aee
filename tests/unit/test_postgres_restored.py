"""The local Postgres while it replays an archive: it answers then, and takes no writes."""

from __future__ import annotations

import pytest

from deploy.local import postgres
from deploy.local.home import Home
from deploy.local.postgres import PostgresServer
from deploy.local.process import StackError


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> PostgresServer:
    home = Home(tmp_path_factory.mktemp("home"))
    monkeypatch.setattr(Home, "postgres", home.root / "postgres")
    monkeypatch.setattr(PostgresServer, "alive", True)
    monkeypatch.setattr(PostgresServer, "dsn", "")
    monkeypatch.setattr(postgres, "ping", lambda _: None)
    monkeypatch.setattr(postgres, "tail", lambda _: "")
    (home.postgres / "data").mkdir(parents=True)
    return PostgresServer(home, lambda: ())


def test_it_is_ready_when_its_restore_has_ended(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [False, False, True]
    monkeypatch.setattr(postgres, "run", lambda _: answers.pop(0))
    server.wait_ready()
    assert answers == []


def test_a_standby_is_ready_when_it_answers(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    (server._home.postgres / "data" / "standby.signal").touch()
    monkeypatch.setattr(postgres, "run", lambda _: False)
    server.wait_ready()


def test_a_restore_that_has_paused_is_named(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "READY_S", 0.1)
    monkeypatch.setattr(postgres, "run", lambda _: False)
    with pytest.raises(StackError, match="its restore has paused: recovery_target_action"):
        server.wait_ready()
