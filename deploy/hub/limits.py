"""A control group for each server: caps on its memory, processors and processes.

Linux offers them in two versions; where we may make groups decides which is used.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.hub.settings import HubSettings

MOUNTED: Final = Path("/sys/fs/cgroup")
_PARENT: Final = "course-hub"
_SPARE: Final = ("memory.swap.max", "cpu.cfs_period_us")  # no swap; the usual period
_PERIOD: Final = 100_000  # microseconds in which a server has its share of the processors


@dataclass(frozen=True)
class ServerLimits:
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
    def of(cls, settings: HubSettings) -> ServerLimits:
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


def groups(
    name: str, limits: ServerLimits, mounted: Path = MOUNTED
) -> tuple[list[Path], list[str]]:
    """Make the control groups of a server; return their folders, and which caps could not be set.

    Example:
        >>> groups("ada", Limits(2**30, 1, 100))  # doctest: +SKIP
        ([PosixPath('/sys/fs/cgroup/course-hub/ada')], [])

    Args:
        name: The account of the server.
        limits: What it may use.
        mounted: Where control groups are mounted.
    """
    if (mounted / "cgroup.controllers").exists():
        parent = mounted / _PARENT
        with contextlib.suppress(OSError):  # what it is for is missed below
            parent.mkdir(exist_ok=True)
            for folder in (mounted, parent):
                (folder / "cgroup.subtree_control").write_text("+memory +cpu +pids", "ascii")
        wanted = [(parent / name, limits.second())]
    else:
        first = limits.first().items()
        wanted = [(mounted / kind / _PARENT / name, files) for kind, files in first]
    made, missing = [], []
    for folder, files in wanted:
        try:
            if not _is_mounted(folder, mounted):
                raise FileNotFoundError(folder)
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            missing += [file for file in files if file not in _SPARE]
            continue
        made.append(folder)
        missing += [file for file, value in files.items() if not _set(folder / file, value)]
    return made, missing


def _is_mounted(folder: Path, mounted: Path) -> bool:
    top = folder.parents[1]  # the file system of control groups, or one of its controllers
    return (top / "tasks").exists() or (top == mounted and (top / "cgroup.controllers").exists())


def _set(file: Path, value: str) -> bool:
    try:
        file.write_text(value, encoding="ascii")
    except OSError:
        return file.name in _SPARE
    return True


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
