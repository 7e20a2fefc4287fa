"""Idle kernels and servers are stopped, even behind an open page; busy ones keep running."""

from __future__ import annotations

import asyncio
import dataclasses
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.hub.settings import HubSettings
from deploy.hub.spawner import server_arguments
from tests.browser.servers import serve
from tests.hub.kernel_client import connect, execute, request
from tests.hub.running_hub import wait_until

pytestmark = pytest.mark.long

# A kernel that starts on a busy machine is idle for some seconds, too.
SETTINGS = dataclasses.replace(HubSettings(), idle_minutes=0.15)
COMPUTE = "import pathlib, time\nwhile not pathlib.Path({!r}).exists(): time.sleep(0.1)"


def test_idle_kernels_stop_behind_an_open_page_and_busy_ones_continue(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    end = tmp_path / "end"  # of what the busy kernel computes
    with serve(
        "server", tmp_path / "work", tmp_path / "home", *server_arguments(SETTINGS)
    ) as server:
        login = server.url, server.token
        idle, busy = (request(*login, "api/kernels", {"name": "python3"})["id"] for _ in range(2))

        def running() -> set[str]:
            return {kernel["id"] for kernel in request(*login, "api/kernels")}

        async def use_kernels() -> None:
            connections = [await connect(*login, kernel) for kernel in (idle, busy)]
            await execute(connections[1], COMPUTE.format(str(end)), "execute_input")
            await asyncio.to_thread(
                wait_until, "the idle kernel is stopped", lambda: idle not in running()
            )
            assert running() == {busy}  # it has computed for longer than a kernel may be idle
            end.touch()
            await asyncio.to_thread(
                wait_until, "the other kernel is stopped", lambda: not running()
            )
            for connection in connections:
                connection.close()

        asyncio.run(use_kernels())
        url = urlsplit(server.url)

        def is_closed() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex((str(url.hostname), int(url.port or 0))) != 0

        wait_until("the server has stopped", is_closed)
