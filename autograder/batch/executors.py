"""Who does the grading: here, processes of this machine; in `cluster`, those of others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from autograder.batch import fingerprint
from autograder.batch import job as tasks
from autograder.batch.job import Job
from autograder.sandbox import forkserver_client
from autograder.sandbox.forkserver_client import ServerAddress

_IMPORTS: Final = ["autograder.batch.fast_imports", "autograder.batch.job"]


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads(jobs: int) -> int:
    """Return how many threads each kernel's libraries should start, so that cores are shared.

    Example:
        >>> threads(10**6)
        1
    """
    return max(1, cores() // jobs)


@dataclass(frozen=True)
class WorkerPool:
    """Who can be hired.

    Attributes:
        hire: Makes an executor for tasks like this one; again, if the last one broke down. Raises
            `StoppedError` if there can be none.
        jobs: Says how many work at once by now.
        work: What they do with a task; see `task.answer`.
        part: Ends the connection to them, if there is one.
    """

    hire: Callable[[Job], Executor]
    jobs: Callable[[], int]
    work: Callable[[Job, str, str], str] = tasks.grade_to_json
    part: Callable[[], object] = lambda: None


def local_pool(jobs: int) -> WorkerPool:
    """Return processes on this machine.

    They are forked from one process that has imported the grader and started nothing.
    """

    def hire(task: Job) -> Executor:
        offers = tuple(tasks.warm_up(task))  # one nursery for all of them
        context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        if os.name == "posix":
            context.set_forkserver_preload(_IMPORTS)
        return ProcessPoolExecutor(
            jobs, context, initializer=_begin, initargs=(fingerprint.mine(), offers)
        )

    return WorkerPool(hire, lambda: jobs)


def send_home() -> None:
    """End all workers at once; the kernels that they started end with them."""
    for process in multiprocessing.active_children():
        process.terminate()


def _begin(version: str, offers: tuple[ServerAddress, ...]) -> None:
    """Leave Ctrl+C to the run, which then sends its workers home, and end when it ends.

    Args:
        version: The program, which is the run's own.
        offers: Warm processes that the run has started for all of them.
    """
    fingerprint.adopt(version)
    for kind, address, modules, variables in offers:
        forkserver_client.adopt(kind, forkserver_client.ForkServer(address, modules, variables))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_run, name="end-with-the-run", daemon=True).start()


def _end_with_the_run() -> None:
    run = multiprocessing.parent_process()
    if run is not None:
        run.join()
        os._exit(1)  # the kernel that this process started ends with it
