"""The workers of a Dask cluster: one that runs already, or one that a Dask Gateway makes."""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any, Final

from autograder.batch import job as tasks
from autograder.batch.executors import WorkerPool
from autograder.batch.job import Job
from autograder.batch.report_line import StoppedError

COME: Final = 60.0  # seconds in which a cluster's first worker must come
MADE: Final = 600.0  # likewise, if it is made first: a node may have to be started for it
COUNT: Final = 5.0  # seconds for which a cluster's size is believed
_ENDED: Final[list[Any]] = []  # Dask Gateway's own, once closed, complains if it is forgotten
_EXTRA: Final = "needs {}, which comes with the extra `cluster`: pip install '.[cluster]'"


class ClusterError(ValueError):
    """There is no such cluster; the message says what would be right."""


def running(
    address: str, tell: Callable[[str], object] = lambda _: None, come: float = COME
) -> WorkerPool:
    """Return the workers of a Dask cluster, those who come later among them.

    Args:
        address: The scheduler's, such as ``tcp://10.0.0.1:8786``.
        tell: Is told what a person should know meanwhile.
        come: Seconds in which the first worker must come.

    Raises:
        ClusterError: Nobody answers there, nobody works there, or Dask is not installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(f"--scheduler {_EXTRA.format('Dask')}") from error
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
        if not _come(client, come):
            client.close()
            raise ClusterError(f"--scheduler {address}: no worker has come.")
    return _workers(client, counted, address, client.close)


def gateway(
    address: str, jobs: int, tell: Callable[[str], object] = lambda _: None, come: float = MADE
) -> WorkerPool:
    """Have a Dask Gateway make a cluster for the run; it ends with the run.

    Args:
        address: The gateway's, such as ``http://proxy/services/dask-gateway``; nothing for the one
            that Dask's configuration names. That also says who we are: on a JupyterHub,
            ``DASK_GATEWAY__AUTH__TYPE=jupyterhub`` and the hub's token.
        jobs: How many submissions to grade at once; so many workers come as have cores for them.
        tell: Is told what a person should know meanwhile.
        come: Seconds in which the first worker must come.

    Raises:
        ClusterError: There is no gateway, it refuses, no worker came, or it is not installed.
    """
    try:
        from dask import config
        from dask_gateway import Gateway
    except ImportError as error:
        raise ClusterError(f"--gateway {_EXTRA.format('Dask Gateway')}") from error
    address = address or str(config.get("gateway.address") or "")
    if not address:
        raise ClusterError("--gateway needs an address: Dask's configuration names no gateway.")
    _hush()
    door: Any = None
    try:
        door = Gateway(address)
        tell(f"A cluster is made by the gateway {address}. That may take minutes.")
        made = door.new_cluster(shutdown_on_close=True)
    except Exception as error:
        if door is not None:
            door.close()
            _ENDED.append(door)
        raise ClusterError(
            f"--gateway {address}: {error or type(error).__name__}. It takes the address of a Dask"
            " Gateway, such as http://proxy/services/dask-gateway."
        ) from error
    client = made.get_client(set_as_default=False)

    def part() -> None:
        client.close()
        made.shutdown()
        _ENDED.append(made)

    try:
        made.scale(1)
        came = _come(client, come)
        counted = _Counted(client)
        if came:
            made.scale(math.ceil(jobs / max(1, counted())))
    except BaseException:
        part()
        raise
    if not came:
        part()
        raise ClusterError(f"--gateway {address}: no worker has come in {come:.0f} s.")
    return _workers(client, counted, address, part)


def _workers(
    client: Any, counted: Callable[[], int], name: str, part: Callable[[], object]
) -> WorkerPool:
    def hire(_: Job) -> Executor:
        if client.status != "running":
            raise StoppedError(f"The cluster at {name} is gone.")
        return _Cluster(client)

    return WorkerPool(hire, counted, _answer, part)


def _come(client: Any, seconds: float) -> bool:
    """Wait for the first worker; return whether it has come."""
    try:
        client.wait_for_workers(1, timeout=seconds)
    except OSError:  # Dask's word for that it took too long
        return False
    return True


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


def _answer(task: Job, version: str, key: str) -> str:
    """As `task.answer`; only a worker knows how many cores it has, and how many share them."""
    from dask.system import CPU_COUNT
    from distributed import get_worker

    share = max(1, CPU_COUNT // get_worker().state.nthreads)
    settings = dataclasses.replace(task.settings, threads=share)
    return tasks.grade_to_json(dataclasses.replace(task, settings=settings), version, key)
