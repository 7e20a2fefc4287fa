"""What a server sees of the machine: Bubblewrap mounts a view, then switches to the account.

Only what is listed here exists in the view: no other home, no ``source/``, no gradebook, no hub.
The view also makes a Python below ``/root`` usable for accounts that can't enter ``/root``.
"""

from __future__ import annotations

import pwd
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.hub.settings import CHECKOUT, HubSettings

SYSTEM_FOLDERS: Final = ("/usr", "/etc", "/sys")  # visible to every server
_LINKED_FOLDERS: Final = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
_ENVIRONMENT: Final = Path(sys.prefix)
_PYTHON: Final = Path(sys.base_prefix)  # a virtual environment uses its library
TMP_BYTES: Final = 512 << 20  # the size of a server's /tmp


@dataclass(frozen=True)
class MountView:
    """The account a server runs as, and the files it can read and write."""

    account: str
    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    # Hides other accounts' processes. The grader's server can't: its sandboxes need the whole
    # /proc, which they hide in turn.
    hide_processes: bool = True

    def command(self) -> list[str]:
        """Return the command prefix that starts a program in the view; it needs root.

        Example:
            >>> MountView("ada", (), ()).command()[-1]  # doctest: +SKIP
            '--'
        """
        account = pwd.getpwnam(self.account)
        program = [_require_program("bwrap"), "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        program += ["--cap-add", "CAP_SETPCAP", "--unshare-ipc", "--dev", "/dev"]
        own_proc = ["--unshare-pid", "--proc", "/proc"]
        program += own_proc if self.hide_processes else ["--bind", "/proc", "/proc"]
        program += _system()
        home = Path(account.pw_dir)
        mounts = [(path, "--ro-bind") for path in (_PYTHON, _ENVIRONMENT, *self.readable)]
        mounts += [(path, "--bind") for path in (home, *self.writable)]
        created: set[Path] = set()
        for path, bind in mounts:
            if path.is_relative_to("/usr"):
                continue
            for parent in reversed(path.parents[:-1]):
                if parent not in created:  # Bubblewrap would create it for root only
                    program += ["--perms", "0755", "--dir", str(parent)]
                    created.add(parent)
            program += [bind, str(path), str(path)]
        program += ["--chdir", str(home), "--", _require_program("setpriv")]
        program += [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups"]
        return [*program, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]


def student_view(settings: HubSettings, account: str) -> MountView:
    """Return the view of a user's server: the course, the lessons, the home, the exchange."""
    readable = tuple(CHECKOUT / name for name in ("course", "release", "deploy/student"))
    return MountView(account, (*readable, *_data(settings)), (settings.exchange,))


def grader_view(settings: HubSettings) -> MountView:
    """Return the view of the grader's server: also the course folder and the grading code."""
    names = ("course", "autograder", "deploy", "nbgrader_config.py")
    readable = (*(CHECKOUT / name for name in names), settings.file, *_data(settings))
    if settings.lti:
        readable = (*readable, settings.lti_folder)
    writable = (settings.exchange, settings.course_folder, settings.feedback_folder)
    return MountView(settings.grader, readable, writable, hide_processes=False)


def _system() -> list[str]:
    """Mount the system read-only, and private temporary folders."""
    program: list[str] = []
    for folder in SYSTEM_FOLDERS:
        program += ["--ro-bind-try", folder, folder]
    for path in map(Path, _LINKED_FOLDERS):
        if path.is_symlink():
            program += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            program += ["--ro-bind", str(path), str(path)]
    program += ["--perms", "1777", "--size", str(TMP_BYTES), "--tmpfs", "/tmp"]  # noqa: S108  (private to the server)
    program += ["--perms", "0755", "--dir", "/run", "--perms", "1777", "--tmpfs", "/dev/shm"]  # noqa: S108  (as above)
    return program


def _data(settings: HubSettings) -> tuple[Path, ...]:
    return (Path(settings.data),) if settings.data else ()


def _require_program(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        package = {"bwrap": "bubblewrap", "setpriv": "util-linux"}[program]
        raise RuntimeError(f"{program} is missing; install it: apt-get install {package}")
    return path
