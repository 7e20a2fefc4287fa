"""A process that has loaded the tests' libraries and forks test runners.

It is separate from the fork servers of students' kernels.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final

from autograder.kernels import imports
from autograder.sandbox import environment, forkserver_client
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.inside import forkserver
from autograder.test_runner import runner

RUNNER_SOCKET: Final = "socket"


def shared_fork_server(tests: Iterable[str]) -> ForkServer | None:
    """Return the fork server for these tests' imports; None if runners must be started cold."""
    modules = imports.find_modules(tests)
    loaded = ("numpy", *(name for name in modules if name not in imports.KERNEL_MODULES))
    return forkserver_client.shared_fork_server("test runner", loaded, {}, start)


def start(modules: tuple[str, ...], variables: Mapping[str, str]) -> ForkServer:
    """Start a fork server; as `ForkServer.start`."""
    command = [sys.executable, "-P", "-m", __name__]
    return ForkServer.spawn(command, runner_environment() | dict(variables), modules, variables)


def runner_environment() -> dict[str, str]:
    """Return the environment of a test runner; a student's network is small, and one thread enough.

    The stacks of TensorFlow's threads would count against the runner's memory.
    """
    threads = dict.fromkeys(environment.LIBRARY_THREAD_VARIABLES, "1")
    return forkserver_client.grader_environment() | threads | environment.QUIET_TENSORFLOW


def _become_runner(_: dict[str, Any], fds: list[int]) -> None:
    """In a forked child: serve as a test runner on the socket that came with the request."""
    (fd,) = fds
    os.dup2(fd, 0)
    os.dup2(fd, 1)
    os.close(fd)
    runner.main()


if __name__ == "__main__":
    arguments = json.loads(sys.argv.pop())
    forkserver.import_modules(arguments["modules"])
    forkserver.serve(arguments["socket"], _become_runner)
