"""A cage for graders that are known to let students' code do what it likes.

Some of the submissions kill every process that they can name, fill disks or never end. So
each run has process numbers, a network and a control group of its own, and can write nowhere
but to a small disk in memory. Root on Linux with Bubblewrap is needed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
import time
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
        code: Its exit code; None if it was ended because its time was up.
        seconds: How long it took.
        said: The end of what it said.
    """

    code: int | None
    seconds: float
    said: str


@contextlib.contextmanager
def disk() -> Iterator[Path]:
    """A small disk in memory, mounted in a folder."""
    with tempfile.TemporaryDirectory(prefix="cage-") as name:
        size = f"size={512 * MB},nr_inodes=20000"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "cage", name], check=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def run(command: list[str], place: Path) -> Ended:
    """Run a command that can write to one folder only, and end all that it leaves behind."""
    caged = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    caged += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    caged += ["--size", str(256 * MB), "--tmpfs", "/tmp", "--bind", str(place), str(place)]
    caged += ["--chdir", str(place), "--setenv", "HOME", "/tmp", "--", *command]
    group = ControlGroup.create(Limits(memory=3 * GB, processes=512))
    if group is None:
        raise SystemExit("These runs need a control group each: be root on Linux.")
    began = time.monotonic()
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            group.wrap(caged),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        ) as process:
            try:
                code: int | None = process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                code = None
        seconds = time.monotonic() - began
        group.remove()
        said.seek(max(0, said.seek(0, os.SEEK_END) - 4000))
        return Ended(code, seconds, said.read().decode(errors="replace"))
