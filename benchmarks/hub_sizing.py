"""What a student costs a hub: ``python -m benchmarks.hub_sizing``.

Writes ``benchmarks/hub_sizing.md``.

A real hub, as root, with accounts of its own. Memory is what processes hold, what they share
counted once. Each lesson is run from its first cell to its last in a kernel of a student's server.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import nbformat
from tqdm import tqdm

from autograder.sandbox import memory_guard
from benchmarks import hub_sizing_page
from deploy.hub import hub_api
from deploy.hub.network import hub_pid, proxy_pid
from deploy.hub.settings import CHECKOUT
from tests.hub import kernels
from tests.hub.site import STUDENTS, Site, site, wait_for

STARTS: Final = 3  # of one server, one after another
SETTLE: Final = 5.0  # seconds after which a server that has started is idle
EVERY: Final = 0.2  # seconds between two looks at a kernel's memory
TICKS: Final = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Start:
    """One start of a server: seconds, and seconds of computing in it and in the hub."""

    seconds: float
    cpu: float


def computed(pids: Iterable[int]) -> float:
    """Return the seconds of computing of processes and of those that they have waited for."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        total += sum(map(int, text.rpartition(")")[2].split()[11:15]))
    return total / TICKS


def start(hub: Site, name: str) -> Start:
    """Start a student's server, and wait until the hub says that it is ready."""
    path, whole = f"users/{hub.account(name)}", [hub_pid(hub.settings), proxy_pid(hub.settings)]
    before, began = computed(whole), time.monotonic()
    hub_api.request(hub.settings, "POST", f"{path}/server")
    assert wait_for(lambda: bool(hub_api.request(hub.settings, "GET", path)["server"]))
    seconds = time.monotonic() - began
    return Start(seconds, computed([*whole, *hub.processes(name)]) - before)


def stop(hub: Site, name: str) -> None:
    """Stop a student's server, and wait until nothing of it is left."""
    hub_api.request(hub.settings, "DELETE", f"users/{hub.account(name)}/server")
    assert wait_for(lambda: not hub.processes(name))


def starts(hub: Site) -> tuple[Start, float]:
    """Return what a start costs on an idle machine, and how long all take that begin together."""
    found = []
    for _ in range(STARTS):
        found.append(start(hub, STUDENTS[0]))
        stop(hub, STUDENTS[0])
    one = Start(
        statistics.median(each.seconds for each in found),
        statistics.median(each.cpu for each in found),
    )
    began = time.monotonic()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: start(hub, name), STUDENTS))
    return one, time.monotonic() - began


def lesson(hub: Site, name: str, path: Path | None) -> int:
    """Run a lesson in a kernel of a student's server; return the bytes that the kernel held.

    Args:
        hub: The hub.
        name: Whose server.
        path: The instructor's notebook; None to run nothing.
    """
    url = f"{hub.settings.address}/user/{hub.account(name)}/"
    token = hub.token(name)
    before = set(hub.processes(name))
    kernel = kernels.asked(url, token, "api/kernels", {"name": "python3"}, page="lab")["id"]

    async def run() -> int:
        page = await kernels.opened(url, token, kernel)
        await kernels.execute(page, "1", "execute_reply")
        (process,) = set(hub.processes(name)) - before
        with memory_guard.PeakMemory(process, EVERY) as watched:
            await asyncio.sleep(2 * EVERY)
            cells = nbformat.read(path, as_version=4).cells if path else []
            for cell in cells:
                if cell.cell_type == "code":
                    said = await kernels.execute(page, cell.source, "execute_reply")
                    assert said["content"]["status"] == "ok", (path, cell.source, said["content"])
        page.close()
        return watched.bytes

    held = asyncio.run(run())
    kernels.asked(url, token, f"api/kernels/{kernel}", method="DELETE", page="lab")
    return held


def measure(hub: Site) -> hub_sizing_page.Sizes:
    """Measure it all."""
    one, together = starts(hub)
    time.sleep(SETTLE)
    server = statistics.median(
        sum(map(memory_guard.process_memory, hub.processes(name))) for name in STUDENTS
    )
    held = {"none": lesson(hub, STUDENTS[0], None)}
    for path in tqdm(sorted((CHECKOUT / "source").glob("*/*.ipynb"))):
        held[path.parent.name] = lesson(hub, STUDENTS[0], path)
    feedback = [pid for pid in hub.services() if "deploy.feedback" in _command(pid)]
    services = {
        "the hub": [hub_pid(hub.settings)],
        "its proxy": [proxy_pid(hub.settings)],
        "instant feedback": feedback,
        "formgrader": [pid for pid in hub.services() if pid not in feedback],
    }
    return hub_sizing_page.Sizes(
        one.seconds,
        one.cpu,
        together,
        len(STUDENTS),
        server,
        held,
        {name: sum(map(memory_guard.process_memory, pids)) for name, pids in services.items()},
    )


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")


def main() -> None:
    """Bring up a hub, measure, write the page."""
    with tempfile.TemporaryDirectory(prefix="sizing-") as folder:
        Path(folder).chmod(0o755)
        with site(Path(folder)) as hub:
            hub_sizing_page.write(measure(hub))


if __name__ == "__main__":
    main()
