"""Use the kernels of a student's server as an open notebook does."""

from __future__ import annotations

import http.cookiejar
import json
import urllib.request
import uuid
from typing import Any

from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.hub.running_hub import WAIT_TIMEOUT_S


def request(  # noqa: PLR0913  (the parts of a request)
    url: str, token: str, path: str, body: object = None, *, method: str = "", page: str = ""
) -> Any:
    """Call a server's API without counting as activity.

    Args:
        url: The server's address, ending in a slash.
        token: The server's token.
        path: Such as ``api/kernels``.
        body: Sent as JSON, unless it is None.
        method: The HTTP method, if not the usual one.
        page: A page of a server behind a hub, such as ``lab``, that sets the XSRF cookie.
    """
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    headers = {"Authorization": f"token {token}"}
    if page:
        opening = urllib.request.Request(f"{url}{page}", headers=headers)
        browser.open(opening, timeout=WAIT_TIMEOUT_S).close()
        (headers["X-XSRFToken"],) = {str(c.value) for c in jar if c.name == "_xsrf"}
    api_request = urllib.request.Request(
        f"{url}{path}?no_track_activity=1",
        data=None if body is None else json.dumps(body).encode(),
        headers=headers,
        method=method or None,
    )
    with browser.open(api_request, timeout=WAIT_TIMEOUT_S) as reply:
        text = reply.read()
    return json.loads(text) if text else None


async def connect(url: str, token: str, kernel: str) -> WebSocketClientConnection:
    """Connect to a kernel."""
    address = f"{url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels"
    return await websocket_connect(
        HTTPRequest(address, headers={"Authorization": f"token {token}"})
    )


async def execute(connection: WebSocketClientConnection, code: str, until: str) -> dict[str, Any]:
    """Run code; return the kernel's first message of a type, and ignore others.

    Args:
        connection: The connection to the kernel.
        code: The code.
        until: ``execute_input`` comes when the code starts, ``execute_reply`` when it ends.
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
    await connection.write_message(json.dumps({**message, "channel": "shell", "buffers": []}))
    while True:
        text = await connection.read_message()
        assert text is not None, "the kernel has closed the connection"
        if isinstance(text, str):
            reply: dict[str, Any] = json.loads(text)
            is_reply = reply["parent_header"].get("msg_id") == header["msg_id"]
            if is_reply and reply["header"]["msg_type"] == until:
                return reply
