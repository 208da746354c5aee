from typing import Any


def __getattr__(name: str) -> Any:
    """`faststream run services.trust:app`; built when asked for, so that importing a rule starts nothing."""
    if name == "app":
        from services.trust.__main__ import app

        return app
    raise AttributeError(name)
