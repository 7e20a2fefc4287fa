"""A control group for each kernel: one cap on the memory and processes of its whole tree.

Works with both versions of Linux's control groups. Where neither lets us make groups, each process
only has its own limits, and `doctor` reports that.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from autograder.sandbox.limits import Limits

MOUNT_POINT: Final = Path("/sys/fs/cgroup")
REMOVE_TIMEOUT_S: Final = 5.0
_JOIN_SCRIPT: Final = 'for f in $0; do echo $$ >"$f" || exit 1; done; exec "$@"'
_PREFIX: Final = "course-kernel-"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class ControlGroup:
    """The control group of one kernel."""

    folders: tuple[Path, ...]  # one in version 2; one per controller in version 1

    @classmethod
    def create(cls, limits: Limits, mount_point: Path = MOUNT_POINT) -> Self | None:
        """Create a group with these limits; return None where the system does not allow it."""
        name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        group = cls(tuple(parent / name for parent in _writable_parents(mount_point)))
        if not group.folders:
            return None
        settings = {
            "memory.limit_in_bytes": limits.memory,  # version 1
            "memory.memsw.limit_in_bytes": limits.memory,
            "memory.max": limits.memory,  # version 2
            "memory.swap.max": 0,
            "memory.oom.group": 1,
            "pids.max": limits.processes,  # both
        }
        try:
            for folder in group.folders:
                _remove_stale_groups(folder.parent)
                folder.mkdir()
                for file, value in settings.items():
                    if (folder / file).exists():
                        (folder / file).write_text(str(value), encoding="ascii")
        except OSError:
            group.remove()
            return None
        return group

    def procs_files(self) -> list[str]:
        """Return the files to which a process writes its pid to join the group."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def wrap(self, command: list[str]) -> list[str]:
        """Return a command that joins the group, then becomes the given one."""
        return ["sh", "-c", _JOIN_SCRIPT, " ".join(self.procs_files()), *command]

    def had_oom_kill(self) -> bool:
        """Return whether a process was killed because the group's memory was used up."""
        texts = self._read("memory.events", "memory.oom_control")
        return any(re.search(r"^oom_kill [1-9]", text, re.MULTILINE) for text in texts)

    def peak_bytes(self) -> int:
        """Return the group's peak memory; 0 where the system does not record it."""
        return max(map(int, self._read("memory.peak", "memory.max_usage_in_bytes")), default=0)

    def _read(self, *files: str) -> Iterator[str]:
        for folder, file in itertools.product(self.folders, files):
            with contextlib.suppress(OSError):
                yield (folder / file).read_text(encoding="ascii")

    def remove(self) -> None:
        """Remove the group once its last process has ended."""
        deadline, pause = time.monotonic() + REMOVE_TIMEOUT_S, 0.001
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(pause)  # version 1 has no event for it
                    pause = min(2 * pause, 0.1)


def _writable_parents(mount_point: Path) -> list[Path]:
    """Return the folders in which to create a group that limits both memory and processes."""
    version_1 = [mount_point / "memory", mount_point / "pids"]
    if all(folder.is_dir() and os.access(folder, os.W_OK) for folder in version_1):
        return version_1
    own_group = mount_point
    with contextlib.suppress(OSError):
        match = re.search("^0::/(.*)", Path("/proc/self/cgroup").read_text(), re.MULTILINE)
        own_group /= match[1] if match else ""
    for folder in (own_group, *own_group.parents):
        if not folder.is_relative_to(mount_point):
            break
        with contextlib.suppress(OSError):
            delegated = (folder / "cgroup.subtree_control").read_text(encoding="ascii").split()
            # Moving a process also needs write access to this folder's own list of processes.
            writable = os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)
            if {"memory", "pids"} <= set(delegated) and writable:
                return [folder]
    return []


def _remove_stale_groups(parent: Path) -> None:
    """Remove the empty groups of graders that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
