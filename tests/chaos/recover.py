"""python -m tests.chaos.recover order: `laotie recover order --yes` with the settings that its processes have."""

from __future__ import annotations

import asyncio
import sys
from importlib import import_module

from deploy.cli.recover import lines, migrations, recovered
from shared.contracts import ALL
from shared.messaging.connect import Halted
from shared.messaging.recovery.lost import NoRecovery
from shared.policy.published import PublishedPolicies
from shared.settings import Settings

if __name__ == "__main__":
    name = sys.argv[1]
    service = import_module(f"services.{name}.handlers").SERVICE
    try:
        found = asyncio.run(recovered(Settings(), service, ALL, PublishedPolicies(), migrations(name), write=True))
    except (NoRecovery, Halted) as error:
        raise SystemExit(str(error)) from error
    sys.stdout.write("".join(f"{line}\n" for line in lines(found, written=True)))
