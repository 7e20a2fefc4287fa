"""What is idle is stopped, open page or not; what computes goes on. With seconds for minutes."""

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
from tests.hub.kernels import asked, execute, opened
from tests.hub.site import wait_for

pytestmark = pytest.mark.slow

SETTINGS = dataclasses.replace(HubSettings(), idle_minutes=0.05)  # 3 seconds
COMPUTES = "import time\nfor _ in range(150): time.sleep(0.1)"


def test_idle_kernels_end_though_a_page_is_open_and_busy_ones_go_on(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    with serve(
        "server", tmp_path / "work", tmp_path / "home", *server_arguments(SETTINGS)
    ) as server:
        its = server.url, server.token
        idle, busy = (asked(*its, "api/kernels", {"name": "python3"})["id"] for _ in range(2))

        def run() -> set[str]:
            return {kernel["id"] for kernel in asked(*its, "api/kernels")}

        async def work() -> None:
            pages = [await opened(*its, kernel) for kernel in (idle, busy)]
            await execute(pages[1], COMPUTES, "execute_input")
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
