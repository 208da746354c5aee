"""A process that dies is started again, and what came meanwhile is done."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from tests.journeys.conftest import Town
from tests.journeys.deal import Deal, line
from tests.toy.outside import until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
BACK_S = 60


def row(town: Town, name: str) -> dict[str, Any]:
    """What `laotie status` tells of it, be it up or down."""
    state = json.loads(town.laotie("status", "--json", status=None))
    return next(one for one in state["processes"] if one["name"] == name)


def test_a_service_that_is_killed_is_started_again_and_does_what_came_meanwhile(town: Town) -> None:
    before, falls = row(town, "order-1"), 2
    deal = Deal(town, "crash")
    for fall in range(1, falls + 1):
        pid = row(town, "order-1")["pid"]
        os.kill(pid, signal.SIGKILL)
        if fall == 1:
            deal.placed(line(1, 12_00), due=12_00)

        def back(pid: int = pid, restarts: int = before["restarts"] + fall) -> bool:
            now = row(town, "order-1")
            return bool(now["alive"] and now["pid"] != pid and now["restarts"] == restarts)

        until(back, BACK_S, lambda: town.laotie("status", status=None))
    town.idle()
    assert deal.types() == ["order.accepted"], deal.refused()
    told = next(text for text in town.laotie("status").splitlines() if text.split()[0] == "order-1")
    assert f"started again {before['restarts'] + falls}x" in told
    assert "order-1 is gone; starting it again in" in town.laotie("logs", "daemon")
