"""The process from which students' kernels are forked, its libraries loaded already.

It is started as a file of its own, so it imports nothing of the grader. It loads libraries and runs
none of them: after a first operation TensorFlow would wait for ever in a fork. Then it waits on
a Unix socket. Each order names a sandbox that is there already, by an open file of its first
process. A child joins that sandbox, gives up all rights, and becomes a kernel by `start`.
Here nothing of a student's is ever run.

What it is told comes in one JSON argument: ``modules``, to load; ``socket``, the path to listen on;
``start``, the path of `start`. It ends when its standard input does.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import importlib.machinery
import importlib.util
import json
import os
import selectors
import signal
import socket
import struct
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

MAX_FDS = 16
# From linux/sched.h: mounts, control groups, host name, messages, processes, network; users.
_NAMESPACES = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x2000_0000 | 0x4000_0000
_USERS = 0x1000_0000
# From linux/prctl.h.
_DUMPABLE, _SECCOMP, _BOUNDING_DROP, _NO_NEW_PRIVILEGES = 4, 22, 24, 38
_FILTER = 2
_CAPABILITIES = 0x2008_0522  # _LINUX_CAPABILITY_VERSION_3, from linux/capability.h


class _Program(ctypes.Structure):
    """``struct sock_fprog``: a filter of system calls."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def import_modules(modules: list[str]) -> None:
    """Import what is there of these modules; what can't be imported is the student's to see.

    Args:
        modules: Their names; ``module:function:argument`` is called, and may start no threads.
    """
    for named in modules:
        name, *call = named.split(":")
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = importlib.import_module(name)
            if call:
                getattr(found, call[0])(*call[1:])
    gc.collect()
    gc.freeze()  # a fork shares what no collection touches


def receive_request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive one order: its size, its JSON, and open files."""
    head, numbers, *_ = socket.recv_fds(connection, 4, MAX_FDS)
    (size,) = struct.unpack("!I", head)
    text = b""
    while len(text) < size:
        more = connection.recv(size - len(text))
        if not more:
            raise EOFError("the order ended early")
        text += more
    return json.loads(text), list(numbers)


def enter_sandbox(order: dict[str, Any], files: dict[str, int], libc: ctypes.CDLL) -> None:
    """Enter the order's control group and all namespaces of its sandbox."""
    for path in order["groups"]:
        with open(path, "w", encoding="ascii") as file:  # noqa: PTH123  (nothing but the least)
            file.write(str(os.getpid()))
    kinds = _NAMESPACES | (0 if os.geteuid() == 0 else _USERS)
    if libc.setns(files["place"], kinds) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the sandbox can't be entered: {os.strerror(number)}")


def drop_privileges(order: dict[str, Any], files: dict[str, int], libc: ctypes.CDLL) -> None:
    """Give up every right for good; the filter comes last, for it refuses some of this."""
    with os.fdopen(files["rules"], "rb") as file:
        rules = os.pread(file.fileno(), 1 << 20, 0)
    right = 0
    while libc.prctl(_BOUNDING_DROP, right, 0, 0, 0) == 0:  # until there is no such right
        right += 1
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(order["uid"], order["uid"], order["uid"])
        os.setresuid(order["uid"], order["uid"], order["uid"])
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    none = (ctypes.c_uint32 * 6)()
    code = ctypes.create_string_buffer(rules, len(rules))
    program = _Program(len(rules) // 8, ctypes.cast(code, ctypes.c_void_p))
    for done in (
        libc.capset(header, none),
        libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0),
        libc.prctl(_DUMPABLE, 1, 0, 0, 0),  # as for any program that was started: it may see itself
        libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0),
    ):
        if done != 0:
            raise OSError(ctypes.get_errno(), "the rights can't be given up")


def run_kernel(order: dict[str, Any], files: dict[str, int], start: ModuleType) -> None:
    """Become a kernel, in a sandbox, with no rights: no return."""
    os.setsid()
    os.environ.clear()
    os.environ.update(order["variables"])
    os.chdir(order["folder"])
    for number in (1, 2):
        os.dup2(files["errors"], number)
    os.close(files["errors"])
    drop_privileges(order, files, ctypes.CDLL(None, use_errno=True))
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # else all kernels would throw the same dice
    start.main(order["told"] | {"sockets": order["sockets"]})


def fork_into_sandbox(order: dict[str, Any], numbers: list[int], start: ModuleType) -> None:
    """In a child: fork the kernel into its sandbox, wait for its end, and end the sandbox.

    Whoever enters a namespace of processes does so with the next child only, so there are two.
    """
    names = order["files"]
    files = dict(zip(names, numbers, strict=True))
    order["sockets"] = {name: files[name] for name in names if name.startswith("ipc:")}
    try:
        enter_sandbox(order, files, ctypes.CDLL(None, use_errno=True))
        kernel = os.fork()
    except BaseException as error:  # noqa: BLE001  (the grader is told, and nobody else)
        os.write(files["errors"], f"{error}\n".encode())
    else:
        if kernel == 0:
            try:
                os.close(files.pop("place"))
                run_kernel(order, files, start)
            except SystemExit:
                pass
            except BaseException:  # noqa: BLE001  (as above)
                with suppress(OSError):
                    os.write(2, traceback.format_exc().encode())
            os._exit(1)
        for name, number in files.items():
            if name != "place":
                os.close(number)
        os.waitpid(kernel, 0)
    with suppress(OSError):
        signal.pidfd_send_signal(files["place"], signal.SIGKILL)


def serve(path: str, child: Callable[[dict[str, Any], list[int]], object]) -> None:
    """Say that we are ready, then fork a child for each order, until standard input ends.

    Args:
        path: Where to listen.
        child: What a child does with its order and its open files.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen(64)
        os.write(1, b"ready\n")
        os.dup2(2, 1)
        _serve(listener, child)


def _serve(listener: socket.socket, child: Callable[[dict[str, Any], list[int]], object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for who started us
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for our children
    with selectors.DefaultSelector() as selector:
        selector.register(0, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while all(key.fd != 0 for key, _ in selector.select()):
            connection, _ = listener.accept()
            with connection, suppress(EOFError, OSError, ValueError, struct.error):
                order, numbers = receive_request(connection)
                with warnings.catch_warnings():
                    # OpenBLAS has threads, and sees to forks by itself.
                    warnings.simplefilter("ignore", DeprecationWarning)
                    pid = os.fork()
                if pid == 0:
                    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                    signal.signal(signal.SIGINT, signal.default_int_handler)
                    selector.close()
                    listener.close()
                    connection.close()
                    os.close(0)
                    os.open(os.devnull, os.O_RDWR)
                    try:
                        child(order, numbers)
                    finally:
                        os._exit(0)
                for number in numbers:
                    os.close(number)
                connection.sendall(struct.pack("!I", pid))


def main(told: dict[str, Any]) -> None:
    """Load, and serve."""
    loader = importlib.machinery.SourceFileLoader("start", told["start"])
    spec = importlib.util.spec_from_loader("start", loader)
    assert spec is not None  # noqa: S101  (a loader was given)
    start = importlib.util.module_from_spec(spec)
    loader.exec_module(start)
    start.kernel()
    import_modules(told["modules"])
    serve(told["socket"], lambda order, numbers: fork_into_sandbox(order, numbers, start))


if __name__ == "__main__":
    main(json.loads(sys.argv.pop()))
