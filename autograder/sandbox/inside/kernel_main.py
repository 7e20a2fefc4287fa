"""The first code that runs in a student's kernel: set the limits, then become a kernel.

It is started as a file of its own, so it imports nothing of the course. What it is told
comes in one JSON argument: ``limits``, by the names of `resource`; ``sockets``, the numbers
of open sockets by their addresses; ``connection``, the file that Jupyter wrote.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from types import SimpleNamespace
from typing import Any


def limit(limits: dict[str, int]) -> None:
    """Set limits that can't be raised again; what the system does not know is left out."""
    try:
        import resource
    except ImportError:
        return
    for name, value in limits.items():
        kind = getattr(resource, name, None)
        if kind is None:
            continue
        _, hard = resource.getrlimit(kind)
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS refuses some
            continue


def adopt(sockets: dict[str, int]) -> None:
    """Let the kernel listen on sockets that the grader opened.

    So the kernel needs no folder that it shares with the grader.
    """
    import zmq

    bind = zmq.Socket.bind

    def adopted(self: zmq.Socket[Any], address: str) -> Any:
        number = sockets.pop(address, None)
        if number is not None:
            self.setsockopt(zmq.USE_FD, number)
        return bind(self, address)

    zmq.Socket.bind = adopted  # type: ignore[assignment,method-assign] # as the docstring says


def course() -> None:
    """Make sure that the course can be imported, before any student's code is to blame.

    Raises:
        RuntimeError: It can't.
    """
    places = os.environ.get("PYTHONPATH", "").split(os.pathsep)  # a fork has not looked at it
    sys.path[:0] = [place for place in places if place and place not in sys.path]
    try:
        importlib.import_module("course")
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise RuntimeError(
            f"The course can't be imported in it ({said}). Install it for the Python that grades:"
            " pip install --editable . in the course's folder."
        ) from error


def kernel() -> Any:
    """Load Jupyter's kernel without its debugger, which nobody uses here and which takes long."""
    found: dict[str, Any] = sys.modules
    found.setdefault("debugpy", None)  # Python's own mark for a module that is not there
    importlib.import_module("ipykernel.debugger")
    if found["debugpy"] is None:
        del found["debugpy"]  # a student may have use for it
    ipkernel: Any = importlib.import_module("ipykernel.ipkernel")
    from ipykernel.kernelapp import IPKernelApp

    class Application(IPKernelApp):
        """Jupyter's kernel, told by us what it needs, and quick to start in a fork."""

        def parse_command_line(self, argv: Any = None) -> None:
            """Read none: making the parser takes a sixth of the start."""

        def init_control(self, context: Any) -> None:
            """Open the control channel; without subshells, a cell passes through fewer threads."""
            super().init_control(context)  # type: ignore[no-untyped-call] # Jupyter's own
            self.shell_channel_thread = None

        def init_heartbeat(self) -> None:
            """Have none: the grader looks at the process itself."""

        def init_kernel(self) -> None:
            """Make the kernel; it would list all modules for its debugger, and so copy each."""
            ipkernel.sys = SimpleNamespace(**{**vars(sys), "modules": {}})
            try:
                super().init_kernel()  # type: ignore[no-untyped-call] # Jupyter's own
            finally:
                ipkernel.sys = sys

    return Application


def main(told: dict[str, Any]) -> None:
    """Become a kernel."""
    limit(told["limits"])
    if told["sockets"]:
        adopt(told["sockets"])
    app = kernel()
    course()
    sink = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # the grader reads what goes wrong before this, not after
        os.dup2(sink, number)
    os.close(sink)
    from traitlets.config import Config

    # The grader waits for the end of what a cell sends, so nobody has to sleep for it.
    settings = {"HistoryManager": {"enabled": False}, "Kernel": {"_execute_sleep": 0.0}}
    app.launch_instance([], connection_file=told["connection"], config=Config(settings))


if __name__ == "__main__":
    main(json.loads(sys.argv.pop()))
