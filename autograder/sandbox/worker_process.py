"""The process in which `bounded_worker` calls functions, and the messages between the two.

Started with a module's name and a socket's path, it imports the module, then forks a worker for
each connection. Started with the number of a socket, it is a worker itself.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from autograder.sandbox import forkserver_client
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.inside import forkserver

MAX_CPU_SECONDS: Final = 3600  # of a call; ends a worker whose caller was killed
MAX_ERROR_CHARS: Final = 1000
CALL, STEP, RESULT, ERROR = b"C", b"S", b"R", b"E"  # kinds of messages
_FRAME: Final = struct.Struct("!cQ")  # a message's kind and size
_PRELOADED: Final = "autograder.batch.fast_imports"  # before anything that imports jsonschema

BoundedFunction = Callable[[Any], str]


@dataclass
class _State:
    """What this process knows if it is a worker."""

    connection: socket.socket | None = None
    step: str = ""
    addresses: set[str] = field(default_factory=set)  # of fork servers that it may use


_state: Final = _State()


def begin_step(name: str, seconds: float) -> None:
    """Name what a worker does from now on and limit its processor time; do nothing elsewhere.

    Example:
        >>> begin_step("reading the notebook", seconds=20)
    """
    if _state.connection is not None:
        _state.step = name
        content = {"name": name, "seconds": seconds}
        send(_state.connection, STEP, json.dumps(content).encode())


def send(connection: socket.socket, kind: bytes, content: bytes) -> None:
    """Send a message."""
    connection.sendall(_FRAME.pack(kind, len(content)))
    connection.sendall(content)


def next_message(buffer: bytearray) -> tuple[bytes, bytes] | None:
    """Remove a message from what was received; return its kind and content, None if incomplete."""
    if len(buffer) < _FRAME.size:
        return None
    kind, size = _FRAME.unpack_from(buffer)
    end = _FRAME.size + size
    if len(buffer) < end:
        return None
    content = bytes(memoryview(buffer)[_FRAME.size : end])
    del buffer[:end]
    return kind, content


def serve(fd: int) -> None:
    """Answer the calls that arrive on a socket, until it is closed."""
    os.setsid()  # Ctrl+C is for the caller
    threading.Thread(target=_exit_with_caller, args=(fd,), daemon=True).start()
    with socket.socket(fileno=fd) as connection:
        _state.connection = connection
        for request in _requests(connection):
            send(connection, *_answer(request))


def _exit_with_caller(fd: int) -> None:
    """Exit when the caller has closed its end of the socket, whatever else runs here."""
    poll = select.poll()
    poll.register(fd, getattr(select, "POLLRDHUP", select.POLLHUP))
    poll.poll()
    os._exit(1)


def _requests(connection: socket.socket) -> Iterator[dict[str, Any]]:
    buffer = bytearray()
    while chunk := connection.recv(1 << 20):
        buffer += chunk
        while (message := next_message(buffer)) is not None:
            yield json.loads(message[1])


def _answer(request: dict[str, Any]) -> tuple[bytes, bytes]:
    """Make one call; return the kind and content of the answer."""
    try:
        _prepare(request)
        function: BoundedFunction = getattr(
            importlib.import_module(request["module"]), request["function"]
        )
        return RESULT, function(request["data"]).encode("utf-8", "surrogatepass")
    except Exception as error:  # noqa: BLE001  (reported to the caller)
        content = {"type": type(error).__name__, "message": str(error)[:MAX_ERROR_CHARS]}
        return ERROR, json.dumps({**content, "step": _state.step}).encode()


def _prepare(request: dict[str, Any]) -> None:
    """Take over the caller's environment, its limits, and the fork servers that it knows."""
    _state.step = ""
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    used = os.times()
    _set_soft_limit("RLIMIT_CPU", int(used.user + used.system) + MAX_CPU_SECONDS)
    _set_soft_limit("RLIMIT_DATA", request["max_bytes"])
    for kind, address, modules, env in request["servers"]:
        if address not in _state.addresses:
            _state.addresses.add(address)
            forkserver_client.use_server(kind, ForkServer(address, tuple(modules), env))


def _set_soft_limit(name: str, value: int) -> None:
    """Set a limit that this process's children, such as kernels, may raise again."""
    with suppress(ImportError, AttributeError, ValueError, OSError):  # macOS refuses some
        import resource

        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (limit, hard))


def _serve_forked(request: dict[str, Any], fds: list[int]) -> None:
    """In a child of the server: answer calls on the socket that came with the request."""
    named = dict(zip(request["fds"], fds, strict=True))
    if "stderr" in named:
        os.dup2(named["stderr"], 2)
        os.close(named["stderr"])
    serve(named["socket"])


def main(argument: str) -> None:
    """Be a worker, or the server that forks workers."""
    if argument.isdigit():
        serve(int(argument))
        return
    options = json.loads(argument)
    forkserver.import_modules([_PRELOADED, *options["modules"]])
    forkserver.serve(options["socket"], _serve_forked)


if __name__ == "__main__":
    # Not this module's own state, but that of the module whose `begin_step` others import.
    importlib.import_module("autograder.sandbox.worker_process").main(sys.argv.pop())
