"""How a process ends that was started in a shell."""

from __future__ import annotations

import asyncio
import gc
import weakref
from types import SimpleNamespace
from typing import Any, cast

import pytest
import uvicorn

from shared.messaging import app as module
from shared.settings import Settings


def test_ctrl_c_ends_it_once_it_has_stopped_and_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server stops everything, then raises the signal that it had kept back."""

    async def stopped(server: uvicorn.Server, sockets: Any = None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "serve", stopped)
    monkeypatch.setattr(module, "_calm_collector", lambda: None)
    module.serve(cast("Any", SimpleNamespace()), Settings())


def test_what_holds_itself_is_looked_for_by_time_where_no_work_makes_the_collector_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """After minutes of outages 75 clients, 150 contexts of TLS and ten assignments with all that they had read were still there."""
    gone: list[bool] = []

    class Ring:
        def __init__(self) -> None:
            self.itself = self

    async def calm(server: uvicorn.Server, sockets: Any = None) -> None:
        collected = asyncio.Event()
        weakref.finalize(Ring(), collected.set)
        async with asyncio.timeout(30):
            gone.append(await collected.wait())

    monkeypatch.setattr(uvicorn.Server, "serve", calm)
    monkeypatch.setattr(module, "_calm_collector", gc.disable)
    monkeypatch.setattr(module, "COLLECT_SECONDS", 0.01)
    try:
        module.serve(cast("Any", SimpleNamespace()), Settings())
    finally:
        gc.enable()
    assert gone == [True]
