"""A proxy that outlives the hub, so that users can keep working while the hub restarts."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
from pathlib import Path
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy
from tornado.ioloop import PeriodicCallback

from deploy.hub.privileged_ports import port_of


class AdoptedProcess:
    """An existing process with the part of the `subprocess.Popen` interface that JupyterHub uses.

    Example:
        >>> AdoptedProcess(os.getpid()).poll() is None  # still running
        True
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return None while the process is running."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def terminate(self) -> None:
        """Ask the process to end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)


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
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except (OSError, ValueError):
        return 0
    options = dict(itertools.pairwise(arguments))
    wanted = {"--port": port_of(public), "--api-port": port_of(api)}
    same = all(options.get(option) == str(port) for option, port in wanted.items())
    return pid if same and all(word in arguments for word in command) else 0
