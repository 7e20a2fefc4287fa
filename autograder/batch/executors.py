"""Where jobs run: on a pool of local processes here; `autograder.batch.dask` uses a cluster."""

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
from autograder.batch.job import Job, grade_to_json, start_fork_servers
from autograder.sandbox.forkserver_client import ForkServer, ServerAddress, use_server

PRELOADED: Final = ["autograder.batch.fast_imports", "autograder.batch.job"]


def available_cores() -> int:
    """Return how many CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_per_job(jobs: int) -> int:
    """Return how many threads each kernel's libraries should use, so that jobs share the cores.

    Example:
        >>> threads_per_job(10**6)
        1
    """
    return max(1, available_cores() // jobs)


@dataclass(frozen=True)
class WorkerPool:
    """The workers of a run.

    Attributes:
        make_executor: Starts an executor for jobs like this one, again after the last one broke.
            Raises `RunStoppedError` if none can be started.
        size: Returns how many jobs run at the same time by now.
        function: What the workers run.
    """

    make_executor: Callable[[Job], Executor]
    size: Callable[[], int]
    function: Callable[[Job, str, str], str] = grade_to_json
    close: Callable[[], object] = lambda: None


def local_pool(jobs: int) -> WorkerPool:
    """Return a pool of processes on this machine.

    They are forked from one process that has imported the grader and started nothing.
    """

    def make_executor(job: Job) -> Executor:
        addresses = tuple(start_fork_servers(job))  # shared by all workers
        context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        if os.name == "posix":
            context.set_forkserver_preload(PRELOADED)
        return ProcessPoolExecutor(
            jobs, context, initializer=_init_worker, initargs=(fingerprint.current(), addresses)
        )

    return WorkerPool(make_executor, lambda: jobs)


def terminate_workers() -> None:
    """Terminate all local workers, and with them the kernels that they started."""
    for process in multiprocessing.active_children():
        process.terminate()


def _init_worker(version: str, addresses: tuple[ServerAddress, ...]) -> None:
    """Prepare a worker: share the run's fork servers, leave Ctrl+C to it, and end with it."""
    fingerprint.set_current(version)
    for kind, address, modules, variables in addresses:
        use_server(kind, ForkServer(address, modules, variables))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_exit_with_parent, name="exit-with-parent", daemon=True).start()


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # the worker's kernel ends with it
