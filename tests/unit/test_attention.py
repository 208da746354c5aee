"""What monitoring is shown of what waits for a person. Source: R3.1, R3.5."""

from __future__ import annotations

from shared.attention import METRICS, show


def shown() -> list[tuple[dict[str, str], float, float]]:
    waiting, oldest = (
        [(one.labels, one.value) for one in next(iter(gauge.collect())).samples] for gauge in (METRICS.waiting, METRICS.oldest)
    )
    return [(labels, count, seconds) for (labels, count), (_, seconds) in zip(waiting, oldest, strict=True)]


def test_what_waits_is_shown_with_the_age_of_the_oldest_and_what_has_become_none_is_shown_no_more() -> None:
    show(
        [{"kind": "refund", "why": "failed", "waiting": 2, "seconds": 60}, {"kind": "payout", "why": "silent", "waiting": 1, "seconds": -5}]
    )
    assert shown() == [({"kind": "refund", "why": "failed"}, 2, 60), ({"kind": "payout", "why": "silent"}, 1, 0)], "a clock may be behind"
    show([{"kind": "refund", "why": "failed", "waiting": 1, "seconds": 90}])
    assert shown() == [({"kind": "refund", "why": "failed"}, 1, 90)]
    show([])
    assert shown() == []
