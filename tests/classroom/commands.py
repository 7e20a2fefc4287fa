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
from typing import Final

_WARM: Final = multiprocessing.get_context("forkserver")
_WARM.set_forkserver_preload(["nbgrader.apps"])


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
        with tempfile.NamedTemporaryFile() as said:
            process = _WARM.Process(target=_call, args=(list(arguments), self, said.name))
            process.start()
            process.join()
            text = said.read().decode(errors="replace")
        if expect is not None and process.exitcode != expect:
            command = " ".join(("nbgrader", *arguments))
            raise RuntimeError(f"{command} ended with {process.exitcode}, not {expect}:\n{text}")
        return text


def _call(arguments: list[str], shell: Shell, output: str) -> None:
    from nbgrader.apps import NbGraderApp

    with Path(output).open("wb") as said:
        os.dup2(said.fileno(), 1)
        os.dup2(said.fileno(), 2)
    os.chdir(shell.folder)
    os.environ.update(shell.environment)
    sys.argv = ["nbgrader", *arguments]
    NbGraderApp.launch_instance(arguments)
