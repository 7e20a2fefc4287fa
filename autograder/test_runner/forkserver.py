"""Where judges wait: a process with their libraries loaded, from which each is forked.

It has nothing to do with the process from which students' kernels come.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from autograder.kernels import imports
from autograder.sandbox import forkserver_client
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.inside import forkserver
from autograder.test_runner import runner

_ROOT: Final = Path(__file__).resolve().parents[2]
WIRE: Final = "wire"


def known(tests: Iterable[str]) -> ForkServer | None:
    """Return a bench that serves this process; None if judges are to be started cold.

    Args:
        tests: The tests' text; what they import is loaded.
    """
    loaded = (
        "numpy",
        *(name for name in imports.find_modules(tests) if name not in imports.KERNEL_MODULES),
    )
    return forkserver_client.shared_fork_server("judge", loaded, {}, start)


def start(modules: tuple[str, ...], variables: Mapping[str, str]) -> ForkServer:
    """Start a bench.

    Args:
        modules: What it loads.
        variables: What its environment holds beyond ours.

    Raises:
        ForkServerError: It did not start.
    """
    return ForkServer.spawn(
        [sys.executable, "-P", "-m", __name__], environment() | dict(variables), modules, variables
    )


def environment() -> dict[str, str]:
    """Return a judge's environment: ours, and where the grader's packages lie."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONPATH": path}


def _sit(_: dict[str, Any], numbers: list[int]) -> None:
    """In a child: become a judge that speaks on the wire it was given."""
    (wire,) = numbers
    for number in (0, 1):
        os.dup2(wire, number)
    os.close(wire)
    runner.main()


if __name__ == "__main__":
    told = json.loads(sys.argv.pop())
    forkserver.import_modules(told["modules"])
    forkserver.serve(told["socket"], _sit)
