"""Kernels of a student's server, asked as an open notebook asks them."""

from __future__ import annotations

import http.cookiejar
import json
import urllib.request
import uuid
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect


def asked(  # noqa: PLR0913  (a request has as many parts)
    url: str, token: str, path: str, body: object = None, *, method: str = "", page: str = ""
) -> Any:
    """Ask a server's API without being taken for a person at work.

    Args:
        url: The server's, with a slash at its end.
        token: Opens it.
        path: Such as ``api/kernels``.
        body: What is sent, as JSON; None to ask only.
        method: Of HTTP; nothing for the usual one.
        page: Below a hub, a page such as ``lab``: it tells what must be sent along.
    """
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    headers = {"Authorization": f"token {token}"}
    if page:
        browser.open(urllib.request.Request(f"{url}{page}", headers=headers), timeout=60).close()
        (headers["X-XSRFToken"],) = {str(each.value) for each in jar if each.name == "_xsrf"}
    request = urllib.request.Request(
        f"{url}{path}?no_track_activity=1",
        data=None if body is None else json.dumps(body).encode(),
        headers=headers,
        method=method or None,
    )
    with browser.open(request, timeout=60) as reply:
        text = reply.read()
    return json.loads(text) if text else None


async def opened(url: str, token: str, kernel: str) -> WebSocketClientConnection:
    """Connect to a kernel."""
    address = f"{url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels"
    return await websocket_connect(
        HTTPRequest(address, headers={"Authorization": f"token {token}"})
    )


async def execute(page: WebSocketClientConnection, code: str, until: str) -> dict[str, Any]:
    """Run code; return the first message of a kind that comes back, and pass over others.

    Args:
        page: The connection.
        code: The code.
        until: The kind: ``execute_input`` comes when it begins, ``execute_reply`` when it ends.
    """
    header = {
        "msg_id": uuid.uuid4().hex,
        "msg_type": "execute_request",
        "session": uuid.uuid4().hex,
        "username": "",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    message = {"header": header, "content": content, "parent_header": {}, "metadata": {}}
    await page.write_message(json.dumps({**message, "channel": "shell", "buffers": []}))
    while True:
        said = await page.read_message()
        assert said is not None, "the kernel has hung up"
        if isinstance(said, str):
            found: dict[str, Any] = json.loads(said)
            mine = found["parent_header"].get("msg_id") == header["msg_id"]
            if mine and found["header"]["msg_type"] == until:
                return found
