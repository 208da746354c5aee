"""A world for what one service shows; a module that needs another has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.toy.world import World


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """Alpha alone, on two partitions."""
    with World(stack, stripes=2) as it:
        it.spawn("alpha")
        it.ready()
        yield it
