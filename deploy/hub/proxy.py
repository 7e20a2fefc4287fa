"""The proxy, which outlives the hub: while the hub restarts, people work on in their servers."""

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


class Adopted:
    """A process that somebody else started, as far as the proxy asks `subprocess.Popen`.

    Example:
        >>> Adopted(os.getpid()).poll() is None  # it runs
        True
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return None while the process runs."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def terminate(self) -> None:
        """Ask it to end."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)


class KeptProxy(ConfigurableHTTPProxy):  # type: ignore[misc]  # JupyterHub's is untyped
    """JupyterHub's usual proxy; one that runs already, with the same addresses, is kept.

    JupyterHub's own ends it and starts another, which knows no server until the hub is up: people
    see "404" in the meantime.

    Example:
        ``c.JupyterHub.proxy_class = "deploy.hub.proxy.KeptProxy"``
    """

    async def start(self) -> None:
        """Start the proxy, or adopt the one that runs."""
        pid = running(Path(self.pid_file), self.command, self.public_url, self.api_url)
        if not pid:
            await super().start()
            return
        self.log.info("Keeping the proxy that runs, process %i", pid)
        self.proxy_process: Any = Adopted(pid)
        watch = PeriodicCallback(self.check_running, 1e3 * self.check_running_interval)
        self._check_running_callback = watch
        watch.start()


def running(pid_file: Path, command: list[str], public: str, api: str) -> int:
    """Return the number of a proxy that runs with this command at these addresses; else 0."""
    try:
        pid = int(pid_file.read_text(encoding="ascii"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    except (OSError, ValueError):
        return 0
    given = dict(itertools.pairwise(words))
    wanted = {"--port": port_of(public), "--api-port": port_of(api)}
    same = all(given.get(option) == str(port) for option, port in wanted.items())
    return pid if same and all(word in words for word in command) else 0
