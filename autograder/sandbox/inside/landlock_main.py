"""The first code of a kernel that Landlock keeps in its place: fence it in, and sweep up after it.

It is started as a file of its own, so it imports nothing of the course. It stays outside the
fence as the parent of all that the kernel starts, and ends what is left when the kernel ends or
the grader does. What it is told comes in one JSON argument: ``read`` and ``write``, the folders
and files that may be; ``uid``, whom to become, or null; ``filter``, the number of an open file
with a system-call filter; ``folder``, where to begin. The command to run follows.

The numbers are those of linux/landlock.h, linux/prctl.h and linux/seccomp.h.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Final

_RULESET, _RULE, _RESTRICT = 444, 445, 446  # system calls, the same on all processors
_READ: Final = 1 << 0 | 1 << 2 | 1 << 3  # run a file, read it, list a folder
_FILE: Final = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # those that make sense for a file
_ALL: Final = (1 << 16) - 1  # all rights on files that version 5 knows
_NET: Final = 1 << 0 | 1 << 1  # bind and connect
_SCOPE: Final = 1 << 0 | 1 << 1  # abstract sockets, signals
_PDEATHSIG, _DUMPABLE, _SECCOMP, _DROP, _SUBREAPER, _NO_NEW_PRIVS = 1, 4, 22, 24, 36, 38

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


class _Program(ctypes.Structure):
    _fields_ = (("count", ctypes.c_ushort), ("code", ctypes.c_char_p))


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def enclose(read: list[str], write: list[str]) -> None:
    """Take this process, and all that it starts, every right on files but these; no way back."""
    about = _Ruleset(_ALL, _NET, _SCOPE)
    rules = _checked(_libc.syscall(_RULESET, ctypes.byref(about), ctypes.sizeof(about), 0))
    for places, rights in ((read, _READ), (write, _ALL)):
        for place in places:
            try:
                opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
            except OSError:  # not on this machine
                continue
            allowed = rights if Path(place).is_dir() else rights & _FILE
            beneath = _Beneath(allowed, opened)
            _checked(_libc.syscall(_RULE, rules, 1, ctypes.byref(beneath), 0))
            os.close(opened)
    _checked(_libc.syscall(_RESTRICT, rules, 0))
    os.close(rules)


def refuse(number: int) -> None:
    """Let a filter decide about every system call from now on."""
    with os.fdopen(number, "rb") as file:
        code = file.read()
    program = _Program(len(code) // 8, code)
    _checked(_libc.prctl(_SECCOMP, 2, ctypes.byref(program), 0, 0))


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def surrender(uid: int | None) -> None:
    """Give up all of root's rights, and be somebody else if there is anybody to be."""
    for right in range(64):
        _libc.prctl(_DROP, right, 0, 0, 0)
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = _Header(0x2008_0522, 0)
    _checked(_libc.capset(ctypes.byref(header), ctypes.create_string_buffer(24)))


def children() -> list[int]:
    """All processes below this one."""
    above: dict[int, int] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            words = place.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            above[int(place.parent.name)] = int(words[1])
    found = [os.getpid()]
    for member in found:  # it grows while we go through it
        found += [pid for pid, parent in above.items() if parent == member]
    return found[1:]


def sweep() -> None:
    """End all that is left; what forks on meanwhile is found in the next round."""
    while left := children():
        for number in (signal.SIGSTOP, signal.SIGKILL):  # who is stopped can't fork
            for pid in left:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def main(told: dict[str, Any], command: list[str]) -> int:
    """Run a command in a fence; return its exit code when all that it started has ended."""
    _checked(_libc.prctl(_SUBREAPER, 1, 0, 0, 0))  # orphans come to us

    def end(_: int, __: FrameType | None) -> None:
        sweep()
        os._exit(1)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, end)
    _checked(_libc.prctl(_PDEATHSIG, signal.SIGTERM, 0, 0, 0))  # the grader is gone
    child = os.fork()
    if child == 0:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        surrender(told["uid"])
        _checked(_libc.prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0))  # after the user has changed
        _checked(_libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0))
        enclose(told["read"], [*told["write"], f"/proc/{os.getpid()}"])
        refuse(told["filter"])
        os.chdir(told["folder"])
        os.execvp(command[0], command)  # noqa: S606  (no shell is wanted)
    for stream in (0, 1, 2):  # the kernel's, not ours
        os.close(stream)
    _checked(_libc.prctl(_DUMPABLE, 0, 0, 0, 0))  # nobody reads our memory
    while True:
        pid, status = os.wait()
        if pid == child:
            sweep()
            return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    os._exit(main(json.loads(sys.argv[1]), sys.argv[2:]))
