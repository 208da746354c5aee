"""Every legal claim in every state of its line, whoever is silent: it comes to the end that is written down. Source: R4.2."""

from __future__ import annotations

import pytest

from services.refund import rules
from tests.unit.refund import life as l
from tests.unit.refund import table


def test_the_committed_table_is_what_the_service_does_r4_2() -> None:
    assert table.table().splitlines() == table.TABLE.read_text(encoding="utf-8").splitlines()


def test_every_kind_and_ground_of_the_catalogue_is_in_the_table_r4_2() -> None:
    told = {(row.kind, row.ground) for row in table.rows()}
    assert told == {(kind, rule.ground) for rule in rules.CATALOGUE if rule.ground is not None for kind in rule.kinds}


@pytest.mark.parametrize("silent", ["nobody", "seller", "buyer", "platform"])
def test_a_case_that_was_opened_ends_whoever_is_silent_but_where_the_order_has_the_word_r4_3(silent: str) -> None:
    for row in (row for row in table.rows() if row.silent == silent):
        for case in l.purchase_of(table.life(row)).cases.values():
            assert case.ended or (row.ground == "not_shipped" and case.state == 10 and case.turn == "nobody"), row


def test_nobody_gets_more_than_was_paid_and_a_silent_seller_never_wins_r4_3() -> None:
    for row in table.rows():
        line = l.purchase_of(table.life(row)).lines[1]
        assert line.granted_minor <= line.paid_minor
        cases = l.purchase_of(table.life(row)).cases.values()
        if row.silent in ("seller", "platform"):
            assert all(case.state == 60 or row.ground == "not_shipped" for case in cases), row
