"""The place in which a student's kernel runs, built by Bubblewrap.

In it there is a read-only system, the Python environment, the course and the kernel's own
folders; nothing else of the machine, neither files nor processes nor network.

The parts stand in this order. Bubblewrap makes the place. Still with the rights to do so, a
shell sets how many files there may be, which Bubblewrap can't. setpriv gives up all rights and
becomes nobody in particular. A shell unpacks the submission's files. `start` sets the limits
that each process has, and becomes the kernel. Or the place stays empty, and a kernel that was
forked elsewhere comes in (see `nursery`).
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from autograder.sandbox import environment
from autograder.sandbox.limits import MB, Limits

WORK: Final = f"{environment.HOME}/work"
RUN: Final = "/run/kernel"
CONNECTION: Final = f"{RUN}/kernel.json"
LIBRARY: Final = "/run/library"  # where Python finds the course, and nothing of what lies beside it
START: Final = Path(__file__).with_name("inside") / "kernel_main.py"

_SYSTEM: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC: Final = (
    *("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime"),
    *("mime.types", "protocols", "services", "timezone"),
)
_TEMPORARY: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108  (inside, all lie in one place)
_OPEN: Final = ("--perms", "0755")
_DEVICES: Final = ("null", "zero", "full", "random", "urandom")
# Under the folders that are shown, but no student's business: other submissions on their way
# (nbgrader's exchange), and the settings of servers.
_CONCEALED: Final = ("/usr/local/share/nbgrader", "/usr/local/etc", "/usr/etc", "/usr/src")
_SETTINGS: Final = ("etc/jupyter", "etc/jupyterhub")

_COUNT_FILES: Final = 'mount -n -o "$0" "$HOME" && exec "$@"'
UNPACK: Final = (
    'mkdir -p "$HOME/tmp" "$HOME/work" && cd "$HOME/work" && '
    "{ [ -f /dev/fd/0 -a ! -s /dev/fd/0 ] ||"  # no files: the most usual case
    " tar -x --no-same-owner --no-same-permissions -f - 2>/dev/null || :; } && "
    'exec "$@" </dev/null'
)
WAIT: Final = "echo ready && exec sleep infinity >/dev/null 2>&1"


@dataclass(frozen=True)
class Sandbox:
    """What a kernel's place is made of.

    Example:
        >>> Sandbox(Limits(), uid=60001).arguments(Path("/tmp/private"))[0]
        '--unshare-pid'

    Attributes:
        limits: How much the kernel may use.
        uid: The user that it becomes, if we are root; else it stays who we are.
        data: The folder with the course's data, shown read-only; None for none.
        visible: Further folders to show, read-only.
    """

    limits: Limits
    uid: int
    data: Path | None = None
    visible: tuple[Path, ...] = field(default=())

    def arguments(self, private: Path, seccomp: int | None = None) -> list[str]:
        """Return Bubblewrap's arguments.

        Args:
            private: A folder of the grader's with ``kernel.json``, ``passwd`` and ``group``.
            seccomp: The number of an open file with the filter.
        """
        found = [f"--unshare-{kind}" for kind in ("pid", "net", "ipc", "uts", "cgroup-try")]
        found += ["--hostname", "kernel", "--die-with-parent", "--new-session"]
        found += ["--unsetenv", "JPY_PARENT_PID", "--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN"]
        if os.geteuid() == 0:
            for right in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):  # given up by setpriv
                found += ["--cap-add", right]
        else:
            found += ["--unshare-user"]
        for folder in ("dev", "etc", "home", "run", RUN[1:], "srv", "var"):
            found += [*_OPEN, "--dir", f"/{folder}"]
        shown = self._shown()
        found += self._system() + shown
        size = ["--perms", "1777", "--size", str(self.limits.disk), "--tmpfs"]
        found += [*size, environment.HOME, "--proc", "/proc"]
        for device in _DEVICES:
            found += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
        for link in _TEMPORARY:
            if not any(place.startswith(f"{link}/") for place in shown):  # the course lies there
                found += ["--symlink", environment.TEMPORARY, link]
        found += ["--symlink", "/proc/self/fd", "/dev/fd"]
        course = environment.course_folder()
        if course is not None:
            found += [*_OPEN, "--dir", LIBRARY, "--symlink", str(course)]
            found += [f"{LIBRARY}/{course.name}"]
        found += ["--ro-bind", str(START), f"{RUN}/start.py"]
        found += ["--ro-bind", str(private / "kernel.json"), f"{RUN}/kernel.json"]
        for name in ("passwd", "group"):
            found += ["--ro-bind", str(private / name), f"/etc/{name}"]
        if self.data is not None:
            found += ["--ro-bind", str(self.data.resolve()), environment.DATA]
        found += ["--remount-ro", "/", "--chdir", "/"]
        return [*found, "--seccomp", str(seccomp)] if seccomp is not None else found

    def _system(self) -> list[str]:
        """Show the system's libraries and programs."""
        found = []
        for name in _SYSTEM:
            path = Path("/", name)
            if path.is_symlink():
                found += ["--symlink", str(path.readlink()), str(path)]
            elif path.is_dir():
                found += ["--ro-bind", str(path), str(path)]
        for name in _ETC:
            path = Path("/etc", name)
            if path.exists():
                found += ["--ro-bind", str(path.resolve()), str(path)]
        return found

    def _shown(self) -> list[str]:
        """Show Python and the course, and cover what lies between but is not for students."""
        pythons = environment.python_folders()
        shown = {Path("/usr"), *pythons, *map(Path.resolve, self.visible)}
        covered = {Path(place) for place in _CONCEALED}
        covered |= {folder / name for folder in pythons for name in _SETTINGS}
        course = environment.course_folder()
        if course is not None:
            shown.add(course)
        root = environment.course_root()
        if root is not None:
            covered.add(root)
        return show(shown, covered)

    def inside(self, sockets: dict[str, int] | None) -> list[str]:
        """Return the command that Bubblewrap starts.

        Args:
            sockets: The numbers of open sockets, by the addresses that the kernel knows; None to
                start no kernel: the place says that it is ready, and waits for one.
        """
        options = f"remount,nosuid,nodev,size={self.limits.disk},nr_inodes={self.limits.files}"
        drop = ["setpriv", "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs"]
        if os.geteuid() == 0:
            drop += [f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
            drop += ["--bounding-set=-all"]
        kernel = ["sh", "-c", WAIT]
        if sockets is not None:
            kernel = start_command(f"{RUN}/start.py", CONNECTION, self.limits, sockets)
        return ["sh", "-c", _COUNT_FILES, options, *drop, "sh", "-c", UNPACK, "sh", *kernel]

    def users(self) -> dict[str, str]:
        """The files in which programs look up who they are."""
        gid = self.uid if os.geteuid() == 0 else os.getegid()
        return {
            "passwd": f"student:x:{self.uid}:{gid}::{environment.HOME}:/bin/sh\n",
            "group": f"student:x:{gid}:\n",
        }


def show(shown: set[Path], covered: set[Path]) -> list[str]:
    """Return arguments that show some folders and cover others, whichever lies in which.

    Example:
        >>> show({Path("/opt/py")}, {Path("/srv/exam")})[-3:]
        ['--ro-bind', '/opt/py', '/opt/py']
    """
    found: list[str] = []
    done: dict[Path, bool] = {}  # folder: whether it is shown
    for place in sorted(shown | covered, key=lambda path: (len(path.parts), path)):
        around = next((folder for folder in place.parents if folder in done), Path("/"))
        seen = done.get(around, False)
        if seen == (place in shown) or (seen and not place.is_dir()):
            continue
        if seen:
            found += [*_OPEN, "--size", str(MB), "--tmpfs", str(place)]
        else:
            for parent in reversed(place.parents):  # Bubblewrap would keep others out of them
                if around in parent.parents:
                    found += [*_OPEN, "--dir", str(parent)]
            found += ["--ro-bind", str(place), str(place)]
        done[place] = not seen
    for place in (place for place, seen in done.items() if not seen):
        found += ["--remount-ro", str(place)]
    return found


def start_command(
    start: str, connection: str, limits: Limits, sockets: dict[str, int]
) -> list[str]:
    """Return the command that starts Python, sets the limits and becomes the kernel."""
    told = {"limits": limits.rlimits(), "sockets": sockets, "connection": connection}
    return [sys.executable, "-P", start, json.dumps(told)]


def own_uid() -> int:
    """A user for one kernel: as root one that nobody has, else ourselves.

    In a container root may have few users to give, so the number is taken from the end of those
    it has.
    """
    if os.geteuid() != 0:
        return os.geteuid()
    most = 1_900_000_000
    for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines():
        first, _, count = map(int, line.split())
        if first == 0:
            most = min(most, count - 2)
    return most - secrets.randbelow(min(most // 64, 60_000))


def programs() -> dict[str, str | None]:
    """Where the programs are that make the place; None for one that is missing."""
    return {name: shutil.which(name) for name in ("bwrap", "setpriv", "mount", "tar", "sh")}
