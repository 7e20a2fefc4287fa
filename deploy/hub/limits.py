"""A control group for each server: caps on its memory, processors and processes.

Linux offers them in two versions; where we may make groups decides which is used.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.hub.settings import Settings

MOUNTED: Final = Path("/sys/fs/cgroup")
_PARENT: Final = "course-hub"
_PERIOD: Final = 100_000  # microseconds in which a server has its share of the processors


@dataclass(frozen=True)
class Limits:
    """Caps for one server and all that it starts.

    Attributes:
        memory: In bytes.
        processors: How many processors' worth of time.
        processes: How many processes and threads.
    """

    memory: int
    processors: float
    processes: int

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """Read them from the hub's settings."""
        return cls(int(settings.memory * 2**30), settings.processors, settings.processes)

    def first(self) -> dict[str, dict[str, str]]:
        """What version 1 is told, by controller."""
        return {
            "memory": {"memory.limit_in_bytes": str(self.memory)},
            "cpu": {
                "cpu.cfs_period_us": str(_PERIOD),
                "cpu.cfs_quota_us": str(int(self.processors * _PERIOD)),
            },
            "pids": {"pids.max": str(self.processes)},
        }

    def second(self) -> dict[str, str]:
        """What version 2 is told."""
        return {
            "memory.max": str(self.memory),
            "memory.swap.max": "0",
            "cpu.max": f"{int(self.processors * _PERIOD)} {_PERIOD}",
            "pids.max": str(self.processes),
        }


def groups(name: str, limits: Limits, mounted: Path = MOUNTED) -> list[Path]:
    """Make the control groups of a server; return their folders, or none where we may not.

    Example:
        >>> groups("ada", Limits(2**30, 1, 100))  # doctest: +SKIP
        [PosixPath('/sys/fs/cgroup/course-hub/ada')]

    Args:
        name: The account of the server.
        limits: What it may use.
        mounted: Where control groups are mounted.
    """
    try:
        if (mounted / "cgroup.controllers").exists():
            parent = mounted / _PARENT
            parent.mkdir(exist_ok=True)
            for folder in (mounted, parent):
                (folder / "cgroup.subtree_control").write_text("+memory +cpu +pids", "ascii")
            return [_group(parent / name, limits.second())]
        return [
            _group(mounted / controller / _PARENT / name, files)
            for controller, files in limits.first().items()
            if (mounted / controller / "tasks").exists()
        ]
    except OSError:
        return []


def _group(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for file, value in files.items():
        with contextlib.suppress(FileNotFoundError, PermissionError):  # no swap, for one
            (folder / file).write_text(value, encoding="ascii")
    return folder


def join(folders: list[Path]) -> None:
    """Let this process, and all that it becomes and starts, be counted in these groups."""
    for folder in folders:
        (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def remove(name: str, mounted: Path = MOUNTED) -> bool:
    """Remove a server's groups, if nothing runs in them any more; return whether they are gone."""
    folders = [mounted / _PARENT / name, *mounted.glob(f"*/{_PARENT}/{name}")]
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
    return not any(folder.exists() for folder in folders)
