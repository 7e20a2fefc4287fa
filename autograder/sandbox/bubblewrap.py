"""A kernel's sandbox: the system, Python and the course read-only, and the kernel's own folders.

Each program becomes the next one: ``bwrap`` makes the namespaces and mounts; ``sh`` limits the
number of files, for which Bubblewrap has no option; ``setpriv`` gives up all privileges; ``sh``
unpacks the submission; ``kernel_main`` becomes the kernel, or ``sleep`` waits for a forked one. The
system call filter of these programs allows what they need; the kernel adds a stricter one.
"""

from __future__ import annotations

import json
import os
import platform
import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder.sandbox import environment
from autograder.sandbox.limits import MB, Limits

WORK_DIR: Final = f"{environment.HOME}/work"
RUN_DIR: Final = "/run/kernel"
CONNECTION_FILE: Final = f"{RUN_DIR}/kernel.json"
LIBRARY_DIR: Final = "/run/library"  # on Python's path; holds the course and nothing beside it
INSIDE_DIR: Final = f"{RUN_DIR}/inside"
PROGRAMS: Final = Path(__file__).with_name("inside")

_SYSTEM_DIRS: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC_FILES: Final = (
    *("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime"),
    *("mime.types", "protocols", "services", "timezone"),
)
_TMP_LINKS: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (links to one folder inside)
_WORLD_READABLE: Final = ("--perms", "0755")
_MAX_UID: Final = 1_900_000_000
_NOBODY: Final = 65_534
_MAX_SYSTEM_UID: Final = 999
_DEVICES: Final = ("null", "zero", "full", "random", "urandom")
# Parts of visible folders that students must not see: other submissions in nbgrader's exchange,
# and the configuration of servers.
_HIDDEN_DIRS: Final = ("/usr/local/share/nbgrader", "/usr/local/etc", "/usr/etc", "/usr/src")
_HIDDEN_IN_PYTHON: Final = ("etc/jupyter", "etc/jupyterhub")

_LIMIT_FILES_SCRIPT: Final = (
    'for folder in $1; do mount -n -o "$0" "$folder" || exit 1; done; shift; exec "$@"'
)
UNPACK_SCRIPT: Final = (
    'mkdir -p "$HOME/tmp" "$HOME/work" && cd "$HOME/work" && '
    "{ [ -f /dev/fd/0 -a ! -s /dev/fd/0 ] ||"  # usually there are no files
    " tar -x --no-same-owner --no-same-permissions -f - 2>/dev/null || :; } && "
    'exec "$@" </dev/null'
)
WAIT_SCRIPT: Final = "echo ready && exec sleep infinity >/dev/null 2>&1"


@dataclass(frozen=True)
class Sandbox:
    """The commands that make one sandbox.

    Example:
        >>> Sandbox(Limits(), uid=60001).bwrap_arguments(Path("/tmp/private"))[0]
        '--unshare-pid'
    """

    limits: Limits
    uid: int  # that the kernel gets if the grader is root; otherwise it keeps the grader's
    data_dir: Path | None = None  # the course's data, shown read-only
    visible: tuple[Path, ...] = ()  # further paths to show read-only

    def bwrap_arguments(self, private_dir: Path, filter_fd: int | None = None) -> list[str]:
        """Return Bubblewrap's arguments.

        ``private_dir`` has ``kernel.json`` and `etc_files`; ``filter_fd`` is an open file
        with the seccomp filter for all programs in the sandbox.
        """
        arguments = [f"--unshare-{kind}" for kind in ("pid", "net", "ipc", "uts", "cgroup-try")]
        arguments += ["--hostname", "kernel", "--die-with-parent", "--new-session"]
        arguments += ["--unsetenv", "JPY_PARENT_PID"]
        arguments += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]
        if os.geteuid() == 0:
            for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):  # until setpriv ran
                arguments += ["--cap-add", capability]
        else:
            arguments += ["--unshare-user"]
        for folder in ("/dev", "/etc", "/home", "/run", RUN_DIR, "/srv", "/var"):
            arguments += [*_WORLD_READABLE, "--dir", folder]
        own_tmp_dirs = self._own_tmp_dirs()
        for folder in own_tmp_dirs:
            arguments += ["--perms", "1777", "--size", str(self.limits.disk), "--tmpfs", folder]
        arguments += _system_arguments() + self._visible_folders()
        arguments += ["--perms", "1777", "--size", str(self.limits.disk)]
        arguments += ["--tmpfs", environment.HOME, "--proc", "/proc"]
        for device in _DEVICES:
            arguments += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
        for link in sorted({*_TMP_LINKS} - {*own_tmp_dirs}):
            arguments += ["--symlink", environment.TMP_DIR, link]
        arguments += ["--symlink", "/proc/self/fd", "/dev/fd"]
        if (course := environment.course_folder()) is not None:
            arguments += [*_WORLD_READABLE, "--dir", LIBRARY_DIR]
            arguments += ["--symlink", str(course), f"{LIBRARY_DIR}/{course.name}"]
        arguments += ["--ro-bind", str(PROGRAMS), INSIDE_DIR]
        arguments += ["--ro-bind", str(private_dir / "kernel.json"), CONNECTION_FILE]
        for name in self.etc_files():
            arguments += ["--ro-bind", str(private_dir / name), f"/etc/{name}"]
        if self.data_dir is not None:
            arguments += ["--ro-bind", str(self.data_dir.resolve()), environment.DATA_DIR]
        arguments += ["--remount-ro", "/", "--chdir", "/"]
        return arguments if filter_fd is None else [*arguments, "--seccomp", str(filter_fd)]

    def _visible_folders(self) -> list[str]:
        python_folders = environment.python_folders()
        shown = {Path("/usr"), *python_folders, *map(Path.resolve, self.visible)}
        hidden = {Path(path) for path in _HIDDEN_DIRS}
        hidden |= {folder / name for folder in python_folders for name in _HIDDEN_IN_PYTHON}
        if (course := environment.course_folder()) is not None:
            shown.add(course)
        if (root := environment.course_root()) is not None:
            hidden.add(root)
        return bind_arguments(shown, hidden)

    def _own_tmp_dirs(self) -> list[str]:
        """Return the folders for temporary files that can't be links, since a course is in them."""
        visible = self._visible_folders()
        return [link for link in _TMP_LINKS if any(path.startswith(f"{link}/") for path in visible)]

    def inner_command(
        self, sockets: dict[str, int] | None, filter_fd: int, module: str = ""
    ) -> list[str]:
        """Return the command that Bubblewrap starts.

        ``sockets`` are the fds of the kernel's sockets by their addresses; None to print ``ready``
        and wait for a forked kernel. ``filter_fd`` is an open file with the kernel's filter.
        """
        options = f"remount,nosuid,nodev,size={self.limits.disk},nr_inodes={self.limits.files}"
        setpriv = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"]
        if os.geteuid() == 0:
            setpriv += [f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
            setpriv += ["--bounding-set=-all"]
        kernel = ["sh", "-c", WAIT_SCRIPT]
        if sockets is not None:
            rlimits = self.rlimits()
            kernel = kernel_command(
                rlimits, CONNECTION_FILE, sockets, filter_fd, INSIDE_DIR, module=module
            )
        unpack = ["sh", "-c", UNPACK_SCRIPT, "sh"]
        folders = " ".join([environment.HOME, *self._own_tmp_dirs()])
        return ["sh", "-c", _LIMIT_FILES_SCRIPT, options, folders, *setpriv, *unpack, *kernel]

    def rlimits(self) -> dict[str, int]:
        """Return the kernel's limits by their names in `resource`."""
        # Since Linux 5.14, the processes of a user namespace are counted apart from others.
        version = tuple(map(int, re.findall(r"\d+", platform.release())[:2]))
        return self.limits.rlimits(shared_user=os.geteuid() != 0 and version < (5, 14))

    def etc_files(self) -> dict[str, str]:
        """Return the contents of the sandbox's own files in ``/etc`` by their names."""
        gid = self.uid if os.geteuid() == 0 else os.getegid()
        return {
            "passwd": f"student:x:{self.uid}:{gid}::{environment.HOME}:/bin/sh\n",
            "group": f"student:x:{gid}:\n",
            "hosts": "127.0.0.1 localhost kernel\n::1 localhost\n",
            "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
        }


def _system_arguments() -> list[str]:
    arguments = []
    for path in (Path("/", name) for name in _SYSTEM_DIRS):
        if path.is_symlink():
            arguments += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            arguments += ["--ro-bind", str(path), str(path)]
    for path in (Path("/etc", name) for name in _ETC_FILES):
        if path.exists():
            arguments += ["--ro-bind", str(path.resolve()), str(path)]
    return arguments


def bind_arguments(shown: set[Path], hidden: set[Path]) -> list[str]:
    """Return arguments that show some folders and hide others, however they are nested.

    Example:
        >>> bind_arguments({Path("/opt/py")}, {Path("/srv/exam")})[-3:]
        ['--ro-bind', '/opt/py', '/opt/py']
    """
    arguments: list[str] = []
    visible: dict[Path, bool] = {}  # for each folder handled so far
    for path in sorted(shown | hidden, key=lambda path: (len(path.parts), path)):
        parent = next((folder for folder in path.parents if folder in visible), Path("/"))
        parent_visible = visible.get(parent, False)
        if parent_visible == (path in shown) or (parent_visible and not path.is_dir()):
            continue
        if parent_visible:
            arguments += [*_WORLD_READABLE, "--size", str(MB), "--tmpfs", str(path)]
        else:
            for folder in reversed(path.parents):  # Bubblewrap would make them for root only
                if parent in folder.parents:
                    arguments += [*_WORLD_READABLE, "--dir", str(folder)]
            arguments += ["--ro-bind", str(path), str(path)]
        visible[path] = not parent_visible
    for path in (path for path, is_visible in visible.items() if not is_visible):
        arguments += ["--remount-ro", str(path)]
    return arguments


def kernel_command(  # noqa: PLR0913  (each is a part of the command)
    rlimits: dict[str, int],
    connection_file: str,
    sockets: dict[str, int],
    filter_fd: int | None = None,
    programs: Path | str = PROGRAMS,
    *,
    module: str = "",
) -> list[str]:
    """Return the command that sets the limits, installs the filter, and becomes the kernel.

    ``module`` is a kernel for another language than Python.
    """
    options: dict[str, object] = {"limits": rlimits, "connection_file": connection_file}
    options |= {"sockets": sockets, "filter_fd": filter_fd, "module": module}
    return [environment.python(), "-P", f"{programs}/start.py", "kernel_main", json.dumps(options)]


def unused_uid(uid_map: Path = Path("/proc/self/uid_map")) -> int:
    """Return a user for one kernel: for root a random one that nobody has, else the grader.

    In a container, root may have few users; the result is from the end of their largest range, and
    0 if there are too few.
    """
    if os.geteuid() != 0:
        return os.geteuid()
    lines = uid_map.read_text(encoding="ascii").splitlines()
    ranges = [(int(count), int(first)) for first, _, count in map(str.split, lines)]
    count, first = max(ranges, default=(0, 0))
    last = min(_MAX_UID, first + count - 2)
    if _NOBODY <= last <= _NOBODY + 1:
        last = _NOBODY - 1
    spare = min(count // 64, 60_000)
    return last - secrets.randbelow(spare) if last - spare > _MAX_SYSTEM_UID else 0


def missing_programs() -> list[str]:
    """Return the programs that make a sandbox and are not installed."""
    return [name for name in ("bwrap", "setpriv", "mount", "tar", "sh") if not shutil.which(name)]
