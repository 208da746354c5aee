"""What verify takes for the begin of a topic: what the broker still has, not what can be read of it."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from deploy.verify import log
from deploy.verify.log import Entry, understood
from deploy.whatif.past import Sent
from shared.contracts.storefront import OrderPlaced, Visit
from tests.unit import builders as b

PLACE = ("storefront.v1", 0)


@pytest.mark.parametrize("start", [0, 3])
def test_a_batch_that_nobody_can_unpack_is_no_shortened_topic(monkeypatch: pytest.MonkeyPatch, start: int) -> None:
    """The first three records are of one; or gone."""
    first = Entry("e1", "order.placed", *PLACE, 3, b"o1", b"{}", {}, 0, None, None)
    monkeypatch.setattr(log, "entries", lambda *_: [first])
    read = log.read({}, {PLACE: 4}, {PLACE: start}, {})
    assert (read.starts, read.sent) == ({PLACE: start}, [first])


def test_what_an_older_release_took_is_read_as_it_was_taken_r1_2_r2_9() -> None:
    """Digits in quotes were a second of a visit; services refuse them now, and what was decided on them stands."""
    placed = b.placed(visits=(Visit(at=b.at("06-01 09:00"), promoter_id="k1", domain="public", channel="live"),))
    body = json.loads(placed.to_json())
    body["visits"][0]["at"] = str(int(b.at("06-01 09:00").timestamp()))
    value = json.dumps(body).encode()
    with pytest.raises(ValidationError):
        OrderPlaced.from_json(value)
    assert understood(OrderPlaced, value) == placed == Sent("", "", OrderPlaced, value, "", 0, 0, 0).event
    assert understood(OrderPlaced, value.replace(b'"due_minor"', b'"due"')) is None
