"""Run commands as the grader, in the grader's view of the machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from deploy.hub import mount_view, services
from deploy.hub.settings import HubSettings


def run_nbgrader(settings: HubSettings, *arguments: str) -> str:
    """Run an nbgrader command as the grader; return its output.

    Raises:
        RuntimeError: It failed; with its output.
    """
    return run_as_grader(settings, str(Path(sys.prefix, "bin", "nbgrader")), *arguments)


def run_as_grader(settings: HubSettings, *command: str) -> str:
    """Run a command under the grader's account, in its view; return its output.

    Raises:
        RuntimeError: It failed; with its output.
    """
    view = mount_view.grader_view(settings).command()
    done = subprocess.run(  # noqa: S603  (no user input)
        [*view, *command],
        env={
            **services.grader_environment(settings),
            "JUPYTERHUB_SERVICE_NAME": settings.course,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        name = " ".join([Path(command[0]).name, *command[1:4]])
        raise RuntimeError(f"{name} failed:\n{done.stderr[-2000:]}")
    return done.stdout + done.stderr
