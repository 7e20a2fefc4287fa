"""Watch a process tree: end a kernel that exceeds its limits, and measure a run's peak memory.

Where no control group does it, the processes and threads of each kernel are counted, too.

The grader's own memory is watched, too: a multipart message that never ends is buffered here until
its last part arrives, which no limit on the size of a message prevents.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, Self

import psutil

from autograder.sandbox import process_tree
from autograder.sandbox.limits import MB, Limits

CHECK_INTERVAL_S: Final = 0.25  # a process fills about 0.5 GB in this time
MAX_GRADER_GROWTH_BYTES: Final = 768 * MB
PEAK_INTERVAL_S: Final = 1.0
MAX_PEAK_CPU_SHARE: Final = 0.02  # of the time may go into measuring; a process takes milliseconds


class _Poller(ABC):
    """Run `_poll` in a thread while a with block runs; `_done` is set at its end."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._poll, name=type(self).__name__, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    @abstractmethod
    def _poll(self) -> None: ...


class MemoryGuard(_Poller):
    """End a process tree as soon as it exceeds a limit.

    Args:
        pids: The roots of the tree.
        max_bytes: Memory of the tree; None if a control group caps it.
        max_tasks: Its processes and threads; None if a control group limits them.
        max_growth_bytes: How much the grader's own memory may grow during `receiving`.
        home: The kernel's home folder and the limits on its content; None if the file system
            enforces them.

    Attributes:
        exceeded: The limit for which the tree was ended: its ``memory``, its ``processes``, its
            files on ``disk``, or the ``messages`` that it sent; empty if it was not.
    """

    def __init__(
        self,
        pids: tuple[int, ...],
        max_bytes: int | None,
        max_growth_bytes: int = MAX_GRADER_GROWTH_BYTES,
        home: tuple[Path, Limits] | None = None,
        max_tasks: int | None = None,
    ) -> None:
        super().__init__()
        self.exceeded: Literal["", "memory", "processes", "disk", "messages"] = ""
        self._pids, self._max_bytes, self._home = pids, max_bytes, home
        self._max_tasks = max_tasks
        self._max_growth_bytes = max_growth_bytes
        self._max_grader_bytes: int | None = None

    @contextlib.contextmanager
    def receiving(self) -> Iterator[None]:
        """Attribute the grader's growth to the kernel while the with block runs."""
        self._max_grader_bytes = (
            process_tree.private_bytes(psutil.Process()) + self._max_growth_bytes
        )
        try:
            yield
        finally:
            self._max_grader_bytes = None

    def _poll(self) -> None:
        while not self._done.wait(CHECK_INTERVAL_S):
            with contextlib.suppress(OSError, psutil.Error):  # a process has ended
                self._check()

    def _check(self) -> None:
        grader_limit = self._max_grader_bytes
        if grader_limit is not None and process_tree.private_bytes(psutil.Process()) > grader_limit:
            self.exceeded = "messages"
        elif self._home is not None and exceeds_disk_limits(*self._home):
            self.exceeded = "disk"
        elif self._exceeds_tasks():
            self.exceeded = "processes"
        elif self._max_bytes is not None and self._exceeds_memory(self._max_bytes):
            self.exceeded = "memory"
        else:
            return
        self._end_tree()

    def _exceeds_tasks(self) -> bool:
        most = self._max_tasks
        return most is not None and process_tree.count_tasks(*self._pids) > most

    def _exceeds_memory(self, max_bytes: int) -> bool:
        processes = process_tree.processes(*self._pids)
        in_linux = sum(process_tree.kernel_bytes(process.pid) for process in processes)
        in_linux += process_tree.queued_bytes(processes[-1].pid) if processes else 0
        # The exact count takes longer, so it is made only when the upper bound is above the limit.
        return all(
            sum(map(count, processes)) + in_linux > max_bytes
            for count in (process_tree.resident_bytes, process_tree.unreclaimable_bytes)
        )

    def _end_tree(self) -> None:
        for process in reversed(process_tree.processes(*self._pids)):
            with contextlib.suppress(psutil.Error):
                if self._home is None:
                    process.kill()
                elif process.pid in self._pids:  # landlock_main ends its tree, and what forks
                    process.terminate()


class PeakMemory(_Poller):
    """Measure the peak memory of a process and its descendants while a with block runs.

    Example:
        >>> with PeakMemory(os.getpid()) as peak:
        ...     before = peak.bytes
        >>> before <= peak.bytes
        True

    Attributes:
        bytes: The peak so far.
    """

    def __init__(self, pid: int, interval_s: float = PEAK_INTERVAL_S) -> None:
        super().__init__()
        self.bytes, self._pid, self._interval_s = 0, pid, interval_s

    def _poll(self) -> None:
        wait_s = min(0.1, self._interval_s)  # measure early once
        while not self._done.wait(wait_s):
            start = time.monotonic()
            self.bytes = max(self.bytes, process_tree.tree_memory(self._pid))
            wait_s = max(self._interval_s, (time.monotonic() - start) / MAX_PEAK_CPU_SHARE)


def exceeds_disk_limits(folder: Path, limits: Limits) -> bool:
    """Return whether a folder holds more files, or more bytes in them, than it may.

    Example:
        >>> exceeds_disk_limits(Path("/nowhere"), Limits())
        False
    """
    files = size = 0
    pending = [folder]
    while pending:
        with contextlib.suppress(OSError), os.scandir(pending.pop()) as entries:
            for entry in entries:
                files += 1
                if entry.is_dir(follow_symlinks=False):
                    pending.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    with contextlib.suppress(OSError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                if files > limits.files or size > limits.disk:
                    return True
    return False
