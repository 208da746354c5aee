"""Whatever is planted in what a market left is found, by the statement that is there for it, and named. Source: R3.1."""

from __future__ import annotations

import pytest

from tests.unit.verify import corruptions
from tests.unit.verify.damaged import Copy
from tests.unit.verify.market import Market, market
from tests.unit.verify.recorded import checked, wrong


@pytest.fixture(scope="module")
def town() -> Market:
    return market()


def test_nothing_is_wrong_with_the_market_itself_and_almost_every_statement_has_something_to_say_of_it(town: Market) -> None:
    checks = checked(town)
    assert wrong(checks) == []
    assert [check.name for check in checks if not check.counted] == [
        "what stands in a topic twice is twice the same",
        "what others put on our topics was refused",
    ]


@pytest.mark.parametrize("corruption", corruptions.CORRUPTIONS, ids=lambda one: one.name)
def test_a_corruption_is_found_and_named(town: Market, corruption: corruptions.Corruption) -> None:
    name, first, _ = corruptions.found(town, corruption)
    assert name.startswith(corruption.by)
    assert first


def test_every_statement_of_verify_has_a_corruption_that_it_finds(town: Market) -> None:
    """A new statement comes with a corruption that breaks it."""
    broken = set[str]()
    for corruption in corruptions.CORRUPTIONS:
        copy = Copy.made(town)
        corruption.plant(copy)
        broken |= {check.name for check in copy.checks() if not check.holds}
    assert {check.name for check in checked(town)} - broken == set()


def test_the_committed_page_is_what_verify_says_today() -> None:
    assert corruptions.page().splitlines() == corruptions.PAGE.read_text(encoding="utf-8").splitlines()
