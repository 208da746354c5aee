"""Every legal claim in every state of its line, whoever is silent: it comes to the end that is written down. Source: R4.2."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.refund import rules
from tests.unit.refund import life as l
from tests.unit.refund import table


def test_the_committed_table_is_what_the_service_does_r4_2() -> None:
    assert table.table().splitlines() == table.TABLE.read_text(encoding="utf-8").splitlines()


def test_every_kind_and_ground_of_the_catalogue_is_in_the_table_r4_2() -> None:
    told = {(row.kind, row.ground) for row in table.rows()}
    assert told == {(kind, rule.ground) for rule in rules.CATALOGUE if rule.ground is not None for kind in rule.kinds}


def test_the_page_for_shops_says_which_kinds_go_with_a_ground_and_by_which_guarantee_r4_2() -> None:
    page = (
        (Path(__file__).parents[3] / "shared/contracts/README.md")
        .read_text(encoding="utf-8")
        .split("## What can be claimed")[1]
        .split("\n## ")[0]
    )
    told = set()
    for grounds, cell in re.findall(r"^\| (`.+?`) \| (.+) \|$", page, re.MULTILINE):
        named = re.findall(r"`(\w+)`", grounds)
        for part in cell.split("; "):
            kinds, guarantees = part.split(": ")
            of = guarantees.split(", ")
            told |= {(kind, one, of[n % len(of)]) for kind in re.findall(r"`(\w+)`", kinds) for n, one in enumerate(named)}
    assert told == {(kind, rule.ground, rule.name) for rule in rules.CATALOGUE if rule.ground is not None for kind in rule.kinds}


@pytest.mark.parametrize("silent", ["nobody", "seller", "buyer", "platform"])
def test_a_case_that_was_opened_ends_whoever_is_silent_r4_3(silent: str) -> None:
    for row in (row for row in table.rows() if row.silent == silent):
        assert all(case.ended for case in l.purchase_of(table.life(row)).cases.values()), row


def test_nobody_gets_more_than_was_paid_and_a_silent_seller_never_wins_r4_3() -> None:
    for row in table.rows():
        line = l.purchase_of(table.life(row)).lines[1]
        assert line.granted_minor <= line.paid_minor
        cases = l.purchase_of(table.life(row)).cases.values()
        if row.silent in ("seller", "platform"):
            assert all(case.state == 60 for case in cases), row
