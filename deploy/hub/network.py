"""Addresses, the proxy, and the hub's own files."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Final

from deploy.hub.settings import CHECKOUT, Settings

PROXY: Final = CHECKOUT / ".tools" / "proxy"
PROGRAM: Final = PROXY / "node_modules" / ".bin" / "configurable-http-proxy"


def configure(c: Any, settings: Settings) -> None:
    """Write it into the hub's configuration."""
    c.JupyterHub.bind_url = settings.address
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{settings.hub_port}"
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings.hub_port + 1}"
    c.ConfigurableHTTPProxy.command = [str(PROGRAM)]
    c.ConfigurableHTTPProxy.auth_token = _secret(settings.hub / "proxy.token")
    c.ConfigurableHTTPProxy.pid_file = str(settings.hub / "proxy.pid")
    c.JupyterHub.cookie_secret_file = str(settings.hub / "cookie_secret")
    c.JupyterHub.db_url = f"sqlite:///{settings.hub / 'hub.sqlite'}"
    c.JupyterHub.pid_file = str(settings.hub / "hub.pid")
    c.JupyterHub.cleanup_servers = not settings.keep_servers
    c.JupyterHub.cleanup_proxy = not settings.keep_servers


def hub_pid(settings: Settings) -> int:
    """The number of the hub's process; 0 if it does not run."""
    return _pid(settings.hub / "hub.pid")


def proxy_pid(settings: Settings) -> int:
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
