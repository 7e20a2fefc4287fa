"""Run nbgrader's commands as users do, without their start-up time.

Each command runs in a separate process with its own arguments, folder and environment, forked
from a process that has already imported nbgrader.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_FORKSERVER: Final = multiprocessing.get_context("forkserver")
_FORKSERVER.set_forkserver_preload(["nbgrader.apps"])


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
        with tempfile.NamedTemporaryFile() as file:
            process = _FORKSERVER.Process(target=_run, args=(list(arguments), self, file.name))
            process.start()
            process.join()
            output = file.read().decode(errors="replace")
        if expect is not None and process.exitcode != expect:
            command = " ".join(("nbgrader", *arguments))
            raise RuntimeError(
                f"{command} ended with {process.exitcode}, expected {expect}:\n{output}"
            )
        return output


def _run(arguments: list[str], shell: Shell, output: str) -> None:
    from nbgrader.apps import NbGraderApp

    with Path(output).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(shell.folder)
    os.environ.update(shell.environment)
    sys.argv = ["nbgrader", *arguments]
    NbGraderApp.launch_instance(arguments)
