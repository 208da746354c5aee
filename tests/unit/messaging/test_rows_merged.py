"""Rows of one batch come to what they would come to one after the other."""

from __future__ import annotations

from typing import Any

from shared.messaging.shape import Rows


def rows(key: tuple[str, ...] = (), kept: frozenset[str] = frozenset()) -> Rows:
    return Rows("case", {"note": "text", "case_id": "text", "until": "text"}, (), lambda fact, id: (), key, kept)


SAID: list[tuple[Any, ...]] = [("a", "2", "noon"), ("b", "1", None), (None, "2", None), ("c", "1", "dawn")]


def test_without_a_key_each_row_is_added() -> None:
    assert rows().merged(SAID) == SAID


def test_the_last_said_of_a_key_stands_and_keys_are_in_order() -> None:
    assert rows(("case_id",)).merged(SAID) == [("c", "1", "dawn"), (None, "2", None)]


def test_what_was_said_before_stays_where_a_kept_column_says_nothing() -> None:
    assert rows(("case_id",), frozenset({"until"})).merged(SAID) == [("c", "1", "dawn"), (None, "2", "noon")]
