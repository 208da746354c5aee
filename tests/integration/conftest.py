"""Servers for whoever needs no system of its own, and a world for what one service shows; a module that needs another has its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.infra import Fresh, Infra, started
from tests.toy.outside import DAWN
from tests.toy.world import World


@pytest.fixture(scope="package")
def stack(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka and Postgres with topics, ACLs, roles and migrations, without services; until the last of these tests in this process."""
    with started(infra, tmp_path_factory.mktemp("laotie")) as it:
        yield it


@pytest.fixture
def fresh(stack: Stack) -> Iterator[Fresh]:
    """Topics and schemas that no other test sees."""
    maker = Fresh(stack)
    yield maker
    maker.forget()


@pytest.fixture(scope="module")
def world(stack: Stack) -> Iterator[World]:
    """Alpha alone, on two partitions."""
    with World(stack, stripes=2) as it:
        it.spawn("alpha")
        it.ready()
        yield it


@pytest.fixture
def ruled(stack: Stack) -> Iterator[World]:
    """What the toy goes by comes by a topic; nobody runs yet, and nothing is said."""
    world = World(stack, clock="manual", ruled=True)
    world.clock_at = DAWN
    with world:
        yield world
