"""Fixtures that every test may use."""

import gc
import os
from typing import Any, cast

import pytest
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.infra import EXTERNAL, Infra, default_infra

JOURNEYS, RUSH = "tests/journeys/", "tests/integration/rush/"
WALKS = (f"{JOURNEYS}aftersale/", f"{JOURNEYS}test_governance.py")  # each a table of journeys side by side: they wait for the clock
ON_SERVERS = (JOURNEYS, "tests/integration/")
MINUTES = ("chaos_short", "demo", "local_stack", "engine_replaced", "foreign_servers", "recover")  # what each takes beside others

gc.disable()  # until all tests are found

# nothing passes or fails by time; with CI in the environment the same examples are drawn each time: a change passes or fails by itself
settings.register_profile("laotie", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("laotie")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--infra",
        choices=["local", "external", "docker"],
        help="Kafka and Postgres: started here, named by LAOTIE_KAFKA and LAOTIE_POSTGRES, or in containers. "
        "Default: docker where an engine answers, else local.",
    )


class Shares(LoadScopeScheduling):  # type: ignore[misc]
    """What each process of `pytest -n` gets: a file stays whole, and so does what shares one running system: the walks, the other
    journeys, what races. The last process takes from the end on, what needs no servers first: those that wait for servers leave it a core.
    When no more of that is left it takes its share of the others: each of them leaves two thirds of a core idle."""

    _last: Any = None

    def schedule(self) -> None:
        if self.collection is None and len(self.nodes) > 1:
            self._last = self.nodes[-1]
        super().schedule()

    def _assign_work_unit(self, node: WorkerController) -> None:
        scope = next(reversed(self.workqueue))
        if node is self._last and not scope.startswith(ON_SERVERS):
            self.workqueue.move_to_end(scope, last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(WALKS):
            return f"{JOURNEYS}walks"
        return next((shared for shared in (JOURNEYS, RUSH) if nodeid.startswith(shared)), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    config.option.loadscopereorder = False
    return Shares(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Beside each other, what takes minutes begins first and the quick ones fill up the end; alone, the quick ones begin."""
    if hasattr(config, "workerinput"):
        long = (f"tests/integration/test_{name}.py" for name in MINUTES)
        ahead = (JOURNEYS, RUSH, *long, "tests/integration/", "tests/unit/verify/")
        items.sort(key=lambda item: [not item.nodeid.startswith(path) for path in ahead])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Thousands of tests are no garbage: looking for cycles among them took a twelfth of the unit tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


@pytest.fixture(scope="session")
def infra(request: pytest.FixtureRequest) -> Infra:
    chosen = request.config.getoption("--infra") or default_infra()
    if chosen == "external" and not all(os.environ.get(name) for name in EXTERNAL):
        raise pytest.UsageError(f"--infra=external needs {' and '.join(EXTERNAL)}")
    if chosen == "external" and hasattr(request.config, "workerinput"):
        raise pytest.UsageError("--infra=external goes without -n: two processes would give the same roles different passwords")
    return cast("Infra", chosen)
