"""A sliding-window rate limit for checks."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from traitlets import Float, Int
from traitlets.config import Configurable


class RateLimit(Configurable):
    """At most so many checks per window; enough for a person, too few for a script.

    Example:
        >>> limit = RateLimit(checks=2, seconds=60)
        >>> [limit.try_acquire(now=0), limit.try_acquire(now=1)]
        [0.0, 0.0]
        >>> [limit.try_acquire(now=2), limit.try_acquire(now=61)]
        [58.0, 0.0]
    """

    checks = Int(30, min=1, help="Most checks within `seconds`.").tag(config=True)
    seconds = Float(30.0, min=0.0, help="Length of the window, in seconds.").tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._past: deque[float] = deque()

    def try_acquire(self, now: float | None = None) -> float:
        """Count a check and return 0.0, or return the seconds to wait if it is one too many."""
        now = time.monotonic() if now is None else now
        wait = self.retry_after(now)
        if not wait:
            self._past.append(now)
        return wait

    def retry_after(self, now: float | None = None) -> float:
        """Return the same as `try_acquire`, without counting a check."""
        now = time.monotonic() if now is None else now
        while self._past and self._past[0] <= now - self.seconds:
            self._past.popleft()
        return self._past[0] + self.seconds - now if len(self._past) >= self.checks else 0.0
