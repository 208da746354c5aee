"""Violations, study, removal, suspensions, appeals, votes, allotments: told plainly, each event twice, and what belongs to one moment
backwards. Source: R6.1-R6.3, R2.7, R2.8.

All stories run side by side along one walk of the clock; a pause of `NOW` lets what was said take effect.
"""

from __future__ import annotations

from functools import partial
from inspect import isgeneratorfunction, signature
from typing import Any, get_args

import pytest

from tests.journeys import promoters, sanctions
from tests.journeys.conftest import Town
from tests.journeys.governance import How, Story, played

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def is_story(value: Any, module: str) -> bool:
    """Of that module, and of a world alone."""
    return isgeneratorfunction(value) and value.__module__ == module and len(signature(value).parameters) == 1


LEVELS = {1: 7, 2: 30, 3: 120, 4: 360}
WAYS: tuple[How, ...] = get_args(How)
OF_LEVELS: dict[str, Story] = {
    f"level_{level}_is_{days}_days": partial(sanctions.level_for_days, level=level, days=days) for level, days in LEVELS.items()
}
STORIES: dict[str, Story] = {
    name: story for module in (sanctions, promoters) for name, story in vars(module).items() if is_story(story, module.__name__)
}
PLAYS: dict[tuple[str, How], Story] = {
    **{(name, "plain"): story for name, story in OF_LEVELS.items()},
    **{(name, how): story for name, story in STORIES.items() for how in WAYS},
}


@pytest.fixture(scope="module")
def ended(town: Town) -> dict[tuple[str, How], BaseException | None]:
    return played(town, PLAYS)


@pytest.mark.parametrize(("name", "how"), PLAYS, ids=[f"{how}: {name}" for name, how in PLAYS])
def test_governance(ended: dict[tuple[str, How], BaseException | None], name: str, how: How) -> None:
    error = ended[(name, how)]
    if error is not None:
        raise error


def test_everything_is_recomputed_from_the_topics_r6_1(ended: dict[tuple[str, How], BaseException | None], town: Town) -> None:
    assert ended
    assert town.verified() == []


def test_no_story_is_missing() -> None:
    assert len({*STORIES, *OF_LEVELS}) >= 25
