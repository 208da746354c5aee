"""What a database lacks, through no event's fault, is waited for and told, and parks nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.toy.ask import codes, notes
from tests.toy.outside import until
from tests.toy.world import World

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    with World(stack) as it:
        it.spawn_all()
        yield it


@pytest.mark.parametrize(
    ("breaks", "mends", "word"),
    [
        ("REVOKE INSERT, UPDATE ON {}.life FROM laotie_{}", "GRANT INSERT, UPDATE ON {}.life TO laotie_{}", "InsufficientPrivilegeError"),
        ("ALTER TABLE {}.inbox RENAME TO inbox_gone", "ALTER TABLE {}.inbox_gone RENAME TO inbox", "UndefinedTableError"),
        ("ALTER TABLE {}.life RENAME base TO base_gone", "ALTER TABLE {}.life RENAME base_gone TO base", "UndefinedColumnError"),
    ],
    ids=["right", "table", "column"],
)
def test_l1_a_right_or_table_that_is_not_there_is_waited_for_and_told_and_parks_nothing(
    world: World, breaks: str, mends: str, word: str
) -> None:
    """No event is to blame for what its database lacks: half a migration, a restore without its grants."""
    (process,) = world.living("alpha")
    alpha = f"{world.ns}alpha"
    world.rows("admin", breaks.format(alpha, alpha))
    key = f"lacks-{word}"
    world.publish("life.begin", key)
    world.publish("life.note", key, n=1)
    world.flush()
    until(lambda: word in world.probe(process, "readyz")[1], 60, lambda: str(world.probe(process, "readyz")))
    assert world.held("alpha", key) == []
    world.rows("admin", mends.format(alpha, alpha))
    world.idle()
    world.ready()
    assert notes(world, key) == [1]
    assert codes(world, "alpha", key) == []
