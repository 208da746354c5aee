"""python -m tests.toy alpha: one toy service as a process."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from shared.messaging.app import application, serve
from tests.toy.hooks import install
from tests.toy.model import ALL
from tests.toy.rules import Rules
from tests.toy.services import SERVICES, Versions

if __name__ == "__main__":
    install(sys.argv[1])
    policies = Rules() if os.environ.get("TOY_RULED") else Versions()
    serve(application(SERVICES[sys.argv[1]], ALL, policies, (Path(__file__).parent / "migrations",)))
