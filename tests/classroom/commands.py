"""Run nbgrader's commands as users do, without their start-up time.

Each command runs in a separate process with its own arguments, folder and environment, forked
from a process that has already imported nbgrader. Runs of the grader fork their workers from it
too, so that it also has what they need.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from autograder.batch import executors

_FORKSERVER: Final = multiprocessing.get_context("forkserver")
_FORKSERVER.set_forkserver_preload(
    [*executors.PRELOADED, "nbgrader.apps", "tests.classroom.preloaded"]
)


@dataclass(frozen=True)
class Shell:
    """A user's shell: the current folder and additional environment variables."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def nbgrader(self, *arguments: str, expect: int | None = 0) -> str:
        """Run ``nbgrader ARGUMENTS`` and return its output.

        Raises:
            RuntimeError: The exit code isn't the expected one.
        """
        code, output = self.run(*arguments)
        if expect is not None and code != expect:
            command = " ".join(("nbgrader", *arguments))
            raise RuntimeError(f"{command} ended with {code}, expected {expect}:\n{output}")
        return output

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run ``nbgrader ARGUMENTS`` and return its exit code and its output."""
        return self._run(_run_nbgrader, arguments)

    def run_module(self, *arguments: str) -> tuple[int, str]:
        """Run ``python -m ARGUMENTS`` and return its exit code and its output."""
        return self._run(_run_module, arguments)

    def _run(
        self, program: Callable[[list[str]], None], arguments: tuple[str, ...]
    ) -> tuple[int, str]:
        variables = {**os.environ, **self.environment}
        with tempfile.NamedTemporaryFile() as file:
            target = program, list(arguments), self.folder, variables, file.name
            process = _FORKSERVER.Process(target=_run, args=target)
            process.start()
            process.join()
            output = file.read().decode(errors="replace")
        code = process.exitcode
        process.close()
        return -1 if code is None else code, output


def _run(
    program: Callable[[list[str]], None],
    arguments: list[str],
    folder: Path,
    variables: dict[str, str],
    output: str,
) -> None:
    with Path(output).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    try:
        program(arguments)
    finally:
        atexit._run_exitfuncs()  # a process of multiprocessing leaves them out


def _run_nbgrader(arguments: list[str]) -> None:
    from nbgrader.apps import NbGraderApp

    sys.argv = ["nbgrader", *arguments]
    NbGraderApp.launch_instance(arguments)


def _run_module(arguments: list[str]) -> None:
    sys.argv = arguments
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)
