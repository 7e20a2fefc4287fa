"""Asking a running hub for something, with the operator's token."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

from deploy.hub.network import hub_pid, proxy_pid
from deploy.hub.services import leftovers, operator_token
from deploy.hub.settings import HubSettings

_PATIENCE = 60.0  # seconds for a reply, or for a server or the hub to end
_AT_ONCE = 50  # people whom the hub is told of in one request


def ask(settings: HubSettings, method: str, path: str, body: Any = None) -> Any:
    """Ask the hub's API.

    Example:
        >>> ask(Settings(), "GET", "users")  # doctest: +SKIP
        [{'name': 'ada', ...}]

    Args:
        settings: The hub's.
        method: Such as ``GET``.
        path: What comes after ``/hub/api/``.
        body: What is sent, as JSON.

    Raises:
        urllib.error.HTTPError: The hub refuses.
        urllib.error.URLError: The hub does not run.
    """
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.hub_port}/hub/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {operator_token(settings)}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=_PATIENCE) as reply:  # noqa: S310  (as above)
        text = reply.read()
    return json.loads(text) if text else None


def users(settings: HubSettings, more: str = "") -> list[dict[str, Any]]:
    """Return everybody whom the hub knows; it tells of some 200 at a time.

    Example:
        >>> users(Settings(), "&state=active")  # doctest: +SKIP
        [{'name': 'ada', ...}]

    Args:
        settings: The hub's.
        more: What else to say in the question.
    """
    found: list[dict[str, Any]] = []
    while some := ask(settings, "GET", f"users?offset={len(found)}{more}"):
        found += some
    return found


def know(settings: HubSettings, names: list[str]) -> None:
    """Let the hub know people, whether it does already or not."""
    known = {user["name"] for user in users(settings)}
    new = [name for name in names if name not in known]
    for first in range(0, len(new), _AT_ONCE):
        try:
            ask(settings, "POST", "users", {"usernames": new[first : first + _AT_ONCE]})
        except urllib.error.HTTPError as error:
            with error:
                if error.code != HTTPStatus.CONFLICT:  # they have all come in the meantime
                    raise


def running(settings: HubSettings) -> bool:
    """Whether the hub answers."""
    return _answers(f"http://127.0.0.1:{settings.hub_port}/hub/api/")


def ready(settings: HubSettings) -> bool:
    """Whether a browser would find the hub: it runs, and its proxy knows it."""
    return _answers(f"{settings.address.rstrip('/')}/hub/api/")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10):  # noqa: S310  (the hub's own address)
            return True
    except OSError:
        return False


def stop(settings: HubSettings, *, servers: bool = True) -> None:
    """Stop people's servers, then the hub, then the proxy.

    Args:
        settings: The hub's.
        servers: Whether to stop people's servers and the proxy too, and not the hub alone.
    """
    if servers and running(settings):
        _stop_servers(settings)
    for pid in (hub_pid(settings), proxy_pid(settings) if servers else 0):
        if pid:
            _end(pid)
    end_leftovers(settings)


def end_leftovers(settings: HubSettings) -> None:
    """End services whose hub was killed: they hold their ports, and tokens that are void."""
    if not running(settings):
        for pid in leftovers(settings):
            _end(pid)


def _stop_servers(settings: HubSettings) -> None:
    for user in users(settings, "&state=active"):
        with contextlib.suppress(urllib.error.HTTPError):  # it has ended by itself
            ask(settings, "DELETE", f"users/{user['name']}/server")
    deadline = time.monotonic() + _PATIENCE
    while ask(settings, "GET", "users?state=active") and time.monotonic() < deadline:
        time.sleep(0.2)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            os.kill(pid, 0)
            with contextlib.suppress(ChildProcessError):  # ours, if a test started it
                if os.waitpid(pid, os.WNOHANG)[0]:
                    return
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
