"""Become a student's kernel: set the limits, check the course, start ipykernel.

What runs in the kernel that Jupyter starts must run here, too: ``await``, shell commands, modules
beside the notebook.

The one JSON argument has ``filter_fd``, an open file with a seccomp filter or null, and the keyword
arguments of `run`. The private names of ipykernel that are used here are checked in
`tests/autograder/kernels/test_jupyter_internals.py`.
"""

from __future__ import annotations

import codecs
import importlib.util
import json
import os
import runpy
import select
import subprocess
import sys
from contextlib import suppress
from threading import current_thread
from types import SimpleNamespace
from typing import Any

from . import rights

_SHELL_POLL_S = 0.05
_PACKAGE_DIRS = ("site-packages", "dist-packages")


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


def run_shell_command(command: str) -> int:
    """Run the command of ``!command`` or ``%pip`` and print its output as it comes.

    IPython would give it a terminal, which the sandbox has not. Processes that it leaves in the
    background are not awaited.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    process = subprocess.Popen(  # noqa: S602  (a shell is what the student asks for)
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    with process:
        assert process.stdout is not None  # noqa: S101  (for the type checker)
        fd, ended = process.stdout.fileno(), False
        try:
            while not ended:
                ended = process.poll() is not None  # before the last look at its output
                while select.select([fd], [], [], 0 if ended else _SHELL_POLL_S)[0]:
                    output = os.read(fd, 1 << 16)
                    sys.stdout.write(decoder.decode(output))
                    sys.stdout.flush()
                    if not output:
                        ended = True
                        break
        except BaseException:
            process.kill()
            raise
    return process.returncode


class NoThread:
    """In place of ipykernel's thread for subshells, and as false as None.

    When a cell awaits something, ipykernel asks in which thread that one was started.
    """

    def __init__(self) -> None:
        self.parent_thread = current_thread()

    def __bool__(self) -> bool:
        """Return that there is no thread."""
        return False


def load_app_class() -> Any:
    """Import ipykernel, without its debugger, and return the class of its application."""
    modules: dict[str, Any] = sys.modules
    modules.setdefault("debugpy", None)  # makes its import fail; it is slow and not used
    importlib.import_module("ipykernel.debugger")
    if modules["debugpy"] is None:
        del modules["debugpy"]  # a student may import it
    ipkernel: Any = importlib.import_module("ipykernel.ipkernel")
    if os.name == "posix":
        zmqshell: Any = importlib.import_module("ipykernel.zmqshell")
        zmqshell.system = run_shell_command
    from ipykernel.kernelapp import IPKernelApp

    class Kernel(ipkernel.IPythonKernel):
        """ipykernel's kernel without subshells."""

        _supports_kernel_subshells = False

    class KernelApp(IPKernelApp):
        """ipykernel's application without what a graded kernel doesn't need."""

        def parse_command_line(self, argv: Any = None) -> None:
            """Don't: building the parser takes a sixth of the start."""

        def init_control(self, context: Any) -> None:
            """Open the control channel without a thread for subshells, which slows cells down."""
            super().init_control(context)  # type: ignore[no-untyped-call] # ipykernel has no types
            self.shell_channel_thread = NoThread()
            self.kernel_class = Kernel

        def init_heartbeat(self) -> None:
            """Don't: the grader watches the process itself."""

        def init_kernel(self) -> None:
            """Create the kernel; it would copy the list of all modules for its debugger."""
            ipkernel.sys = SimpleNamespace(**{**vars(sys), "modules": {}})
            try:
                super().init_kernel()  # type: ignore[no-untyped-call] # ipykernel has no types
            finally:
                ipkernel.sys = sys

        def init_path(self) -> None:
            """Find modules beside the notebook, behind the standard library, as Jupyter does.

            IPython leaves them out if Python was started with ``-P``, as it is here.
            """
            names = [path.rpartition("/")[2] for path in sys.path]
            indexes = [index for index, name in enumerate(names) if name in _PACKAGE_DIRS]
            sys.path.insert(min(indexes, default=0), "")

    return KernelApp


def detach() -> None:
    """Close the standard files: the grader reads errors up to here, not the student's output."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    os.close(null)


def run(
    limits: dict[str, int], connection_file: str, sockets: dict[str, int], module: str = ""
) -> None:
    """Become a kernel; does not return before it ends.

    ``sockets`` are the fds of its listening sockets by address; empty if it opens them itself.
    ``module`` is a kernel for another language than Python.
    """
    set_rlimits(limits)
    if sockets:
        use_open_sockets(sockets)
    if module:
        detach()
        sys.argv[:] = [module, "-f", connection_file]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        return
    app_class = load_app_class()
    import_course()
    # A module that is written twice within a second would be read from its first cache file.
    sys.dont_write_bytecode = True
    launcher = importlib.util.find_spec("ipykernel_launcher")
    program = (launcher.origin if launcher else None) or "ipykernel_launcher.py"
    sys.argv[:] = [program, "-f", connection_file]  # what notebooks that parse options expect
    detach()
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
