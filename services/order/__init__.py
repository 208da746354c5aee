"""Orders: what was agreed, whether it was paid in time, and where each line stands."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`faststream run services.order:app`; built when asked for, so that importing a rule starts nothing."""
    if name == "app":
        from services.order.__main__ import app

        return app
    raise AttributeError(name)
