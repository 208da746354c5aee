"""Days are local dates of a zone, instants are UTC. Source: R1.2, R1.3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.days import after_spans, day_after, local_date, window_end
from tests.unit.builders import at

ZONES = st.sampled_from(["Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "America/Santiago", "UTC"])
TIMES = st.integers(1_577_836_800, 2_051_222_400).map(lambda second: datetime.fromtimestamp(second, UTC))  # 2020 to 2034


def test_seven_days_from_the_day_after_signing_admit_the_last_second_and_refuse_the_next_r1_3() -> None:
    end = window_end(at("06-16 23:59:59"), 7, "Asia/Shanghai")
    assert at("06-23 23:59:59") < end
    assert at("06-24 00:00:00") == end


def test_signed_at_midnight_belongs_to_the_day_that_begins_r1_3() -> None:
    assert window_end(at("06-17 00:00:00"), 7, "Asia/Shanghai") == at("06-25 00:00:00")


def test_the_same_instant_has_two_dates_in_two_zones() -> None:
    instant = datetime(2026, 6, 16, 16, 30, tzinfo=UTC)
    assert (local_date(instant, "Asia/Shanghai").day, local_date(instant, "America/New_York").day) == (17, 16)


def test_the_seventh_day_after_begins_at_local_midnight_r1_3() -> None:
    assert day_after(at("06-05 09:00"), 7, "Asia/Shanghai") == at("06-12 00:00")
    assert day_after(at("06-05 00:00"), 7, "Asia/Shanghai") == at("06-12 00:00")
    assert day_after(at("06-05 23:59:59"), 7, "Asia/Shanghai") == at("06-12 00:00")


def test_results_are_utc() -> None:
    assert day_after(at("06-05 09:00"), 1, "Asia/Shanghai").tzinfo is UTC
    assert window_end(at("06-05 09:00"), 1, "Asia/Shanghai").tzinfo is UTC


def test_a_window_is_24_hours_a_day_though_clocks_change_within_it() -> None:
    """Berlin gains an hour on 10-25: seven days of 24 h end at 23:00 on the wall."""
    end = window_end(at("10-22 12:00", "Europe/Berlin"), 7, "Europe/Berlin")
    assert end == at("10-29 23:00", "Europe/Berlin")


def test_day_k_is_midnight_on_the_wall_though_clocks_change_before_it() -> None:
    assert day_after(at("10-22 12:00", "Europe/Berlin"), 7, "Europe/Berlin") == at("10-29 00:00", "Europe/Berlin")


def test_a_midnight_that_is_skipped_is_the_jump_itself() -> None:
    """Santiago, 2026-09-06: 23:59:59 is followed by 01:00."""
    begins = day_after(at("09-05 12:00", "America/Santiago"), 1, "America/Santiago")
    assert begins == datetime(2026, 9, 6, 4, 0, tzinfo=UTC)
    assert begins.astimezone(ZoneInfo("America/Santiago")).hour == 1


def test_a_midnight_that_comes_twice_is_the_first() -> None:
    """Havana, 2026-11-01: at 01:00 the clock shows 00:00 again."""
    assert day_after(at("10-31 12:00", "America/Havana"), 1, "America/Havana") == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        local_date(datetime(2026, 6, 1), "Asia/Shanghai")  # noqa: DTZ001 - that is the point


@given(TIMES, st.integers(1, 400), ZONES)
def test_a_day_begins_after_its_past_and_within_a_day_of_24_hours_times_k(time: datetime, days: int, zone: str) -> None:
    begins = day_after(time, days, zone)
    assert begins > time
    assert abs(begins - time - timedelta(days=days)) <= timedelta(days=1, hours=1)
    assert local_date(begins, zone) == local_date(time, zone) + timedelta(days=days)
    assert local_date(begins - timedelta(seconds=1), zone) < local_date(begins, zone)


@given(TIMES, st.integers(1, 100), ZONES)
def test_a_window_begins_with_the_day_after(time: datetime, days: int, zone: str) -> None:
    assert window_end(time, days, zone) - day_after(time, 1, zone) == timedelta(days=days)


def test_a_span_holds_what_is_due_if_it_began_before_and_one_that_began_meanwhile_holds_it_too_r2_6() -> None:
    day = [datetime(2026, 6, number, tzinfo=UTC) for number in range(1, 10)]
    assert after_spans(day[3], []) == day[3]
    assert after_spans(day[3], [(day[0], day[1])]) == day[3]
    assert after_spans(day[3], [(day[3], day[5])]) == day[3]
    assert after_spans(day[3], [(day[2], day[5])]) == day[5]
    assert after_spans(day[3], [(day[4], day[7]), (day[2], day[5])]) == day[7]
    assert after_spans(day[3], [(day[5], day[7]), (day[2], day[5])]) == day[5]
    assert after_spans(day[3], [(day[1], day[7]), (day[2], day[5])]) == day[7]
