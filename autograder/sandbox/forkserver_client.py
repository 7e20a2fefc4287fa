"""Start and use processes that fork kernels with their libraries imported already.

They are only a speedup: where none can be started, or it fails, a kernel starts in the same sandbox
from scratch and does the same.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Self

from autograder.sandbox import environment, process_tree, temp_dirs

START_SCRIPT: Final = Path(__file__).with_name("inside") / "start.py"
INLINE_BACKEND: Final = "module://matplotlib_inline.backend_inline"  # what a kernel sets by itself
REPLY_TIMEOUT_S: Final = 120.0  # TensorFlow's import takes 8 s, on a busy machine 30 s
MAX_SERVERS_PER_KIND: Final = 2  # a grader that runs for weeks must not keep one for each lesson

ServerAddress = tuple[str, str, tuple[str, ...], dict[str, str]]  # kind, address, modules, env
StartServer = Callable[[tuple[str, ...], Mapping[str, str]], "ForkServer"]
_ServerKey = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...], float]

_log: Final = logging.getLogger("autograder.sandbox.forkserver_client")
_SERVERS: Final[dict[_ServerKey, ForkServer | None]] = {}
_LOCK: Final = threading.RLock()


_ROOT: Final = Path(__file__).resolve().parents[2]


class ForkServerError(RuntimeError):
    """The fork server did not start or fork; the kernel can be started without it."""


class ForkServer(ExitStack):
    """A process that forks kernels, or a connection to one that another process has started.

    `close` ends the process if this one has started it; its kernels go on.

    Attributes:
        address: The path of its socket.
        modules: The modules it has imported.
        env: The variables it was started with, besides those of every kernel.
        pid: Its process, if this process has started it; else 0.
    """

    pid = 0

    def __init__(self, address: str, modules: tuple[str, ...], env: Mapping[str, str]) -> None:
        super().__init__()
        self.address, self.modules, self.env = address, modules, dict(env)

    @classmethod
    def start(cls, modules: tuple[str, ...], env: Mapping[str, str]) -> Self:
        """Start a fork server for kernels, and wait until its imports are done.

        Raises:
            ForkServerError: It did not start.
        """
        with temp_dirs.temp_dir("forkserver-home") as home:  # needed for the imports only
            variables = environment.kernel_env(env, home)
            variables.setdefault("MPLBACKEND", INLINE_BACKEND)
            command = [environment.python(), "-P", str(START_SCRIPT), "forkserver"]
            return cls.spawn(command, variables, modules, env)

    @classmethod
    def spawn(
        cls,
        command: list[str],
        variables: Mapping[str, str],
        modules: tuple[str, ...],
        env: Mapping[str, str],
    ) -> Self:
        """Start a program that calls `inside.forkserver.serve`; otherwise as `start`.

        The command gets JSON with ``modules`` and ``socket`` as a further argument. ``variables``
        are its whole environment, and ``env`` is the part to remember.
        """
        with ExitStack() as stack:
            private_dir = stack.enter_context(temp_dirs.temp_dir("forkserver"))
            path = f"{private_dir}/socket"
            process = subprocess.Popen(  # noqa: S603  (our own program)
                [*command, json.dumps({"modules": modules, "socket": path})],
                stdin=subprocess.PIPE,  # closed when this process ends, which ends the server
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=variables,
            )
            stack.callback(_terminate, process)
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise ForkServerError(f"The fork server exited with code {process.wait()}.")
            server = cls(path, modules, env)
            server.pid = process.pid
            server.push(stack.pop_all())
            return server

    def fork(self, request: dict[str, Any], fds: dict[str, int]) -> int:
        """Let the server fork with these open files, and return the pid of its child.

        Raises:
            ForkServerError: The server does not answer.
        """
        text = json.dumps(request | {"fds": list(fds)}).encode()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(REPLY_TIMEOUT_S)
                connection.connect(self.address)
                socket.send_fds(connection, [struct.pack("!I", len(text))], list(fds.values()))
                connection.sendall(text)
                (pid,) = struct.unpack("!I", connection.recv(4, socket.MSG_WAITALL))
        except (OSError, struct.error) as error:
            raise ForkServerError(f"The fork server does not answer: {error}") from error
        return int(pid)


def _terminate(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.communicate()


def grader_environment() -> dict[str, str]:
    """Return the environment of a process of the grader's, with its packages on the path."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def shared_fork_server(
    kind: str,
    modules: tuple[str, ...],
    env: Mapping[str, str],
    start: StartServer = ForkServer.start,
) -> ForkServer | None:
    """Return a fork server of this process, started on first use; None where it can't be started.

    Of each kind, which says what they fork, `MAX_SERVERS_PER_KIND` are kept. ``env`` are variables
    of their children besides the usual ones.
    """
    with _LOCK:  # a cluster's worker may grade several submissions in threads
        key = _server_key(kind, modules, env)
        if key in _SERVERS:
            _SERVERS[key] = _SERVERS.pop(key)  # the most recently used is last
            return _SERVERS[key]
        same_kind = [other for other in _SERVERS if other[0] == kind]
        for old_key in same_kind[: 1 - MAX_SERVERS_PER_KIND]:
            if old_server := _SERVERS.pop(old_key):
                old_server.close()
        server = None
        if sys.platform.startswith("linux"):
            try:
                server = start(modules, env)
            except (OSError, ForkServerError) as error:
                _log.warning("No fork server; each %s starts more slowly: %s", kind, error)
        _SERVERS[key] = server
        return server


def _server_key(kind: str, modules: tuple[str, ...], env: Mapping[str, str]) -> _ServerKey:
    """Return what identifies a server; it includes when the course was last changed."""
    course = environment.course_folder()
    sources = course.rglob("*.py") if course is not None else ()
    changed = max((path.stat().st_mtime for path in sources), default=0.0)
    return kind, modules, tuple(sorted(env.items())), changed


def server_addresses() -> list[ServerAddress]:
    """Return all fork servers of this process, for `use_server` in another one."""
    return [
        (key[0], server.address, server.modules, server.env)
        for key, server in _SERVERS.items()
        if server
    ]


def use_server(kind: str, server: ForkServer) -> None:
    """Let `shared_fork_server` return a server that another process has started."""
    _SERVERS[_server_key(kind, server.modules, server.env)] = server


def servers_memory() -> int:
    """Return the bytes of memory of the fork servers that this process has started."""
    with _LOCK:
        pids = [server.pid for server in _SERVERS.values() if server and server.pid]
    return sum(map(process_tree.process_memory, pids))


@atexit.register
def close_all() -> None:
    """End all fork servers that this process has started."""
    while _SERVERS:
        if server := _SERVERS.popitem()[1]:
            server.close()
