"""The breaker: how much is given up of what was handled over the last minute."""

from __future__ import annotations

import pytest

from shared.messaging.parked import OF_MIN, SHARE_MAX, WINDOW_SECONDS, ParkedShare

MOST = int(OF_MIN * SHARE_MAX)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000.0]
    monkeypatch.setattr("shared.messaging.parked.time.monotonic", lambda: now[0])
    return now


def test_a_share_is_too_large_once_it_is_above_the_bound_of_enough(clock: list[float]) -> None:
    assert not ParkedShare().count(OF_MIN, MOST)
    assert ParkedShare().count(OF_MIN, MOST + 1)
    assert not ParkedShare().count(OF_MIN - 1, OF_MIN - 1), "of a few it says nothing"


def test_batches_add_up_for_a_minute_and_are_forgotten_then(clock: list[float]) -> None:
    share = ParkedShare()
    assert not share.count(OF_MIN // 2, MOST)
    clock[0] += WINDOW_SECONDS
    assert share.count(OF_MIN // 2, 1)
    clock[0] += 1
    assert not share.count(OF_MIN // 2, MOST - 1), "the first batch is out, and what it gave up with it"
    assert share.count(0, 1 + MOST)
