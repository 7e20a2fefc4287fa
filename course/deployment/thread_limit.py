"""Few jobs at a time, a short queue before them, and 503 for whoever comes when it is full.

Example:
    >>> import asyncio
    >>> asyncio.run(ThreadLimit().run(len, "abc"))
    3

Preparing a drawing keeps a processor busy, and Python threads share one. Forty at a time would
each take forty times as long, and every answer would be late. A thread can't be stopped either; so
what it may be asked to do is bounded beforehand (``course.drawing`` refuses what takes long), and
how many work at once is bounded here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from course.deployment.errors import busy

AT_ONCE: Final = 2
MOST_WAITING: Final = 64  # at some 10 ms each, the last waits for a third of a second
SECONDS: Final = 10.0  # that a job waits for its turn

Given = ParamSpec("Given")
Result = TypeVar("Result")


class ThreadLimit:
    """Runs jobs in threads.

    Args:
        at_once: How many work at the same time.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._waiting = 0

    async def run(
        self, job: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Return what the job returns, in its turn; what it raises is raised here.

        Raises:
            RequestError: 503: too many wait already, or the turn did not come in time.
        """
        if self._places.locked() and self._waiting >= MOST_WAITING:
            raise busy("Too many drawings wait already")
        self._waiting += 1
        try:
            async with asyncio.timeout(SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise busy(f"The turn did not come within {SECONDS:g} seconds") from None
        finally:
            self._waiting -= 1
        try:
            return await run_in_threadpool(job, *given, **named)
        finally:
            self._places.release()
