"""How long processes were ready to run but got no processor, and time limits that leave that out.

Linux counts for each thread how long it ran and how long it waited in a run queue. So a kernel that
other programs kept from running gets the time back, and one that slept or used its cores does not.
Where the system doesn't count it, a time limit is one by the clock.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from autograder.sandbox.process_tree import tree_pids

SAMPLE_INTERVAL_S: Final = 0.5  # a sample takes about a millisecond
MAX_STRETCH: Final = 20.0  # a limit may take this many times as long by the clock
DISTURBED_SHARE: Final = 0.5  # of the time; beyond it, a timeout says little about the code

ThreadTimes = dict[int, tuple[float, float]]  # seconds that it ran and waited, by thread


class CpuWait:
    """The time that a kernel, and the processes it waits for, have lost to other programs.

    Args:
        cores: How many cores they may use together; by default as many as this process.

    Attributes:
        trees: The roots of the kernel's process trees.
        partners: Single processes that the kernel waits for; the grader is one.
        seconds: The time lost so far, by the clock.
    """

    def __init__(self, cores: int = 0) -> None:
        self.trees: tuple[int, ...] = ()
        self.partners: set[int] = {os.getpid()}
        self.seconds = 0.0
        self._cores = cores or len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
        self._sampled_at = time.monotonic()
        self._times: ThreadTimes = {}

    def sample(self, *, now: bool = False) -> None:
        """Update `seconds`, unless that was done a moment ago; with ``now``, even then."""
        elapsed = time.monotonic() - self._sampled_at
        if elapsed < SAMPLE_INTERVAL_S and not now:
            return
        self._sampled_at += elapsed
        groups = [_thread_times(tree_pids(*self.trees))]
        groups += [_thread_times([pid]) for pid in self.partners]
        self.seconds += lost_seconds(elapsed, self._times, groups, self._cores)
        self._times = {tid: times for group in groups for tid, times in group.items()}


def lost_seconds(
    elapsed: float, before: ThreadTimes, groups: Iterable[ThreadTimes], cores: float
) -> float:
    """Return for how long processes were kept from running.

    A thread that waits because others of its own kernel use the cores has lost nothing.

    Args:
        elapsed: The seconds since the last measurement.
        before: What it measured.
        groups: What is measured now, for each group of threads that waits for the other groups.
        cores: How many cores all may use together.

    Example:
        >>> lost_seconds(10, {}, [{1: (2, 8)}], cores=1)  # it waited for the processor
        8.0
        >>> lost_seconds(10, {}, [{1: (2, 0)}], cores=1)  # it slept
        0.0
        >>> lost_seconds(10, {}, [{1: (5, 5), 2: (5, 5)}], cores=1)  # it had a core all the time
        0.0
    """
    ran = waited = 0.0
    for group in groups:
        waits = [0.0]
        for tid, (now_ran, now_waited) in group.items():
            ran_before, waited_before = before.get(tid, (0.0, 0.0))
            ran += now_ran - ran_before
            waits.append(now_waited - waited_before)
        waited += max(waits)
    return max(0.0, min(waited, elapsed - ran / cores))


class Deadline:
    """A time limit for a kernel, without the time for which others kept it from running.

    Args:
        seconds: The limit.
        wait: Of the kernel; it is measured while the kernel runs.
    """

    def __init__(self, seconds: float, wait: CpuWait) -> None:
        wait.sample()
        self._seconds, self._wait = seconds, wait
        self._start, self._lost_before = time.monotonic(), wait.seconds

    def remaining(self) -> float:
        """Return how many seconds are left by the clock; 0 or less if the limit is reached."""
        self._wait.sample()
        if self._left() <= 0:
            self._wait.sample(now=True)
        return self._left()

    def _left(self) -> float:
        limit = min(self._seconds + self._lost, MAX_STRETCH * self._seconds)
        return limit - (time.monotonic() - self._start)

    @property
    def _lost(self) -> float:
        return self._wait.seconds - self._lost_before

    @property
    def disturbed(self) -> bool:
        """Whether others kept the kernel from running for most of the time."""
        return self._lost > DISTURBED_SHARE * (time.monotonic() - self._start)

    @property
    def starved(self) -> bool:
        """Whether the kernel did not get the time that the limit grants."""
        return self._lost > (MAX_STRETCH - 1) * self._seconds


def _thread_times(pids: Iterable[int]) -> ThreadTimes:
    times = {}
    for pid in pids:
        with suppress(OSError):  # it has ended, or this isn't Linux
            for tid in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  (the names are enough)
                with suppress(OSError, ValueError):
                    text = Path(f"/proc/{pid}/task/{tid}/schedstat").read_text(encoding="ascii")
                    ran, waited, _ = map(int, text.split())
                    times[int(tid)] = ran / 1e9, waited / 1e9
    return times
