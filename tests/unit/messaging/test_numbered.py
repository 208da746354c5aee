"""Keys of a long run are those that would have been spelled one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.order.handlers import SERVICE
from services.order.model import RECENT, Recent, recent_key, recent_keys, second_of
from shared.contracts.suspension import OrderAttributed, OrdersSought
from shared.messaging.fold import Fold
from shared.messaging.message import Message
from shared.messaging.numbered import Numbered
from shared.messaging.record import Envelope, Incoming, Record
from shared.messaging.shape import Many, Outcome, Service, on
from tests.unit import builders as b
from tests.unit.messaging.trade import JAR, NOON, SHELF, Coin, Desk, Jar, Shelf, Versions

HERE, PARTY = b.at("06-01 12:00"), f"seller:{b.SELLER}"

starts = st.integers(0, 2_000)
lengths = st.integers(0, 300)


@given(starts, lengths, st.integers(0, 2_400))
def test_a_run_is_the_sequence_of_its_keys_r2_8(start: int, length: int, number: int) -> None:
    spelled = [recent_key("seller:s1", second) for second in range(start, start + length)]
    keys = recent_keys("seller:s1", range(start, start + length))
    assert list(keys) == spelled
    assert len(keys) == length
    assert [keys[place] for place in range(length)] == spelled
    assert list(keys[1:-1]) == spelled[1:-1]
    assert (recent_key("seller:s1", number) in keys) == (recent_key("seller:s1", number) in spelled)
    assert [keys.place(key) for key in spelled] == list(range(length))
    assert keys == recent_keys("seller:s1", range(start, start + length))
    assert keys != recent_keys("seller:s1", range(start, start + length + 1))
    assert keys != recent_keys("seller:s2", range(start, start + length))


def incoming(event: Message) -> Incoming:
    record = Record(event.topic.name, 0, 0, event.key.encode(), event.to_json())
    return Incoming(record, Envelope(f"e{id(event)}", "order", 1, "c", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"), event, event.key, False)


def test_what_only_looks_like_one_of_its_keys_is_none() -> None:
    keys = Numbered("s/", range(5, 20))
    assert not [key for key in ("s/", "s/05", "s/+5", "s/5 ", "s/5x", "t/5", "5", "s/\u0665", 5, None) if key in keys]


def test_a_touch_of_a_run_does_not_spell_it_and_another_is_sorted() -> None:
    run = Numbered("s/", range(10**9))
    touch, other = RECENT.many(run), RECENT.many(["b", "a", "b"])
    assert isinstance(touch, Many)
    assert isinstance(other, Many)
    assert touch.at is run
    assert other.at == ("a", "b")


def test_a_run_looks_at_what_came_in_its_batch_too_and_at_nothing_that_was_not_asked_for() -> None:
    """As a touch of each key would; a run that nobody planned is not loaded."""
    attributed = [OrderAttributed(subject_id=PARTY, order_id=f"o{n}", occurred_at=HERE + timedelta(seconds=n)) for n in (3, 1)]
    sought, another = (
        OrdersSought(
            subject_id=PARTY, violation_id="v1", effective_from=HERE, until=None, second=first, second_last=first + 9,
            occurred_at=HERE,
        )
        for first in (second_of(HERE), second_of(HERE) + 1)
    )  # fmt: skip
    fold = Fold(SERVICE, b.POLICIES, HERE)
    for event in (*attributed, sought):
        fold.expect(event)
    for kind in SERVICE.kinds:
        asked = fold.wanted(kind)
        fold.put(kind, {key: (1, Recent({"o7": HERE})) for key in asked if key == recent_key(PARTY, second_of(HERE) + 7)})
    assert all(fold.offer(incoming(event)) for event in (*attributed, sought))
    told = [json.loads(fact.value or b"") for fact in fold.take().facts]
    found = [fact["order_id"] for fact in told if "order_id" in fact]
    assert found == ["o3", "o1", "o1", "o3", "o7"]
    assert not fold.offer(incoming(another))


def test_of_a_run_what_is_there_comes_in_its_order_whatever_other_kinds_have_there() -> None:
    """As numbers, not as letters; and a run of nothing needs no loading."""
    seen: list[list[str]] = []

    def look(event: Coin, jars: Mapping[str, Jar], none: Mapping[str, Jar]) -> Outcome:
        seen.append([*jars, *none])
        return ()

    plan = JAR.many(Numbered("j", range(8, 12))), JAR.many(Numbered("j", range(0)))
    fold = Fold(Service("pantry", Coin, lambda event, _: on(event, look, *plan), (JAR, SHELF)), Versions(), NOON)
    coin = Desk().coin("a", 1)
    fold.expect(coin.event)
    fold.wanted(JAR)
    fold.put(JAR, {key: (1, Jar(key)) for key in ("j10", "j9")})
    fold.put(SHELF, {"j11": (1, Shelf(1))})
    assert fold.offer(coin)
    assert seen == [["j9", "j10"]]
