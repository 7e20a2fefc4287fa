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
from typing import Any


def limit(limits: dict[str, int]) -> None:
    """Set limits that can't be raised again; what the system does not know is left out."""
    try:
        import resource  # noqa: PLC0415  (not on Windows)
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
    import zmq  # noqa: PLC0415  (after the limits)

    bind = zmq.Socket.bind

    def adopted(self: zmq.Socket[Any], address: str) -> Any:
        number = sockets.pop(address, None)
        if number is not None:
            self.setsockopt(zmq.USE_FD, number)
        return bind(self, address)

    zmq.Socket.bind = adopted  # type: ignore[assignment,method-assign] # as the docstring says


def kernel() -> Any:
    """Load Jupyter's kernel without its debugger, which nobody uses here and which takes long."""
    found: dict[str, Any] = sys.modules
    found.setdefault("debugpy", None)  # Python's own mark for a module that is not there
    importlib.import_module("ipykernel.debugger")
    if found["debugpy"] is None:
        del found["debugpy"]  # a student may have use for it
    from ipykernel.kernelapp import IPKernelApp  # noqa: PLC0415  (after the limits)

    return IPKernelApp


def main(told: dict[str, Any]) -> None:
    """Become a kernel."""
    limit(told["limits"])
    if told["sockets"]:
        adopt(told["sockets"])
    app = kernel()
    sink = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # the grader reads what goes wrong before this, not after
        os.dup2(sink, number)
    os.close(sink)
    arguments = ["-f", told["connection"], "--HistoryManager.enabled=False"]
    app.launch_instance(arguments)


if __name__ == "__main__":
    main(json.loads(sys.argv.pop()))
