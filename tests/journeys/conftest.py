"""One running system for all journeys, started by the command as anyone would start it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.outside import LAOTIE, Outside

UP_S = 600


@pytest.fixture(scope="session")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    """LAOTIE_JOURNEYS names the home of a system that is up already, for people who write journeys; it is left as it is."""
    given = os.environ.get("LAOTIE_JOURNEYS")
    home = Path(given) if given else tmp_path_factory.mktemp("journeys")
    variables = {name: value for name, value in os.environ.items() if not name.startswith("LAOTIE_")} | {"LAOTIE_HOME": str(home)}
    try:
        subprocess.run([LAOTIE, "up", "--clock", "manual"], check=True, timeout=UP_S, env=variables)
        visitor = Outside(home)
        yield visitor
        visitor.idle()
        visitor.laotie("verify")
        visitor.close()
    finally:
        if not given:
            subprocess.run([LAOTIE, "down"], check=False, timeout=UP_S, env=variables)
