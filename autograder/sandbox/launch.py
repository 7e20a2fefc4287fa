"""How a student's kernel is kept apart from everything else, as far as the host allows.

`protect` puts the parts of this room together: the place (`sandbox`), the filter (`seccomp`),
the control group (`cgroups`), the variables (`environment`), the copy of the folder (`pack`).
Where the host can't give the place, `fence` does it with `landlock`, and where it can't do
that either, nothing is run unless the instructor has said that this is meant.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import IO, Final

from autograder.sandbox import bubblewrap, environment, landlock, seccomp, temp_dirs, workspace
from autograder.sandbox.bubblewrap import Sandbox
from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.fork_into import SandboxEntry
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.limits import Limits

OLDEST_BWRAP: Final = (0, 8)  # the first that can limit the size of a folder reliably
_NO_BWRAP: Final = (
    "Bubblewrap is missing; install it (apt-get install bubblewrap, dnf install bubblewrap, or"
    " conda install -c conda-forge bubblewrap)."
)
_NO_NAMESPACES: Final = (
    "In a container, run it with the right to make namespaces; on Ubuntu 24.04, let AppArmor"
    " allow bwrap."
)


class Protection(Enum):
    """What keeps a student's code in its place."""

    SANDBOX = "a sandbox"
    FENCE = "Landlock"
    NONE = "limits alone"


class UnprotectedError(RuntimeError):
    """The host offers no way to keep students' code in its place."""

    def __init__(self, missing: list[str]) -> None:
        self.missing = missing
        super().__init__(
            "Students' code can't be kept apart from this machine: "
            + " ".join(missing)
            + " To grade all the same, with students' code able to read and change whatever you"
            " can, set c.Grade.allow_unprotected = True in nbgrader_config.py."
        )


@dataclass(frozen=True)
class LaunchRequest:
    """A kernel that is wanted.

    Attributes:
        private: A folder that only the grader can enter, with ``kernel.json``.
        folder: The submission.
        limits: What the kernel may use.
        variables: Variables to set for it.
        sockets: The numbers of open sockets, by the addresses that the kernel knows.
        visible: Further folders that it may read.
        nursery: What forks the kernel into the place, if it is not to be started there.
    """

    private: Path
    folder: Path
    limits: Limits
    variables: dict[str, str] = field(default_factory=dict)
    sockets: dict[str, int] = field(default_factory=dict)
    visible: tuple[Path, ...] = ()
    fork_server: ForkServer | None = None


@dataclass
class Launch:
    """How a kernel is to be started.

    Attributes:
        command: What to run.
        variables: Its whole environment.
        folder: Where to run it.
        stdin: What it gets to read before the kernel begins.
        numbers: The open files that it inherits.
        group: Its control group, if there is one.
        home: Its folder, if that is one of the machine's, whose size must be watched.
        entry: How the kernel comes into the place that the command makes, if it is forked.
    """

    command: list[str]
    variables: dict[str, str]
    folder: Path
    stdin: IO[bytes] | None = None
    numbers: list[int] = field(default_factory=list)
    group: ControlGroup | None = None
    home: Path | None = None
    entry: SandboxEntry | None = None


def choose_protection(allow_unprotected: bool = False) -> Protection:
    """Return the strongest protection that the host offers.

    Example:
        >>> choose(allow_unprotected=True) in Protection
        True

    Args:
        allow_unprotected: Whether limits alone will do, if there is no more.

    Raises:
        UnprotectedError: If there is no more, and that will not do.
    """
    missing = missing_features()
    if not missing:
        return Protection.SANDBOX
    no_fence = landlock.what_is_missing()
    if not no_fence:
        return Protection.FENCE
    if allow_unprotected:
        return Protection.NONE
    raise UnprotectedError([*missing, no_fence])


@functools.cache
def _missing() -> tuple[str, ...]:
    if not sys.platform.startswith("linux"):
        return ("Bubblewrap needs Linux; use a Linux machine, a virtual one, or WSL 2.",)
    absent = [name for name, path in bubblewrap.programs().items() if path is None]
    if "bwrap" in absent:
        return (_NO_BWRAP,)
    if absent:
        return (f"These programs are missing: {', '.join(absent)}; install util-linux and tar.",)
    said = subprocess.run(["bwrap", "--version"], capture_output=True, text=True, check=False)  # noqa: S607  (found on PATH, where the system keeps it)
    version = tuple(map(int, re.findall(r"\d+", said.stdout)[:2]))
    if version < OLDEST_BWRAP:
        return (f"Bubblewrap 0.8 or newer is needed, and this is {said.stdout.strip()}.",)
    if not seccomp.program():
        return ("libseccomp is missing; install it (apt-get install libseccomp2).",)
    return _tried()


def _tried() -> tuple[str, ...]:
    """Build a place and run nothing in it."""
    with ExitStack() as stack:
        private = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kernel-")))
        (private / "kernel.json").write_text("{}", encoding="ascii")
        launch = launch_in_bubblewrap(stack, LaunchRequest(private, private / "none", Limits()))
        at = launch.command.index(sys.executable)
        try:
            done = subprocess.run(  # noqa: S603  (our own command)
                [*launch.command[:at], sys.executable, "-c", "pass"],
                env=launch.variables,
                stdin=launch.stdin,
                pass_fds=launch.numbers,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return (f"The sandbox can't be started: {error}.",)
        finally:
            if launch.group:
                launch.group.remove()
        if done.returncode == 0:
            return ()
        said = done.stderr.strip().splitlines() or [str(done.returncode)]
        return (f"The sandbox can't be started: {said[-1]}. {_NO_NAMESPACES}",)


def missing_features() -> list[str]:
    """What the host lacks for a sandbox, in sentences; nothing if one can be made."""
    return list(_missing())


def launch_in_bubblewrap(stack: ExitStack, order: LaunchRequest) -> Launch:
    """Prepare a kernel in a place of its own.

    Args:
        stack: Closes what is opened here.
        order: What is to be started; the kernel gets a copy of the folder's files.
    """
    data = os.environ.get("COURSE_DATA", "").strip()
    data_folder = Path(data).expanduser() if data else None
    if data_folder is not None and not data_folder.is_dir():
        data_folder = None
    box = Sandbox(order.limits, bubblewrap.own_uid(), data_folder, order.visible)
    for name, text in box.users().items():
        (order.private / name).write_text(text, encoding="ascii")
    for name in ("kernel.json", *box.users()):  # nobody else can enter the folder around them
        (order.private / name).chmod(0o644)
    luggage = _file(stack)
    if order.folder.is_dir():
        workspace.pack(order.folder, luggage, order.limits.disk)
    rules = _file(stack, seccomp.program())
    told = _file(stack, "\0".join(box.arguments(order.private, rules.fileno())).encode())
    sockets = None if order.fork_server else order.sockets
    command = ["bwrap", "--args", str(told.fileno()), "--", *box.inside(sockets)]
    group = ControlGroup.make(order.limits)
    data_inside = environment.DATA if data_folder is not None else None
    launch = Launch(
        command=command,
        variables=_finding(
            bubblewrap.LIBRARY, environment.variables(order.variables, os.environ, data=data_inside)
        ),
        folder=Path("/"),
        stdin=luggage,
        numbers=[*(sockets or {}).values(), rules.fileno(), told.fileno()],
        group=group,
    )
    if order.fork_server is not None:
        launch.entry = SandboxEntry(stack, order.fork_server, order.sockets, rules.fileno())
        launch.entry.told = {
            "uid": box.uid,
            "folder": bubblewrap.WORK,
            "variables": dict(launch.variables),  # Jupyter adds to the others
            "groups": group.join() if group else [],
            "told": {"limits": order.limits.rlimits(), "connection": bubblewrap.CONNECTION},
        }
        launch.command[1:1] = ["--info-fd", str(launch.entry.tells)]
        launch.numbers.append(launch.entry.tells)
    if group is not None:
        stack.callback(group.remove)
        launch.command = group.around(launch.command)
    return launch


def launch_in_landlock(stack: ExitStack, order: LaunchRequest) -> Launch:
    """Prepare a kernel behind Landlock's fence; as in `protect`, but on the machine itself."""
    place = stack.enter_context(temp_dirs.temp_dir("kernel-home"))
    home, uid, data = place / "home", landlock.owner(), os.environ.get("COURSE_DATA", "").strip()
    home.mkdir(mode=0o700)
    place.chmod(0o711)  # so that the kernel's user comes to its home
    connection = home / "kernel.json"
    connection.write_bytes((order.private / "kernel.json").read_bytes())
    if uid is not None:
        for mine in (home, connection):
            os.chown(mine, uid, uid)
    luggage = _file(stack)
    if order.folder.is_dir():
        workspace.pack(order.folder, luggage, order.limits.disk)
    rules = _file(stack, seccomp.program(strict=True))
    library = landlock.library(place)
    folder = Path(data).expanduser().resolve() if data else None
    start = bubblewrap.start_command(
        str(bubblewrap.START), str(connection), order.limits, order.sockets
    )
    (home / "work").mkdir()
    if uid is not None:
        os.chown(home / "work", uid, uid)
    visible = (*order.visible, library)
    command = landlock.command(home, rules.fileno(), uid, visible, folder)
    command += ["sh", "-c", bubblewrap.UNPACK, "sh", *start]
    group = ControlGroup.make(order.limits)
    if group is not None:
        stack.callback(group.remove)
        command = group.around(command)
    data_inside = str(folder) if folder is not None and folder.is_dir() else None
    variables = environment.variables(order.variables, os.environ, str(home), data_inside)
    return Launch(
        command=command,
        variables=_finding(str(library), variables),
        folder=Path("/"),
        stdin=luggage,
        numbers=[*order.sockets.values(), rules.fileno()],
        group=group,
        home=home,
    )


def launch_unprotected(stack: ExitStack, order: LaunchRequest) -> Launch:
    """Prepare a kernel that only its limits hold; as in `protect`, but it works in the folder."""
    home = order.private / "home"
    (home / "tmp").mkdir(parents=True)
    found = environment.variables(
        order.variables, os.environ, str(home), os.environ.get("COURSE_DATA")
    )
    if os.name != "posix":  # Windows can't start Python without its own
        found |= {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
    connection = str(order.private / "kernel.json")
    command = bubblewrap.start_command(
        str(bubblewrap.START), connection, order.limits, order.sockets
    )
    group = ControlGroup.make(order.limits)
    if group is not None:
        stack.callback(group.remove)
        command = group.around(command)
    found = _finding(str(landlock.library(order.private)), found)
    numbers = list(order.sockets.values())
    return Launch(command, found, order.folder, numbers=numbers, group=group)


def _finding(library: str, variables: dict[str, str]) -> dict[str, str]:
    """Let Python look for packages in one more folder, after those named already."""
    found = [variables.get("PYTHONPATH", ""), library]
    return {**variables, "PYTHONPATH": os.pathsep.join(filter(None, found))}


def _file(stack: ExitStack, content: bytes = b"") -> IO[bytes]:
    """Return an open file without a name, at its beginning."""
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  (the stack closes it)
    file.write(content)
    file.seek(0)
    return file
