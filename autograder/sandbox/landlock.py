"""Landlock: a fence without namespaces, for hosts that allow no sandbox.

A process gives up its own rights, for itself and all that it starts: which files it may read
and write, signals to others, sockets. Linux needs no privilege for that. Less is held back than in
a sandbox: the kernel sees how the folders of the machine are called, and its disk use is counted
a few times a second instead of being capped. The rights are given up in `fence`.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import stat
import sys
from pathlib import Path
from typing import Final

from autograder.sandbox import bubblewrap, environment, seccomp

OLDEST: Final = 6  # the first that holds back signals: Linux 6.12
FENCE: Final = Path(__file__).with_name("inside") / "landlock_main.py"
_SYSTEM: Final = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives"),
    *("/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/timezone"),
    *("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/dev/urandom", "/dev/random"),
    *("/dev/zero", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems"),
    *("/proc/sys/kernel/osrelease", "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu"),
)
_DEVICES: Final = ("/dev/null", "/dev/full")
_VERSION: Final = (444, None, 0, 1)  # the system call that asks for Landlock's version


@functools.cache
def version() -> int:
    """The version of Landlock that this Linux has; 0 for none.

    Example:
        >>> version() >= 0
        True
    """
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(*_VERSION)))


def what_is_missing() -> str:
    """Say in a sentence why there can be no fence here; nothing if there can."""
    if version() < OLDEST:
        return "Landlock, which could stand in, needs Linux 6.12 or newer."
    if not seccomp.program(strict=True):
        return "Landlock, which could stand in, needs libseccomp (apt-get install libseccomp2)."
    root = environment.course_root()
    if root is not None and any(root.is_relative_to(place.resolve()) for place in _python()):
        return (
            "Landlock, which could stand in, can't hide a part of what kernels must read, and this"
            f" course lies in such a folder: move {root} elsewhere."
        )
    return ""


def _python() -> list[Path]:
    """What every kernel reads: the system and Python."""
    return [*map(Path, _SYSTEM), *environment.python_folders()]


def command(
    home: Path, filtered: int, uid: int | None, visible: tuple[Path, ...], data: Path | None
) -> list[str]:
    """Return the words to put before a command that is to run in a fence.

    Args:
        home: The only folder that it may write to; its working folder is ``work`` in it.
        filtered: The number of an open file with the system-call filter.
        uid: The user to become; None to stay who we are.
        visible: Further folders that it may read.
        data: The folder with the course's data, if there is one.
    """
    read = [*_python(), *map(Path.resolve, visible)]
    read += [place for place in (environment.course_folder(), data) if place is not None]
    read += [Path(__file__).with_name("inside") / "kernel_main.py"]
    told = {
        "read": [str(place) for place in read],
        "write": [str(home), *_DEVICES],
        "uid": uid,
        "filter": filtered,
        "folder": str(home / "work"),
    }
    return [sys.executable, "-P", "-S", str(FENCE), json.dumps(told)]


def library(place: Path) -> Path:
    """Make a folder in which Python finds the course, and nothing of what lies beside it."""
    made = place / "lib"
    made.mkdir(mode=0o755)
    course = environment.course_folder()
    if course is not None:
        (made / course.name).symlink_to(course)
    return made


def owner() -> int | None:
    """A user of the kernel's own if we are root and it could reach Python, else None."""
    needed = [*environment.python_folders(), environment.course_folder() or Path("/")]
    around = {above for folder in needed for above in (folder, *folder.parents)}
    open_to_all = all(folder.stat().st_mode & stat.S_IXOTH for folder in around)
    return bubblewrap.own_uid() if os.geteuid() == 0 and open_to_all else None
