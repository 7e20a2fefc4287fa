"""The batcher: joins who waits, mixes nobody up, loses nobody, and says when it is too much."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from course.deployment import batching
from course.deployment.batching import Batcher
from course.deployment.errors import RequestError

Rows = NDArray[np.float32]


class Slow:
    """Doubles numbers, and keeps what it was asked; waits for `gate` before each answer."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.gate = threading.Event()

    def __call__(self, rows: Rows) -> Sequence[float]:
        self.sizes.append(len(rows))
        assert self.gate.wait(20)
        doubled: list[float] = (2 * rows[:, 0]).tolist()
        return doubled


def row(*values: float) -> Rows:
    return np.array(values, np.float32)[:, None]


async def settled(condition: object) -> None:
    deadline = time.monotonic() + 20
    while not condition():  # type: ignore[operator]  # a function without arguments
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


def test_what_waits_goes_together_and_each_gets_its_own() -> None:
    async def ask() -> tuple[list[Sequence[float]], list[int]]:
        slow = Slow()
        async with Batcher(slow) as batcher:
            first = asyncio.create_task(batcher.submit(row(1)))
            await settled(lambda: slow.sizes == [1])
            others = [
                asyncio.create_task(batcher.submit(row(*range(n, 2 * n)))) for n in range(2, 12)
            ]
            await asyncio.sleep(0.02)
            slow.gate.set()
            answers = await asyncio.gather(first, *others)
        return answers, slow.sizes

    answers, sizes = asyncio.run(ask())
    assert answers[0] == [2]
    for n, answer in zip(range(2, 12), answers[1:], strict=True):
        assert answer == [2 * value for value in range(n, 2 * n)]
    assert sizes == [1, sum(range(2, 12))]  # nobody waits for company, all who wait go together


def test_a_limit_of_one_row_turns_batching_off() -> None:
    async def ask() -> list[int]:
        slow = Slow()
        slow.gate.set()
        async with Batcher(slow, most_rows=1) as batcher:
            await asyncio.gather(*(batcher.submit(row(i)) for i in range(6)))
            await batcher.submit(row(1, 2, 3))  # what came together is not torn apart
        return slow.sizes

    assert asyncio.run(ask()) == [1] * 6 + [3]
    with pytest.raises(ValueError, match="most_rows=0"):
        Batcher(Slow(), 0)


def test_a_failure_reaches_who_asked_and_the_next_are_served() -> None:
    def fails(rows: Rows) -> list[float]:
        if rows[0, 0] < 0:
            raise ArithmeticError("negative")
        return list(rows[:, 0])

    async def ask() -> None:
        async with Batcher(fails) as batcher:
            with pytest.raises(ArithmeticError, match="negative"):
                await batcher.submit(row(-1))
            assert list(await batcher.submit(row(3))) == [3]

    asyncio.run(ask())


def test_who_gave_up_is_left_out() -> None:
    async def ask() -> list[int]:
        slow = Slow()
        async with Batcher(slow) as batcher:
            first = asyncio.create_task(batcher.submit(row(1)))
            await settled(lambda: slow.sizes == [1])
            gone = asyncio.create_task(batcher.submit(row(2, 3)))
            stays = asyncio.create_task(batcher.submit(row(4)))
            await asyncio.sleep(0.02)
            gone.cancel()
            slow.gate.set()
            assert await first == [2]
            assert await stays == [8]
        return slow.sizes

    assert asyncio.run(ask()) == [1, 1]


def test_too_much_and_too_slow_are_503(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "MOST_WAITING", 3)
    monkeypatch.setattr(batching, "SECONDS", 0.3)

    async def ask() -> None:
        slow = Slow()
        async with Batcher(slow) as batcher:
            first = asyncio.create_task(batcher.submit(row(1)))
            await settled(lambda: slow.sizes == [1])
            second = asyncio.create_task(batcher.submit(row(1, 2)))
            await asyncio.sleep(0.02)
            with pytest.raises(RequestError, match="Too many requests wait") as refused:
                await batcher.submit(row(1, 2))
            assert refused.value.status == 503
            assert refused.value.headers == {"Retry-After": "1"}
            for late in (first, second):
                with pytest.raises(RequestError, match=r"no answer within 0\.3 seconds"):
                    await late
            slow.gate.set()
            assert await batcher.submit(row(5)) == [10]  # and the queue is free again

    asyncio.run(ask())


def test_on_stopping_who_waits_is_told() -> None:
    async def ask() -> None:
        slow = Slow()
        batcher = Batcher(slow)
        async with batcher:
            first = asyncio.create_task(batcher.submit(row(1)))
            await settled(lambda: slow.sizes == [1])
            second = asyncio.create_task(batcher.submit(row(2)))
            await asyncio.sleep(0.02)
            slow.gate.set()
            batcher_task = batcher._task
            assert batcher_task is not None
            batcher_task.cancel()
            await asyncio.sleep(0)
        answers = await asyncio.gather(first, second, return_exceptions=True)
        assert all("The server is stopping" in str(answer) for answer in answers)

    asyncio.run(ask())
