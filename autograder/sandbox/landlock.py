"""Isolation by Landlock, for hosts where no namespaces can be made.

A process gives up access to files, signals and sockets, which needs no privilege. Landlock protects
less than a sandbox: the kernel can see the names of the machine's folders, and its disk usage is
checked a few times per second instead of being capped.
"""

from __future__ import annotations

import ctypes
import functools
import json
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import Final

from autograder.sandbox import bubblewrap, environment, seccomp
from autograder.sandbox.forkserver_client import START_SCRIPT

MIN_ABI_VERSION: Final = 6  # the first that restricts signals: Linux 6.12
_SYSTEM_PATHS: Final = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives"),
    *("/etc/fonts", "/etc/ld.so.cache", "/etc/localtime", "/etc/mime.types", "/etc/timezone"),
    *("/etc/passwd", "/etc/group", "/etc/hosts", "/etc/nsswitch.conf", "/dev/urandom"),
    *("/dev/random",),
    *("/dev/zero", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/filesystems"),
    *("/proc/sys/kernel/osrelease", "/proc/sys/vm/overcommit_memory", "/sys/devices/system/cpu"),
    # joblib, and so scikit-learn, asks how many cores a container may use.
    *(f"/sys/fs/cgroup/{name}" for name in ("cpu.max", "cpu/cpu.cfs_quota_us")),
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
)
_WRITABLE_DEVICES: Final = ("/dev/null", "/dev/full")
_MULTIPROCESSING_ADAPTER: Final = bubblewrap.PROGRAMS / "plain_multiprocessing.py"
_GET_VERSION: Final = (444, None, 0, 1)  # landlock_create_ruleset(.., .._CREATE_RULESET_VERSION)


@functools.cache
def abi_version() -> int:
    """Return the version of Landlock that this Linux has; 0 for none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(ctypes.CDLL(None, use_errno=True).syscall(*_GET_VERSION)))


def unavailable_reason() -> str:
    """Return a sentence why Landlock can't be used here; empty if it can."""
    if abi_version() < MIN_ABI_VERSION:
        return "Landlock, the alternative, needs Linux 6.12 or newer with Landlock enabled."
    if not seccomp.compile_filter(namespaces=False):
        return "Landlock, the alternative, needs libseccomp (apt-get install libseccomp2)."
    if os.geteuid() == 0 and (folder := closed_folder()):
        return (
            "Landlock, the alternative, can't run students' code as another user than root, because"
            f" other users can't enter {folder}. Grade as an ordinary user, let others enter it"
            f" (chmod o+x {folder}), or move what is in it: Python, the course or TMPDIR."
        )
    root = environment.course_root()
    if root is not None and any(root.is_relative_to(path.resolve()) for path in _python_paths()):
        return (
            f"Landlock, the alternative, can't hide the course's folder {root}, because it lies"
            " in a folder that every kernel must read. Move it elsewhere."
        )
    return ""


def _python_paths() -> list[Path]:
    return [*map(Path, _SYSTEM_PATHS), *environment.python_folders()]


def landlock_command(
    home: Path, filter_fd: int, uid: int | None, visible: tuple[Path, ...], data_dir: Path | None
) -> list[str]:
    """Return the words to put before a command to run it under Landlock.

    It may write only to ``home`` and works in ``work`` there. ``filter_fd`` is an open seccomp
    filter, ``uid`` the user to become, if any. ``visible`` are further paths that it may read.
    """
    read = [*_python_paths(), *map(Path.resolve, visible), bubblewrap.PROGRAMS]
    read += [path for path in (environment.course_folder(), data_dir) if path is not None]
    options = {
        "read": list(map(str, read)),
        "write": [str(home), *_WRITABLE_DEVICES],
        "uid": uid,
        "filter_fd": filter_fd,
        "cwd": str(home / "work"),
    }
    start = [environment.python(), "-P", "-S", str(START_SCRIPT), "landlock_main"]
    return [*start, json.dumps(options)]


def make_library_dir(parent: Path, *, isolated: bool = True) -> Path:
    """Make a folder for Python's path that holds the course and nothing of the grader.

    If the kernel is isolated by Landlock, it also holds what adapts multiprocessing to that.
    """
    folder = parent / "lib"
    folder.mkdir(mode=0o755)
    if isolated:
        adapter = shutil.copyfile(_MULTIPROCESSING_ADAPTER, folder / "sitecustomize.py")
        adapter.chmod(0o644)
    if (course := environment.course_folder()) is not None:
        (folder / course.name).symlink_to(course)
    return folder


def closed_folder() -> Path | None:
    """Return a folder that other users can't enter and that holds what a kernel needs."""
    needed = [*environment.python_folders(), bubblewrap.PROGRAMS]
    needed += [environment.course_folder() or Path("/"), Path(tempfile.gettempdir())]
    folders = {folder for path in needed for folder in (path, *path.parents)}
    closed = [folder for folder in folders if not folder.stat().st_mode & stat.S_IXOTH]
    return min(closed, default=None)
