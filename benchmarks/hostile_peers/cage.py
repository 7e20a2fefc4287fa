"""A cage for graders that don't confine students' code.

Some submissions kill every process they can see, fill the disk or never end. So each run has its
own process numbers, network and control group, and can write to a small disk in memory only.
Needs root on Linux, and Bubblewrap.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.limits import GB, MB, Limits

SECONDS: Final = 300.0  # stock nbgrader gives each cell 30 seconds


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        code: Its exit code; None if it ran out of time.
        output: The end of its output.
    """

    code: int | None
    output: str


@contextlib.contextmanager
def disk() -> Iterator[Path]:
    """Mount a small disk in memory."""
    with tempfile.TemporaryDirectory(prefix="cage-") as folder:
        size = f"size={512 * MB},nr_inodes=20000"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "cage", folder], check=True)
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


def run(command: list[str], folder: Path) -> Ended:
    """Run a command that can write to one folder only, and end every process it leaves behind."""
    caged = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    caged += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    caged += ["--size", str(256 * MB), "--tmpfs", "/tmp", "--bind", str(folder), str(folder)]
    caged += ["--chdir", str(folder), "--setenv", "HOME", "/tmp", "--", *command]
    group = ControlGroup.create(Limits(memory=3 * GB, processes=512))
    if group is None:
        raise SystemExit("Each run needs a control group: run this as root on Linux.")
    with tempfile.TemporaryFile() as output:
        with subprocess.Popen(
            group.wrap(caged),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        ) as process:
            try:
                code: int | None = process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                code = None
        group.remove()
        output.seek(max(0, output.seek(0, os.SEEK_END) - 4000))
        return Ended(code, output.read().decode(errors="replace"))
