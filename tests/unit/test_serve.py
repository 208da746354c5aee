"""How a process ends that was started in a shell."""

from __future__ import annotations

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
