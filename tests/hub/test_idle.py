"""What is idle is stopped, open page or not; what computes goes on. With seconds for minutes."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import socket
import urllib.request
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from deploy.hub.settings import Settings
from deploy.hub.spawner import arguments
from tests.browser.servers import Server, serve
from tests.hub.site import wait_for

pytestmark = pytest.mark.slow

SETTINGS = dataclasses.replace(Settings(), idle_minutes=0.05)  # 3 seconds
COMPUTES = "import time\nfor _ in range(150): time.sleep(0.1)"


def asked(server: Server, path: str, body: object = None) -> Any:
    """Ask the server's API without being taken for a person at work."""
    request = urllib.request.Request(
        f"{server.url}{path}?no_track_activity=1",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"token {server.token}"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.loads(reply.read())


async def opened(server: Server, kernel: str) -> WebSocketClientConnection:
    """Connect to a kernel, as an open notebook does."""
    address = f"{server.url.replace('http', 'ws', 1)}api/kernels/{kernel}/channels"
    return await websocket_connect(f"{address}?token={server.token}")


async def execute(page: WebSocketClientConnection, code: str) -> None:
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
    while "execute_input" not in str(await page.read_message()):
        pass


def test_idle_kernels_end_though_a_page_is_open_and_busy_ones_go_on(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with serve("server", tmp_path / "work", tmp_path / "home", *arguments(SETTINGS)) as server:
        idle, busy = (asked(server, "api/kernels", {"name": "python3"})["id"] for _ in range(2))

        def run() -> set[str]:
            return {kernel["id"] for kernel in asked(server, "api/kernels")}

        async def work() -> None:
            pages = [await opened(server, kernel) for kernel in (idle, busy)]
            await execute(pages[1], COMPUTES)
            assert await asyncio.to_thread(wait_for, lambda: idle not in run())
            assert run() == {busy}  # it computes for longer than it may be idle
            assert await asyncio.to_thread(wait_for, lambda: run() == set())
            for page in pages:
                page.close()

        asyncio.run(work())
        place = urlsplit(server.url)

        def gone() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex((str(place.hostname), int(place.port or 0))) != 0

        assert wait_for(gone)
