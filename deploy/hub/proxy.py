"""A proxy that outlives the hub, so that users can keep working while the hub restarts."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from typing import Any

import psutil
from jupyterhub.proxy import ConfigurableHTTPProxy
from tornado.ioloop import PeriodicCallback

from deploy.hub.privileged_ports import port_of


class AdoptedProcess(psutil.Process):
    """An existing process with the part of the `subprocess.Popen` interface that JupyterHub uses.

    Example:
        >>> AdoptedProcess().poll() is None  # this process is running
        True
    """

    def poll(self) -> int | None:
        """Return None while the process is running."""
        return None if self.is_running() else 0

    def terminate(self) -> None:
        """Ask the process to end."""
        with contextlib.suppress(psutil.NoSuchProcess):
            super().terminate()


class KeptProxy(ConfigurableHTTPProxy):  # type: ignore[misc]  # JupyterHub is untyped
    """JupyterHub's default proxy, but one that already runs with the same addresses is kept.

    JupyterHub would replace it by one that has no routes until the hub is up, so users would see
    "404" in the meantime.

    Example:
        ``c.JupyterHub.proxy_class = "deploy.hub.proxy.KeptProxy"``
    """

    async def start(self) -> None:
        """Start the proxy, or adopt a running one."""
        pid = running_proxy(Path(self.pid_file), self.command, self.public_url, self.api_url)
        if not pid:
            await super().start()
            return
        self.log.info("Keeping the running proxy, process %i", pid)
        self.proxy_process: Any = AdoptedProcess(pid)
        callback = PeriodicCallback(self.check_running, 1e3 * self.check_running_interval)
        self._check_running_callback = callback
        callback.start()


def running_proxy(pid_file: Path, command: list[str], public: str, api: str) -> int:
    """Return the process id of a running proxy with this command and these addresses, or 0."""
    pid, arguments = read_pid_file(pid_file)
    options = dict(itertools.pairwise(arguments))
    wanted = {"--port": port_of(public), "--api-port": port_of(api)}
    same = all(options.get(option) == str(port) for option, port in wanted.items())
    return pid if same and all(word in arguments for word in command) else 0


def read_pid_file(path: Path) -> tuple[int, list[str]]:
    """Return a process id and the process's arguments; 0 and nothing if it isn't running."""
    try:
        pid = int(path.read_text(encoding="ascii"))
        return pid, psutil.Process(pid).cmdline()
    except (OSError, ValueError, psutil.Error):
        return 0, []
