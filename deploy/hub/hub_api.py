"""Requests to a running hub, with the operator's token."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

import psutil

from deploy.hub.network import hub_pid, proxy_pid
from deploy.hub.services import operator_token, orphaned_services
from deploy.hub.settings import HubSettings

_TIMEOUT_S = 60.0
_USERS_PER_REQUEST = 50


def request(settings: HubSettings, method: str, path: str, body: Any = None) -> Any:
    """Send a request to the hub's API.

    Example:
        >>> request(HubSettings(), "GET", "users")  # doctest: +SKIP
        [{'name': 'ada', ...}]

    Args:
        settings: The hub's settings.
        method: Such as ``GET``.
        path: What comes after ``/hub/api/``.
        body: Sent as JSON.

    Raises:
        urllib.error.HTTPError: The hub refused.
        urllib.error.URLError: The hub isn't running.
    """
    request = urllib.request.Request(
        f"http://127.0.0.1:{settings.hub_port}/hub/api/{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {operator_token(settings)}"},
        method=method,
    )
    with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as reply:  # noqa: S310  (as above)
        text = reply.read()
    return json.loads(text) if text else None


def list_users(settings: HubSettings, filters: str = "") -> list[dict[str, Any]]:
    """Return all users of the hub, which lists about 200 per page.

    Example:
        >>> list_users(HubSettings(), "&state=active")  # doctest: +SKIP
        [{'name': 'ada', ...}]
    """
    users: list[dict[str, Any]] = []
    while page := request(settings, "GET", f"users?offset={len(users)}{filters}"):
        users += page
    return users


def add_users(settings: HubSettings, names: list[str]) -> None:
    """Add users to the hub; ignore those it has already."""
    known = {user["name"] for user in list_users(settings)}
    new = [name for name in names if name not in known]
    for first in range(0, len(new), _USERS_PER_REQUEST):
        body = {"usernames": new[first : first + _USERS_PER_REQUEST]}
        try:
            request(settings, "POST", "users", body)
        except urllib.error.HTTPError as error:
            with error:
                if error.code != HTTPStatus.CONFLICT:  # all were added in the meantime
                    raise


def is_running(settings: HubSettings) -> bool:
    """Return whether the hub answers."""
    return _answers(f"http://127.0.0.1:{settings.hub_port}/hub/api/")


def is_ready(settings: HubSettings) -> bool:
    """Return whether a browser would reach the hub: it runs, and its proxy has its route."""
    return _answers(f"{settings.address.rstrip('/')}/hub/api/")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10):  # noqa: S310  (the hub's own address)
            return True
    except OSError:
        return False


def stop(settings: HubSettings, *, servers: bool = True) -> None:
    """Stop users' servers, then the hub, then the proxy; with ``servers=False`` only the hub."""
    if servers and is_running(settings):
        _stop_servers(settings)
    for pid in (hub_pid(settings), proxy_pid(settings) if servers else 0):
        if pid:
            _terminate(pid)
    end_orphaned_services(settings)


def end_orphaned_services(settings: HubSettings) -> None:
    """Terminate services whose hub was killed: they block ports and hold invalid tokens."""
    if not is_running(settings):
        for pid in orphaned_services(settings):
            _terminate(pid)


def _stop_servers(settings: HubSettings) -> None:
    for user in list_users(settings, "&state=active"):
        with contextlib.suppress(urllib.error.HTTPError):  # it ended by itself
            request(settings, "DELETE", f"users/{user['name']}/server")
    deadline = time.monotonic() + _TIMEOUT_S
    while request(settings, "GET", "users?state=active") and time.monotonic() < deadline:
        time.sleep(0.2)


def _terminate(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.terminate()
        try:
            process.wait(_TIMEOUT_S)
        except psutil.TimeoutExpired:
            process.kill()
