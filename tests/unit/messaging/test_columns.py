"""Rows as parameters, before a server sees them: each column as the statement takes it apart. On Postgres: integration/test_sql.py."""

from __future__ import annotations

import json

import pytest

from shared.messaging.columns import MARK, rows_from, spelled, texts, turned


def test_texts_and_numbers_go_as_one_text_a_column_and_others_as_they_are() -> None:
    assert json.loads(spelled("text", said := ["a", "", None, '"{,}"', MARK, "已核实"])) == said
    assert spelled("int", [1, None, -2]) == spelled("bigint", [1, None, -2]) == "{1,NULL,-2}"
    assert spelled("json", ['{"a":"\\u001f"}', "2"]) == f'{{"a":"\\u001f"}}{MARK}2'
    assert spelled("timestamptz", others := [object()]) is others


def test_json_that_holds_the_mark_spells_it_otherwise() -> None:
    assert MARK not in texts([MARK])


def test_the_parameters_of_the_rows_stand_behind_those_that_were_there_before() -> None:
    columns = {"n": "int", "at": "timestamptz", "key": "text", "body": "json"}
    assert rows_from(columns, since=2) == (
        "ROWS FROM (unnest($3::text::int[]), unnest($4::timestamptz[]), json_array_elements_text($5::json), "
        'unnest(string_to_array($6::text, chr(31)))) u("n", "at", "key", "body")'
    )
    assert rows_from({"n": "bigint"}) == 'ROWS FROM (unnest($1::text::bigint[])) u("n")'


def test_rows_are_turned_into_columns_and_none_into_as_many_empty_ones() -> None:
    assert turned([(1, "a"), (2, "b")], 2) == [[1, 2], ["a", "b"]]
    assert turned([], 2) == [[], []]
    with pytest.raises(ValueError, match="zip"):
        turned([(1, "a"), (2,)], 2)
