"""Hand jobs to workers, and get all results even though workers crash.

When a process of a pool dies, the pool loses all its jobs and doesn't say which one was to blame.
So every job that may have been running is run again, one at a time; only a job that crashes its
worker twice while it runs alone is given up. A job that others have disturbed runs alone, too.
"""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, wait
from typing import Final, NamedTuple

from autograder.batch.executors import WorkerPool
from autograder.batch.job import Job, WorkerMismatchError
from autograder.batch.report import RunStoppedError
from autograder.sandbox import process_tree
from autograder.sandbox.protection import UnprotectedError

QUEUED_JOBS_PER_WORKER: Final = 4  # enough that no worker waits for the next one
MAX_ATTEMPTS: Final = 2  # a crash may have nothing to do with the job
MAX_CRASHES_IN_A_ROW: Final = 20  # without a single finished job in between
POLL_INTERVAL_S: Final = 2.0  # between two checks whether workers are left
WORKER_TIMEOUT_S: Final = 120.0  # to wait for a worker after all have gone


class QueuedJob(NamedTuple):
    """The arguments of `grade_to_json`."""

    job: Job
    version: str
    key: str


FinishedJob = tuple[QueuedJob, str | BaseException]  # with its result as JSON, or its error


class Scheduler:
    """Runs jobs on a pool of workers.

    Attributes:
        start_seconds: Seconds spent on starting workers, imports included.
        base_bytes: Memory that this machine used before the workers started on a job.
    """

    def __init__(
        self,
        pool: WorkerPool,
        notify: Callable[[str], object],
        worker_timeout_s: float = WORKER_TIMEOUT_S,
    ) -> None:
        self._pool, self._notify, self._worker_timeout_s = pool, notify, worker_timeout_s
        self._executor: Executor | None = None
        self._queue: deque[QueuedJob] = deque()
        self._retries: deque[QueuedJob] = deque()  # to run one at a time
        self._last: deque[QueuedJob] = deque()  # the same, when nothing else is left
        self._running: dict[Future[str], QueuedJob] = {}
        self._crashes: Counter[str] = Counter()  # by student, of jobs that ran alone
        self._isolated = False  # True while a job runs alone
        self._crashes_in_a_row, self._deserted_since = 0, 0.0
        self.start_seconds, self.base_bytes = 0.0, 0

    @property
    def idle(self) -> bool:
        """True if no job is queued or running."""
        return not (self._queue or self._retries or self._last or self._running)

    def has_capacity(self) -> bool:
        """Return whether more jobs should be submitted."""
        return len(self._queue) + len(self._running) < self._max_running()

    def submit(self, job: QueuedJob, *, alone: bool = False) -> None:
        """Add a job to the queue; one to run ``alone`` starts when no other job is left."""
        (self._last if alone else self._queue).append(job)

    def wait_for_finished(self) -> list[FinishedJob]:
        """Wait for jobs to finish; return them, or nothing after `POLL_INTERVAL_S`.

        Raises:
            UnprotectedError: A worker's machine can't sandbox students' code.
            WorkerMismatchError: A worker doesn't see the course folder, or runs another version.
            RunStoppedError: No worker is left.
        """
        if self.idle:
            return []
        broken = not self._start_jobs()
        timeout_s = 0 if broken else POLL_INTERVAL_S
        wait(self._running, timeout_s, return_when="FIRST_COMPLETED")
        finished: list[FinishedJob] = []
        crashed: list[FinishedJob] = []
        for future, job in list(self._running.items()):
            if not future.done():
                continue
            del self._running[future]
            error = _error(future)
            if isinstance(error, UnprotectedError | WorkerMismatchError):
                raise error
            if isinstance(error, BrokenExecutor):
                broken = True
                crashed.append((job, error))
            else:
                self._crashes_in_a_row = 0
                finished.append((job, error or future.result()))
        if broken:
            finished += self._recover(crashed)
        elif not finished:
            self._check_for_workers()
        return finished

    def shutdown(self) -> None:
        """Drop all jobs that are running and release the workers."""
        if self._executor is not None:
            for future in self._running:
                future.cancel()
            self._executor.shutdown(wait=False)
            self._executor = None
        self._running.clear()

    def _max_running(self) -> int:
        return QUEUED_JOBS_PER_WORKER * max(1, self._pool.size())

    def _start_jobs(self) -> bool:
        """Pass queued jobs to the executor; return False if it is broken."""
        if self._isolated and self._running:
            return True
        alone = self._retries or (self._last if not self._queue else None)
        if alone and self._running:  # they finish first
            return True
        self._isolated = bool(alone)
        queue, limit = (alone, 1) if alone else (self._queue, self._max_running())
        while queue and len(self._running) < limit:
            queued = queue[0]
            if self._executor is None:
                start = time.monotonic()
                self._executor = self._pool.make_executor(queued.job)
                self.start_seconds += time.monotonic() - start
                self.base_bytes = max(self.base_bytes, process_tree.tree_memory(os.getpid()))
            try:
                future = self._executor.submit(self._pool.function, *queued)
            except BrokenExecutor:  # the job hasn't started, so it isn't to blame
                return False
            self._running[future] = queue.popleft()
        return True

    def _recover(self, crashed: list[FinishedJob]) -> list[FinishedJob]:
        """Queue lost jobs again after a crash; return those that are given up."""
        crashed += [(job, BrokenExecutor()) for job in self._running.values()]
        self.shutdown()
        self._crashes_in_a_row += 1
        if self._crashes_in_a_row > MAX_CRASHES_IN_A_ROW:
            raise RunStoppedError(
                f"Workers crashed {self._crashes_in_a_row} times in a row without grading anything."
            )
        jobs = [job for job, _ in crashed]
        if not self._isolated:
            # A pool starts jobs in order: one per worker, and prefetches a few more.
            may_have_started = 2 * self._pool.size() + 1
            self._retries.extend(jobs[:may_have_started])
            self._queue.extendleft(reversed(jobs[may_have_started:]))
            return []
        given_up = []
        for queued, error in crashed:  # one at most
            student = queued.job.student
            self._crashes[student] += 1
            if self._crashes[student] >= MAX_ATTEMPTS:
                given_up.append((queued, error))
            else:
                self._retries.appendleft(queued)
        return given_up

    def _check_for_workers(self) -> None:
        if self._pool.size() > 0:
            self._deserted_since = 0.0
        elif not self._deserted_since:
            self._deserted_since = time.monotonic()
            self._notify(f"No worker is left. Waiting {self._worker_timeout_s:.0f} s for one.")
        elif time.monotonic() - self._deserted_since > self._worker_timeout_s:
            raise RunStoppedError(
                f"No worker is left, and none has joined in {self._worker_timeout_s:.0f} s."
            )


def _error(future: Future[str]) -> BaseException | None:
    try:
        return future.exception()
    except CancelledError:  # how Dask reports that its scheduler is gone
        return BrokenExecutor("the cluster dropped the job")
