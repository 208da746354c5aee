"""Corruptions of what apps read of their refusals. Lanes are numbered anew, so that no gap tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from deploy.verify.log import Entry
from tests.unit.verify.damaged import Copy

TOPIC = "trust.refused.v1"


def a_notice_that_is_gone(copy: Copy) -> None:
    _instead(copy, lambda _: [])


def a_notice_of_nothing(copy: Copy) -> None:
    _instead(copy, lambda notice: [notice, replace(notice, headers={**notice.headers, "ce_id": b"never-sent"})])


def a_notice_with_another_code(copy: Copy) -> None:
    _instead(copy, lambda notice: [replace(notice, headers={**notice.headers, "x-reason": b"event.invalid"})])


def a_notice_that_shows_the_event(copy: Copy) -> None:
    _instead(copy, lambda notice: [replace(notice, value=b"{}")])


def _instead(copy: Copy, change: Callable[[Entry], list[Entry]]) -> None:
    first = copy.log.lanes[(TOPIC, 0)][0]
    copy.put(first, change(first))
    copy.renumber(TOPIC)
