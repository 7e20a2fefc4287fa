"""Run a command under Landlock, and end everything it has started when it or the grader ends.

This process stays unrestricted as the parent of the kernel's processes. Its first argument is JSON:
``read`` and ``write``, the allowed paths; ``uid``, the user to become, or null; ``filter_fd``, an
open file with a seccomp filter; ``cwd``, the working folder. The command follows.

Constants are from linux/landlock.h, version 6.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from . import rights

# System calls; the numbers are the same on all processors.
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_RULE_PATH_BENEATH = 1
_READ_RIGHTS = 1 << 0 | 1 << 2 | 1 << 3  # execute, read file, read folder
_FILE_RIGHTS = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # the ones that apply to a file
_ALL_RIGHTS = (1 << 16) - 1
_NET_RIGHTS = 1 << 0 | 1 << 1  # bind and connect
_SCOPES = 1 << 0 | 1 << 1  # abstract sockets, signals
_END_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def restrict(read: list[str], write: list[str]) -> None:
    """Deny this process and its children all other files, sockets and signals, for good.

    Paths in ``read`` may be read and executed, those in ``write`` also changed; missing ones are
    skipped.
    """
    syscall = rights.libc().syscall
    denied = struct.pack("=QQQ", _ALL_RIGHTS, _NET_RIGHTS, _SCOPES)  # landlock_ruleset_attr
    ruleset_fd = rights.check(syscall(_CREATE_RULESET, denied, len(denied), 0))
    for paths, allowed in ((read, _READ_RIGHTS), (write, _ALL_RIGHTS)):
        for path in paths:
            try:
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            path_rights = allowed if Path(path).is_dir() else allowed & _FILE_RIGHTS
            rule = struct.pack("=Qi", path_rights, fd)  # landlock_path_beneath_attr
            rights.check(syscall(_ADD_RULE, ruleset_fd, _RULE_PATH_BENEATH, rule, 0))
            os.close(fd)
    rights.check(syscall(_RESTRICT_SELF, ruleset_fd, 0))
    os.close(ruleset_fd)


def descendants() -> list[int]:
    """Return the pids of all processes below this one."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
    tree = [os.getpid()]
    for member in tree:  # grows during the loop
        tree += [pid for pid, parent in parents.items() if parent == member]
    return tree[1:]


def kill_descendants() -> None:
    """Kill all processes below this one, including those that they fork meanwhile."""
    while pids := descendants():
        for number in (signal.SIGSTOP, signal.SIGKILL):  # a stopped process can't fork
            for pid in pids:
                with contextlib.suppress(OSError):
                    os.kill(pid, number)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def run_restricted(options: dict[str, Any], command: list[str]) -> NoReturn:
    """In the child: give up all privileges and become the command."""
    for number in _END_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    os.setsid()
    rights.drop_privileges(options["uid"])
    rights.prctl(rights.PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of the user clears it
    restrict(options["read"], [*options["write"], f"/proc/{os.getpid()}"])
    rights.install_filter(options["filter_fd"])
    os.chdir(options["cwd"])
    os.execvp(command[0], command)  # noqa: S606  (no shell is wanted)


def main(arguments: list[str]) -> NoReturn:
    """Run the command; exit with its code when everything it has started has ended."""
    options, command = json.loads(arguments[0]), arguments[1:]

    def end(_: int, __: FrameType | None) -> None:
        kill_descendants()
        os._exit(1)

    rights.prctl(rights.PR_SET_CHILD_SUBREAPER, 1)  # orphans become our children
    for number in _END_SIGNALS:
        signal.signal(number, end)
    rights.prctl(rights.PR_SET_PDEATHSIG, signal.SIGTERM)  # sent when the grader ends
    child = os.fork()
    if child == 0:
        run_restricted(options, command)
    for fd in (0, 1, 2):  # the kernel's, not ours
        os.close(fd)
    rights.prctl(rights.PR_SET_DUMPABLE, 0)  # no other process may read our memory
    while True:
        pid, status = os.wait()
        if pid == child:
            kill_descendants()
            os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
