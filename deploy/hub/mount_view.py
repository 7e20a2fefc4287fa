"""What a server sees of the machine: a view made by Bubblewrap, then the person's own account.

Whatever is not listed here is not there: no other home, no ``source/``, no gradebook, no hub.
It also makes a Python below ``/root`` usable by people who may not enter ``/root``.
"""

from __future__ import annotations

import pwd
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.hub.settings import CHECKOUT, HubSettings

SYSTEM: Final = ("/usr", "/etc", "/sys")  # every server sees these
_LINKED: Final = ("/bin", "/lib", "/lib32", "/lib64", "/libx32", "/sbin")
_ENVIRONMENT: Final = Path(sys.prefix)
_PYTHON: Final = Path(sys.base_prefix)  # a virtual environment borrows this one's library
TEMPORARY: Final = 512 << 20  # bytes that a server may keep in its own /tmp


@dataclass(frozen=True)
class View:
    """Files that can be read, files that can be written, and whose account it is.

    Attributes:
        account: The account that the server runs as.
        readable: Files and folders that can be read.
        writable: Folders that can also be written.
        own_processes: Whether other people's processes are hidden. Where the server grades, they
            are not: its sandboxes need the whole ``/proc``, and hide it in their turn.
    """

    account: str
    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    own_processes: bool = True

    def command(self) -> list[str]:
        """Return what to put before a command; it is run as root.

        Example:
            >>> View("ada", (), ()).command()[-1]  # doctest: +SKIP
            '--'
        """
        person = pwd.getpwnam(self.account)
        program = [_found("bwrap"), "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        program += ["--cap-add", "CAP_SETPCAP", "--unshare-ipc", "--dev", "/dev"]
        if self.own_processes:
            program += ["--unshare-pid", "--proc", "/proc"]
        else:
            program += ["--bind", "/proc", "/proc"]
        program += _system()
        home = Path(person.pw_dir)
        kept = [(path, "--ro-bind") for path in (_PYTHON, _ENVIRONMENT, *self.readable)]
        kept += [(path, "--bind") for path in (home, *self.writable)]
        made: set[Path] = set()
        for path, bind in kept:
            if path.is_relative_to("/usr"):
                continue
            for parent in reversed(path.parents[:-1]):
                if parent not in made:  # Bubblewrap would make it for root alone
                    program += ["--perms", "0755", "--dir", str(parent)]
                    made.add(parent)
            program += [bind, str(path), str(path)]
        program += ["--chdir", str(home), "--", _found("setpriv")]
        program += [f"--reuid={person.pw_uid}", f"--regid={person.pw_gid}", "--init-groups"]
        return [*program, "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]


def student(settings: HubSettings, account: str) -> View:
    """A student's or an instructor's own server: the course, the lessons, their home, the exchange.

    Args:
        settings: The hub's.
        account: Whose it is.
    """
    readable = tuple(CHECKOUT / name for name in ("course", "release", "deploy/student"))
    return View(account, (*readable, *_data(settings)), (settings.exchange,))


def grader(settings: HubSettings) -> View:
    """The grader's server: also the course folder, and the code that grades."""
    names = ("course", "autograder", "deploy", "nbgrader_config.py")
    readable = (*(CHECKOUT / name for name in names), settings.file, *_data(settings))
    writable = (settings.exchange, settings.course_folder, settings.feedback_folder)
    return View(settings.grader, readable, writable, own_processes=False)


def _system() -> list[str]:
    """The machine's own programs, to read, and places of the server's own for what passes."""
    program: list[str] = []
    for folder in SYSTEM:
        program += ["--ro-bind-try", folder, folder]
    for path in map(Path, _LINKED):
        if path.is_symlink():
            program += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            program += ["--ro-bind", str(path), str(path)]
    program += ["--perms", "1777", "--size", str(TEMPORARY), "--tmpfs", "/tmp"]  # noqa: S108  (the server's own)
    program += ["--perms", "0755", "--dir", "/run", "--perms", "1777", "--tmpfs", "/dev/shm"]  # noqa: S108  (as above)
    return program


def _data(settings: HubSettings) -> tuple[Path, ...]:
    return (Path(settings.data),) if settings.data else ()


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        package = {"bwrap": "bubblewrap", "setpriv": "util-linux"}[program]
        raise RuntimeError(f"{program} is missing; install it: apt-get install {package}")
    return path
