"""Start a user's server in a limited view of the machine, under the user's account."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from jupyterhub.spawner import LocalProcessSpawner

from course.server.inherited_socket import SOCKET_VARIABLE
from deploy.feedback import signed_token
from deploy.hub import limits, mount_view, privileged_ports
from deploy.hub.settings import CHECKOUT, HubSettings, load

# -P: ignore a folder `course` in the user's home.
SERVER_COMMAND: Final = (sys.executable, "-P", "-m", "course.server.hub_server")
SIGNING_KEY_FILE: Final = "badge.key"  # in the hub's folder
_BUBBLEWRAP_PROCESSES: Final = 2  # above the server: one outside, one inside


class ClassSpawner(LocalProcessSpawner):  # type: ignore[misc]  # JupyterHub is untyped
    """`LocalProcessSpawner` with a limited view, resource limits, and nbgrader's variables.

    Example:
        ``c.JupyterHub.spawner_class = "deploy.hub.spawner.ClassSpawner"``
    """

    _socket = -1  # the file descriptor of the server's socket during start

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Add the variables for nbgrader and the Check button."""
        variables: dict[str, str] = super().user_env(env)
        settings = load()
        if settings.feedback:
            key = signed_token.load_or_create_key(settings.hub / SIGNING_KEY_FILE)
            groups = [group.name for group in self.user.groups]
            variables["COURSE_FEEDBACK_TOKEN"] = signed_token.issue(key, self.user.name, groups)
        return variables | server_environment(settings) | {SOCKET_VARIABLE: str(self._socket)}

    async def start(self) -> tuple[str, int]:
        """Start the server inside the view, at the account's loopback address."""
        view = mount_view.student_view(load(), self.user.name)
        self.cmd = [*view.command(), *SERVER_COMMAND]
        self.ip, self.port = privileged_ports.loopback_address(pwd.getpwnam(self.user.name).pw_uid)
        with privileged_ports.open_port(self.ip, self.port) as listener:
            self.popen_kwargs = {"pass_fds": [listener.fileno()]}
            self._socket = listener.fileno()
            address: tuple[str, int] = await super().start()
        return address

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what the new process runs first: it joins its control groups."""
        settings = load()
        memory = int(settings.memory * 2**30)
        folders, missing = limits.create_groups(
            name, limits.ServerLimits(memory, settings.processors, settings.processes)
        )
        if missing:
            names = ", ".join(missing)
            self.log.error("The server of %s is NOT limited: can't set %s here", name, names)
        return lambda: limits.join_groups(folders)

    async def stop(self, now: bool = False) -> None:
        """Stop the server and remove its control groups."""
        await super().stop(now=now)
        limits.remove_groups(self.user.name)

    async def _signal(self, sig: int) -> bool:
        """Signal the server itself; Bubblewrap doesn't forward signals."""
        process = self.pid
        if sig:
            for _ in range(1 if sig == signal.SIGKILL else _BUBBLEWRAP_PROCESSES):
                process = _first_child(process)
        try:
            os.kill(process, sig)
        except ProcessLookupError:
            return False
        return True


def server_environment(settings: HubSettings) -> dict[str, str]:
    """Return the environment variables of every user's server."""
    variables = {
        "COURSE_ID": settings.course,
        "COURSE_EXCHANGE": str(settings.exchange),
        "JUPYTER_CONFIG_PATH": str(CHECKOUT / "deploy" / "student"),
        "TMPDIR": "/tmp",  # noqa: S108  (private to the server)
        # Kernel sockets are files in this folder, and their paths must be short.
        "JUPYTER_RUNTIME_DIR": "/tmp/jupyter",  # noqa: S108  (as above)
    }
    if settings.data:
        variables["COURSE_DATA"] = settings.data
    if settings.feedback:
        variables["COURSE_FEEDBACK_URL"] = (
            f"http://127.0.0.1:{settings.hub_port + 3}/services/feedback"
        )
    return variables


def server_arguments(settings: HubSettings) -> list[str]:
    """Return the options of every user's server: stop what has been idle for too long.

    Open pages don't count: a tab left open overnight would keep a kernel's memory forever. A kernel
    that is computing isn't idle.
    """
    idle_s = int(settings.idle_minutes * 60)
    return [
        f"--MappingKernelManager.cull_idle_timeout={idle_s}",
        "--MappingKernelManager.cull_connected=True",
        "--MappingKernelManager.cull_busy=False",
        f"--MappingKernelManager.cull_interval={min(300, idle_s)}",
        f"--TerminalManager.cull_inactive_timeout={idle_s}",
        f"--ServerApp.shutdown_no_activity_timeout={idle_s}",
    ]


def configure(c: Any, settings: HubSettings) -> None:
    """Set the spawner in the hub's configuration."""
    c.JupyterHub.spawner_class = ClassSpawner
    c.Spawner.args = server_arguments(settings)
    c.Spawner.default_url = "/course/lab"  # the start page
    c.Spawner.mem_limit = int(settings.memory * 2**30)  # shown to the server as MEM_LIMIT
    c.Spawner.cpu_limit = settings.processors
    c.Spawner.start_timeout = c.Spawner.http_timeout = 120
    c.LocalProcessSpawner.interrupt_timeout = 10
    c.LocalProcessSpawner.term_timeout = 5


def _first_child(process: int) -> int:
    """Return a process's first child, or the process itself if it has none."""
    children = Path(f"/proc/{process}/task/{process}/children")
    with contextlib.suppress(OSError, IndexError):
        return int(children.read_text(encoding="ascii").split()[0])
    return process
