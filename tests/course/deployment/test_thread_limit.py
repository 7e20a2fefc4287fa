"""The workroom: two jobs at a time, a short queue, and a place that is always given back."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from course.deployment import thread_limit
from course.deployment.errors import RequestError
from course.deployment.thread_limit import ThreadLimit


class Jobs:
    """Jobs that work until the gate opens, and count how many of them work at once."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.at_work = self.most = 0
        self._lock = threading.Lock()

    def work(self, value: int) -> int:
        with self._lock:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        assert self.gate.wait(20)
        with self._lock:
            self.at_work -= 1
        return 2 * value

    async def begun(self, count: int) -> None:
        deadline = time.monotonic() + 20
        while self.at_work < count:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)


def test_two_work_at_once_and_each_gets_its_own() -> None:
    async def ask() -> list[int]:
        room = ThreadLimit()
        asked = [asyncio.create_task(room.run(jobs.work, i)) for i in range(9)]
        await jobs.begun(2)
        await asyncio.sleep(0.02)
        jobs.gate.set()
        return await asyncio.gather(*asked)

    jobs = Jobs()
    assert asyncio.run(ask()) == [2 * i for i in range(9)]
    assert jobs.most == thread_limit.AT_ONCE == 2


def test_a_full_queue_and_a_turn_that_does_not_come_are_503(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(thread_limit, "MOST_WAITING", 1)
    monkeypatch.setattr(thread_limit, "SECONDS", 0.2)

    async def ask() -> None:
        jobs, room = Jobs(), ThreadLimit()
        asked = [asyncio.create_task(room.run(jobs.work, i)) for i in range(2)]
        await jobs.begun(2)
        late = asyncio.create_task(room.run(jobs.work, 5))
        await asyncio.sleep(0.02)
        with pytest.raises(RequestError, match="Too many drawings wait already") as refused:
            await room.run(jobs.work, 6)
        assert refused.value.status == 503
        assert refused.value.headers == {"Retry-After": "1"}
        with pytest.raises(RequestError, match=r"did not come within 0\.2 seconds"):
            await late
        jobs.gate.set()
        assert await asyncio.gather(*asked) == [0, 2]
        assert await room.run(jobs.work, 7) == 14  # and there is room again

    asyncio.run(ask())


def test_who_fails_or_gives_up_leaves_the_place_free() -> None:
    async def ask() -> None:
        jobs, room = Jobs(), ThreadLimit(at_once=1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await room.run(divmod, 1, 0)
        first = asyncio.create_task(room.run(jobs.work, 1))
        await jobs.begun(1)
        gone = asyncio.create_task(room.run(jobs.work, 2))
        await asyncio.sleep(0.02)
        gone.cancel()
        jobs.gate.set()
        assert await first == 2
        assert await room.run(jobs.work, 3) == 6

    asyncio.run(ask())
