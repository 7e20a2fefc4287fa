"""Compute the requests that wait at the same time in one matrix product.

Example:
    >>> import asyncio
    >>> import numpy as np
    >>> async def double() -> list[float]:
    ...     async with Batcher(lambda x: list(2 * x[:, 0])) as batcher:
    ...         return [float(y) for y in await batcher.submit(np.ones((2, 1), np.float32))]
    >>> asyncio.run(double())
    [2.0, 2.0]

A single row costs one read of every weight of the network; thirty rows together cost little more.
So while a thread computes one product, new requests collect for the next. No request waits for
others: without load, each is computed alone and at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Generic, Self, TypeAlias, TypeVar

import numpy as np

from course.arrays import Float32Array
from course.deployment.errors import RequestError, busy

Result = TypeVar("Result")
QueuedRows: TypeAlias = tuple[Float32Array, asyncio.Future[Sequence[Result]]]

MAX_ROWS: Final = 128  # per product; more are not faster
MAX_WAITING_ROWS: Final = 2048
ANSWER_TIMEOUT_S: Final = 10.0


class Batcher(Generic[Result]):
    """Calls one function for the rows of many requests.

    Args:
        compute: Maps ``(n, d)`` to n results. It runs in a thread, one call at a time.
        max_rows: Most rows per call; 1 turns batching off.
    """

    def __init__(
        self, compute: Callable[[Float32Array], Sequence[Result]], max_rows: int = MAX_ROWS
    ) -> None:
        if max_rows < 1:
            raise ValueError(f"max_rows must be at least 1, got {max_rows}")
        self._compute = compute
        self._max_rows = max_rows
        self._queue: deque[QueuedRows[Result]] = deque()
        self._waiting_rows = 0
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="batcher")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Start computing."""
        self._task = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; requests that still wait fail with 503."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        _fail(self._queue, _stopping())
        self._queue.clear()
        self._thread.shutdown(wait=True)

    async def submit(self, rows: Float32Array) -> Sequence[Result]:
        """Return the results of rows ``(n, d)``.

        Raises:
            RequestError: 503, if too many rows wait or the answer takes too long.
        """
        if self._waiting_rows + len(rows) > MAX_WAITING_ROWS:
            raise busy("Too many requests are waiting")
        answer: asyncio.Future[Sequence[Result]] = asyncio.get_running_loop().create_future()
        self._queue.append((rows, answer))
        self._waiting_rows += len(rows)
        self._arrived.set()
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await answer
        except TimeoutError:
            raise busy(f"No answer within {ANSWER_TIMEOUT_S:g} seconds") from None

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            batch = self._next_batch()
            if not batch:
                self._arrived.clear()
                continue
            joined = np.concatenate([rows for rows, _ in batch])
            try:
                results = await loop.run_in_executor(self._thread, self._compute, joined)
            except asyncio.CancelledError:
                _fail(batch, _stopping())
                raise
            except Exception as error:  # noqa: BLE001  (any error is re-raised in `submit`)
                _fail(batch, error)
                continue
            start = 0
            for rows, answer in batch:
                if not answer.done():  # the client may have gone
                    answer.set_result(results[start : start + len(rows)])
                start += len(rows)

    def _next_batch(self) -> list[QueuedRows[Result]]:
        """Take at least one request, and more up to the row limit; drop canceled ones."""
        batch: list[QueuedRows[Result]] = []
        count = 0
        while self._queue and (not batch or count + len(self._queue[0][0]) <= self._max_rows):
            rows, answer = self._queue.popleft()
            self._waiting_rows -= len(rows)
            if not answer.done():
                batch.append((rows, answer))
                count += len(rows)
        return batch


def _fail(batch: Iterable[QueuedRows[Any]], error: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error)


def _stopping() -> RequestError:
    return busy("The server is shutting down")
