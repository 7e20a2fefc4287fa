"""Kernels that are born with their libraries loaded: asking `nursery` for them.

A nursery serves one process or many, those of a run over a class. It is an offer: where it can't
be had, or fails, a kernel is started cold, in the same sandbox, and does the same more slowly.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Self

from autograder.sandbox import environment, memory_use, temp_dirs

FORKSERVER_MAIN: Final = Path(__file__).with_name("inside") / "forkserver.py"
KERNEL_MAIN: Final = Path(__file__).with_name("inside") / "kernel_main.py"
INLINE_BACKEND: Final = "module://matplotlib_inline.backend_inline"  # as a kernel sets it by itself
REPLY_TIMEOUT_S: Final = 120.0  # seconds; TensorFlow loads in eight, on a busy machine in thirty


class ForkServerError(RuntimeError):
    """No kernel came from the nursery; one can be started cold."""


class ForkServer:
    """A process that forks kernels, or the way to one.

    Example:
        >>> with ForkServer.start(("numpy",), {}) as nursery:  # doctest: +SKIP
        ...     pid = nursery.bear(order, files)

    Attributes:
        address: The path of its socket.
        modules: What it has loaded.
        variables: The environment in which it was loaded, beyond the usual.
        pid: Its number, if this process has started it; else 0.
    """

    pid = 0

    def __init__(
        self, address: str, modules: tuple[str, ...], variables: Mapping[str, str]
    ) -> None:
        self.address, self.modules, self.variables = address, modules, dict(variables)
        self._ends = contextlib.ExitStack()

    @classmethod
    def start(cls, modules: tuple[str, ...], variables: Mapping[str, str]) -> Self:
        """Start one for kernels, and wait until its libraries are loaded.

        Args:
            modules: What it loads.
            variables: What a kernel's environment holds beyond the usual.

        Raises:
            NurseryError: It did not start.
        """
        with temp_dirs.temp_dir("nursery-home") as home:  # of no use later
            found = environment.variables(variables, os.environ, str(home))
            found.setdefault("MPLBACKEND", INLINE_BACKEND)
            return cls.run([sys.executable, "-P", str(FORKSERVER_MAIN)], found, modules, variables)

    @classmethod
    def run(
        cls,
        command: list[str],
        environ: dict[str, str],
        modules: tuple[str, ...],
        variables: Mapping[str, str],
    ) -> Self:
        """Start one that is a program of its own; it gets one more argument, and serves.

        Args:
            command: The program; see `nursery.serve`.
            environ: Its environment.
            modules: As for `start`.
            variables: As for `start`.

        Raises:
            NurseryError: It did not start.
        """
        with contextlib.ExitStack() as ends:
            private = ends.enter_context(temp_dirs.temp_dir("nursery"))
            path = f"{private}/socket"
            told = {"modules": modules, "socket": path, "start": str(KERNEL_MAIN)}
            process = subprocess.Popen(  # noqa: S603  (a program of ours)
                [*command, json.dumps(told)],
                stdin=subprocess.PIPE,  # it ends when this does, and so with us
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environ,
            )
            ends.callback(_end, process)
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise ForkServerError(f"the warm process ended with {process.wait()}")
            found = cls(path, modules, variables)
            found.pid = process.pid
            found._ends = ends.pop_all()
            return found

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, if this is who started it."""
        self.close()

    def close(self) -> None:
        """End the process, if this is who started it; kernels live on."""
        self._ends.close()

    def fork(self, order: dict[str, Any], files: dict[str, int]) -> int:
        """Fork a kernel into a sandbox.

        Args:
            order: What `nursery.become` must know.
            files: Open files by name: ``place``, the sandbox's first process; ``rules``, the
                filter; ``errors``, where to complain; the kernel's sockets by their addresses.

        Returns:
            The number of the process that waits for the kernel, and ends with it.

        Raises:
            NurseryError: It does not answer.
        """
        text = json.dumps(order | {"files": list(files)}).encode()
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
                wire.settimeout(REPLY_TIMEOUT_S)
                wire.connect(self.address)
                socket.send_fds(wire, [struct.pack("!I", len(text))], list(files.values()))
                wire.sendall(text)
                (pid,) = struct.unpack("!I", wire.recv(4, socket.MSG_WAITALL))
        except (OSError, struct.error) as error:
            raise ForkServerError(f"the warm process does not answer: {error}") from error
        return int(pid)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.communicate()


ServerAddress = tuple[str, str, tuple[str, ...], dict[str, str]]  # what it is for, and what made it
_log: Final = logging.getLogger("autograder.sandbox.forkserver_client")
MAX_SERVERS_PER_KIND: Final = (
    2  # of a kind; a server that grades for weeks must not keep one for each lesson
)
Key = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...], float]
_KNOWN: Final[dict[Key, ForkServer | None]] = {}
_LOCK: Final = threading.RLock()


def known(
    kind: str,
    modules: tuple[str, ...],
    variables: Mapping[str, str],
    start: Callable[[tuple[str, ...], Mapping[str, str]], ForkServer] = ForkServer.start,
) -> ForkServer | None:
    """Return a nursery that serves this process; the same for the same needs.

    Args:
        kind: What it is for.
        modules: What it loads.
        variables: What its children's environment holds beyond the usual.
        start: Starts one.

    Returns:
        None if there can be none here: whatever it is for is started cold then.
    """
    with _LOCK:  # a cluster's worker may grade several at once, each in a thread
        key = _key(kind, modules, variables)
        if key in _KNOWN:
            _KNOWN[key] = _KNOWN.pop(key)  # the last one used stands last
            return _KNOWN[key]
        for old in [other for other in _KNOWN if other[0] == kind][: 1 - MAX_SERVERS_PER_KIND]:
            gone = _KNOWN.pop(old)
            if gone is not None:
                gone.close()
        found = None
        if sys.platform.startswith("linux"):
            try:
                found = start(modules, variables)
            except (OSError, ForkServerError) as error:
                _log.warning("Each %s is started cold: %s", kind, error)
        _KNOWN[key] = found
        return found


def _key(kind: str, modules: tuple[str, ...], variables: Mapping[str, str]) -> Key:
    """What a nursery is known by; when the course's text changes, it is another one."""
    folder = environment.course_folder()
    texts = folder.rglob("*.py") if folder is not None else ()
    changed = max((path.stat().st_mtime for path in texts), default=0.0)
    return kind, modules, tuple(sorted(variables.items())), changed


def offers() -> list[ServerAddress]:
    """Return what `adopt` needs, for all nurseries of this process."""
    return [
        (key[0], found.address, found.modules, found.variables)
        for key, found in _KNOWN.items()
        if found is not None
    ]


def adopt(kind: str, found: ForkServer) -> None:
    """Let this process use a nursery that another has started."""
    _KNOWN[_key(kind, found.modules, found.variables)] = found


def held() -> int:
    """Return the bytes of memory that the warm processes hold which this process has started."""
    with _LOCK:
        pids = [found.pid for found in _KNOWN.values() if found is not None and found.pid]
    return sum(map(memory_use.process_memory, pids))


@atexit.register
def close() -> None:
    """End all nurseries that this process has started."""
    while _KNOWN:
        _, found = _KNOWN.popitem()
        if found is not None:
            found.close()
