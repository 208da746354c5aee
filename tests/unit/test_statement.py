"""A month of a party, or of the platform, summed up: what it began with, what moved it, what it ended with. Source: R3.1."""

from __future__ import annotations

from typing import Any

from deploy.cli.statement import WHOLE, data, lines, named, summed


def row(account: str, kind: str, before: int, moved: int, times: int, currency: str = "CNY") -> dict[str, Any]:
    return {"account": account, "currency": currency, "kind": kind, "before_minor": before, "moved_minor": moved, "times": times}


ROWS = [
    row("debt:s1", "balance.debited", -7_00, 0, 0),
    row("balance:s1", "payout.instructed", -100_00, -50_00, 1),
    row("balance:s1", "line.settled", 120_00, 57_00, 2),
    row("balance:s1", "", 1_00, 0, 0),
    row("balance:s1", "line.settled", 0, 900, 1, "JPY"),
    row("payout:s1", "payout.done", 5_00, 0, 0),
    row("payout:s1", "payout.instructed", -5_00, 0, 0),
]


def test_each_account_begins_is_moved_by_kind_and_ends_r3_1() -> None:
    assert [" ".join(line.split()) for line in lines(summed(ROWS))] == [
        "debit credit",
        "21.00 CNY balance:s1 at the beginning",
        "57.00 CNY line.settled 2 times a line's escrow goes to its parties",
        "50.00 CNY payout.instructed 1 times a balance, or what a deposit holds above what is required, is to be paid out",
        "28.00 CNY balance:s1 at the end",
        "7.00 CNY debt:s1 at the beginning",
        "7.00 CNY debt:s1 at the end",
        "0 JPY balance:s1 at the beginning",
        "900 JPY line.settled 1 times a line's escrow goes to its parties",
        "900 JPY balance:s1 at the end",
    ]


def test_for_programs_what_ends_is_what_began_and_all_that_moved_r3_1() -> None:
    told = data(summed(ROWS)[0])
    assert told["ends_minor"] == told["begins_minor"] + sum(one["amount_minor"] for one in told["moved"]) == 28_00


def test_an_account_is_asked_for_by_the_name_that_the_other_commands_print_and_a_party_by_its_id_r3_1() -> None:
    for account in ("debt:s1", "escrow:o1", "platform:unclaimed"):
        assert named(account) == [account]
    assert {"balance:s1", "debt:s1", "payout:s1"} < {*named("s1")}
    assert named(None) == WHOLE
