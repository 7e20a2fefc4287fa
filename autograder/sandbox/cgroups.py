"""A control group for each kernel: a cap on the memory and processes of its whole tree.

It also gives each kernel the same share of the processor, however many processes it starts. Works
with both versions of Linux's control groups, as root or in a group that was delegated to the
grader's user. Where no groups can be made, each process only has its own limits, and `doctor`
reports that.
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
MAX_MOVES: Final = 20
_JOIN_SCRIPT: Final = 'for f in $0; do echo $$ >"$f" || exit 1; done; exec "$@"'
_PREFIX: Final = "course-kernel-"
_GRADER: Final = "course-grader"  # holds the grader's processes: in version 2, only leaves may
_NEEDED: Final = ("memory", "pids")
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
            "cpu.shares": 1024,  # version 1
            "cpu.weight": 100,  # version 2
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

    @property
    def has_cpu_weight(self) -> bool:
        """Whether the kernel gets a fair share of the processor, however many processes it has."""
        files = ("cpu.shares", "cpu.weight")
        return any((folder / file).exists() for folder in self.folders for file in files)

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
    own = _own_groups()
    version_1 = {
        name: parent
        for name in (*_NEEDED, "cpu")
        for parent in [_writable_group(mount_point / name, own.get(name, ""))]
        if parent is not None
    }
    if set(_NEEDED) <= version_1.keys():
        return [*version_1.values()]
    group = mount_point / own.get("", "")
    _delegate(group, mount_point)
    for folder in (group, *group.parents):
        if not folder.is_relative_to(mount_point):
            break
        # Moving a process also needs write access to this folder's own list of processes.
        if _is_writable(folder) and set(_NEEDED) <= _words(folder / "cgroup.subtree_control"):
            return [folder]
    return []


def _own_groups() -> dict[str, str]:
    """Return this process's groups by controller, in version 2 by an empty name."""
    groups: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text("utf-8").splitlines():
            _, controllers, path = line.split(":", 2)
            groups |= dict.fromkeys(controllers.split(","), path.lstrip("/"))
    return groups


def _writable_group(hierarchy: Path, own_group: str) -> Path | None:
    """Return the hierarchy, or else this process's group there, if groups can be made in it."""
    candidates = (hierarchy, hierarchy / own_group)
    return next(filter(_is_writable, candidates), None)


def _delegate(group: Path, mount_point: Path) -> None:
    """Prepare a group of version 2 that is ours alone for groups below it."""
    wanted = {*_NEEDED, "cpu"} & _words(group / "cgroup.controllers")
    missing = wanted - _words(group / "cgroup.subtree_control")
    if group == mount_point or not missing or not set(_NEEDED) <= wanted or not _is_writable(group):
        return
    leaf = group / _GRADER
    with contextlib.suppress(OSError):
        leaf.mkdir(exist_ok=True)
        for _ in range(MAX_MOVES):  # others may start processes meanwhile
            for pid in (group / "cgroup.procs").read_text(encoding="ascii").split():
                with contextlib.suppress(ProcessLookupError):
                    (leaf / "cgroup.procs").write_text(pid, encoding="ascii")
            with contextlib.suppress(OSError):  # some process is still there
                enable = " ".join(f"+{name}" for name in sorted(missing))
                (group / "cgroup.subtree_control").write_text(enable, encoding="ascii")
                return


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)


def _words(file: Path) -> set[str]:
    with contextlib.suppress(OSError):
        return set(file.read_text(encoding="ascii").split())
    return set()


def _remove_stale_groups(parent: Path) -> None:
    """Remove the empty groups of graders that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
