"""Limit concurrent jobs in threads, with a short queue and 503 once it is full.

Example:
    >>> import asyncio
    >>> asyncio.run(ThreadLimit().run(len, "abc"))
    3

Preparing a drawing is CPU-bound, and Python threads share one core: forty at a time would each take
forty times as long, and every answer would be late. A thread can't be stopped either, so
``course.drawing`` refuses expensive drawings beforehand, and this module limits how many run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

from course.deployment.errors import busy

MAX_THREADS: Final = 2
MAX_WAITING: Final = 64  # at 10 ms per job, the last waits a third of a second
QUEUE_TIMEOUT_S: Final = 10.0

Params = ParamSpec("Params")
Result = TypeVar("Result")


class ThreadLimit:
    """Runs jobs in threads, at most ``max_threads`` at the same time."""

    def __init__(self, max_threads: int = MAX_THREADS) -> None:
        self._slots = asyncio.Semaphore(max_threads)
        self._waiting = 0

    async def run(
        self, job: Callable[Params, Result], *args: Params.args, **kwargs: Params.kwargs
    ) -> Result:
        """Wait for a free slot and return the job's result, or raise its error.

        Raises:
            RequestError: 503, if the queue is full or no slot becomes free in time.
        """
        if self._slots.locked() and self._waiting >= MAX_WAITING:
            raise busy("Too many drawings are waiting")
        self._waiting += 1
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT_S):
                await self._slots.acquire()
        except TimeoutError:
            raise busy(f"Not started within {QUEUE_TIMEOUT_S:g} seconds") from None
        finally:
            self._waiting -= 1
        try:
            return await run_in_threadpool(job, *args, **kwargs)
        finally:
            self._slots.release()
