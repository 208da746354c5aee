"""Whatever is planted in what a market left is found, by the statement that is there for it, and named. Source: R3.1."""

from __future__ import annotations

import pytest

from tests.unit.verify.corruptions import CORRUPTIONS
from tests.unit.verify.damaged import Corruption
from tests.unit.verify.market import POLICIES, market
from tests.unit.verify.planting import PAGE, Broken, page, planted
from tests.unit.verify.recorded import checked, wrong

NAMES = [check.name for check in checked(market(), POLICIES)]


@pytest.fixture(scope="module")
def broken() -> Broken:
    return planted()


def test_nothing_is_wrong_with_the_market_itself_and_almost_every_statement_has_something_to_say_of_it() -> None:
    checks = checked(market(), POLICIES)
    assert wrong(checks) == []
    assert [check.name for check in checks if not check.counted] == [
        "what stands in a topic twice is twice the same",
        "what others put on our topics was refused",
        "what does not count on policy.v1 is refused once by every service, under the same code",
    ]


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda one: one.name)
def test_a_corruption_is_found_and_named(broken: Broken, corruption: Corruption) -> None:
    (named,) = [check for check in broken[corruption.name] if check.name.startswith(corruption.by)]
    assert named.first


@pytest.mark.parametrize("name", NAMES)
def test_a_statement_has_a_corruption_that_breaks_it(broken: Broken, name: str) -> None:
    """So that a new statement comes with one."""
    assert any(check.name == name for found in broken.values() for check in found)


def test_the_committed_page_is_what_verify_says_today(broken: Broken) -> None:
    assert page(broken).splitlines() == PAGE.read_text(encoding="utf-8").splitlines()
