"""Every code of a refusal: the event leaves nothing behind, and its corrected resend goes through. Source: R2.1, F5."""

from __future__ import annotations

import pytest

from tests.unit.refusals import of_order, of_payment, of_refund, of_trust
from tests.unit.refusals.judged import Life, Row, Waiting, begun, go_on, refused_twice, resent, said, tell

OF = (of_order, of_payment, of_refund, of_trust)
LIVES: dict[str, Life] = {name: life for of in OF for name, life in of.LIVES.items()}
ROWS: list[Row] = [row for of in OF for row in of.ROWS]
WAITS: list[Waiting] = [row for of in OF for row in of.WAITS]


def name_of(row: Row | Waiting) -> str:
    return f"{row.code} {row.life}"


def test_no_two_lives_have_one_name() -> None:
    assert len(LIVES) == sum(len(of.LIVES) for of in OF)


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_what_is_refused_leaves_nothing_behind_and_mended_it_has_its_effect_once_r2_1(row: Row) -> None:
    refused = refused_twice(LIVES, row)
    if row.mended is None and not row.until:
        assert row.why
        return
    for name in ("x", "y"):
        resent(LIVES, row, refused, name)


@pytest.mark.parametrize("row", WAITS, ids=name_of)
def test_what_waits_for_its_cause_is_done_with_it_r2_1(row: Waiting) -> None:
    before, town = begun(LIVES, row.life), begun(LIVES, row.life)
    tell(town, "x", row.event)
    assert (town.waiting(), said(town, before)) == ([*before.waiting(), row.code], [])
    assert (town.states(), town.facts) == (before.states(), before.facts)
    go_on(town, row.cause, "c")
    assert (town.waiting(), said(town, before)) == (before.waiting(), [])
