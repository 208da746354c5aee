"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from typing import cast

import pytest

from deploy.local.stack import Stack
from tests.infra import EXTERNAL, Fresh, Infra, default_infra, started


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--infra",
        choices=["local", "external", "docker"],
        help="Kafka and Postgres: started here, named by LAOTIE_KAFKA and LAOTIE_POSTGRES, or in containers. "
        "Default: docker where an engine answers, else local.",
    )


@pytest.fixture(scope="session")
def infra(request: pytest.FixtureRequest) -> Infra:
    chosen = request.config.getoption("--infra") or default_infra()
    if chosen == "external" and not all(os.environ.get(name) for name in EXTERNAL):
        raise pytest.UsageError(f"--infra=external needs {' and '.join(EXTERNAL)}")
    return cast("Infra", chosen)


@pytest.fixture(scope="session")
def stack(infra: Infra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka and Postgres with topics, ACLs, roles and migrations, without services; one for the whole run."""
    with started(infra, tmp_path_factory.mktemp("laotie")) as it:
        yield it


@pytest.fixture
def fresh(stack: Stack) -> Iterator[Fresh]:
    """Topics and schemas that no other test sees."""
    maker = Fresh(stack)
    yield maker
    maker.forget()
