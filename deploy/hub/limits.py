"""A control group for each server limits its memory, processors and processes.

Works with both versions of Linux control groups.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CGROUP_ROOT: Final = Path("/sys/fs/cgroup")
_PARENT: Final = "course-hub"
# The limits hold without these files.
_OPTIONAL_FILES: Final = ("memory.swap.max", "cpu.cfs_period_us")
_PERIOD_US: Final = 100_000


@dataclass(frozen=True)
class ServerLimits:
    """Limits for one server and everything it starts."""

    memory: int  # bytes
    processors: float
    processes: int  # and threads

    def v1_files(self) -> dict[str, dict[str, str]]:
        """Return the contents of the files of version 1, by controller."""
        return {
            "memory": {"memory.limit_in_bytes": str(self.memory)},
            "cpu": {
                "cpu.cfs_period_us": str(_PERIOD_US),
                "cpu.cfs_quota_us": str(int(self.processors * _PERIOD_US)),
            },
            "pids": {"pids.max": str(self.processes)},
        }

    def v2_files(self) -> dict[str, str]:
        """Return the contents of the files of version 2."""
        return {
            "memory.max": str(self.memory),
            "memory.swap.max": "0",
            "cpu.max": f"{int(self.processors * _PERIOD_US)} {_PERIOD_US}",
            "pids.max": str(self.processes),
        }


def create_groups(
    name: str, limits: ServerLimits, mounted: Path = CGROUP_ROOT
) -> tuple[list[Path], list[str]]:
    """Create a server's control groups; return their folders and the limits that couldn't be set.

    Example:
        >>> create_groups("ada", ServerLimits(2**30, 1, 100))  # doctest: +SKIP
        ([PosixPath('/sys/fs/cgroup/course-hub/ada')], [])
    """
    if (mounted / "cgroup.controllers").exists():
        parent = mounted / _PARENT
        with contextlib.suppress(OSError):  # the limits are reported as missing below
            parent.mkdir(exist_ok=True)
            for folder in (mounted, parent):
                (folder / "cgroup.subtree_control").write_text("+memory +cpu +pids", "ascii")
        wanted = [(parent / name, limits.v2_files())]
    else:
        by_controller = limits.v1_files().items()
        wanted = [(mounted / kind / _PARENT / name, files) for kind, files in by_controller]
    created, missing = [], []
    for folder, files in wanted:
        try:
            if not _is_mounted(folder, mounted):
                raise FileNotFoundError(folder)
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            missing += [file for file in files if file not in _OPTIONAL_FILES]
            continue
        created.append(folder)
        missing += [file for file, value in files.items() if not _write(folder / file, value)]
    return created, missing


def _is_mounted(folder: Path, mounted: Path) -> bool:
    top = folder.parents[1]  # the mount point, or one of its controllers
    return (top / "tasks").exists() or (top == mounted and (top / "cgroup.controllers").exists())


def _write(file: Path, value: str) -> bool:
    try:
        file.write_text(value, encoding="ascii")
    except OSError:
        return file.name in _OPTIONAL_FILES
    return True


def join_groups(folders: list[Path]) -> None:
    """Put this process, and everything it starts, into these groups."""
    for folder in folders:
        (folder / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")


def remove_groups(name: str, mounted: Path = CGROUP_ROOT) -> bool:
    """Remove a server's groups if nothing runs in them; return whether they are gone."""
    folders = [mounted / _PARENT / name, *mounted.glob(f"*/{_PARENT}/{name}")]
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()
    return not any(folder.exists() for folder in folders)
