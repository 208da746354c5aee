"""What is said of a case before it, or its order, is known here. Source: R2.1."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.messaging.message import Message
from tests.unit.builders import ORDER
from tests.unit.refund import acts as a
from tests.unit.refund import life as l

SAID = (l.accepted, l.declined, l.withdrawn, l.posted, l.confirmed, a.disputed, a.escalated, a.contested, a.shown, a.shown_by_seller,
        a.ruled, a.appealed, a.appealed_by_seller, a.replaced, a.kept, a.left)  # fmt: skip


@pytest.mark.parametrize("said", SAID, ids=lambda said: str(said.__name__))
@pytest.mark.parametrize("known", [(), l.SIGNED], ids=["no order", "no case"])
def test_whatever_is_said_of_a_case_before_it_was_asked_for_waits_for_that_r2_1(
    said: Callable[[], Message], known: tuple[Message, ...]
) -> None:
    memory = l.shop(*known, said())
    assert ([held.reason for held in memory.held(ORDER)], memory.refused) == (["case.before_request"], [])
