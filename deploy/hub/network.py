"""Addresses, the proxy, and the hub's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from deploy.feedback.signed_token import load_or_create_key
from deploy.hub.privileged_ports import FIRST_UNPRIVILEGED_PORT, PORT_START_FILE, port_of
from deploy.hub.proxy import KeptProxy, read_pid_file
from deploy.hub.settings import CHECKOUT, HubSettings

PROXY_FOLDER: Final = CHECKOUT / ".tools" / "proxy"
PROXY_PROGRAM: Final = PROXY_FOLDER / "node_modules" / ".bin" / "configurable-http-proxy"


def configure(c: Any, settings: HubSettings) -> None:
    """Set the addresses, the proxy and the files in the hub's configuration."""
    c.JupyterHub.bind_url = settings.address
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"
    c.JupyterHub.proxy_class = KeptProxy
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.hub_port + 1}"
    c.ConfigurableHTTPProxy.command = [str(PROXY_PROGRAM)]
    c.ConfigurableHTTPProxy.auth_token = load_or_create_key(settings.hub / "proxy.token")
    c.ConfigurableHTTPProxy.pid_file = str(settings.hub / "proxy.pid")
    c.JupyterHub.cookie_secret_file = str(settings.hub / "cookie_secret")
    c.JupyterHub.db_url = f"sqlite:///{settings.hub / 'hub.sqlite'}"
    c.JupyterHub.pid_file = str(settings.hub / "hub.pid")
    c.JupyterHub.cleanup_servers = not settings.keep_servers
    c.JupyterHub.cleanup_proxy = not settings.keep_servers


def reserve_ports(settings: HubSettings, port_start_file: Path = PORT_START_FILE) -> str:
    """Make sure that only root can listen on the ports of the hub and its services.

    Args:
        settings: The hub's settings.
        port_start_file: Linux's setting of the first port that everyone may use.

    Returns:
        A sentence about what was changed on this machine, or an empty string.

    Raises:
        RuntimeError: Students could listen there; with the fix.
    """
    ports = [port_of(settings.address), *range(settings.hub_port, settings.hub_port + 4)]
    if max(ports) >= FIRST_UNPRIVILEGED_PORT:
        raise RuntimeError(
            f"a student could listen on port {max(ports)} while the hub is down and impersonate it;"
            f" address and hub_port must be below {FIRST_UNPRIVILEGED_PORT}, such as 810 and 811"
        )
    first_port = FIRST_UNPRIVILEGED_PORT
    if port_start_file.exists():
        first_port = int(port_start_file.read_text(encoding="ascii"))
    if max(ports) < first_port:
        return ""
    try:
        port_start_file.write_text(str(FIRST_UNPRIVILEGED_PORT), encoding="ascii")
    except OSError as error:
        raise RuntimeError(
            f"on this machine everyone may listen on ports from {first_port} up, so a student could"
            f" impersonate the hub; write {FIRST_UNPRIVILEGED_PORT} to {port_start_file}"
        ) from error
    return (
        f"From now on only root may listen on ports below {FIRST_UNPRIVILEGED_PORT}:"
        f" {port_start_file} was {first_port}."
    )


def hub_pid(settings: HubSettings) -> int:
    """Return the process id of the hub; 0 if it isn't running."""
    return _pid(settings.hub / "hub.pid")


def proxy_pid(settings: HubSettings) -> int:
    """Return the process id of the proxy; 0 if it isn't running."""
    return _pid(settings.hub / "proxy.pid")


def _pid(path: Path) -> int:
    pid, arguments = read_pid_file(path)
    command = " ".join(arguments)  # the process id of a stale file may be in use again
    return pid if "jupyterhub" in command or "configurable-http-proxy" in command else 0
