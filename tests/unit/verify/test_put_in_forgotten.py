"""Of a party that puts in often the oldest sums are forgotten: whatever is stated of one since, verify raises no alarm. Source: R3.9."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.payment.model import put_in
from shared.contracts.seller import PrefundToppedUp
from shared.messaging.message import Message
from tests.unit import builders as b
from tests.unit.town import Town
from tests.unit.verify.recorded import checked, wrong

FIRST = b.at("05-02 10:00")


def put_in_and_stated(number: int) -> list[tuple[str, Message]]:
    """1.00 each, hours apart, and stated as it was booked."""
    at = FIRST + timedelta(hours=number)
    came = PrefundToppedUp(promoter_id=b.PROMOTER, prefund_id=f"p{number}", amount_minor=1_00, currency="CNY", occurred_at=at)
    return [(f"e{number}", came), (f"s{number}", line(f"l{number}", number, at.date().isoformat()))]


def line(line_id: str, number: int, day: str, amount_minor: int = 1_00) -> Message:
    fields: dict[str, Any] = {"party": b.PROMOTER, "day": day, "when": f"{day[5:]} 23:59"}
    return b.put_in_stated(line_id, f"p{number}", amount_minor, "prefund", **fields)


def forgotten() -> Town:
    """The first few are."""
    town = Town(b.POLICIES)
    for number in range(put_in.KEPT + 6):
        town.tell(put_in_and_stated(number))
        town.advance(FIRST + timedelta(hours=number))
    return town


@pytest.mark.parametrize("amount_minor", [1_00, 99, 0])
def test_what_is_stated_of_a_forgotten_sum_on_a_later_day_is_no_error_of_the_books_r3_9(amount_minor: int) -> None:
    """The promoter pays again under an old reference, or the provider corrects an old line: here nobody knows the first any more."""
    town = forgotten()
    town.tell([("again", line("again", 0, "2026-05-20", amount_minor)), ("corrected", line("l1", 1, "2026-05-20", amount_minor))])
    town.advance(b.at("05-21 00:00"))
    assert wrong(checked(town)) == []
    town.advance(b.at("07-01 00:00"))
    assert wrong(checked(town)) == []
    assert len([kind for _, kind, _ in town.facts if kind == "put_in.break_found"]) == (2 if amount_minor else 0)
