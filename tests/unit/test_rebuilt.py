"""What `laotie rebuild` says that it has not looked at."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast

import pytest

from deploy.cli.rebuild import lines
from deploy.verify.log import TOPICS
from shared.messaging.recovery.rebuild import Rebuild

LEFT = {"order": [], "payment": ["posting", "statement_break", "attention"], "refund": ["case_task"], "trust": []}


@pytest.mark.parametrize("service", LEFT)
def test_the_tables_that_are_not_made_again_are_named(service: str) -> None:
    """It said of all tables that they are what the facts make of them."""
    connection = cast("Any", SimpleNamespace(transaction=lambda: None))
    found = Rebuild(import_module(f"services.{service}.handlers").SERVICE, TOPICS, 1, connection).found
    assert sorted(found.left) == sorted(LEFT[service])
    told = list(lines(found, written=False))
    named = [f"not looked at: {', '.join(found.left)}; `laotie verify` compares them with the topics"] if LEFT[service] else []
    assert told == ["0 facts folded again", *named, "entities and deadlines are what the facts make of them"]
