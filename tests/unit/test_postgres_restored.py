"""The local Postgres while it replays an archive: it answers then, and takes no writes."""

from __future__ import annotations

import pytest

from deploy.local import postgres
from deploy.local.home import Home
from deploy.local.postgres import PostgresServer
from deploy.local.process import StackError


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> PostgresServer:
    """It answers each query, and is being restored."""
    home = Home(tmp_path_factory.mktemp("home"))
    monkeypatch.setattr(Home, "postgres", home.root / "postgres")
    monkeypatch.setattr(PostgresServer, "alive", True)
    monkeypatch.setattr(PostgresServer, "dsn", "")
    monkeypatch.setattr(postgres, "ping", lambda _: None)
    monkeypatch.setattr(postgres, "run", lambda _: None)
    monkeypatch.setattr(postgres, "tail", lambda _: "")
    it = PostgresServer(home, lambda: ())
    it._restoring.parent.mkdir(parents=True)
    it._restoring.touch()
    return it


def test_it_is_ready_when_its_restore_has_ended(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[None] = []

    def ask(_: None) -> None:
        asked.append(None)
        if len(asked) == 3:
            server._restoring.unlink()  # as Postgres does

    monkeypatch.setattr(postgres, "run", ask)
    server.wait_ready()
    assert len(asked) == 3


def test_a_restore_that_has_paused_is_named(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "READY_S", 0.1)
    with pytest.raises(StackError, match="its restore has paused: recovery_target_action"):
        server.wait_ready()
