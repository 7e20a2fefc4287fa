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

from autograder.judge import trial
from autograder.kernels import nursery, preload, warm
from autograder.kernels.warm import Nursery

_ROOT: Final = Path(__file__).resolve().parents[2]
WIRE: Final = "wire"


def known(tests: Iterable[str]) -> Nursery | None:
    """Return a bench that serves this process; None if judges are to be started cold.

    Args:
        tests: The tests' text; what they import is loaded.
    """
    loaded = ("numpy", *(name for name in preload.modules(tests) if name not in preload.KERNEL))
    return warm.known("judge", loaded, {}, start)


def start(modules: tuple[str, ...], variables: Mapping[str, str]) -> Nursery:
    """Start a bench.

    Args:
        modules: What it loads.
        variables: What its environment holds beyond ours.

    Raises:
        NurseryError: It did not start.
    """
    return Nursery.run(
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
    trial.main()


if __name__ == "__main__":
    told = json.loads(sys.argv.pop())
    nursery.load(told["modules"])
    nursery.serve(told["socket"], _sit)
