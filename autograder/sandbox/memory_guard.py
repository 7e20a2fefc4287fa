"""Memory of process trees: end a kernel that exceeds its limits, and measure a run's peak.

Where no control group does it, the processes and threads of each kernel are counted, too, and the
memory that Linux keeps for them: page tables are counted, the buffers of sockets estimated.

The grader's own memory is watched, too: a multipart message that never ends is buffered here until
its last part arrives, which no limit on the size of a message prevents.
"""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, Self

import psutil

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
        self._max_grader_bytes = _private_bytes(psutil.Process()) + self._max_growth_bytes
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
        if grader_limit is not None and _private_bytes(psutil.Process()) > grader_limit:
            self.exceeded = "messages"
        elif self._home is not None and exceeds_disk_limits(*self._home):
            self.exceeded = "disk"
        elif self._max_tasks is not None and count_tasks(*self._pids) > self._max_tasks:
            self.exceeded = "processes"
        elif self._max_bytes is not None and self._exceeds_memory(self._max_bytes):
            self.exceeded = "memory"
        else:
            return
        self._end_tree()

    def _exceeds_memory(self, max_bytes: int) -> bool:
        processes = process_tree(*self._pids)
        in_linux = sum(_kernel_bytes(process.pid) for process in processes)
        in_linux += _queued_bytes(processes[-1].pid) if processes else 0
        # The exact count takes longer, so it is made only when the upper bound is above the limit.
        return all(
            sum(map(count, processes)) + in_linux > max_bytes
            for count in (_resident_bytes, _unreclaimable)
        )

    def _end_tree(self) -> None:
        for process in reversed(process_tree(*self._pids)):
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
            self.bytes = max(self.bytes, tree_memory(self._pid))
            wait_s = max(self._interval_s, (time.monotonic() - start) / MAX_PEAK_CPU_SHARE)


def process_memory(pid: int) -> int:
    """Return a process's memory in bytes, shared pages divided by the number of their users.

    Where the system doesn't tell (other systems than Linux, other users' processes), shared pages
    are left out. 0 if the process has ended.
    """
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        with contextlib.suppress(psutil.AccessDenied, AttributeError):
            return int(process.memory_full_info().pss)
        return _private_bytes(process)
    return 0


def tree_memory(pid: int) -> int:
    """Return the memory of a process and its descendants in bytes, shared pages counted once."""
    return sum(process_memory(process.pid) for process in process_tree(pid))


def tree_pids(*roots: int) -> list[int]:
    """Return processes and all their descendants, parents before children.

    Unlike `process_tree`, this reads nothing about the machine's other processes. A process that is
    started or ends meanwhile may be missing.

    Example:
        >>> tree_pids(os.getpid())[0] == os.getpid()
        True
    """
    pids = [*roots]
    for pid in pids:  # grows during the loop
        with contextlib.suppress(OSError):  # it has ended, or this isn't Linux
            for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  (the names are enough)
                children = Path(f"/proc/{pid}/task/{thread}/children").read_text(encoding="ascii")
                pids += map(int, children.split())
    return list(dict.fromkeys(pids))


def count_tasks(*roots: int) -> int:
    """Return the number of processes and threads of process trees."""
    tasks = 0
    for pid in tree_pids(*roots):
        with contextlib.suppress(OSError):
            tasks += len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208  (the names are enough)
    return tasks


def process_tree(*pids: int) -> list[psutil.Process]:
    """Return processes and all their descendants, parents before children."""
    processes: dict[int, psutil.Process] = {}
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                processes.setdefault(process.pid, process)
    return list(processes.values())


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


def _resident_bytes(process: psutil.Process, *, private: bool = False) -> int:
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - (getattr(memory, "shared", 0) if private else 0))  # on Linux only


_private_bytes: Final = functools.partial(_resident_bytes, private=True)


def _unreclaimable(process: psutil.Process) -> int:
    """Bytes of memory without mapped files, shared pages divided by the number of their users."""
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return _private_bytes(process)
    lines = (line.split() for line in rollup.splitlines())
    return sum(int(line[1]) * 1024 for line in lines if line[0] in {"Pss_Anon:", "Pss_Shmem:"})


def _kernel_bytes(pid: int) -> int:
    """Bytes that Linux itself may use for a process: its page tables and its sockets' buffers."""
    size = 0
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines():
            if line.startswith("VmPTE:"):
                size += int(line.split()[1]) * 1024
    with contextlib.suppress(OSError):
        for fd in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208  (the names are enough)
            with contextlib.suppress(OSError):
                if os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:"):  # noqa: PTH115
                    size += _socket_bytes()
    return size


@functools.cache
def _socket_bytes() -> int:
    """Return the most that a socket holds for a reader; the system call filter keeps it so."""
    with contextlib.suppress(OSError, ValueError):
        return int(Path("/proc/sys/net/core/wmem_default").read_text(encoding="ascii"))
    return 0


def _queued_bytes(pid: int) -> int:
    """Bytes that wait in the network connections that a process can see, in its own namespace."""
    size = 0
    if not _shares_network(pid):
        for name in ("tcp", "tcp6", "udp", "udp6"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                _, *rows = Path(f"/proc/{pid}/net/{name}").read_text("ascii").splitlines()
                queues = (row.split()[4].split(":") for row in rows)
                size += sum(int(sent, 16) + int(received, 16) for sent, received in queues)
    return size


def _shares_network(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/ns/net").samefile("/proc/self/ns/net")
    except PermissionError:  # in a user namespace
        return False
    except OSError:  # it has ended
        return True
