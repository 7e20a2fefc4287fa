"""Running nbgrader's commands as their users do, without paying their start-up each time.

Each command is a process of its own with its own arguments, folder and environment; it
is forked from one that has imported nbgrader, which is most of what a command costs.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import nbgrader.apps


@dataclass(frozen=True)
class Shell:
    """A person's shell: a folder to be in, and what is different in their environment."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def nbgrader(self, *arguments: str, expect: int | None = 0) -> str:
        """Run ``nbgrader ARGUMENTS`` and return what it said.

        Raises:
            RuntimeError: It ended with another exit code than expected; with what it said.
        """
        with tempfile.TemporaryFile() as said:
            # A fork, for the point is not to import nbgrader anew; no thread runs here.
            process = multiprocessing.get_context("fork").Process(
                target=_call, args=(list(arguments), self, said.fileno())
            )
            process.start()
            process.join()
            said.seek(0)
            text = said.read().decode(errors="replace")
        if expect is not None and process.exitcode != expect:
            command = " ".join(("nbgrader", *arguments))
            raise RuntimeError(f"{command} ended with {process.exitcode}, not {expect}:\n{text}")
        return text


def _call(arguments: list[str], shell: Shell, output: int) -> None:
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(shell.folder)
    os.environ.update(shell.environment)
    sys.argv = ["nbgrader", *arguments]
    apps: ModuleType = nbgrader.apps
    apps.NbGraderApp.launch_instance(arguments)
