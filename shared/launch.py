"""From a service to a running process: the contract's topics, the policies on policy.v1, its own migrations."""

from __future__ import annotations

from pathlib import Path

from faststream.asgi import AsgiFastStream

from shared.contracts import ALL
from shared.messaging.app import application
from shared.messaging.shape import Service
from shared.policy.published import PublishedPolicies


def app_of(service: Service) -> AsgiFastStream:
    """The ASGI application of `services/<name>`: `python -m services.<name>` and `faststream run services.<name>:app` run it."""
    folder = Path(__file__).parents[1] / "services" / service.name / "migrations"
    return application(service, ALL, PublishedPolicies(), (folder,))
