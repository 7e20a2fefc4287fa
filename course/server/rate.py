"""How often answers may be checked."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from traitlets import Float, Int
from traitlets.config import Configurable


class RateLimit(Configurable):
    """So many checks in so many seconds; a person never notices it, a script soon does.

    Example:
        >>> limit = RateLimit(checks=2, seconds=60)
        >>> [limit.wait(now=0), limit.wait(now=1), limit.wait(now=2), limit.wait(now=61)]
        [0.0, 0.0, 58.0, 0.0]
    """

    checks = Int(30, min=1, help="How many answers may be checked within `seconds`.").tag(
        config=True
    )
    seconds = Float(30.0, min=0.0, help="The length of the window, in seconds.").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._past: deque[float] = deque()

    def wait(self, now: float | None = None) -> float:
        """Count one check; return 0, or the seconds to wait if it is one too many."""
        now = time.monotonic() if now is None else now
        left = self.left(now)
        if not left:
            self._past.append(now)
        return left

    def left(self, now: float | None = None) -> float:
        """Return what `wait` would return, and count nothing."""
        now = time.monotonic() if now is None else now
        past = self._past
        while past and past[0] <= now - self.seconds:
            past.popleft()
        return past[0] + self.seconds - now if len(past) >= self.checks else 0.0
