"""The local Kafka on a full disk: it maps its indexes into memory, and of that it speaks when it ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.kafka import KafkaServer
from deploy.local.process import StackError


def test_that_there_is_no_room_is_said_before_what_kafka_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path)
    (home.kafka / "data").mkdir(parents=True)
    home.logs.mkdir(exist_ok=True)
    home.log("kafka").write_text("java.lang.InternalError: a fault occurred in a recent unsafe memory access operation\n")
    server = KafkaServer(home, [], lambda _: None, tuple)
    with pytest.raises(StackError, match=r"^Kafka stopped while starting:\njava"):
        server.wait_ready()
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
    with pytest.raises(StackError, match=f"^Kafka stopped while starting:\nthere is no room on the disk of {home.kafka / 'data'}\njava"):
        server.wait_ready()
