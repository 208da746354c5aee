"""What `laotie recover` says of what it found."""

from __future__ import annotations

from datetime import UTC, datetime

from deploy.cli.recover import Found, lines

AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_where_nothing_is_lacking_there_is_nothing_to_do() -> None:
    for written in (False, True):
        assert list(lines(Found(0, None, None, 7), written=written)) == ["nothing is lacking: the database knows of all that was told"]


def test_what_is_lacking_is_counted_with_its_times() -> None:
    found = Found(1200, AT, AT.replace(hour=13), 34)
    said = ["lacking: 1,200 records told from 2026-05-04 12:00:00 to 2026-05-04 13:00:00 UTC", "behind the cursors: 34 records"]
    assert list(lines(found, written=False)) == [*said, "--yes makes it again"]
    assert list(lines(found, written=True)) == [*said, "made again; start the service, then `laotie verify`"]
