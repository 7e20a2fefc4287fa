"""Who does the grading: processes of this machine, or a cluster that is running already."""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from autograder.kernels import warm
from autograder.kernels.warm import Offer
from autograder.run import program
from autograder.run import task as tasks
from autograder.run.line import StoppedError
from autograder.run.task import Task

_IMPORTS: Final = ["autograder.run.lean", "autograder.run.task"]
COME: Final = 60.0  # seconds in which a cluster's first worker must come
COUNT: Final = 5.0  # seconds for which a cluster's size is believed


class ClusterError(ValueError):
    """There is no such cluster; the message says what would be right."""


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
class Workers:
    """Who can be hired.

    Attributes:
        hire: Makes an executor for tasks like this one; again, if the last one broke down. Raises
            `StoppedError` if there can be none.
        jobs: Says how many work at once by now.
        work: What they do with a task; see `task.answer`.
        part: Ends the connection to them, if there is one.
    """

    hire: Callable[[Task], Executor]
    jobs: Callable[[], int]
    work: Callable[[Task, str, str], str] = tasks.answer
    part: Callable[[], object] = lambda: None


def pool(jobs: int) -> Workers:
    """Return processes on this machine.

    They are forked from one process that has imported the grader and started nothing.
    """

    def hire(task: Task) -> Executor:
        offers = tuple(tasks.warm_up(task))  # one nursery for all of them
        context = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        if os.name == "posix":
            context.set_forkserver_preload(_IMPORTS)
        return ProcessPoolExecutor(
            jobs, context, initializer=_begin, initargs=(program.mine(), offers)
        )

    return Workers(hire, lambda: jobs)


def cluster(
    address: str, tell: Callable[[str], object] = lambda _: None, come: float = COME
) -> Workers:
    """Return the workers of a Dask cluster, those who come later among them.

    Args:
        address: The scheduler's, such as ``tcp://10.0.0.1:8786``.
        tell: Is told what a person should know meanwhile.
        come: Seconds in which the first worker must come.

    Raises:
        ClusterError: Nobody answers there, nobody works there, or Dask is not installed.
    """
    try:
        from distributed import Client  # noqa: PLC0415  (an extra that few need)
    except ImportError as error:
        raise ClusterError(
            "--scheduler needs Dask, which comes with the extra `cluster`: pip install '.[cluster]'"
        ) from error
    dask: Any = Client  # it has few types
    _hush()
    try:
        client = dask(address)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"--scheduler {address}: {error}. It takes an address such as tcp://10.0.0.1:8786."
        ) from error
    counted = _Counted(client)
    if counted() == 0:
        tell(f"Nobody works at {address} yet. The run waits {come:.0f} s.")
        try:
            client.wait_for_workers(1, timeout=come)
        except OSError as error:
            client.close()
            raise ClusterError(f"--scheduler {address}: no worker has come.") from error

    def hire(_: Task) -> Executor:
        if client.status != "running":
            raise StoppedError(f"The cluster at {address} is gone.")
        return _Cluster(client)

    return Workers(hire, counted, _answer_on_cluster, client.close)


def _hush() -> None:
    """Keep Dask from logging what we say ourselves, in a sentence."""
    for name in (*logging.root.manager.loggerDict,):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


class _Counted:
    """How many can be graded at once on a cluster, asked now and then."""

    def __init__(self, client: Any) -> None:
        self._client, self._number, self._asked = client, 0, 0.0

    def __call__(self) -> int:
        if not self._number or time.monotonic() - self._asked > COUNT:
            self._asked = time.monotonic()
            try:
                self._number = sum(self._client.nthreads().values())
            except Exception:  # noqa: BLE001  (Dask has many words for a scheduler that is gone)
                self._number = 0
        return self._number


class _Cluster(Executor):
    """Dask's executor, which says that it is broken as a pool does."""

    def __init__(self, client: Any) -> None:
        self._client, self._executor = client, client.get_executor(pure=False)

    def submit(self, function: Any, /, *given: Any, **named: Any) -> Future[Any]:
        """Give a task to the cluster."""
        if self._client.status != "running":
            raise BrokenExecutor("the cluster is gone")
        future: Future[Any] = self._executor.submit(function, *given, **named)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Forget what was given to it."""
        if self._client.status == "running":
            self._executor.shutdown(wait=wait and not cancel_futures)


def _answer_on_cluster(task: Task, version: str, key: str) -> str:
    """As `task.answer`; only a worker knows how many cores it has, and how many share them."""
    from dask.system import CPU_COUNT  # noqa: PLC0415  (a worker has it; it knows of containers)
    from distributed import get_worker  # noqa: PLC0415  (as above)

    share = max(1, CPU_COUNT // get_worker().state.nthreads)
    settings = dataclasses.replace(task.settings, threads=share)
    return tasks.answer(dataclasses.replace(task, settings=settings), version, key)


def send_home() -> None:
    """End all workers at once; the kernels that they started end with them."""
    for process in multiprocessing.active_children():
        process.terminate()


def _begin(version: str, offers: tuple[Offer, ...]) -> None:
    """Leave Ctrl+C to the run, which then sends its workers home, and end when it ends.

    Args:
        version: The program, which is the run's own.
        offers: Warm processes that the run has started for all of them.
    """
    program.adopt(version)
    for kind, address, modules, variables in offers:
        warm.adopt(kind, warm.Nursery(address, modules, variables))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_run, name="end-with-the-run", daemon=True).start()


def _end_with_the_run() -> None:
    run = multiprocessing.parent_process()
    if run is not None:
        run.join()
        os._exit(1)  # the kernel that this process started ends with it
