"""`ThreadLimit`: two jobs at a time, a short queue, and slots that are always released."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from course.deployment import thread_limit
from course.deployment.errors import RequestError
from course.deployment.thread_limit import ThreadLimit


class Jobs:
    """Jobs that run until `released` is set, and count how many run at once."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.running = self.max_running = 0
        self._lock = threading.Lock()

    def work(self, value: int) -> int:
        with self._lock:
            self.running += 1
            self.max_running = max(self.max_running, self.running)
        assert self.released.wait(120)
        with self._lock:
            self.running -= 1
        return 2 * value

    async def wait_until_running(self, count: int) -> None:
        deadline = time.monotonic() + 120
        while self.running < count:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)


def test_two_jobs_run_at_once_and_each_gets_its_result() -> None:
    async def run() -> list[int]:
        limit = ThreadLimit()
        tasks = [asyncio.create_task(limit.run(jobs.work, i)) for i in range(9)]
        await jobs.wait_until_running(2)
        await asyncio.sleep(0.02)
        jobs.released.set()
        return await asyncio.gather(*tasks)

    jobs = Jobs()
    assert asyncio.run(run()) == [2 * i for i in range(9)]
    assert jobs.max_running == thread_limit.MAX_THREADS == 2


def test_a_full_queue_and_a_long_wait_get_503(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(thread_limit, "MAX_WAITING", 1)

    async def run() -> None:
        jobs, limit = Jobs(), ThreadLimit()
        tasks = [asyncio.create_task(limit.run(jobs.work, i)) for i in range(2)]
        await jobs.wait_until_running(2)
        late = asyncio.create_task(limit.run(jobs.work, 5))
        await asyncio.sleep(0.02)
        with pytest.raises(RequestError, match="Too many drawings are waiting") as refused:
            await limit.run(jobs.work, 6)
        assert refused.value.status == 503
        assert refused.value.headers == {"Retry-After": "1"}
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        monkeypatch.setattr(thread_limit, "QUEUE_TIMEOUT_S", 0.01)
        with pytest.raises(RequestError, match=r"Not started within 0\.01 seconds"):
            await limit.run(jobs.work, 5)
        jobs.released.set()
        assert await asyncio.gather(*tasks) == [0, 2]
        assert await limit.run(jobs.work, 7) == 14  # a slot is free again

    asyncio.run(run())


def test_failed_and_cancelled_jobs_release_their_slot() -> None:
    async def run() -> None:
        jobs, limit = Jobs(), ThreadLimit(max_threads=1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await limit.run(divmod, 1, 0)
        first = asyncio.create_task(limit.run(jobs.work, 1))
        await jobs.wait_until_running(1)
        cancelled = asyncio.create_task(limit.run(jobs.work, 2))
        await asyncio.sleep(0.02)
        cancelled.cancel()
        jobs.released.set()
        assert await first == 2
        assert await limit.run(jobs.work, 3) == 6

    asyncio.run(run())
