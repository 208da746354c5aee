"""A version of policy.v1 that is taken back before it begins. Source: R9.1, R2.8."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.errors import CATALOGUE
from shared.messaging.record import Record
from shared.messaging.versions import Kept, keep
from shared.policy.published import PublishedPolicies
from tests.unit.test_policy_published import FIRST, NOON, TEN, became, record, version, withdrawn

FAR = version("2", NOON + timedelta(days=3650))


def test_r9_1_a_version_that_is_withdrawn_does_not_count_and_others_may_begin_before_it() -> None:
    """Mistyped, 2036 for 2026."""
    third = record(version("3", NOON + timedelta(days=1)))
    assert became(FIRST, record(FAR), third) == ["1", "2", "policy.older"]
    assert became(FIRST, record(FAR), withdrawn("2"), third) == ["1", "2", "-2", "3"]
    assert became(FIRST, record(FAR), withdrawn("2"), record(version("3", FAR.effective_from))) == ["1", "2", "-2", "3"]
    kept = list[Kept]()
    for offset, one in enumerate((FIRST, record(FAR), withdrawn("2"), third)):
        found = PublishedPolicies().judge(replace(one, offset=offset), kept, manual=False)
        assert isinstance(found, Kept)
        keep(kept, found)
    assert [(one.version, one.withdrawn) for one in kept] == [("1", None), ("3", None), ("2", 2)], "as they begin"
    assert [one.version for one in PublishedPolicies().policies(kept).versions] == ["1", "3"]


def test_r9_1_one_amid_others_may_be_withdrawn_and_they_keep_their_times() -> None:
    later = record(version("3", FAR.effective_from + TEN))
    assert became(FIRST, record(FAR), later, withdrawn("2"), record(version("4"))) == ["1", "2", "3", "-2", "policy.older"]


def test_r9_1_a_version_is_withdrawn_as_long_before_it_begins_as_it_would_have_to_be_published() -> None:
    begins = NOON + TEN + TEN
    second = record(version("2", begins))
    assert became(FIRST, second, withdrawn("2", begins - TEN)) == ["1", "2", "-2"]
    for late in (begins - TEN + timedelta(milliseconds=1), begins, begins + timedelta(days=1)):
        assert became(FIRST, second, withdrawn("2", late)) == ["1", "2", "policy.too_late"]
        assert became(FIRST, second, withdrawn("2", NOON, said=late)) == ["1", "2", "policy.too_late"]
        assert became(FIRST, second, withdrawn("2", late, said=NOON)) == ["1", "2", "policy.too_late"], "by the broker's time"
        assert became(FIRST, second, withdrawn("2", late, said=NOON), manual=True) == ["1", "2", "-2"]
    longer = record(version("2", NOON + TEN, lead_minutes=60))
    third = record(version("3", NOON + timedelta(hours=2)), NOON + TEN)
    for minute, said in ((60, "-3"), (61, "policy.too_late")):
        assert became(FIRST, longer, third, withdrawn("3", NOON + timedelta(minutes=minute)))[-1] == said


def test_r9_1_the_first_version_stays_and_one_that_nobody_took_cannot_be_withdrawn() -> None:
    """The first is in force from the beginning, whenever it says that it begins."""
    assert became(record(FAR), withdrawn("2")) == ["2", "policy.too_late"]
    assert became(withdrawn("1"), FIRST, withdrawn("2"), record(version("2"))) == ["policy.unknown", "1", "policy.unknown", "2"]
    refused = record(version("2", NOON))
    assert became(FIRST, refused, withdrawn("2")) == ["1", "policy.too_soon", "policy.unknown"]


def test_r9_1_withdrawn_again_is_nothing_new_and_nothing_brings_the_version_back() -> None:
    """Neither a late copy of the record, nor another body: what was withdrawn comes again under another name."""
    story = (FIRST, record(FAR), withdrawn("2"), withdrawn("2"), withdrawn("2", FAR.effective_from), record(FAR), record(version("2")))
    assert became(*story) == ["1", "2", "-2", "known", "known", "policy.withdrawn", "policy.withdrawn"]
    assert became(*story, record(version("2b"))) == [*became(*story), "2b"]


def test_r9_1_where_compaction_left_only_the_withdrawal_the_version_counts_no_more_either() -> None:
    third = record(version("3", NOON + timedelta(days=1)))
    assert became(FIRST, withdrawn("2"), third) == ["1", "policy.unknown", "3"]


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (withdrawn("2", why="typo"), "policy.invalid"),
        (withdrawn("2 "), "policy.invalid"),
        (replace(withdrawn("2"), key=b"3"), "event.key_mismatch"),
        (replace(withdrawn("2"), value=None), "event.no_value"),
        (withdrawn("2", said=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)), "policy.too_late"),
    ],
)
def test_r9_1_a_withdrawal_that_cannot_be_read_withdraws_nothing(bad: Record, code: str) -> None:
    assert became(FIRST, record(FAR), bad, withdrawn("2")) == ["1", "2", code, "-2"]
    assert code in CATALOGUE
