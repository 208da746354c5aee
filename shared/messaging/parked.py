"""The breaker: where too much is given up at once, the fault is not the events'."""

from __future__ import annotations

import time
from collections import deque

GAVE_UP = ("parked.raised", "parked.killed_the_process")
WINDOW_SECONDS = 60.0
OF_MIN = 200  # handled in the window before the share counts
SHARE_MAX = 0.05


class ParkedShare:
    """What was given up of what was handled, over the last minute."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, int, int]] = deque()  # when, handled, parked
        self._handled = self._parked = 0

    def count(self, handled: int, parked: int) -> bool:
        """Of one batch. True: the share is too large."""
        now = time.monotonic()
        self._add(handled, parked)
        self._recent.append((now, handled, parked))
        while self._recent[0][0] < now - WINDOW_SECONDS:
            _, handled, parked = self._recent.popleft()
            self._add(-handled, -parked)
        return self._handled >= OF_MIN and self._parked > self._handled * SHARE_MAX

    def _add(self, handled: int, parked: int) -> None:
        self._handled += handled
        self._parked += parked
