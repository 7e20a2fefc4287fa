"""Workers of a Dask cluster: a running one, or one that a Dask Gateway starts for the run."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from typing import Any, Final

from autograder.batch.executors import WorkerPool
from autograder.batch.job import Job, grade_to_json
from autograder.batch.report import RunStoppedError

FIRST_WORKER_TIMEOUT_S: Final = 60.0
GATEWAY_WORKER_TIMEOUT_S: Final = 600.0  # a node may have to be started first
SIZE_MAX_AGE_S: Final = 5.0  # how long the size of a cluster is cached
_MISSING: Final = "needs {}. Install the extra `cluster`: pip install '.[cluster]'"
# A Dask Gateway object that is garbage-collected after it was closed logs an error.
_CLOSED: Final[list[Any]] = []


class ClusterError(ValueError):
    """The cluster can't be used; the message says how to fix that."""


def connect(
    address: str,
    notify: Callable[[str], object] = lambda _: None,
    timeout_s: float = FIRST_WORKER_TIMEOUT_S,
) -> WorkerPool:
    """Return the workers of a running Dask cluster, including those that join later.

    Waits up to `timeout_s` for the first worker.

    Raises:
        ClusterError: The scheduler doesn't answer or has no workers, or Dask isn't installed.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise ClusterError(f"--scheduler {_MISSING.format('Dask')}") from error
    make_client: Any = Client  # mostly untyped
    _silence_dask()
    try:
        client = make_client(address)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"Can't connect to --scheduler {address}: {error}."
            " Use an address such as tcp://10.0.0.1:8786."
        ) from error
    with contextlib.ExitStack() as stack:
        stack.callback(client.close)
        size = _ClusterSize(client)
        if size() == 0:
            notify(f"{address} has no workers yet. Waiting {timeout_s:.0f} s for one.")
            _wait_for_worker(client, timeout_s, f"--scheduler {address}")
        return _pool(client, size, address, stack.pop_all().close)


def start_cluster(
    address: str,
    jobs: int,
    notify: Callable[[str], object] = lambda _: None,
    timeout_s: float = GATEWAY_WORKER_TIMEOUT_S,
) -> WorkerPool:
    """Let a Dask Gateway start a cluster; it is shut down when the pool is closed.

    An empty address means the one in Dask's configuration. That also holds the credentials: on a
    JupyterHub, ``DASK_GATEWAY__AUTH__TYPE=jupyterhub`` and the hub's token. The number of workers
    follows from `jobs`, the submissions to grade at the same time.

    Raises:
        ClusterError: The gateway can't be reached or refuses, or Dask Gateway isn't installed.
    """
    try:
        from dask import config
        from dask_gateway import Gateway
    except ImportError as error:
        raise ClusterError(f"--gateway {_MISSING.format('Dask Gateway')}") from error
    address = address or str(config.get("gateway.address") or "")
    if not address:
        raise ClusterError("--gateway needs an address: Dask's configuration has none.")
    _silence_dask()
    gateway: Any = None
    try:
        gateway = Gateway(address)
        notify(f"Starting a cluster through {address}. This may take minutes.")
        cluster = gateway.new_cluster(shutdown_on_close=True)
    except Exception as error:
        if gateway is not None:
            gateway.close()
            _CLOSED.append(gateway)
        reason = str(error) or type(error).__name__
        raise ClusterError(
            f"Can't start a cluster through --gateway {address}: {reason}."
            " Use the address of a Dask Gateway, such as http://proxy/services/dask-gateway."
        ) from error
    with contextlib.ExitStack() as stack:
        stack.callback(_CLOSED.append, cluster)
        stack.callback(cluster.shutdown)
        client = cluster.get_client(set_as_default=False)
        stack.callback(client.close)
        cluster.scale(1)
        _wait_for_worker(client, timeout_s, f"--gateway {address}")
        size = _ClusterSize(client)
        cluster.scale(math.ceil(jobs / max(1, size())))
        return _pool(client, size, address, stack.pop_all().close)


def _pool(
    client: Any, size: Callable[[], int], address: str, close: Callable[[], object]
) -> WorkerPool:
    def make_executor(_: Job) -> Executor:
        if client.status != "running":
            raise RunStoppedError(f"The connection to the cluster at {address} is lost.")
        return _DaskExecutor(client)

    return WorkerPool(make_executor, size, _grade_on_cluster, close)


def _wait_for_worker(client: Any, timeout_s: float, cluster: str) -> None:
    try:
        client.wait_for_workers(1, timeout=timeout_s)
    except OSError as error:  # Dask's TimeoutError
        raise ClusterError(f"{cluster} has no workers after {timeout_s:.0f} s.") from error


def _silence_dask() -> None:
    """Keep Dask from logging errors that the run reports itself."""
    for name in (*logging.root.manager.loggerDict,):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


class _ClusterSize:
    """How many jobs a cluster can run at the same time, cached for some seconds."""

    def __init__(self, client: Any) -> None:
        self._client, self._size, self._updated_at = client, 0, 0.0

    def __call__(self) -> int:
        if not self._size or time.monotonic() - self._updated_at > SIZE_MAX_AGE_S:
            self._updated_at = time.monotonic()
            try:
                self._size = sum(self._client.nthreads().values())
            except Exception:  # noqa: BLE001  (a lost scheduler shows as any of many errors)
                self._size = 0
        return self._size


class _DaskExecutor(Executor):
    """Dask's executor, which reports a lost cluster the way a process pool does."""

    def __init__(self, client: Any) -> None:
        self._client, self._executor = client, client.get_executor(pure=False)

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Submit a job, or raise `BrokenExecutor` if the cluster is lost."""
        if self._client.status != "running":
            raise BrokenExecutor("the cluster is gone")
        future: Future[Any] = self._executor.submit(function, *args, **kwargs)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Release the jobs, unless the cluster is lost."""
        if self._client.status == "running":
            self._executor.shutdown(wait=wait and not cancel_futures)


def _grade_on_cluster(job: Job, version: str, key: str) -> str:
    """As `grade_to_json`, with the threads that this worker's machine has for each job."""
    from dask.system import CPU_COUNT
    from distributed import get_worker

    threads = max(1, CPU_COUNT // get_worker().state.nthreads)
    settings = dataclasses.replace(job.settings, threads=threads)
    return grade_to_json(dataclasses.replace(job, settings=settings), version, key)
