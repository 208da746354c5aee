"""`laotie verify` accounts for each upstream record: what nobody can account for is named."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from deploy.verify.intake import checks
from deploy.verify.log import Entry, Log, all_copied_from
from deploy.verify.report import Check
from deploy.verify.tables import Tables, Taken

FIRST, AGAIN, OTHER = b"{}", b"{}", b'{"order_id":"o1"}'


def sent(offset: int, value: bytes = FIRST) -> Entry:
    headers: dict[str, bytes | None] = {"ce_source": b"carrier", "ce_id": b"e1"}
    return Entry("e1", "parcel.signed", "logistics.v1", 0, offset, b"o1", value, headers, 2**42, None, None)


def copy(of: Entry) -> Entry:
    """On the topic of what order refused."""
    headers = {"x-original-topic": of.topic, "x-original-partition": str(of.partition), "x-original-offset": str(of.offset)}
    return Entry(
        of.id, of.type, "order.parked.v1", 0, 0, of.key, of.value, {name: text.encode() for name, text in headers.items()}, 2**42, 1, None
    )


def nothing_vanished(records: Iterable[Entry], refused: Iterable[Entry]) -> Check:
    """Of services that are past all of it and remember nothing."""
    log = Log(sent=list(records), lanes={("order.parked.v1", 0): [copy(one) for one in refused]})
    taken = dict.fromkeys(("order", "payment", "refund", "trust"), Taken({("logistics.v1", 0): 9}, {}, {}, {}))
    return next(iter(checks(log, Tables({}, taken, {}, [], {}, {}))))


def test_what_is_neither_taken_nor_held_nor_refused_is_named() -> None:
    assert nothing_vanished([sent(1)], []).first.startswith("parcel.signed at logistics.v1/0/1")


def test_a_copy_that_came_while_the_first_one_waited_shares_its_refusal() -> None:
    assert nothing_vanished([sent(1), sent(2, AGAIN)], [sent(1)]).holds


@pytest.mark.parametrize(("records", "lost"), [([sent(1), sent(2, OTHER)], 2), ([sent(0, AGAIN), sent(1)], 0)])
def test_another_body_and_an_earlier_record_do_not(records: list[Entry], lost: int) -> None:
    assert f"logistics.v1/0/{lost}" in nothing_vanished(records, [sent(1)]).first


def of_batch(first: Entry, last: int, **other: bytes) -> Entry:
    """What tells that a packed batch was refused unread."""
    told = copy(first)
    headers = {**told.headers, "x-reason": b"event.too_large", "x-batch-last": b"%d" % last, **other}
    return replace(told, key=None, value=None, headers=headers)


def test_one_copy_stands_for_a_packed_batch_that_was_not_unpacked() -> None:
    assert set(all_copied_from(of_batch(sent(1), 3))) == {f"logistics.v1/0/{offset}" for offset in (1, 2, 3)}


@pytest.mark.parametrize(
    "forged",
    [
        replace(of_batch(sent(1), 3), value=b"{}"),
        of_batch(sent(1), 3, **{"x-cut": b"value"}),
        of_batch(sent(1), 3, **{"x-reason": b"event.no_key"}),
    ],
)
def test_an_app_that_sends_that_header_itself_hides_nothing_behind_it(forged: Entry) -> None:
    assert set(all_copied_from(forged)) == {"logistics.v1/0/1"}
