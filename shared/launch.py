"""From a service to a running process: the contract's topics, the policy in force, its own migrations."""

from __future__ import annotations

import os
from pathlib import Path

from faststream.asgi import AsgiFastStream

from shared.contracts import ALL
from shared.messaging.app import application
from shared.messaging.shape import Service
from shared.policy import Policies

POLICY = Path(__file__).parents[1] / "deploy/policy.yaml"


def policies() -> Policies:
    """LAOTIE_POLICY names another file. Raises InvalidPolicy: a service without a policy decides nothing."""
    return Policies.load(Path(os.environ.get("LAOTIE_POLICY") or POLICY))


def app_of(service: Service) -> AsgiFastStream:
    """The ASGI application of `services/<name>`: `python -m services.<name>` and `faststream run services.<name>:app` run it."""
    folder = Path(__file__).parents[1] / "services" / service.name / "migrations"
    return application(service, ALL, policies(), (folder,))
