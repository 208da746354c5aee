"""Keys of a long run are those that would have been spelled one by one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.order.model import RECENT, recent_key, recent_keys
from shared.messaging.numbered import Numbered
from shared.messaging.shape import Many

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
