"""Every code of a refusal: the event leaves nothing behind, and its corrected resend goes through. Source: R2.1, F5."""

from __future__ import annotations

import pytest

from shared.errors import CATALOGUE
from tests.unit.refusals import of_order, of_payment, of_refund, of_trust
from tests.unit.refusals.judged import Life, Row, Waiting, begun, go_on, refused_twice, resent, said, tell

OF = (of_order, of_payment, of_refund, of_trust)
LIVES: dict[str, Life] = {name: life for of in OF for name, life in of.LIVES.items()}
ROWS: list[Row] = [row for of in OF for row in of.ROWS]
WAITS: list[Waiting] = [row for of in OF for row in of.WAITS]
RARE = {"cancel.nothing_left", "first_order.elsewhere"}  # once a parcel was lost, a mistake taken back: not what anybody waits for


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


def test_what_is_taken_unchanged_once_something_has_ended_is_retryable_and_nothing_else_r2_1() -> None:
    """To upstream every refusal was for good, that of a cancellation while a case is open too."""
    ends = {row.code for row in ROWS if row.until and row.mended is None}
    waits = {row.code for row in WAITS}
    assert ends - RARE == {row.code for row in ROWS if CATALOGUE[row.code].retryable} - waits - {"event.from_the_future"}


@pytest.mark.parametrize("row", WAITS, ids=name_of)
def test_what_waits_for_its_cause_is_done_with_it_r2_1(row: Waiting) -> None:
    before, town = begun(LIVES, row.life), begun(LIVES, row.life)
    tell(town, "x", row.event)
    assert (town.waiting(), said(town, before)) == ([*before.waiting(), row.code], [])
    assert (town.states(), town.facts) == (before.states(), before.facts)
    go_on(town, row.cause, "c")
    assert (town.waiting(), said(town, before)) == (before.waiting(), [])
