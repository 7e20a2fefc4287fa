"""A machine with something to go for, and the words in which attacks on it are written."""

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
TIGHT = Limits(
    memory=512 * MB, processes=100, disk=16 * MB, files=400, file_size=8 * MB, open_files=256
)
TOOLS = """
import ctypes, errno, json, os, signal, socket, subprocess, sys, time
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
def attempt(action):
    try:
        return action()
    except BaseException as error:
        return type(error).__name__
def refused(name, *arguments):
    return libc.syscall(NUMBERS[name], *arguments) == -1 and errno.errorcode[ctypes.get_errno()]
"""
CALLS = (
    *("ptrace", "unshare", "setns", "mount", "keyctl", "bpf", "perf_event_open", "chroot"),
    *("process_vm_readv", "io_uring_setup", "userfaultfd", "init_module", "mknodat", "setuid"),
    *("memfd_create", "shmget", "shmat"),
)
TEST = "import numpy\nassert numpy.allclose(double(numpy.arange(4.0)), [0, 2, 4, 6]), 'wrong'"
Hold = Callable[[str, str, float], CellOutcome | BrokenTest]  # student's code, a test, seconds
SECRET = f"secret-{uuid.uuid4().hex}"


def run(session: Kernel, code: str, seconds: float = 30) -> CellOutcome:
    return session.run(new_code_cell(textwrap.dedent(code)), seconds)


def tell(session: Kernel, code: str, seconds: float = 30, **given: Any) -> Any:
    """Run code with some names given; return what it put into ``found``."""
    lines = [f"{name} = {value!r}" for name, value in given.items()]
    text = "\n".join([*lines, textwrap.dedent(code), "print(json.dumps(found))"])
    cell = new_code_cell(text)
    outcome = session.run(cell, seconds)
    assert outcome.status == "ran", outcome
    return json.loads("".join(output["text"] for output in cell["outputs"]).splitlines()[-1])


def marked(mark: str) -> list[int]:
    """The processes on this machine that carry a mark in their environment."""
    found = []
    for place in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark.encode() in place.read_bytes():
                found.append(int(place.parent.name))
        except OSError:
            continue
    return found


def wait_for_none(mark: str) -> list[int]:
    for _ in range(50):
        if not marked(mark):
            break
        time.sleep(0.1)
    return marked(mark)


def number(name: str) -> int:
    """The number of a system call on this machine."""
    library = seccomp.library()
    assert library is not None
    return int(library.seccomp_syscall_resolve_name(name.encode()))


@dataclass
class Machine:
    """What the attacks go for."""

    folder: Path  # holds source/, gradebook.db and a student's folder
    key: Path  # in the grader's home
    server: socket.socket
    local: socket.socket
    abstract: socket.socket

    @property
    def work(self) -> Path:
        return self.folder / "autograded" / "ada" / "01"
