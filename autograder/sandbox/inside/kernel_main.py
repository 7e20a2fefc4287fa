"""Become a student's kernel: set the limits, check the course, start ipykernel.

The one JSON argument has ``filter_fd``, an open file with a seccomp filter or null, and the keyword
arguments of `run`. The private names of ipykernel that are used here are checked in
`tests/autograder/kernels/test_jupyter_internals.py`.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from . import rights


def set_rlimits(limits: dict[str, int]) -> None:
    """Set limits by their names in `resource`; what the system does not know is left out."""
    try:
        import resource
    except ImportError:
        return
    for name, value in limits.items():
        with suppress(AttributeError, ValueError, OSError):  # macOS refuses some
            kind = getattr(resource, name)
            _, hard = resource.getrlimit(kind)
            limit = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (limit, limit))


def use_open_sockets(sockets: dict[str, int]) -> None:
    """Let zmq use the grader's listening sockets, so that the two need no common folder."""
    import zmq

    bind = zmq.Socket.bind

    def bind_or_adopt(self: zmq.Socket[Any], address: str) -> Any:
        fd = sockets.pop(address, None)
        if fd is not None:
            self.setsockopt(zmq.USE_FD, fd)
        return bind(self, address)

    zmq.Socket.bind = bind_or_adopt  # type: ignore[assignment,method-assign] # zmq has no hook for it


def import_course() -> None:
    """Import the course before student code runs, so that failures aren't the student's fault."""
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # not read yet in a forked process
    sys.path[:0] = [path for path in paths if path and path not in sys.path]
    try:
        importlib.import_module("course")
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise RuntimeError(
            f"The course can't be imported in a kernel ({reason}). Install it for the Python that"
            " runs the grader: pip install --editable . in the course's folder."
        ) from error


def load_app_class() -> Any:
    """Import ipykernel, without its debugger, and return the class of its application."""
    modules: dict[str, Any] = sys.modules
    modules.setdefault("debugpy", None)  # makes its import fail; it is slow and not used
    importlib.import_module("ipykernel.debugger")
    if modules["debugpy"] is None:
        del modules["debugpy"]  # a student may import it
    ipkernel: Any = importlib.import_module("ipykernel.ipkernel")
    from ipykernel.kernelapp import IPKernelApp

    class KernelApp(IPKernelApp):
        """ipykernel's application without what a graded kernel doesn't need."""

        def parse_command_line(self, argv: Any = None) -> None:
            """Don't: building the parser takes a sixth of the start."""

        def init_control(self, context: Any) -> None:
            """Open the control channel without a thread for subshells, which slows cells down."""
            super().init_control(context)  # type: ignore[no-untyped-call] # ipykernel has no types
            self.shell_channel_thread = None

        def init_heartbeat(self) -> None:
            """Don't: the grader watches the process itself."""

        def init_kernel(self) -> None:
            """Create the kernel; it would copy the list of all modules for its debugger."""
            ipkernel.sys = SimpleNamespace(**{**vars(sys), "modules": {}})
            try:
                super().init_kernel()  # type: ignore[no-untyped-call] # ipykernel has no types
            finally:
                ipkernel.sys = sys

    return KernelApp


def run(limits: dict[str, int], connection_file: str, sockets: dict[str, int]) -> None:
    """Become a kernel; does not return before it ends.

    ``sockets`` are the fds of its listening sockets by address; empty if it opens them itself.
    """
    del sys.argv[1:]  # not for the student's parser of arguments
    set_rlimits(limits)
    if sockets:
        use_open_sockets(sockets)
    app_class = load_app_class()
    import_course()
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):  # the grader reads errors up to this point, not the student's output
        os.dup2(null, fd)
    os.close(null)
    from traitlets.config import Config

    # ipykernel sleeps before each reply so that outputs arrive first; the grader waits for them.
    config = Config({"HistoryManager": {"enabled": False}, "Kernel": {"_execute_sleep": 0.0}})
    app_class.launch_instance([], connection_file=connection_file, config=config)


def main(arguments: list[str]) -> None:
    """Install the filter and become the kernel."""
    options = json.loads(arguments[0])
    if (filter_fd := options.pop("filter_fd")) is not None:
        rights.install_filter(filter_fd)
    run(**options)
