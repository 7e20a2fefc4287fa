"""The targets of attacks, and helpers for writing attacks."""

from __future__ import annotations

import json
import socket
import textwrap
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.sandbox import launch, seccomp
from autograder.sandbox.limits import MB, Limits
from autograder.test_runner.broker import BrokenTest

ROOT = Path(launch.__file__).resolve().parents[2]
TIGHT_LIMITS = Limits(
    memory=512 * MB, processes=100, disk=16 * MB, files=400, file_size=8 * MB, open_files=256
)
ATTACK_HELPERS = """
import ctypes, errno, json, os, signal, socket, subprocess, sys, time
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
def attempt(action):
    try:
        return action()
    except BaseException as error:
        return type(error).__name__
def syscall_error(name, *arguments):
    failed = libc.syscall(SYSCALL_NUMBERS[name], *arguments) == -1
    return failed and errno.errorcode[ctypes.get_errno()]
"""
BLOCKED_CALLS = (
    *("ptrace", "unshare", "setns", "mount", "keyctl", "bpf", "perf_event_open", "chroot"),
    *("process_vm_readv", "io_uring_setup", "userfaultfd", "init_module", "mknodat", "setuid"),
    *("memfd_create", "shmget", "shmat"),
)
# What honest students use of it; sets ``result``.
MULTIPROCESSING = """
import json, multiprocessing
from concurrent.futures import ProcessPoolExecutor
from joblib import Parallel, delayed
from multiprocessing.shared_memory import SharedMemory
context = multiprocessing.get_context("fork")
def square(x):
    return x * x
with context.Pool(2) as pool, ProcessPoolExecutor(2, context) as executor:
    result = [pool.map(square, [1, 2]), list(executor.map(square, [3, 4]))]
result += [Parallel(n_jobs=2)(delayed(square)(x) for x in [5, 6])]
queue, lock, total = context.Queue(), context.Lock(), context.Value("i", 0)
def count():
    with lock:
        total.value += 1
    queue.put(total.value)
with context.Manager() as manager:
    shared = manager.dict()
    workers = [context.Process(target=count)]
    workers += [context.Process(target=shared.update, args=[{"a": 1}])]
    [worker.start() for worker in workers]
    result += [queue.get(timeout=120)]
    [worker.join() for worker in workers]
    result += [dict(shared)]
memory = SharedMemory(create=True, size=8)
memory.buf[0] = 9
result += [memory.buf[0]]
memory.close()
memory.unlink()
"""
MULTIPROCESSING_RESULT = [[1, 4], [9, 16], [25, 36], 1, {"a": 1}, 9]
TEST = "import numpy\nassert numpy.allclose(double(numpy.arange(4.0)), [0, 2, 4, 6]), 'wrong'"
RunTest = Callable[[str, str, float], CellOutcome | BrokenTest]  # student's code, a test, seconds
SECRET = f"secret-{uuid.uuid4().hex}"
EXIT_TIMEOUT_S = 120


def run(kernel: Kernel, code: str, seconds: float = 30) -> CellOutcome:
    return kernel.run_cell(new_code_cell(textwrap.dedent(code)), seconds)


def run_json(kernel: Kernel, code: str, seconds: float = 30, **variables: Any) -> Any:
    """Run code with these variables, and return what it stored in ``result``."""
    lines = [f"{name} = {value!r}" for name, value in variables.items()]
    source = "\n".join([*lines, textwrap.dedent(code), "print(json.dumps(result))"])
    cell = new_code_cell(source)
    outcome = kernel.run_cell(cell, seconds)
    assert outcome.status == "ran", outcome
    return json.loads("".join(output["text"] for output in cell["outputs"]).splitlines()[-1])


def marked_pids(mark: str) -> list[int]:
    """The machine's processes that have a mark in their environment."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in path.read_bytes():
                pids.append(int(path.parent.name))
        except OSError:
            continue
    return pids


def wait_until_gone(mark: str) -> list[int]:
    """Wait for the end of all marked processes; return those still running."""
    deadline = time.monotonic() + EXIT_TIMEOUT_S
    while (pids := marked_pids(mark)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return pids


def syscall_number(name: str) -> int:
    library = seccomp.libseccomp()
    assert library is not None
    return int(library.seccomp_syscall_resolve_name(name.encode()))


@dataclass
class Machine:
    """The targets of attacks."""

    folder: Path  # holds source/, gradebook.db and a student's folder
    key: Path  # in the grader's home
    server: socket.socket
    unix_server: socket.socket
    abstract_server: socket.socket

    @property
    def submission(self) -> Path:
        return self.folder / "autograded" / "ada" / "01"
