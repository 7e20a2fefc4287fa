"""The batcher joins waiting requests, returns each its own results and refuses overload."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from course.deployment import batching
from course.deployment.batching import Batcher
from course.deployment.errors import RequestError

Rows = NDArray[np.float32]


class SlowFunction:
    """Doubles numbers once `released` is set, and records the size of each call."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.released = threading.Event()

    def __call__(self, rows: Rows) -> Sequence[float]:
        self.sizes.append(len(rows))
        assert self.released.wait(120)
        doubled: list[float] = (2 * rows[:, 0]).tolist()
        return doubled


def row(*values: float) -> Rows:
    return np.array(values, np.float32)[:, None]


async def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_waiting_requests_are_joined_and_get_their_own_results() -> None:
    async def run() -> tuple[list[Sequence[float]], list[int]]:
        slow = SlowFunction()
        async with Batcher(slow) as batcher:
            first = asyncio.create_task(batcher.submit(row(1)))
            await wait_until(lambda: slow.sizes == [1])
            others = [
                asyncio.create_task(batcher.submit(row(*range(n, 2 * n)))) for n in range(2, 12)
            ]
            await asyncio.sleep(0.02)
            slow.released.set()
            answers = await asyncio.gather(first, *others)
        return answers, slow.sizes

    answers, sizes = asyncio.run(run())
    assert answers[0] == [2]
    for n, answer in zip(range(2, 12), answers[1:], strict=True):
        assert answer == [2 * value for value in range(n, 2 * n)]
    assert sizes == [1, sum(range(2, 12))]  # the first went alone, the rest together


def test_a_limit_of_one_row_turns_batching_off() -> None:
    async def run() -> list[int]:
        slow = SlowFunction()
        slow.released.set()
        async with Batcher(slow, max_rows=1) as batcher:
            await asyncio.gather(*(batcher.submit(row(i)) for i in range(6)))
            await batcher.submit(row(1, 2, 3))  # a single request is never split
        return slow.sizes

    assert asyncio.run(run()) == [1] * 6 + [3]
    with pytest.raises(ValueError, match="max_rows must be at least 1, got 0"):
        Batcher(SlowFunction(), 0)


def test_an_error_is_raised_for_its_batch_only() -> None:
    def fails(rows: Rows) -> list[float]:
        if rows[0, 0] < 0:
            raise ArithmeticError("negative")
        return list(rows[:, 0])

    async def run() -> None:
        async with Batcher(fails) as batcher:
            with pytest.raises(ArithmeticError, match="negative"):
                await batcher.submit(row(-1))
            assert list(await batcher.submit(row(3))) == [3]

    asyncio.run(run())


def test_cancelled_requests_are_not_computed() -> None:
    async def run() -> list[int]:
        slow = SlowFunction()
        async with Batcher(slow) as batcher:
            first = asyncio.create_task(batcher.submit(row(1)))
            await wait_until(lambda: slow.sizes == [1])
            cancelled = asyncio.create_task(batcher.submit(row(2, 3)))
            second = asyncio.create_task(batcher.submit(row(4)))
            await asyncio.sleep(0.02)
            cancelled.cancel()
            slow.released.set()
            assert await first == [2]
            assert await second == [8]
        return slow.sizes

    assert asyncio.run(run()) == [1, 1]


def test_a_full_queue_and_a_late_answer_get_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MAX_WAITING_ROWS", 3)
    monkeypatch.setattr(batching, "ANSWER_TIMEOUT_S", 0.3)

    async def run() -> None:
        slow = SlowFunction()
        async with Batcher(slow) as batcher:
            first = asyncio.create_task(batcher.submit(row(1)))
            await wait_until(lambda: slow.sizes == [1])
            second = asyncio.create_task(batcher.submit(row(1, 2)))
            await asyncio.sleep(0.02)
            with pytest.raises(RequestError, match="Too many requests are waiting") as refused:
                await batcher.submit(row(1, 2))
            assert refused.value.status == 503
            assert refused.value.headers == {"Retry-After": "1"}
            for late in (first, second):
                with pytest.raises(RequestError, match=r"No answer within 0\.3 seconds"):
                    await late
            monkeypatch.undo()
            slow.released.set()
            assert await batcher.submit(row(5)) == [10]  # the queue is free again

    asyncio.run(run())


def test_waiting_requests_fail_on_shutdown() -> None:
    async def run() -> None:
        slow = SlowFunction()
        batcher = Batcher(slow)
        async with batcher:
            first = asyncio.create_task(batcher.submit(row(1)))
            await wait_until(lambda: slow.sizes == [1])
            second = asyncio.create_task(batcher.submit(row(2)))
            await asyncio.sleep(0.02)
            slow.released.set()
            batcher_task = batcher._task
            assert batcher_task is not None
            batcher_task.cancel()
            await asyncio.sleep(0)
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert all("The server is shutting down" in str(answer) for answer in answers)

    asyncio.run(run())
