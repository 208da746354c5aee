from typing import Any


def __getattr__(name: str) -> Any:
    """`faststream run services.refund:app`; built when asked for, so that importing a rule starts nothing."""
    if name == "app":
        from services.refund.__main__ import app

        return app
    raise AttributeError(name)
