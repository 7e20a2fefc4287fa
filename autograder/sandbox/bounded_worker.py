"""Run a function on what a student wrote, in a process with limits on time and memory.

How long it takes to read a notebook, to compare an answer or to render a page, and how much memory,
a student decides. `run_bounded` does it in a worker process that is ended when it exceeds a limit.
So it costs that submission only::

    html = run_bounded(render_page, {"path": str(path)}, seconds=20, megabytes=1000)

Workers are forked from a server that has imported the function's module, and kept for later calls.
A call takes about a millisecond. A worker that failed, or has grown, is replaced.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from autograder.sandbox import forkserver_client, worker_process
from autograder.sandbox.forkserver_client import ForkServer, ForkServerError
from autograder.sandbox.limits import MB
from autograder.sandbox.worker_process import BoundedFunction

CHECK_INTERVAL_S: Final = 0.1
MAX_CRASHES: Final = 2  # a crash may have nothing to do with the call
MAX_KEPT_GROWTH_BYTES: Final = 256 * MB  # a worker that has grown more is replaced
MAX_RESULT_BYTES: Final = 512 * MB
# On a busy machine, a second of processor time may take so many seconds.
WALL_FACTOR: Final = 10
WALL_EXTRA_S: Final = 60.0

# CPython's SystemError where a C function lost the MemoryError on its way.
_LOST_MEMORY_ERROR: Final = "without setting an exception"
_MEMORY_TOLERANCE: Final = 1.2  # where the system enforces the limit itself, it comes first
_MODULE: Final = worker_process.__name__

Cause = Literal["time", "memory", "crash", "error"]


class BoundedError(RuntimeError):
    """A call exceeded a limit, crashed or failed; the message says which step, in a sentence.

    Attributes:
        cause: What went wrong.
    """

    def __init__(self, message: str, cause: Cause) -> None:
        super().__init__(message)
        self.cause = cause


def run_bounded(
    function: BoundedFunction,
    data: Any,
    *,
    seconds: float,
    megabytes: int,
) -> str:
    r"""Call a function in a worker process with limits, and return its result.

    Example:
        >>> run_bounded(json.dumps, {"cells": []}, seconds=10, megabytes=500)
        '{"cells": []}'

    If the process crashes, the call is made once more.

    Args:
        function: At the top level of a module; takes one JSON value and returns a text.
        data: Its argument; anything that `json` can write.
        seconds: Limit on processor time; see `worker_process.begin_step` for limits of single
            steps. Waiting for a busy machine doesn't count, up to `WALL_FACTOR` times the limit.
        megabytes: Limit on the memory of the whole process, which needs about 100 for itself.

    Raises:
        BoundedError: The function exceeded a limit, crashed or raised another error.
    """
    if not hasattr(os, "fork"):  # Windows
        return function(data)
    request = {
        "module": function.__module__,
        "function": function.__name__,
        "data": data,
        "max_bytes": megabytes * MB,
        "env": dict(os.environ),
        "cwd": str(Path.cwd()),
        "servers": forkserver_client.server_addresses(),
    }
    content = json.dumps(request).encode()
    for crashes in range(1, MAX_CRASHES + 1):
        worker = _take_worker(function.__module__)
        try:
            kind, answer = worker.call(content, seconds, megabytes)
        except BaseException as error:
            worker.end()
            is_crash = isinstance(error, BoundedError) and error.cause == "crash"
            if not is_crash or crashes == MAX_CRASHES:
                raise
        else:
            break
    _give_back(worker)
    if kind == worker_process.RESULT:
        return answer.decode("utf-8", "surrogatepass")
    failure = json.loads(answer)
    step = _Step(failure["step"], seconds)
    kind_of_error = failure["type"]
    is_lost = kind_of_error == "SystemError" and _LOST_MEMORY_ERROR in failure["message"]
    if kind_of_error == "MemoryError" or is_lost:
        raise step.memory_error(megabytes)
    raise step.error(f"failed ({failure['type']}: {failure['message']})", "error")


def start_server(module: str) -> None:
    """Start the server that forks the workers for a module's functions, unless it runs."""
    _fork_server(module)


class _Step:
    """What a worker is doing, and the limit on it."""

    def __init__(self, name: str, seconds: float, cpu_start: float = 0.0) -> None:
        self._seconds, self._cpu_start = seconds, cpu_start
        self._deadline = time.monotonic() + WALL_FACTOR * seconds + WALL_EXTRA_S
        self.subject = f"{name[:1].upper()}{name[1:]}" if name else "Processing the submission"

    def check_time(self, cpu_seconds: float) -> None:
        if cpu_seconds - self._cpu_start > self._seconds or time.monotonic() > self._deadline:
            raise self.error(f"took more than {self._seconds:.0f} s", "time")

    def memory_error(self, megabytes: int) -> BoundedError:
        return self.error(f"needed more than {megabytes:,} MB of memory", "memory")

    def error(self, what: str, cause: Cause) -> BoundedError:
        return BoundedError(f"{self.subject} {what}.", cause)


class _Worker:
    """A worker process and the socket to it."""

    def __init__(self, module: str) -> None:
        self.module = module
        self._child: subprocess.Popen[bytes] | None = None
        self._socket, theirs = socket.socketpair()
        with theirs:
            pid = self._start(theirs.fileno())
        try:
            self._process = psutil.Process(pid)
            self._first_bytes = self._process.memory_info().rss
        except psutil.Error as error:
            self._socket.close()
            raise BoundedError("The worker process ended at once.", "crash") from error

    def _start(self, fd: int) -> int:
        """Fork the process, or start it cold where that fails; return its pid."""
        server = _fork_server(self.module)
        if server is not None:
            with contextlib.suppress(ForkServerError, OSError):
                return server.fork({}, {"socket": fd, "stderr": 2})
        self._child = subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, "-P", "-m", _MODULE, str(fd)],
            stdin=subprocess.DEVNULL,
            pass_fds=(fd,),
            cwd="/",
            env=forkserver_client.grader_environment(),
        )
        return self._child.pid

    def call(self, request: bytes, seconds: float, megabytes: int) -> tuple[bytes, bytes]:
        """Make a call; return the kind and content of the answer.

        Raises:
            BoundedError: The process exceeded a limit or crashed; end it.
        """
        step = _Step("", seconds, self._cpu_seconds())
        buffer = bytearray()
        try:
            self._socket.settimeout(WALL_FACTOR * seconds + WALL_EXTRA_S)
            worker_process.send(self._socket, worker_process.CALL, request)
            self._socket.settimeout(CHECK_INTERVAL_S)
            while len(buffer) < MAX_RESULT_BYTES:
                try:
                    data = self._socket.recv(1 << 20)
                except TimeoutError:
                    self._check(step, megabytes)
                    continue
                if not data:
                    break
                buffer += data
                while (message := worker_process.next_message(buffer)) is not None:
                    kind, content = message
                    if kind != worker_process.STEP:
                        return kind, content
                    step = _Step(**json.loads(content), cpu_start=self._cpu_seconds())
        except OSError as error:
            raise step.error("crashed", "crash") from error
        if buffer:
            raise step.memory_error(MAX_RESULT_BYTES // MB)
        raise step.error("crashed", "crash")

    def _check(self, step: _Step, megabytes: int) -> None:
        step.check_time(self._cpu_seconds())
        with contextlib.suppress(psutil.Error):  # it has ended, which the socket tells
            if self._process.memory_info().rss > _MEMORY_TOLERANCE * megabytes * MB:
                raise step.memory_error(megabytes)

    def _cpu_seconds(self) -> float:
        with contextlib.suppress(psutil.Error):
            times = self._process.cpu_times()
            return float(times.user + times.system)
        return 0.0

    def is_reusable(self) -> bool:
        """Return whether the process is alive and has not grown much."""
        with contextlib.suppress(psutil.Error):
            growth = self._process.memory_info().rss - self._first_bytes
            return self._process.is_running() and growth < MAX_KEPT_GROWTH_BYTES
        return False

    def end(self) -> None:
        """Kill the process."""
        self._socket.close()
        with contextlib.suppress(psutil.Error):
            self._process.kill()
        if self._child is not None:
            self._child.wait()


_idle: Final[defaultdict[str, list[_Worker]]] = defaultdict(list)  # by module
_lock: Final = threading.Lock()


def _take_worker(module: str) -> _Worker:
    with _lock:
        while _idle[module]:
            worker = _idle[module].pop()
            if worker.is_reusable():
                return worker
            worker.end()
    return _Worker(module)


def _give_back(worker: _Worker) -> None:
    if worker.is_reusable():
        with _lock:
            _idle[worker.module].append(worker)
    else:
        worker.end()


@atexit.register
def end_workers() -> None:
    """End all workers that wait for a call."""
    with _lock:
        for workers in _idle.values():
            while workers:
                workers.pop().end()


def _fork_server(module: str) -> ForkServer | None:
    return forkserver_client.shared_fork_server("worker", (module,), {}, _start_fork_server)


def _start_fork_server(modules: tuple[str, ...], variables: Mapping[str, str]) -> ForkServer:
    command = [sys.executable, "-P", "-m", _MODULE]
    return ForkServer.spawn(
        command, forkserver_client.grader_environment() | dict(variables), modules, variables
    )
