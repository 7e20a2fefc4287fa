"""Fork students' kernels from a process that has imported their libraries already.

The server never runs student code, and never uses the libraries that it imports: after its first
operation TensorFlow hangs in forks. For each request a child enters an existing sandbox, gives up
all privileges, and becomes a kernel. The one JSON argument has ``modules`` to import and the path
of the Unix ``socket`` for requests.
"""

from __future__ import annotations

import gc
import importlib
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
from typing import Any

from . import kernel_main, rights

MAX_FDS = 16
# From linux/sched.h: mounts, control groups, host name, IPC, processes, network.
_NAMESPACES = 0x0002_0000 | 0x0200_0000 | 0x0400_0000 | 0x0800_0000 | 0x2000_0000 | 0x4000_0000
_CLONE_NEWUSER = 0x1000_0000

ForkHandler = Callable[[dict[str, Any], list[int]], object]


def import_modules(modules: list[str]) -> None:
    """Import modules, except those that fail: that error is for the student to see.

    ``module:function:argument`` also calls the function, which must not start threads.
    """
    for entry in modules:
        name, *call = entry.split(":")
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = importlib.import_module(name)
            if call:
                getattr(module, call[0])(*call[1:])
    gc.collect()
    gc.freeze()  # forks share the pages that no collection touches


def receive_request(connection: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Receive a request and the fds that belong to it."""
    header, fds, *_ = socket.recv_fds(connection, 4, MAX_FDS)
    (size,) = struct.unpack("!I", header)
    with connection.makefile("rb") as file:
        text = file.read(size)
    if len(text) < size:
        raise EOFError("the connection was closed before the end of the request")
    return json.loads(text), list(fds)


def enter_sandbox(pidfd: int) -> None:
    """Enter all namespaces of a sandbox's first process."""
    namespaces = _NAMESPACES | (0 if os.geteuid() == 0 else _CLONE_NEWUSER)
    rights.check(rights.libc().setns(pidfd, namespaces))


def run_kernel(request: dict[str, Any], fds: dict[str, int]) -> None:
    """Become a kernel in the sandbox that was entered; does not return."""
    os.setsid()
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    for fd in (1, 2):
        os.dup2(fds["stderr"], fd)
    os.close(fds["stderr"])
    rights.drop_privileges(request["uid"] if os.geteuid() == 0 else None)
    # A change of the user clears this. The kernel may see its own process, as any program can.
    rights.prctl(rights.PR_SET_DUMPABLE, 1)
    rights.install_filter(fds["filter"])
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # or all kernels would draw the same random numbers
    sockets = {address: fd for address, fd in fds.items() if address.startswith("ipc:")}
    kernel_main.run(request["limits"], request["connection_file"], sockets)


def fork_into_sandbox(request: dict[str, Any], fd_list: list[int]) -> None:
    """In a child of the server: fork the kernel, wait for its end, and end the sandbox.

    Two forks are needed, because entering a PID namespace only applies to later children. Only the
    kernel enters the control group: if Linux kills processes of the group for their memory, the
    one that waits for the kernel must be left to end the sandbox.
    """
    fds = dict(zip(request["fds"], fd_list, strict=True))
    try:
        groups = [os.open(path, os.O_WRONLY) for path in request["cgroup_files"]]
        enter_sandbox(fds["sandbox"])
        kernel_pid = os.fork()
    except BaseException as error:  # noqa: BLE001  (reported to the grader)
        os.write(fds["stderr"], f"The sandbox can't be entered: {error}\n".encode())
    else:
        if kernel_pid == 0:
            try:
                os.close(fds.pop("sandbox"))
                for group in groups:
                    os.write(group, b"0")  # this process
                    os.close(group)
                run_kernel(request, fds)
            except SystemExit:
                pass
            except BaseException:  # noqa: BLE001  (as above)
                with suppress(OSError):
                    os.write(2, traceback.format_exc().encode())
            os._exit(1)
        for name, fd in fds.items():
            if name != "sandbox":
                os.close(fd)
        for group in groups:
            os.close(group)
        os.waitpid(kernel_pid, 0)
    with suppress(OSError):
        signal.pidfd_send_signal(fds["sandbox"], signal.SIGKILL)


def serve(path: str, handler: ForkHandler) -> None:
    """Print ``ready``, then fork a child for each request until standard input is closed.

    Args:
        path: Where to make the socket.
        handler: Called in the child with the request and its fds; the child ends when it returns.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the grader
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are not awaited
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(path)
        listener.listen(64)
        os.write(1, b"ready\n")
        os.dup2(2, 1)
        selector.register(0, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        while all(key.fd != 0 for key, _ in selector.select()):
            connection, _ = listener.accept()
            with connection, suppress(EOFError, OSError, ValueError, struct.error):
                request, fds = receive_request(connection)
                with warnings.catch_warnings():
                    # Python warns about forks with threads; OpenBLAS handles its own.
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
                        handler(request, fds)
                    finally:
                        os._exit(0)
                for fd in fds:
                    os.close(fd)
                connection.sendall(struct.pack("!I", pid))


def main(arguments: list[str]) -> None:
    """Import what kernels need, then serve."""
    options = json.loads(arguments[0])
    kernel_main.load_app_class()
    import_modules(options["modules"])
    serve(options["socket"], fork_into_sandbox)
