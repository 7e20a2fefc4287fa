"""Count memory while a kernel runs, and end the kernel in time.

Two things are counted a few times a second. The kernel's own memory, where no control group
can be made: each process has its own limit anyway, this adds them up. And ours: a message of
endless small pieces is kept in the grader's memory until its last piece has come, and no
limit on messages holds that back.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from autograder.sandbox.limits import Limits

CHECK_INTERVAL_S: Final = 0.25  # seconds; a process fills some 0.5 GB in this time
MAX_GRADER_GROWTH: Final = (
    3 << 28
)  # bytes by which the grader itself may grow while one kernel runs


class MemoryGuard:
    """Counts a process and all that it started, as a context manager.

    Example:
        >>> with Watch((process.pid,), most=2 << 30) as watch:  # doctest: +SKIP
        ...     run()
        >>> watch.struck  # doctest: +SKIP
        False

    Args:
        pids: The first of the processes; all others stay below them.
        most: Bytes that they may hold together; None if a control group sees to that.
        flood: Bytes by which we ourselves may grow while a cell runs.
        kept: The folder that they write to and the limits on what it holds; None if the
            system sees to that.

    Attributes:
        struck: Whether they were ended because they held too much.
        flooded: Whether they were ended because they made us hold too much.
        littered: Whether they were ended because their folder held too much.
    """

    def __init__(
        self,
        pids: tuple[int, ...],
        most: int | None,
        flood: int = MAX_GRADER_GROWTH,
        kept: tuple[Path, Limits] | None = None,
    ) -> None:
        self.pids = pids
        self.most = most
        self.struck = self.flooded = self.littered = False
        self._kept = kept
        self._flood = flood
        self._brim: int | None = None
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, name="watch-kernel", daemon=True)

    def __enter__(self) -> Self:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no more."""
        self._done.set()
        self._thread.join()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """While this lasts the kernel speaks, so what we grow by is its doing."""
        self._brim = _held(os.getpid()) + self._flood
        try:
            yield
        finally:
            self._brim = None

    def _end(self, family: list[int]) -> None:
        """End them all; a fence ends what is inside by itself, and what forks on meanwhile."""
        if self._kept is not None:
            family, number = list(self.pids), signal.SIGTERM
        else:
            number = signal.SIGKILL
        for pid in reversed(family):
            with contextlib.suppress(OSError):
                os.kill(pid, number)

    def _look(self) -> None:
        while not self._done.wait(CHECK_INTERVAL_S):
            brim = self._brim
            if brim is not None and _held(os.getpid()) > brim:
                self.flooded = True
                self._end(descendants(*self.pids))
            elif self._kept is not None and full(*self._kept):
                self.littered = True
                self._end(descendants(*self.pids))
            elif self.most is not None:
                family = descendants(*self.pids)
                if all(sum(map(count, family)) > self.most for count in (_resident, _share)):
                    self.struck = True
                    self._end(family)


def full(folder: Path, limits: Limits) -> bool:
    """Whether a folder holds more files, or more bytes in them, than it may.

    Example:
        >>> full(Path("/nowhere"), Limits())
        False
    """
    files = size = 0
    left = [folder]
    while left:
        with contextlib.suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                files += 1
                if entry.is_dir(follow_symlinks=False):
                    left.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(OSError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                if files > limits.files or size > limits.disk:
                    return True
    return False


def descendants(*pids: int) -> list[int]:
    """Return processes and all below them, parents first; on Linux alone, elsewhere nothing.

    Example:
        >>> os.getpid() in descendants(os.getppid())  # doctest: +SKIP
        True
    """
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            parent = int(
                place.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1]
            )
            children.setdefault(parent, []).append(int(place.parent.name))
    family = list(pids)
    for member in family:  # it grows while we go through it
        family += children.get(member, [])
    return family


def _resident(pid: int) -> int:
    """Bytes of a process that are in memory, also those of files; 0 if it has ended."""
    return sum(_pages(pid))


def _held(pid: int) -> int:
    """Bytes that are a process's own; 0 if it has ended."""
    own, _ = _pages(pid)
    return own


def _pages(pid: int) -> tuple[int, int]:
    """Bytes of a process that are its own, and those of files or shared memory."""
    try:
        resident, shared = map(int, Path(f"/proc/{pid}/statm").read_text("ascii").split()[1:3])
    except (OSError, ValueError):
        return 0, 0
    size = os.sysconf("SC_PAGE_SIZE")
    return (resident - shared) * size, shared * size


def _share(pid: int) -> int:
    """Bytes that a process holds, each divided by how many share it; this takes longer.

    Memory that is shared on purpose is held as well; files are not, the system can drop them.
    """
    found = 0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                found += int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return _held(pid)
    return found
