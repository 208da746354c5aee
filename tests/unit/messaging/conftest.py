from collections.abc import Iterator

import pytest

from shared.messaging.connect import REFUSALS, Refusals
from tests.unit.messaging.trade import MEND, Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    MEND.clear()
    yield Desk()
    MEND.clear()


@pytest.fixture(autouse=True)
def _nothing_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process has one engine; here many follow each other."""
    monkeypatch.setattr(REFUSALS, "beside", Refusals().beside)
