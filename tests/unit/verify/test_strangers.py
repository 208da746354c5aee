"""What stands on our topics and was not written by their service: named, and no number of ours to verify or to a what-if. E2."""

from __future__ import annotations

import pytest

from deploy.cli.story import _once
from deploy.verify.log import Entry, entry_of, named
from deploy.whatif.past import gather
from shared.messaging.record import Record
from tests.unit import builders as b


def entry(topic: str, number: int, source: str, kind: str = "order.paid", value: bytes = b"{}") -> Entry:
    texts = {"ce_specversion": "1.0", "ce_id": f"{number:032x}", "ce_source": source, "ce_type": kind, "ce_sequence": str(number)}
    headers = tuple((name, text.encode()) for name, text in texts.items())
    return entry_of(Record(topic, 0, number, b.ORDER.encode(), value, headers))


@pytest.mark.parametrize("source", ["", "shop.example/storefront", "laotie/payment"])
def test_e2_a_number_under_another_source_is_none(source: str) -> None:
    stranger = entry("order.v1", 7, source)
    assert (entry("order.v1", 7, "laotie/order").sequence, stranger.sequence) == (7, None)
    assert named(stranger) == f"order.paid at order.v1/0/7, its ce_source is {source or 'missing'}"


@pytest.mark.parametrize("number", ["²", "٧", "7a", "-7", "1" * 19, ""])
def test_e2_what_is_no_number_of_ours_is_none(number: str) -> None:
    headers = (("ce_source", b"laotie/order"), ("ce_sequence", number.encode()))
    assert entry_of(Record("order.v1", 0, 7, b.ORDER.encode(), b"{}", headers)).sequence is None


def test_a_notice_keeps_the_source_of_what_it_is_about() -> None:
    assert entry("order.refused.v1", 7, "shop.example/storefront").sequence == 7


def test_e2_a_what_if_passes_over_it() -> None:
    """Neither a gap nor a fact that this program does not know."""
    placed = b.placed(b.cart())
    past = gather([entry("storefront.v1", 0, "shop", placed.type, placed.to_json()), entry("order.v1", 7, "shop")])
    assert (len(past.sent), past.facts()) == (1, 0)


def test_e2_it_is_no_part_of_an_orders_story() -> None:
    ours, stranger, copy = entry("order.v1", 7, "laotie/order"), entry("order.v1", 8, "shop"), entry("order.v1", 7, "laotie/order")
    assert _once([ours, stranger, copy]) == [ours]
