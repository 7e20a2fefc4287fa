"""Starting a person's server: in their own view of the machine, under their own account."""

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

# -P: a folder `course` in somebody's home is not taken for the course.
HELD: Final = (sys.executable, "-P", "-m", "course.server.hub_server")
BADGES: Final = "badge.key"  # in the hub's own folder
_DEEP: Final = 2  # Bubblewrap's two processes lie above the server: one outside, one inside


class ClassSpawner(LocalProcessSpawner):  # type: ignore[misc]  # JupyterHub's is untyped
    """`LocalProcessSpawner` with a view, with limits, and with nbgrader's view of a student.

    Example:
        ``c.JupyterHub.spawner_class = "deploy.hub.spawner.ClassSpawner"``
    """

    _socket = -1  # the file of the server's socket while it is started

    def settings(self) -> HubSettings:
        """The hub's settings."""
        return load()

    def user_env(self, env: dict[str, str]) -> dict[str, str]:
        """Add what nbgrader and the Check button need to know."""
        found: dict[str, str] = super().user_env(env)
        settings = self.settings()
        if settings.feedback:
            groups = [group.name for group in self.user.groups]
            signed = signed_token.issue(
                signed_token.load_or_create_key(settings.hub / BADGES), self.user.name, groups
            )
            found["COURSE_FEEDBACK_TOKEN"] = signed
        return found | variables(settings) | {SOCKET_VARIABLE: str(self._socket)}

    async def start(self) -> tuple[str, int]:
        """Start the server inside the view, at the account's own place on loopback."""
        self.cmd = [*mount_view.student(self.settings(), self.user.name).command(), *HELD]
        self.ip, self.port = privileged_ports.own_place(pwd.getpwnam(self.user.name).pw_uid)
        with privileged_ports.opened(self.ip, self.port) as held:
            self.popen_kwargs = {"pass_fds": [held.fileno()]}
            self._socket = held.fileno()
            address: tuple[str, int] = await super().start()
        return address

    def make_preexec_fn(self, name: str) -> Callable[[], None]:
        """Return what the new process does before it becomes the server: join its groups."""
        folders, missing = limits.groups(name, limits.ServerLimits.of(self.settings()))
        if missing:
            caps = ", ".join(missing)
            self.log.error("%s's server is NOT limited: %s can't be set here", name, caps)
        return lambda: limits.join(folders)

    async def stop(self, now: bool = False) -> None:
        """Stop the server and forget its groups."""
        await super().stop(now=now)
        limits.remove(self.user.name)

    async def _signal(self, sig: int) -> bool:
        """Send a signal to the server itself; Bubblewrap would keep it to itself."""
        process = self.pid
        if sig:
            for _ in range(1 if sig == signal.SIGKILL else _DEEP):
                process = next(iter(_children(process)), process)
        try:
            os.kill(process, sig)
        except ProcessLookupError:
            return False
        return True


def variables(settings: HubSettings) -> dict[str, str]:
    """The variables of every person's server."""
    found = {
        "COURSE_ID": settings.course,
        "COURSE_EXCHANGE": str(settings.exchange),
        "JUPYTER_CONFIG_PATH": str(CHECKOUT / "deploy" / "student"),
        "TMPDIR": "/tmp",  # noqa: S108  (the server's own)
        # Kernels are reached through files here; the names of sockets must be short.
        "JUPYTER_RUNTIME_DIR": "/tmp/jupyter",  # noqa: S108  (as above)
    }
    if settings.data:
        found["COURSE_DATA"] = settings.data
    if settings.feedback:
        found["COURSE_FEEDBACK_URL"] = f"http://127.0.0.1:{settings.hub_port + 3}/services/feedback"
    return found


def arguments(settings: HubSettings) -> list[str]:
    """The options of every person's server: what is idle for long is stopped.

    Also where a page is still open: a tab left open overnight would keep a kernel's memory for
    ever. A kernel that computes is not idle.
    """
    idle = int(settings.idle_minutes * 60)
    return [
        f"--MappingKernelManager.cull_idle_timeout={idle}",
        "--MappingKernelManager.cull_connected=True",
        "--MappingKernelManager.cull_busy=False",
        f"--MappingKernelManager.cull_interval={min(300, idle)}",
        f"--TerminalManager.cull_inactive_timeout={idle}",
        f"--ServerApp.shutdown_no_activity_timeout={idle}",
    ]


def configure(c: Any, settings: HubSettings) -> None:
    """Write it into the hub's configuration."""
    c.JupyterHub.spawner_class = ClassSpawner
    c.Spawner.args = arguments(settings)
    c.Spawner.default_url = "/lab"
    c.Spawner.mem_limit = int(settings.memory * 2**30)  # shown to the server as MEM_LIMIT
    c.Spawner.cpu_limit = settings.processors
    c.Spawner.start_timeout = c.Spawner.http_timeout = 120
    c.LocalProcessSpawner.interrupt_timeout = 10
    c.LocalProcessSpawner.term_timeout = 5


def _children(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii")
        return [int(word) for word in text.split()]
    return []
