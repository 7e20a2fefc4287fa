"""Try every system call from inside a sandbox; run there as a program with JSON options.

First come calls that are known to change files or processes of others, then calls of every number
with random arguments. A worker makes them; when one ends or blocks it, the next worker goes on.
Prints as JSON how many calls were tried, and what the known ones returned.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import random
import signal
import socket
import struct
import sys
import time
from typing import Any

AT_FDCWD = -100
BLOCKED_S = 0.1
MAX_LOSSES = 2  # of workers by calls of one number
FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, FS_IOC_SETVERSION = 0x40086602, 0x401C5820, 0x40087602
FS_IOC_ENABLE_VERITY = 0x40806685
NO_DUMP, NO_ATIME = 0x40, 0x80
F_SETLEASE, F_NOTIFY, PR_SCHED_CORE = 1024, 1026, 62
# Random ones would end the kernel that is to report.
SIGNALS = ("kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "pidfd_send_signal")

Call = tuple[str, list[int]]
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
_buffers: list[Any] = []  # keeps their memory


def pointer(content: bytes | str) -> int:
    """The address of a copy of the content."""
    raw = content.encode() if isinstance(content, str) else content
    buffer = ctypes.create_string_buffer(raw, max(len(raw) + 1, 256))
    _buffers.append(buffer)
    return ctypes.addressof(buffer)


def acl() -> bytes:
    """A POSIX access list, as an attribute, that lets everybody read and write."""
    entries = [(1, 7, -1), (4, 7, -1), (16, 7, -1), (32, 7, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)


def attacks_on_path(path: str, uid: int) -> list[Call]:
    old, new, mine = pointer(path), pointer(f"{path}.new"), pointer("mine")
    user, access = pointer("user.mark"), pointer("system.posix_acl_access")
    value, size = pointer(acl()), len(acl())
    times = pointer(struct.pack("4q", 1, 0, 1, 0))
    at_value = pointer(struct.pack("QII", value, size, 0))  # struct xattr_args
    file_attr = pointer(struct.pack("QIIII", NO_DUMP | NO_ATIME, 0, 0, 0, 0))
    return [
        *(("chmod", [old, 0o777]), ("fchmodat", [AT_FDCWD, old, 0o777])),
        *(("fchmodat2", [AT_FDCWD, old, 0o777, 0]), ("chown", [old, uid, uid])),
        *(("lchown", [old, uid, uid]), ("fchownat", [AT_FDCWD, old, uid, uid, 0])),
        *(("setxattr", [old, user, value, 4, 0]), ("setxattr", [old, access, value, size, 0])),
        *(("lsetxattr", [old, access, value, size, 0]), ("removexattr", [old, user])),
        ("setxattrat", [AT_FDCWD, old, 0, access, at_value, 16]),
        ("removexattrat", [AT_FDCWD, old, 0, user]),
        ("file_setattr", [AT_FDCWD, old, file_attr, 24, 0]),
        *(("utime", [old, times]), ("utimes", [old, times])),
        *(("utimensat", [AT_FDCWD, old, times, 0]), ("futimesat", [AT_FDCWD, old, times])),
        *(("truncate", [old, 1]), ("rename", [old, mine]), ("link", [old, mine])),
        *(("renameat2", [AT_FDCWD, old, AT_FDCWD, mine, 0]), ("unlink", [old])),
        *(("linkat", [AT_FDCWD, old, AT_FDCWD, mine, 0]), ("symlink", [mine, new])),
        *(("unlinkat", [AT_FDCWD, old, 0]), ("mkdir", [new, 0o777]), ("creat", [new, 0o666])),
        *(("mknod", [new, 0o100666, 0]), ("mknodat", [AT_FDCWD, new, 0o010666, 0])),
        *(("open", [new, 0o102, 0o666]), ("openat", [AT_FDCWD, new, 0o102, 0o666])),
        *(("openat", [AT_FDCWD, old, 0o1002, 0]), ("mount", [mine, old, mine, 4096, 0])),
        ("open_tree_attr", [AT_FDCWD, old, 0, file_attr, 24]),
    ]


def attacks_on_file(fd: int, uid: int) -> list[Call]:
    """Calls on a file that is open for reading."""
    flags = pointer(struct.pack("Q", NO_DUMP | NO_ATIME))
    times, name = pointer(struct.pack("4q", 1, 0, 1, 0)), pointer("user.mark")
    verity = pointer(struct.pack("<III", 1, 1, 4096))
    return [
        *(("fchmod", [fd, 0o777]), ("fchown", [fd, uid, uid]), ("fremovexattr", [fd, name])),
        *(("fsetxattr", [fd, name, flags, 4, 0]), ("utimensat", [fd, 0, times, 0])),
        *(("ioctl", [fd, FS_IOC_SETFLAGS, flags]), ("ioctl", [fd, FS_IOC_FSSETXATTR, flags])),
        *(("ioctl", [fd, FS_IOC_SETVERSION, flags]), ("ioctl", [fd, FS_IOC_ENABLE_VERITY, verity])),
        *(("ioctl", [fd, FS_IOC_SETFLAGS | 1 << 32, flags]), ("ftruncate", [fd, 1])),
        *(("fallocate", [fd, 3, 0, 1]), ("write", [fd, name, 4]), ("pwrite64", [fd, name, 4, 0])),
        *(("fcntl", [fd, F_SETLEASE, 0]), ("fcntl", [fd, F_SETLEASE, 1])),
        *(("fcntl", [fd, F_NOTIFY, 0xFF]), ("mmap", [0, 4096, 3, 1, fd, 0])),
    ]


def attacks_on_process(pid: int, uid: int) -> list[Call]:
    zeros, ones = pointer(bytes(128)), pointer(b"\x01" + bytes(127))
    attributes = pointer(struct.pack("IIQiIQQQ", 48, 5, 0, 0, 0, 0, 0, 0))  # SCHED_IDLE
    low = pointer(struct.pack("QQ", 64, 64))
    return [
        *(("setpriority", [0, pid, 19]), ("setpriority", [2, uid, 19])),
        *(("sched_setscheduler", [pid, 5, zeros]), ("sched_setattr", [pid, attributes, 0])),
        *(("sched_setparam", [pid, zeros]), ("sched_setaffinity", [pid, 8, ones])),
        *(("ioprio_set", [1, pid, 3 << 13]), ("ioprio_set", [3, uid, 3 << 13])),
        *(("prlimit64", [pid, 7, low, 0]), ("prlimit64", [pid, 0, low, 0])),
        *(("ptrace", [16, pid, 0, 0]), ("ptrace", [0x4206, pid, 0, 0])),
        *(("process_vm_writev", [pid, low, 1, low, 1, 0]), ("move_pages", [pid, 0, 0, 0, 0, 0])),
        *(("migrate_pages", [pid, 64, ones, ones]), ("setpgid", [pid, 0])),
        *(("prctl", [PR_SCHED_CORE, 1, pid, 0, 0]), ("perf_event_open", [zeros, pid, -1, -1, 0])),
        *(("kill", [pid, 9]), ("tkill", [pid, 9]), ("tgkill", [pid, pid, 9])),
        *(("rt_sigqueueinfo", [pid, 9, zeros]), ("rt_tgsigqueueinfo", [pid, pid, 9, zeros])),
    ]


def attacks_on_the_machine() -> list[Call]:
    """Things that outlive the kernel, watch others, or reach services."""
    name = pointer("fuzz")
    return [
        *(("shmget", [4711, 4096, 0o1666]), ("semget", [4711, 1, 0o1666])),
        *(("msgget", [4711, 0o1666]), ("mq_open", [name, 0o102, 0o666, 0])),
        *(("inotify_init1", [0]), ("inotify_init", []), ("fanotify_init", [0, 0])),
        *(("io_setup", [64, pointer(bytes(8))]), ("io_uring_setup", [8, pointer(bytes(120))])),
        *(("socket", [16, 3, 4]), ("socket", [40, 1, 0]), ("socket", [1, 2 | 1 << 32, 99])),
        *(("sethostname", [name, 4]), ("unshare", [0x10000000]), ("clone3", [name, 88])),
        *(("add_key", [name, name, name, 4, -3]), ("keyctl", [0, -3, 1])),
        *(("memfd_create", [name, 0]), ("userfaultfd", [1]), ("bpf", [0, name, 64])),
    ]


def random_calls(options: dict[str, Any], palette: list[int]) -> list[tuple[int, list[int]]]:
    """Calls of all numbers, but of those that would only end or signal this kernel."""
    generator = random.Random(options["seed"])
    skipped = {options["numbers"][name] for name in SIGNALS}
    return [
        (number, generator.choices(palette, k=6))
        for number in range(options["last"])
        if number not in skipped
        for _ in range(options["rounds"])
    ]


def make_calls(calls: list[tuple[int, list[int]]], start: int, progress: mmap.mmap) -> None:
    """In a worker: make the calls and note each one before and after."""
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)
    pid = os.getpid()
    for index in range(start, len(calls)):
        number, arguments = calls[index]
        struct.pack_into("I", progress, 0, index)
        result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
        error = ctypes.get_errno() if result == -1 else 0
        if os.getpid() != pid:
            os._exit(0)  # a fork
        struct.pack_into("h", progress, 4 + 2 * index, error)


def run_all(calls: list[tuple[int, list[int]]]) -> tuple[list[int], int]:
    """Make all calls; return their errors, -1 for those that ended a worker, and their number."""
    progress = mmap.mmap(-1, 4 + 2 * len(calls))
    for index in range(len(calls)):
        struct.pack_into("h", progress, 4 + 2 * index, -2)
    index, lost, losses = 0, 0, 0
    while index < len(calls):
        struct.pack_into("I", progress, 0, index)
        worker = os.fork()
        if worker == 0:
            try:
                make_calls(calls, index, progress)
            finally:
                os._exit(0)
        last, since = -1, time.monotonic()
        while os.waitpid(worker, os.WNOHANG)[0] == 0:
            (current,) = struct.unpack_from("I", progress, 0)
            if current != last:
                last, since = current, time.monotonic()
            elif time.monotonic() - since > BLOCKED_S:
                os.kill(worker, signal.SIGKILL)
                os.waitpid(worker, 0)
                break
            time.sleep(0.002)
        (current,) = struct.unpack_from("I", progress, 0)
        if struct.unpack_from("h", progress, 4 + 2 * current)[0] != -2:
            index = current + 1
            continue
        struct.pack_into("h", progress, 4 + 2 * current, -1)
        lost, losses = lost + 1, losses + 1 if calls[current][0] == calls[index][0] else 1
        index = current + 1
        while losses >= MAX_LOSSES and index < len(calls) and calls[index][0] == calls[current][0]:
            index += 1
    return [error for (error,) in struct.iter_unpack("h", progress[4:])], lost


def main(options: dict[str, Any]) -> None:
    uid, numbers = options["uid"], options["numbers"]
    files, known = [], attacks_on_the_machine() if options["machine"] else []
    for path in options["paths"]:
        known += attacks_on_path(path, uid)
        try:
            files.append(os.open(path, os.O_RDONLY))
        except OSError:
            continue
        known += attacks_on_file(files[-1], uid)
    for pid in options["pids"]:
        known += attacks_on_process(pid, uid)
    known = [(name, arguments) for name, arguments in known if numbers[name] >= 0]
    errors, _ = run_all([(numbers[name], arguments) for name, arguments in known])
    pair = socket.socketpair()
    palette = [0, 1, 2, 3, 8, 64, 4096, -1, AT_FDCWD, 0o777, 0x7FFFFFFF, 1 << 63, uid]
    palette += [*files, *(end.fileno() for end in pair), *options["pids"], os.getpid()]
    palette += [pointer(path) for path in options["paths"] for _ in range(3)]
    palette += [pointer(bytes(64)), pointer(b"\x01" * 64), pointer(acl()), pointer("user.mark")]
    calls = random_calls(options, palette)
    random_errors, lost = run_all(calls)
    report = {
        "known": [
            [name, errno.errorcode.get(error, error)]
            for (name, _), error in zip(known, errors, strict=True)
        ],
        "tried": sum(error != -2 for error in random_errors),
        "calls": len(calls),
        "lost": lost,
        "exist": len(
            {
                number
                for (number, _), error in zip(calls, random_errors, strict=True)
                if error not in {-2, errno.ENOSYS}
            }
        ),
    }
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
