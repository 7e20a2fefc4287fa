"""``python -m autograder page``: the course page on a laptop."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError

PAGE: Final = "course-page"
CONFIG: Final = Path(__file__).parent / "laptop"


def main(options: argparse.Namespace) -> int:  # noqa: RET503  (the process is replaced)
    """Become the server, which prints its address with the token and opens a browser."""
    root: Path = options.root.resolve()
    try:
        read_config(root)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 2
    command = server_command(root, port=options.port, browser=not options.no_browser)
    os.chdir(root)  # where nbgrader looks for its settings
    os.execve(command[0], command, server_environment())  # noqa: S606  (no shell)


def server_command(root: Path, *, port: int, browser: bool) -> list[str]:
    """Return the command of a server that only this machine can reach, and only with its token.

    Example:
        >>> server_command(Path("/srv/course"), port=0, browser=False)[1:4]
        ['-P', '-m', 'jupyter_server']
    """
    command = [sys.executable, "-P", "-m", "jupyter_server", "--ServerApp.ip=127.0.0.1"]
    command += [f"--ServerApp.root_dir={root}", f"--ServerApp.default_url=/{PAGE}"]
    command += [f"--ServerApp.port={port}", f"--ServerApp.open_browser={browser}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # usually in a container; Jupyter refuses otherwise
    return command


def server_environment() -> dict[str, str]:
    """Return the environment of that server: it has the page and formgrader, and nothing else."""
    first = {"PATH": str(Path(sys.executable).parent), "JUPYTER_CONFIG_PATH": str(CONFIG)}
    return os.environ | {
        name: os.pathsep.join(filter(None, [path, os.environ.get(name)]))
        for name, path in first.items()
    }
