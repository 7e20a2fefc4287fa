"""What student code could do on this machine, tried from inside a kernel for `doctor`.

The source of this module is run in the kernel, so it imports nothing of the grader. Each function
tries one thing, harms at most its own kernel, and returns whether it succeeded.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

MB = 1 << 20
CLONE_NEWUSER = 0x10000000  # from linux/sched.h


def succeeds(action: Callable[[], object]) -> bool:
    """Return whether an action raises no OSError."""
    try:
        action()
    except OSError:
        return False
    return True


def can_connect(family: int, address: Any) -> bool:
    """Return whether a server can be reached through a socket."""

    def connect() -> None:
        with socket.socket(family, socket.SOCK_STREAM) as client:
            client.settimeout(2)
            client.connect(address)

    return succeeds(connect)


def can_write(folder: str) -> bool:
    """Return whether a file can be created in a folder."""
    path = Path(folder, "probe")
    written = succeeds(lambda: path.write_text("x", encoding="ascii"))
    succeeds(path.unlink)
    return written


def sees_process(word: str) -> bool:
    """Return whether a process with this word in its command line is visible."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if word.encode() in path.read_bytes():
                return True
    return False


def can_call(name: str, *arguments: int) -> bool:
    """Return whether a function of the C library succeeds."""
    return int(getattr(ctypes.CDLL(None), name)(*arguments)) >= 0


def process_status(field: str) -> str:
    """Return a field of this process's status in /proc."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next((line.split()[1] for line in lines if line.startswith(field)), "")


def wait_for_a_guard() -> None:
    """Give a guard that polls the time to end this kernel."""
    time.sleep(0.5)


def home_folder() -> str:
    """Return where students' code may write."""
    return os.path.expanduser("~")  # noqa: PTH111  (as a student would)


def can_fill_disk(folder: str, max_bytes: int) -> bool:
    """Return whether more than these bytes can be stored, in files of one MB."""
    return can_create_files(folder, max_bytes // MB, bytes(MB))


def can_create_files(folder: str, max_files: int, content: bytes = b"") -> bool:
    """Return whether more than this number of files can be created."""
    paths = [Path(folder, f"file-{i}") for i in range(max_files + 4)]
    created = succeeds(lambda: [path.write_bytes(content) for path in paths])
    wait_for_a_guard()
    for path in paths:
        path.unlink(missing_ok=True)
    return created


def can_grow_file(folder: str, max_bytes: int) -> bool:
    """Return whether one file can be larger than this."""
    path = Path(folder, "large")
    with path.open("wb") as file:
        grown = succeeds(lambda: os.truncate(file.fileno(), max_bytes + 1))
    path.unlink()
    return grown


def can_fork(max_processes: int) -> bool:
    """Return whether more than this number of processes can be started."""
    children: list[int] = []
    try:
        for _ in range(max_processes + 4):
            child = os.fork()
            if child == 0:
                signal.pause()
                os._exit(0)
            children.append(child)
        wait_for_a_guard()
    except OSError:
        return False
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    return True


ALLOCATIONS = {  # kinds of memory: a process's own, shareable, and a file without a name
    "private": "b = bytearray(b'x') * {size}",
    "shared": "import mmap; b = mmap.mmap(-1, {size}); b.write(b'x' * 2**20 * ({size} >> 20))",
    "memfd": (
        "import os; b = os.memfd_create('b')\n"
        "for _ in range({size} >> 20): os.write(b, b'x' * 2**20)\n"
    ),
}


def can_hold_memory(max_bytes: int, kind: str) -> bool:
    """Return whether two processes together can hold more than this, though each holds less."""
    return _can_run_together(ALLOCATIONS[kind].format(size=max_bytes * 6 // 10), 2)


def _can_run_together(allocate: str, processes: int) -> bool:
    """Return whether all of these processes can hold at the same time what they allocate."""
    code = f"{allocate}\nimport sys; print('allocated', flush=True); sys.stdin.read()"
    command, pipe = [sys.executable, "-S", "-c", code], subprocess.PIPE
    children: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(processes):
            children.append(  # noqa: PERF401  (those that were started must end)
                subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)  # noqa: S603  (our own command)
            )
        replies = [child.stdout.readline() for child in children if child.stdout]
        wait_for_a_guard()
        return all(replies) and all(child.poll() is None for child in children)
    except (OSError, MemoryError):
        return False
    finally:
        for child in children:
            child.kill()
            child.communicate()


# Memory that Linux keeps for a process: a page table for each touched 2 MB of a map without pages,
# and data in sockets that nobody reads.
KERNEL_ALLOCATIONS = {
    "page tables": (
        "import mmap; size = {size} << 9\n"
        "m = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)\n"
        "for at in range(0, size, 2 << 20): m[at]\n"
    ),
    "sockets": (
        "import socket; held, pairs = 0, []\n"
        "while held < {size}:\n"
        "    pairs.append(socket.socketpair()); pairs[-1][0].setblocking(False)\n"
        "    try:\n"
        "        while held < {size}: held += pairs[-1][0].send(bytes(4096))\n"
        "    except BlockingIOError: pass\n"
    ),
}
KERNEL_MEMORY_PER_CHILD = 16 * MB


def can_hold_kernel_memory(max_bytes: int, kind: str) -> bool:
    """Return whether processes can make Linux hold more than this for them."""
    code = KERNEL_ALLOCATIONS[kind].format(size=KERNEL_MEMORY_PER_CHILD)
    return _can_run_together(code, max_bytes * 12 // 10 // KERNEL_MEMORY_PER_CHILD)


def leave_process(word: str) -> None:
    """Start a process in a session of its own, to see if it outlives the kernel."""
    code = f"'{word}'; import time; time.sleep(600)"
    subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=True)  # noqa: S603  (our own command)


def probe(bait: dict[str, Any]) -> dict[str, bool]:
    """Try to reach what `doctor._planted_bait` has planted; return by name whether it succeeded."""
    return {
        "connect": can_connect(socket.AF_INET, ("127.0.0.1", bait["port"])),
        "unix": can_connect(socket.AF_UNIX, bait["socket"]),
        "read": succeeds(Path(bait["secret"]).read_bytes),
        "source": succeeds(lambda: next(Path(bait["source"]).iterdir())),
        "write": any(can_write(path) for path in ("/", "/usr", "/etc", "/dev", sys.prefix)),
        "course": bool(bait["course_folder"]) and can_write(bait["course_folder"]),
        "processes": sees_process(bait["word"]),
        "environment": bait["word"] in " ".join(os.environ.values()),
        "namespaces": can_call("unshare", CLONE_NEWUSER),
        "trace": can_call("ptrace", 0, 0, 0, 0),
        "rights": process_status("CapEff").strip("0") != "" or process_status("NoNewPrivs") != "1",
        "root": os.getuid() == 0,
        "terminal": succeeds(lambda: os.close(os.open("/dev/tty", os.O_RDWR))),
        "file_size": can_grow_file(home_folder(), bait["file_size"]),
    }


def print_json(value: Any) -> None:
    """Print a result for the doctor to read."""
    sys.stdout.write(json.dumps(value))
