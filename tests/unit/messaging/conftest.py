from collections.abc import Iterator

import pytest

from tests.unit.messaging.trade import MEND, Desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    MEND.clear()
    yield Desk()
    MEND.clear()
