"""Process trees: which processes belong to one, and how much memory they use.

What Linux keeps for them in memory counts, too: page tables are counted, the buffers of sockets
estimated.
"""

from __future__ import annotations

import contextlib
import functools
import os
from pathlib import Path
from typing import Final

import psutil


def process_memory(pid: int) -> int:
    """Return a process's memory in bytes, shared pages divided by the number of their users.

    Where the system doesn't tell (other systems than Linux, other users' processes), shared pages
    are left out. 0 if the process has ended.
    """
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        with contextlib.suppress(psutil.AccessDenied, AttributeError):
            return int(process.memory_full_info().pss)
        return private_bytes(process)
    return 0


def tree_memory(pid: int) -> int:
    """Return the memory of a process and its descendants in bytes, shared pages counted once."""
    return sum(process_memory(process.pid) for process in processes(pid))


def tree_pids(*roots: int) -> list[int]:
    """Return processes and all their descendants, parents before children.

    Unlike `processes`, this reads nothing about the machine's other processes. A process that is
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


def processes(*pids: int) -> list[psutil.Process]:
    """Return processes and all their descendants, parents before children."""
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(pid)
            for process in (root, *root.children(recursive=True)):
                found.setdefault(process.pid, process)
    return list(found.values())


def resident_bytes(process: psutil.Process, *, private: bool = False) -> int:
    """Return the memory of a process, with or without shared pages; 0 if it has ended."""
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - (getattr(memory, "shared", 0) if private else 0))  # on Linux only


private_bytes: Final = functools.partial(resident_bytes, private=True)


def unreclaimable_bytes(process: psutil.Process) -> int:
    """Return the memory without mapped files, shared pages divided by the number of their users."""
    try:
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return private_bytes(process)
    lines = (line.split() for line in rollup.splitlines())
    return sum(int(line[1]) * 1024 for line in lines if line[0] in {"Pss_Anon:", "Pss_Shmem:"})


def kernel_bytes(pid: int) -> int:
    """Return what Linux itself may use for a process: its page tables and its sockets' buffers."""
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


def queued_bytes(pid: int) -> int:
    """Return what waits in the network connections that a process can see, in its own namespace."""
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
