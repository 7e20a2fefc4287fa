"""Join the requests that wait at the same time into one matrix product.

Example:
    >>> import asyncio
    >>> import numpy as np
    >>> async def double() -> list[float]:
    ...     async with Batcher(lambda x: list(2 * x[:, 0])) as batcher:
    ...         return [float(y) for y in await batcher.submit(np.ones((2, 1), np.float32))]
    >>> asyncio.run(double())
    [2.0, 2.0]

A row alone costs the time to read every weight of the network once; thirty rows together cost
little more. So while one product is computed, in a thread, what arrives is collected, and
goes into the next one. Nobody waits for company: without load, a request goes alone at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from course.deployment.errors import RequestError, busy

FloatArray = NDArray[np.float32]
Result = TypeVar("Result")

MOST_ROWS: Final = 128  # in one product; more rows gain nothing more
MOST_WAITING: Final = 2048  # rows; whoever comes then is asked to come back
SECONDS: Final = 10.0  # that a request waits for its answer


class Batcher(Generic[Result]):
    """Runs a function of many rows for many askers.

    Args:
        compute: Takes ``(n, d)`` and returns n results. It runs in a thread, never twice at once.
        most_rows: In one call; 1 turns batching off.
    """

    def __init__(
        self, compute: Callable[[FloatArray], Sequence[Result]], most_rows: int = MOST_ROWS
    ) -> None:
        if most_rows < 1:
            raise ValueError(f"most_rows={most_rows}: 1 or more is right")
        self._compute = compute
        self._most_rows = most_rows
        self._waiting: deque[tuple[FloatArray, asyncio.Future[Sequence[Result]]]] = deque()
        self._rows = 0
        self._arrived = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="products")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to work."""
        self._task = asyncio.create_task(self._work())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; who still waits is told so."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        _tell(self._waiting, _stopping())
        self._waiting.clear()
        self._thread.shutdown(wait=True)

    async def submit(self, rows: FloatArray) -> Sequence[Result]:
        """Return the results of rows ``(n, d)``.

        Raises:
            RequestError: 503: too much is waiting, or it took too long.
        """
        if self._rows + len(rows) > MOST_WAITING:
            raise busy("Too many requests wait already")
        answer: asyncio.Future[Sequence[Result]] = asyncio.get_running_loop().create_future()
        self._waiting.append((rows, answer))
        self._rows += len(rows)
        self._arrived.set()
        try:
            async with asyncio.timeout(SECONDS):
                return await answer
        except TimeoutError:
            raise busy(f"There was no answer within {SECONDS:g} seconds") from None

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._arrived.wait()
            batch = self._next()
            if not batch:
                self._arrived.clear()
                continue
            rows = np.concatenate([rows for rows, _ in batch])
            try:
                results = await loop.run_in_executor(self._thread, self._compute, rows)
            except asyncio.CancelledError:
                _tell(batch, _stopping())
                raise
            except Exception as error:  # noqa: BLE001  (whatever it is, it belongs to the askers)
                _tell(batch, error)
                continue
            start = 0
            for asked, answer in batch:
                if not answer.done():  # the asker may have gone
                    answer.set_result(results[start : start + len(asked)])
                start += len(asked)

    def _next(self) -> list[tuple[FloatArray, asyncio.Future[Sequence[Result]]]]:
        """Take what waits, up to the limit, at least one request; leave out who has gone."""
        batch: list[tuple[FloatArray, asyncio.Future[Sequence[Result]]]] = []
        rows = 0
        while self._waiting and (not batch or rows + len(self._waiting[0][0]) <= self._most_rows):
            asked, answer = self._waiting.popleft()
            self._rows -= len(asked)
            if not answer.done():
                batch.append((asked, answer))
                rows += len(asked)
        return batch


def _tell(batch: Iterable[tuple[FloatArray, asyncio.Future[Any]]], error: Exception) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error)


def _stopping() -> RequestError:
    return busy("The server is stopping")
