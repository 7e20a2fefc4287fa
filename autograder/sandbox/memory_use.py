"""How much memory processes hold, what they share counted once."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from autograder.sandbox.memory_guard import descendants

EVERY: Final = 1.0  # seconds between two looks, at least
PART: Final = 0.02  # of the time may be spent looking; a process takes some milliseconds


def process_memory(pid: int) -> int:
    """Return a process's bytes of memory, each divided by how many share it.

    Where the system does not tell that (it is not Linux, or the process is somebody else's), those
    that it shares with nobody; 0 if it has ended.
    """
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        resident, shared = map(int, Path(f"/proc/{pid}/statm").read_text("ascii").split()[1:3])
    except (OSError, ValueError):
        return 0
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


def tree_memory(pid: int) -> int:
    """Return what a process and all that it has started hold together, in bytes."""
    return sum(map(process_memory, descendants(pid)))


class PeakMemory:
    """Watches a process and all that it starts, as a context manager.

    Example:
        >>> with Fullest(os.getpid()) as watched:
        ...     seen = watched.bytes
        >>> seen <= watched.bytes
        True

    Args:
        pid: The process.
        every: Seconds between two looks, at least.

    Attributes:
        bytes: The most that they were seen to hold together.
    """

    def __init__(self, pid: int, every: float = EVERY) -> None:
        self.bytes, self._pid, self._every = 0, pid, every
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="fullest", daemon=True)

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

    def _watch(self) -> None:
        wait = min(0.1, self._every)  # the first look comes soon
        while not self._done.wait(wait):
            began = time.monotonic()
            self.bytes = max(self.bytes, tree_memory(self._pid))
            wait = max(self._every, (time.monotonic() - began) / PART)
