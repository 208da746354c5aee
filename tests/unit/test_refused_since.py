"""`laotie refused`: which of what was refused was taken since. Source: R2.1."""

from __future__ import annotations

from typing import Any, NamedTuple

from deploy.cli.refused import Since, asked, forgotten, marked
from deploy.verify.log import Entry
from shared.messaging.message import Message
from shared.messaging.system import Discard
from tests.unit.builders import at

KNOWN, PLACE = ("order", "shop", "e-1"), ("order", "storefront.v1/0/7")


def copy(code: str, place: str = PLACE[1], **more: str) -> dict[str, Any]:
    return {"service": "order", "source": "shop", "id": "e-1", "type": "order.placed", "place": place, "code": code, **more}


def taken(since: Since, *copies: dict[str, Any]) -> list[bool]:
    return [one["taken_since"] for one in marked(copies, since)]


def test_what_was_rejected_is_taken_once_its_id_is_remembered_and_nothing_of_it_is_held() -> None:
    assert taken(Since(), copy("event.invalid")) == [False]
    assert taken(Since(remembered=frozenset({KNOWN})), copy("event.invalid"), copy("event.id_reused")) == [True, False]
    waiting = Since(remembered=frozenset({KNOWN}), held=frozenset({("order", "storefront.v1/0/9")}), waits=frozenset({KNOWN}))
    assert taken(waiting, copy("event.invalid")) == [False], "the corrected one waits for its cause"


def test_what_was_held_is_taken_once_it_is_held_no_more_if_nobody_gave_it_up() -> None:
    assert taken(Since(frozenset({KNOWN}), held=frozenset({PLACE}), waits=frozenset({KNOWN})), copy("wait.over")) == [False]
    assert taken(Since(frozenset({KNOWN})), copy("wait.over")) == [True]
    given_up = Since(frozenset({KNOWN}), discarded=frozenset({PLACE}))
    earlier = copy("event.invalid", "storefront.v1/0/3")
    assert taken(given_up, earlier, copy("wait.over")) == [False, False], "its id is remembered, so that no copy of it is taken"
    assert taken(Since(), copy("parked.raised"), copy("order.unknown")) == [False, False], "redriven, and refused"


def test_a_discard_counts_unless_it_was_refused_itself() -> None:
    orders = [entry(Discard(service="order", target="o-1", ref=PLACE[1], occurred_at=at("06-01 10:00")), name) for name in ("d-1", "d-2")]
    assert forgotten([], orders) == {PLACE}
    assert forgotten([copy("ops.nothing_parked", type="ops.discard", id=name) for name in ("d-1", "d-2")], orders) == frozenset()


class Told(NamedTuple):
    """As Kafka's client gives it."""

    of: str
    about: bytes | None
    said: tuple[tuple[str, bytes], ...]

    def topic(self) -> str:
        return self.of

    def key(self) -> bytes | None:
        return self.about

    def headers(self) -> tuple[tuple[str, bytes], ...]:
        return self.said


def test_of_one_id_only_what_says_what_became_of_it_is_looked_into() -> None:
    def about(key: str | None, event_id: str | None) -> list[str]:
        says = asked(key, event_id)
        return [name for name, message in messages.items() if says(message)]

    messages = {
        "own": Told("order.parked.v1", b"o-1", (("ce_id", b"e-1"), ("ce_type", b"order.placed"))),
        "other": Told("order.parked.v1", b"o-1", (("ce_id", b"e-2"), ("ce_type", b"order.placed"))),
        "unreadable": Told("order.parked.v1", None, ()),
        "given up": Told("ops.v1", b"o-1", (("ce_id", b"d-1"), ("ce_type", b"ops.discard"))),
        "not given up": Told("order.parked.v1", b"o-1", (("ce_id", b"d-1"), ("ce_type", b"ops.discard"))),
    }
    assert Discard.type == "ops.discard"
    assert about(None, None) == [*messages]
    assert about("o-1", None) == [name for name in messages if name != "unreadable"]
    assert about(None, "e-1") == ["own", "given up", "not given up"]
    assert about("o-2", "e-1") == []


def entry(event: Message, identity: str) -> Entry:
    return Entry(identity, event.type, "ops.v1", 0, 0, b"o-1", event.to_json(), {}, 0, None, event)
