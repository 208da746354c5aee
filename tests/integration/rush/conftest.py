"""One running system for all of it: a start of its own for each file would take longer than what it shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.infra import Infra
from tests.integration.fair import Fair, running

SERVICES = {"order": 2, "payment": 2, "refund": 2, "trust": 1}


@pytest.fixture(scope="package")
def _ground(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fair]:
    if infra != "local":
        pytest.skip("needs a system of its own with a manual clock")
    with running(tmp_path_factory.mktemp("rush"), SERVICES) as found:
        yield found


@pytest.fixture
def fair(_ground: Fair) -> Fair:
    """Apps say everything once until told otherwise."""
    _ground.copies = 1
    return _ground
