"""A control group for each kernel: one cap on the memory and processes of all that it starts.

Linux offers them in two versions; where we may make groups decides which is used. Where we
may not, each process is held by its own limits only, and `doctor` says so.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from autograder.sandbox.limits import Limits

MOUNTED: Final = Path("/sys/fs/cgroup")
_SETTINGS: Final = {  # file: which limit; the first two are version 1, the others version 2
    "memory.limit_in_bytes": "memory",
    "memory.memsw.limit_in_bytes": "memory",
    "memory.max": "memory",
    "memory.swap.max": "",
    "memory.oom.group": "",
    "pids.max": "processes",
}
_FIXED: Final = {"memory.swap.max": "0", "memory.oom.group": "1"}
_JOIN: Final = 'for f in $0; do echo $$ >"$f" || exit 1; done; exec "$@"'
_PREFIX: Final = "course-kernel-"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class ControlGroup:
    """The folders of one kernel's control group: one in version 2, one a controller in 1.

    Example:
        >>> with Group.make(Limits()) as group:  # doctest: +SKIP
        ...     group.join()
        ['/sys/fs/cgroup/course-kernel-4711-1/cgroup.procs']
    """

    folders: tuple[Path, ...]

    @classmethod
    def make(cls, limits: Limits, mounted: Path = MOUNTED) -> Self | None:
        """Make a group with these limits; None where the system does not let us.

        Args:
            limits: What the group may use.
            mounted: Where control groups are mounted.
        """
        name = f"{_PREFIX}{os.getpid()}-{next(_numbers)}"
        group = cls(tuple(parent / name for parent in _parents(mounted)))
        if not group.folders:
            return None
        try:
            for folder in group.folders:
                _sweep(folder.parent)
                folder.mkdir()
                for file, limit in _SETTINGS.items():
                    value = str(getattr(limits, limit)) if limit else _FIXED[file]
                    if (folder / file).exists():
                        (folder / file).write_text(value, encoding="ascii")
        except OSError:
            group.remove()
            return None
        return group

    def join(self) -> list[str]:
        """The files into which a process writes its number to join the group."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def around(self, command: list[str]) -> list[str]:
        """Return a command that joins the group, and then becomes another.

        Args:
            command: What runs in the group; it starts as the same process.
        """
        return ["sh", "-c", _JOIN, " ".join(self.join()), *command]

    def out_of_memory(self) -> bool:
        """Whether anything in the group was killed because its memory was used up."""
        for folder in self.folders:
            for file in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError):
                    for line in (folder / file).read_text(encoding="ascii").splitlines():
                        word, _, count = line.partition(" ")
                        if word == "oom_kill" and int(count) > 0:
                            return True
        return False

    def peak(self) -> int:
        """Bytes of memory that the group held at its fullest; 0 where the system does not say."""
        for folder in self.folders:
            for file in ("memory.peak", "memory.max_usage_in_bytes"):
                with contextlib.suppress(OSError, ValueError):
                    return int((folder / file).read_text(encoding="ascii"))
        return 0

    def remove(self, seconds: float = 5.0) -> None:
        """Remove the group, once the last of its processes has ended."""
        deadline, pause = time.monotonic() + seconds, 0.001
        for folder in self.folders:
            while folder.exists():
                try:
                    folder.rmdir()
                except OSError:
                    if time.monotonic() > deadline:
                        break
                    time.sleep(pause)  # version 1 has nothing that tells of it
                    pause = min(2 * pause, 0.1)


def _parents(mounted: Path) -> list[Path]:
    """The folders in which a group can be made: memory and processes both, or nothing."""
    first = [mounted / "memory", mounted / "pids"]
    if all(folder.is_dir() and os.access(folder, os.W_OK) for folder in first):
        return first
    own = ""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            if line.startswith("0::/"):
                own = line[4:]
    here = mounted / own
    for folder in (here, *here.parents):
        if not folder.is_relative_to(mounted):
            break
        with contextlib.suppress(OSError):
            handed_on = (folder / "cgroup.subtree_control").read_text(encoding="ascii").split()
            # To move a process, one must be allowed to write here too.
            writable = os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)
            if {"memory", "pids"} <= set(handed_on) and writable:
                return [folder]
    return []


def _sweep(parent: Path) -> None:
    """Remove the empty groups of graders that were killed."""
    for folder in parent.glob(f"{_PREFIX}*"):
        pid = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if not Path("/proc", pid).exists():
            with contextlib.suppress(OSError):
                folder.rmdir()
