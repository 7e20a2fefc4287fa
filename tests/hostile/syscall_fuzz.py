"""Compare the machine before and after a kernel has tried every system call.

``python -m tests.hostile.syscall_fuzz MODE ROUNDS SEED`` is a grader that starts a kernel; mode is
``forked``, ``started`` or ``landlock``, or ``unprotected`` for known attacks without a sandbox.
Prints JSON: what has changed outside, and what `syscall_attack` reports.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import resource
import signal
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from nbformat.v4 import new_code_cell

from autograder.kernels import imports
from autograder.kernels.kernel import Kernel
from autograder.sandbox import environment, seccomp
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.inside.rights import libc
from autograder.sandbox.limits import MB, Limits
from autograder.sandbox.protection import Protection
from tests.hostile import syscall_attack

LIMITS: Final = Limits(memory=512 * MB, processes=200, disk=64 * MB, file_size=8 * MB)
CELL_TIMEOUT_S: Final = 500
BEYOND: Final = 50  # numbers that no call has yet
NEWER_NUMBERS: Final = {  # on every processor
    "setxattrat": 463,
    "removexattrat": 466,
    "open_tree_attr": 467,
    "file_setattr": 469,
}
FS_IOC_GETFLAGS: Final = 0x8008_6601
IPC_TABLES: Final = ("shm", "sem", "msg")


def number_of(name: str) -> int:
    library = seccomp.libseccomp()
    assert library is not None
    number = int(library.seccomp_syscall_resolve_name(name.encode()))
    return NEWER_NUMBERS.get(name, -1) if number == -1 else number


def last_number() -> int:
    """The number after the last call of this Linux, found by calls with invalid arguments."""
    code = """
import ctypes, errno
libc, last = ctypes.CDLL(None, use_errno=True), 440
for number in range(440, 1000):
    if libc.syscall(number, *[ctypes.c_long(-1)] * 6) != -1 or ctypes.get_errno() != errno.ENOSYS:
        last = number
print(last + 1)
"""
    command = [sys.executable, "-c", code]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def file_flags(path: Path) -> int:
    """What ``lsattr`` shows; 0 where the file system has none."""
    buffer = bytearray(8)
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, FS_IOC_GETFLAGS, buffer)
        finally:
            os.close(fd)
    return int(struct.unpack("Q", buffer)[0])


def describe_file(path: Path) -> list[Any]:
    status = path.lstat()
    names = ("mode", "uid", "gid", "size", "nlink", "mtime_ns", "ctime_ns")
    content = ""
    with contextlib.suppress(OSError):  # a folder, or the attack has changed the mode
        content = hashlib.sha256(path.read_bytes()).hexdigest()
    return [
        *((name, getattr(status, f"st_{name}")) for name in names),
        *((name, os.getxattr(path, name).hex()) for name in sorted(os.listxattr(path))),
        *(("content", content), ("flags", file_flags(path))),
    ]


def describe_process(pid: int) -> list[Any]:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    kinds = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
    return [
        ("nice", os.getpriority(os.PRIO_PROCESS, pid)),
        ("scheduler", os.sched_getscheduler(pid), os.sched_getparam(pid).sched_priority),
        ("cores", sorted(os.sched_getaffinity(pid))),
        ("io", libc().syscall(number_of("ioprio_get"), 1, pid)),
        ("limits", [resource.prlimit(pid, kind) for kind in kinds]),
        ("group", fields[2]),
        ("stopped", fields[0] in "Tt"),
    ]


def ipc_objects() -> list[str]:
    """System V objects and shared memory of this user."""
    names = [f"{table} {line.split()[0]}" for table in IPC_TABLES for line in _owned_lines(table)]
    for path in Path("/dev/shm").iterdir():
        with contextlib.suppress(OSError):
            names += [path.name] if path.stat().st_uid == os.getuid() and os.getuid() else []
    return sorted(names)


def _owned_lines(table: str) -> list[str]:
    lines = Path("/proc/sysvipc", table).read_text().splitlines()[1:]
    return [line for line in lines if line.split()[0] == "4711"]


def snapshot(folder: Path, pids: list[int]) -> dict[str, Any]:
    paths = [folder, *folder.rglob("*")]
    return {
        **{str(path): describe_file(path) for path in paths},
        **{f"process {pid}": describe_process(pid) for pid in pids},
        "objects": ipc_objects(),
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    found = [f"{name} is new" for name in after.keys() - before.keys()]
    for name, facts in before.items():
        lost = [fact for fact in facts if fact not in after.get(name, [])]
        found += [f"{name} had {fact}" for fact in lost]
    return sorted(found)


def make_targets(folder: Path) -> list[Path]:
    """Make files outside the sandbox; those in ``data`` may be read inside."""
    for name, mode in (("secret", 0o700), ("data", 0o755)):
        (folder / name).mkdir(mode=mode)
    paths = [folder / "secret" / "gradebook.db", folder / "data" / "digits.bin"]
    for path in paths:
        path.write_text("grades")
        path.chmod(0o600 if path.parent.name == "secret" else 0o644)
        with contextlib.suppress(OSError):  # the file system has no attributes
            os.setxattr(path, "user.mark", b"1")
    return paths


@contextlib.contextmanager
def started_kernel(mode: str, work: Path) -> Iterator[Kernel]:
    server = ForkServer.start(imports.KERNEL_MODULES, {}) if mode == "forked" else None
    protection = Protection.LANDLOCK if mode == "landlock" else Protection.BUBBLEWRAP
    with contextlib.ExitStack() as stack:
        if server is not None:
            stack.enter_context(server)
        kernel = Kernel(work, limits=LIMITS, protection=protection, fork_server=server)
        yield stack.enter_context(kernel)
        assert kernel.fork_server is server


def attack_from_kernel(mode: str, options: dict[str, Any], work: Path) -> dict[str, Any]:
    source = Path(syscall_attack.__file__).read_text(encoding="utf-8")
    code = f"import subprocess, sys\nsource = {source!r}\noptions = {json.dumps(options)!r}\n"
    code += "command = [sys.executable, '-S', '-c', source, options]\n"
    code += "run = subprocess.run(command, capture_output=True, text=True)\n"
    code += "print(run.stdout if run.returncode == 0 else run)"
    cell = new_code_cell(code)
    with started_kernel(mode, work) as kernel:
        outcome = kernel.run_cell(cell, CELL_TIMEOUT_S)
    text = "".join(output.get("text", "") for output in cell["outputs"])
    assert outcome.status == "ran", (outcome, text)
    report: dict[str, Any] = json.loads(text)
    return report


def attack_unprotected(options: dict[str, Any]) -> dict[str, Any]:
    """Make the known attacks on files and processes, to show that they work; never as root."""
    assert os.getuid() != 0
    command = [sys.executable, "-S", syscall_attack.__file__]
    command.append(json.dumps(options | {"last": 0, "machine": False}))
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    report: dict[str, Any] = json.loads(run.stdout)
    return report


def main(mode: str, rounds: str, seed: str) -> None:
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-") as name,
        subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as victim,
    ):
        folder = Path(name)
        folder.chmod(0o755)
        (outside := folder / "outside").mkdir()
        (work := folder / "work").mkdir()
        secret, data = make_targets(outside)
        os.environ["COURSE_DATA"] = str(data.parent)
        visible = data
        if mode in {"forked", "started"}:
            visible = Path(environment.DATA_DIR, data.name)
        pids = [victim.pid] if mode == "unprotected" else [victim.pid, os.getpid()]
        options = {
            "paths": [str(secret), str(visible)],
            "pids": pids,
            "uid": os.getuid(),
            "numbers": numbers_of_attacks(),
            "machine": True,
            "last": last_number() + BEYOND,
            "rounds": int(rounds),
            "seed": int(seed),
        }
        before = snapshot(outside, pids)
        if mode == "unprotected":
            report = attack_unprotected(options)
        else:
            report = attack_from_kernel(mode, options, work)
        ended = victim.poll() is not None
        after = snapshot(outside, [pid for pid in pids if not (ended and pid == victim.pid)])
        victim.send_signal(signal.SIGKILL)
        report["changes"] = differences(before, after) + ["the process ended"] * ended
    sys.stdout.write(f"{json.dumps(report)}\n")


def numbers_of_attacks() -> dict[str, int]:
    attacks = syscall_attack
    calls = [*attacks.attacks_on_path("x", 0), *attacks.attacks_on_file(0, 0)]
    calls += [*attacks.attacks_on_process(0, 0), *attacks.attacks_on_the_machine()]
    return {name: number_of(name) for name in {name for name, _ in calls} | {*attacks.SIGNALS}}


if __name__ == "__main__":
    main(*sys.argv[1:])
