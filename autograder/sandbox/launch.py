"""Prepare the start of a student's kernel, isolated as well as the host allows.

Where Bubblewrap can't make a sandbox, Landlock isolates the kernel. Where that can't be done
either, nothing runs unless the instructor allows it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from autograder.sandbox import bubblewrap, environment, landlock, seccomp, temp_dirs, workspace
from autograder.sandbox.bubblewrap import Sandbox
from autograder.sandbox.cgroups import ControlGroup
from autograder.sandbox.fork_into import SandboxEntry
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.limits import Limits
from autograder.sandbox.protection import Protection, UnprotectedError, Weakness


@dataclass(frozen=True)
class LaunchRequest:
    """The kernel to start."""

    private_dir: Path  # only the grader can enter it; holds kernel.json
    folder: Path  # the submission
    limits: Limits
    env: dict[str, str] = field(default_factory=dict)  # variables to set
    sockets: dict[str, int] = field(default_factory=dict)  # listening fds by address
    visible: tuple[Path, ...] = ()  # further paths that it may read
    fork_server: ForkServer | None = None  # None to start the kernel without a fork
    module: str = ""  # a kernel for another language than Python; not with a fork


@dataclass
class Launch:
    """How to start it."""

    command: list[str]
    env: dict[str, str]  # all its environment variables
    cwd: Path
    stdin: IO[bytes] | None = None  # a tar archive of the submission
    pass_fds: list[int] = field(default_factory=list)
    cgroup: ControlGroup | None = None
    home: Path | None = None  # if it is a folder of the machine whose size has to be watched
    sandbox_entry: SandboxEntry | None = None  # None if the command starts the kernel itself

    def weaknesses(self, protection: Protection) -> list[Weakness]:
        """Return what is not enforced with this protection."""
        found = []
        if protection is Protection.LANDLOCK:
            found.append(Weakness.LANDLOCK)
        elif protection is Protection.NONE:
            found.append(Weakness.UNPROTECTED)
        if self.cgroup is None:
            found.append(Weakness.NO_CONTROL_GROUP)
        elif not self.cgroup.has_cpu_weight:
            found.append(Weakness.NO_CPU_WEIGHT)
        return found


def launch_in_bubblewrap(stack: ExitStack, request: LaunchRequest) -> Launch:
    """Prepare a kernel in a Bubblewrap sandbox, with a copy of the submission's files.

    The stack closes open files and removes the control group; close it when the kernel ends.
    """
    data_dir = _data_dir()
    sandbox = Sandbox(request.limits, bubblewrap.unused_uid(), data_dir, request.visible)
    for name, text in sandbox.etc_files().items():
        (request.private_dir / name).write_text(text, encoding="ascii")
    for name in ("kernel.json", *sandbox.etc_files()):  # readable inside; nobody else can enter
        (request.private_dir / name).chmod(0o644)
    setup_fd = _open_file(stack, seccomp.compile_filter(setup=True)).fileno()
    filter_fd = _open_file(stack, seccomp.compile_filter()).fileno()
    arguments = "\0".join(sandbox.bwrap_arguments(request.private_dir, setup_fd))
    arguments_fd = _open_file(stack, arguments.encode()).fileno()
    command = ["bwrap", "--args", str(arguments_fd)]
    pass_fds = [setup_fd, arguments_fd]
    if request.fork_server is None:
        entry = None
        command += ["--", *sandbox.inner_command(request.sockets, filter_fd, request.module)]
        pass_fds += [filter_fd, *request.sockets.values()]
    else:
        entry = SandboxEntry(stack, request.fork_server, request.sockets, filter_fd)
        command += ["--info-fd", str(entry.info.fileno())]
        command += ["--", *sandbox.inner_command(None, filter_fd)]
        pass_fds.append(entry.info.fileno())
    inside_data_dir = environment.DATA_DIR if data_dir else None
    env = environment.kernel_env(
        request.env, environment.HOME, inside_data_dir, bubblewrap.LIBRARY_DIR
    )
    stdin = _pack_submission(stack, request)
    launch = Launch(command, env, Path("/"), stdin, pass_fds, sandbox_entry=entry)
    _add_control_group(stack, request, launch)
    if entry is not None:
        entry.request = {
            "uid": sandbox.uid,
            "cwd": bubblewrap.WORK_DIR,
            "env": dict(env),  # Jupyter adds variables to the other one
            "cgroup_files": launch.cgroup.procs_files() if launch.cgroup else [],
            "limits": sandbox.rlimits(),
            "connection_file": bubblewrap.CONNECTION_FILE,
        }
    return launch


def launch_in_landlock(stack: ExitStack, request: LaunchRequest) -> Launch:
    """Prepare a kernel under Landlock, with a temporary home that the stack removes.

    Raises:
        UnprotectedError: It can't be used here.
    """
    if reason := landlock.unavailable_reason():
        raise UnprotectedError([reason])
    parent = stack.enter_context(temp_dirs.temp_dir("kernel-home"))
    parent.chmod(0o711)  # the kernel's user may pass through to its home
    home, data_dir = parent / "home", _data_dir()
    uid = bubblewrap.unused_uid() if os.geteuid() == 0 else None
    home.mkdir(mode=0o700)
    (home / "work").mkdir()
    connection_file = home / "kernel.json"
    connection_file.write_bytes((request.private_dir / "kernel.json").read_bytes())
    if uid is not None:
        for path in (home, home / "work", connection_file):
            os.chown(path, uid, uid)
    filter_fd = _open_file(stack, seccomp.compile_filter(namespaces=False)).fileno()
    library = landlock.make_library_dir(parent)
    visible = (*request.visible, library)
    env = environment.kernel_env(request.env, home, data_dir, library)
    command = landlock.landlock_command(home, filter_fd, uid, visible, data_dir)
    command += ["sh", "-c", bubblewrap.UNPACK_SCRIPT, "sh"]
    rlimits = request.limits.rlimits(shared_user=uid is None)
    command += bubblewrap.kernel_command(
        rlimits, str(connection_file), request.sockets, module=request.module
    )
    stdin, pass_fds = _pack_submission(stack, request), [*request.sockets.values(), filter_fd]
    launch = Launch(command, env, Path("/"), stdin, pass_fds, home=home)
    _add_control_group(stack, request, launch)
    return launch


def launch_unprotected(stack: ExitStack, request: LaunchRequest) -> Launch:
    """Prepare a kernel that only has limits and works in the submission's folder itself."""
    home, connection_file = request.private_dir / "home", request.private_dir / "kernel.json"
    (home / "tmp").mkdir(parents=True)
    library = landlock.make_library_dir(request.private_dir, isolated=False)
    env = environment.kernel_env(request.env, home, os.environ.get("COURSE_DATA"), library)
    if os.name != "posix":  # Python does not start on Windows without these
        env |= {name: os.environ[name] for name in ("SYSTEMROOT", "TEMP") if name in os.environ}
    rlimits = request.limits.rlimits(shared_user=True)
    command = bubblewrap.kernel_command(
        rlimits, str(connection_file), request.sockets, module=request.module
    )
    launch = Launch(command, env, request.folder, pass_fds=list(request.sockets.values()))
    _add_control_group(stack, request, launch)
    return launch


def _data_dir() -> Path | None:
    """Return the folder named by COURSE_DATA, if it is one."""
    setting = os.environ.get("COURSE_DATA", "").strip()
    folder = Path(setting).expanduser().resolve() if setting else None
    return folder if folder is not None and folder.is_dir() else None


def _pack_submission(stack: ExitStack, request: LaunchRequest) -> IO[bytes]:
    archive = _open_file(stack)
    if request.folder.is_dir():
        workspace.pack(request.folder, archive, request.limits.disk)
    return archive


def _add_control_group(stack: ExitStack, request: LaunchRequest, launch: Launch) -> None:
    launch.cgroup = ControlGroup.create(request.limits)
    if launch.cgroup is not None:
        stack.callback(launch.cgroup.remove)
        launch.command = launch.cgroup.wrap(launch.command)


def _open_file(stack: ExitStack, content: bytes = b"") -> IO[bytes]:
    file = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  (the stack closes it)
    file.write(content)
    file.seek(0)
    return file
