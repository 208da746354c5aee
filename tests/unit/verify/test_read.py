"""What verify takes for the begin of a topic: what the broker still has, not what can be read of it."""

from __future__ import annotations

import pytest

from deploy.verify import log
from deploy.verify.log import Entry

PLACE = ("storefront.v1", 0)


@pytest.mark.parametrize("start", [0, 3])
def test_a_batch_that_nobody_can_unpack_is_no_shortened_topic(monkeypatch: pytest.MonkeyPatch, start: int) -> None:
    """The first three records are of one; or gone."""
    first = Entry("e1", "order.placed", *PLACE, 3, b"o1", b"{}", {}, 0, None, None)
    monkeypatch.setattr(log, "entries", lambda *_: [first])
    read = log.read({}, {PLACE: 4}, {PLACE: start}, {})
    assert (read.starts, read.sent) == ({PLACE: start}, [first])
