"""python -m tests.toy.recover alpha [--yes]: `laotie recover` for a toy service, with its processes' settings."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from deploy.cli.errors import Failed
from deploy.cli.recover import lines, recovered
from shared.messaging import clock
from shared.messaging.app import ENGINE_MIGRATIONS, migrations_of
from shared.messaging.connect import Halted
from shared.messaging.recovery.lost import NoRecovery
from shared.settings import Settings
from tests.toy.model import ALL, TOY_CLOCK
from tests.toy.rules import Rules
from tests.toy.services import SERVICES, Versions


def main(name: str, *, write: bool) -> None:
    vars(clock)["CLOCK"] = TOY_CLOCK
    policies = Rules() if os.environ.get("TOY_RULED") else Versions()
    migrations = migrations_of((ENGINE_MIGRATIONS, Path(__file__).parent / "migrations"))
    try:
        found = asyncio.run(recovered(Settings(), SERVICES[name], ALL, policies, migrations, write=write))
    except (NoRecovery, Halted) as error:
        raise SystemExit(str(error)) from Failed(str(error))
    sys.stdout.write("".join(f"{line}\n" for line in lines(found, written=write)))


if __name__ == "__main__":
    main(sys.argv[1], write="--yes" in sys.argv)
