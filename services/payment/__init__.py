"""Payments: escrow of each order, refunds out of it, settlement to the parties, payouts."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`faststream run services.payment:app`; built when asked for, so that importing a rule starts nothing."""
    if name == "app":
        from services.payment.__main__ import app

        return app
    raise AttributeError(name)
