"""Addresses, the proxy, and the hub's own files."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Final

from deploy.hub.privileged_ports import FROM, LOW, port_of
from deploy.hub.proxy import KeptProxy
from deploy.hub.settings import CHECKOUT, HubSettings

PROXY: Final = CHECKOUT / ".tools" / "proxy"
PROGRAM: Final = PROXY / "node_modules" / ".bin" / "configurable-http-proxy"


def configure(c: Any, settings: HubSettings) -> None:
    """Write it into the hub's configuration."""
    c.JupyterHub.bind_url = settings.address
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"
    c.JupyterHub.proxy_class = KeptProxy
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.hub_port + 1}"
    c.ConfigurableHTTPProxy.command = [str(PROGRAM)]
    c.ConfigurableHTTPProxy.auth_token = _secret(settings.hub / "proxy.token")
    c.ConfigurableHTTPProxy.pid_file = str(settings.hub / "proxy.pid")
    c.JupyterHub.cookie_secret_file = str(settings.hub / "cookie_secret")
    c.JupyterHub.db_url = f"sqlite:///{settings.hub / 'hub.sqlite'}"
    c.JupyterHub.pid_file = str(settings.hub / "hub.pid")
    c.JupyterHub.cleanup_servers = not settings.keep_servers
    c.JupyterHub.cleanup_proxy = not settings.keep_servers


def reserve(settings: HubSettings, told: Path = FROM) -> str:
    """See to it that root alone can listen where the hub and its parts do.

    Args:
        settings: The hub's.
        told: Where Linux is told from which port on everybody may listen.

    Returns:
        What was changed on this machine for that, or nothing.

    Raises:
        RuntimeError: Students could listen there, with what would be right.
    """
    ports = [port_of(settings.address), *range(settings.hub_port, settings.hub_port + 4)]
    if max(ports) >= LOW:
        raise RuntimeError(
            f"a student could listen at port {max(ports)} whenever the hub does not, and be taken"
            f" for it; address and hub_port must be below {LOW}, such as 810 and 811"
        )
    everybody = int(told.read_text(encoding="ascii")) if told.exists() else LOW
    if max(ports) < everybody:
        return ""
    try:
        told.write_text(str(LOW), encoding="ascii")
    except OSError as error:
        raise RuntimeError(
            f"on this machine everybody may listen from port {everybody} on, so a student could be"
            f" taken for the hub; write {LOW} into {told}"
        ) from error
    return f"From now on root alone may listen below port {LOW}: {told} was {everybody}."


def hub_pid(settings: HubSettings) -> int:
    """The number of the hub's process; 0 if it does not run."""
    return _pid(settings.hub / "hub.pid")


def proxy_pid(settings: HubSettings) -> int:
    """The number of the proxy's process; 0 if it does not run."""
    return _pid(settings.hub / "proxy.pid")


def _pid(path: Path) -> int:
    """Read a process's number, unless the file is a leftover."""
    try:
        pid = int(path.read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return 0
    return pid if b"jupyterhub" in command or b"configurable-http-proxy" in command else 0


def _secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(32), encoding="ascii")
    return path.read_text(encoding="ascii")
