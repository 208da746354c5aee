"""What people did by hand in a month, who did it and why: what an auditor asks for first. Source: R3.5, R4.11, R6.2."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from deploy.cli.interventions import acts, line
from deploy.local.policies import bounds
from deploy.verify.log import Entry, entry_of
from shared.contracts.governance import ViolationAppealed, ViolationRecorded
from shared.contracts.handling import MoneyHandled
from shared.contracts.ruling import RulingMade
from shared.messaging.message import Message
from shared.messaging.record import Record
from shared.messaging.system import Discard
from tests.unit import builders as b

HANDLED = MoneyHandled(
    order_id="o1", handling_id="h1", of="refund", item_id="r1", how="unclaimed", by="u-7", reason="account closed",
    occurred_at=b.at("06-20 10:00"),
)  # fmt: skip
RULED = RulingMade(order_id="o1", ruling_id="g1", matter="case", case_id="c1", upheld=True, occurred_at=b.at("06-30 23:59"))
FORGOTTEN = Discard(
    service="order", target="o2", ref="psp.v1/0/7", by="u-8", reason="a test", occurred_at=b.at("07-01 00:00")
)  # fmt: skip
FOUND = ViolationRecorded(subject_id="seller:s1", violation_id="v1", kind="spam", by="u-9", occurred_at=b.at("06-01 00:00"))
APPEALED = ViolationAppealed(subject_id="seller:s1", violation_id="v1", occurred_at=b.at("06-02 00:00"))
JUNE = bounds(date(2026, 6, 1), date(2026, 6, 30), b.POLICIES)


def heard(*events: Message) -> Iterator[Entry]:
    for offset, event in enumerate(events):
        names = {"ce_specversion": "1.0", "ce_id": f"{event.type} {event.key}", "ce_source": event.topic.writers[0], "ce_type": event.type}
        headers = tuple((name, value.encode()) for name, value in names.items())
        yield entry_of(Record(event.topic.name, 0, offset, event.key.encode(), event.to_json(), headers, 0))


def test_a_month_has_its_first_moment_and_not_the_next_ones_r1_2() -> None:
    assert [one["type"] for one in acts(heard(FORGOTTEN, RULED, HANDLED, FOUND, APPEALED), *JUNE)] == [
        "violation.recorded", "money.handled", "ruling.made",
    ]  # fmt: skip
    assert len(acts(heard(FORGOTTEN, RULED, HANDLED, FOUND), None, None)) == 4


def test_each_says_who_and_why_as_far_as_it_was_said_r3_5() -> None:
    found = acts(heard(HANDLED, RULED, FORGOTTEN), None, None)
    assert [line(one, ZoneInfo(b.ZONE)) for one in found] == [
        "2026-06-20 10:00:00  money.handled      o1  by u-7, because: account closed; handling_id h1, of refund, item_id r1, how unclaimed",
        "2026-06-30 23:59:00  ruling.made        o1  by nobody named, no reason given; ruling_id g1, matter case, upheld True, case_id c1",
        "2026-07-01 00:00:00  ops.discard        o2  by u-8, because: a test; service order, ref psp.v1/0/7",
    ]


def refused(offset: int, code: str) -> Entry:
    """What payment says of the word at that place."""
    first, *_ = heard(HANDLED)
    copied = {"x-original-topic": "ruling.v1", "x-original-partition": "0", "x-original-offset": str(offset), "x-reason": code}
    named = {"ce_id": first.id, "ce_source": "laotie/payment", "ce_type": first.type, "x-sequence": str(offset + 1)}
    headers = tuple((name, value.encode()) for name, value in {**copied, **named}.items())
    return entry_of(Record("payment.parked.v1", 0, offset, b"o1", first.value, headers, 0))


def test_a_copy_is_no_second_act_and_what_was_refused_says_so_r2_1() -> None:
    first, *_ = heard(HANDLED)
    (one,) = acts([first, first, refused(0, "handling.unknown")], None, None)
    assert one["refused"] == ["payment: handling.unknown"]
    assert line(one, ZoneInfo(b.ZONE)).endswith("; held or not taken (payment: handling.unknown)")


@pytest.mark.parametrize(
    ("codes", "left"),
    [
        ({0: "handling.unknown"}, []),
        ({0: "handling.unknown", 1: "handling.unknown"}, ["payment: handling.unknown"]),
        ({0: "wait.over"}, ["payment: wait.over"]),
    ],
)
def test_what_was_refused_and_taken_when_it_was_told_again_is_not_called_refused_r2_1(codes: dict[int, str], left: list[str]) -> None:
    """As refused it is as new; of what is held the same again is only a copy."""
    (one,) = acts([*heard(HANDLED, HANDLED), *(refused(*told) for told in codes.items())], None, None)
    assert one["refused"] == left
