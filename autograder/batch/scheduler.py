"""Giving submissions to workers, and getting results back although workers break down.

When a process of a pool dies, all that the pool has in hand is lost, and nobody says whose fault
it was. So all that may have been at work then is done anew one at a time, and only what breaks a
worker down while it is alone, and does so twice, is given up.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass
from typing import Final

from autograder.batch.executors import WorkerPool
from autograder.batch.job import Job, WorkerMismatchError
from autograder.batch.report_line import StoppedError
from autograder.sandbox import memory_use
from autograder.sandbox.launch import UnprotectedError

QUEUED_JOBS_PER_WORKER: Final = 4  # tasks that wait for each worker, so that none is idle
MAX_ATTEMPTS: Final = 2  # a worker may die of what has nothing to do with its task
MAX_CRASHES_IN_A_ROW: Final = 20  # so often they may break down without having done anything
POLL_INTERVAL_S: Final = 2.0  # seconds between two looks whether anybody is still there
WORKER_TIMEOUT_S: Final = 120.0  # seconds in which a worker must come, if all are gone


@dataclass(frozen=True)
class QueuedJob:
    """A submission that is to be graded.

    Attributes:
        task: The submission.
        version: The run's program.
        key: The task's key.
    """

    task: Job
    version: str
    key: str


FinishedJob = tuple[QueuedJob, str | BaseException]  # what came of it: a result, or an error


class Scheduler:
    """Workers of a run.

    Args:
        workers: Who can be hired.
        tell: Is told what a person should know meanwhile.
        patience: Seconds in which a worker must come, if all are gone.

    Attributes:
        starting: Seconds that it took to hire them, their libraries loaded.
        base: Bytes of memory that this machine needed before they began.
    """

    def __init__(
        self, workers: WorkerPool, tell: Callable[[str], object], patience: float = WORKER_TIMEOUT_S
    ) -> None:
        self._workers, self._tell, self._patience = workers, tell, patience
        self._executor: Executor | None = None
        self._queue: deque[QueuedJob] = deque()
        self._suspects: deque[QueuedJob] = deque()
        self._working: dict[Future[str], QueuedJob] = {}
        self._strikes: dict[str, int] = {}
        self._alone = False  # whether what is at work is at work alone
        self._barren, self._deserted = 0, 0.0
        self.starting, self.base = 0.0, 0

    @property
    def idle(self) -> bool:
        """Whether there is nothing left to do."""
        return not (self._queue or self._suspects or self._working)

    def wants(self) -> bool:
        """Whether there is too little to do."""
        return len(self._queue) + len(self._working) < self._most()

    def give(self, order: QueuedJob) -> None:
        """Take one more on."""
        self._queue.append(order)

    def finished(self) -> list[FinishedJob]:
        """Wait until something has come of some orders; return that, at times nothing.

        Raises:
            UnprotectedError: The host of a worker can't keep students' code in its place.
            StrangeWorkerError: A worker does not see what the run sees.
            StoppedError: Nobody is left who could do the work.
        """
        broken = not self._hand_out()
        wait(self._working, timeout=0 if broken else POLL_INTERVAL_S, return_when=FIRST_COMPLETED)
        ends: list[FinishedJob] = []
        lost: list[FinishedJob] = []
        for future, order in list(self._working.items()):
            if not future.done():
                continue
            del self._working[future]
            error = _error(future)
            if isinstance(error, UnprotectedError | WorkerMismatchError):
                raise error
            if isinstance(error, BrokenExecutor):
                broken = True
                lost.append((order, error))
            else:
                self._barren = 0
                ends.append((order, error or future.result()))
        if broken:
            ends += self._break_down(lost)
        elif not ends:
            self._see_who_is_there()
        return ends

    def dismiss(self) -> None:
        """Let them go, whatever they are doing."""
        if self._executor is not None:
            for future in self._working:
                future.cancel()
            self._executor.shutdown(wait=False)
            self._executor = None
        self._working.clear()

    def _most(self) -> int:
        return QUEUED_JOBS_PER_WORKER * max(1, self._workers.jobs())

    def _hand_out(self) -> bool:
        """Give out what they can take; return whether they could take it."""
        if self._alone and self._working:
            return True
        self._alone = bool(self._suspects)
        queue, most = (self._suspects, 1) if self._alone else (self._queue, self._most())
        while queue and len(self._working) < most:
            task = queue[0].task
            if self._executor is None:
                began = time.monotonic()
                self._executor = self._workers.hire(task)
                self.starting += time.monotonic() - began
                self.base = max(self.base, memory_use.tree_memory(os.getpid()))
            try:
                future = self._executor.submit(
                    self._workers.work, task, queue[0].version, queue[0].key
                )
            except BrokenExecutor:  # before it was begun, so it is not to blame
                return False
            self._working[future] = queue.popleft()
        return True

    def _break_down(self, lost: list[FinishedJob]) -> list[FinishedJob]:
        """Find out what is to be done anew; return what is given up."""
        lost += [(order, BrokenExecutor()) for order in self._working.values()]
        self.dismiss()
        self._barren += 1
        if self._barren > MAX_CRASHES_IN_A_ROW:
            raise StoppedError("The workers end before they have done anything.")
        orders = [order for order, _ in lost]
        if not self._alone:
            # A pool hands tasks out in their order: one to each worker, and a few more beforehand.
            some = 2 * self._workers.jobs() + 1
            self._suspects.extend(orders[:some])
            self._queue.extendleft(reversed(orders[some:]))
            return []
        given_up = []
        for order, error in lost:  # one, or none
            student = order.task.student
            self._strikes[student] = self._strikes.get(student, 0) + 1
            if self._strikes[student] >= MAX_ATTEMPTS:
                given_up.append((order, error))
            else:
                self._suspects.appendleft(order)
        return given_up

    def _see_who_is_there(self) -> None:
        if self._workers.jobs() > 0:
            self._deserted = 0.0
            return
        if not self._deserted:
            self._deserted = time.monotonic()
            self._tell(f"No worker is there. The run waits {self._patience:.0f} s for one.")
        elif time.monotonic() - self._deserted > self._patience:
            raise StoppedError("No worker is there, and none has come.")


def _error(future: Future[str]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError:  # a cluster's way to say that its scheduler is gone
        return BrokenExecutor("the cluster has dropped it")
