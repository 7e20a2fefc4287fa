"""What a student costs a hub, in memory and processor time: ``python -m benchmarks.hub_sizing``.

Runs a real hub as root, with its own accounts. Memory counts shared pages once. Each lesson runs
from its first cell to its last in a kernel of a student's server. Writes
``benchmarks/hub_sizing.md``. With the names of lessons, measures only those and keeps the rest.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import nbformat
import psutil
from tqdm import tqdm

from autograder.sandbox import memory_guard, process_tree
from benchmarks import hub_sizing_page
from deploy.hub import hub_api
from deploy.hub.network import hub_pid, proxy_pid
from deploy.hub.settings import CHECKOUT
from tests.hub import kernel_client
from tests.hub.running_hub import STUDENTS, RunningHub, run_hub, wait_until

START_COUNT: Final = 3  # starts of one server, one after another
SETTLE_S: Final = 5.0  # until a started server is idle
SAMPLE_INTERVAL_S: Final = 0.2  # of a kernel's memory


@dataclass(frozen=True)
class ServerStart:
    """One start of a server: elapsed seconds, and processor seconds of the server and the hub."""

    seconds: float
    cpu: float


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor seconds of processes and of their ended children."""
    total = 0.0
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            total += sum(psutil.Process(pid).cpu_times()[:4])
    return total


def start_server(hub: RunningHub, name: str) -> ServerStart:
    """Start a student's server and wait until the hub reports it as ready."""
    path = f"users/{hub.account(name)}"
    hub_pids = [hub_pid(hub.settings), proxy_pid(hub.settings)]
    cpu_before, start = cpu_seconds(hub_pids), time.monotonic()
    hub_api.request(hub.settings, "POST", f"{path}/server")
    wait_until("the server is ready", lambda: hub_api.request(hub.settings, "GET", path)["server"])
    seconds = time.monotonic() - start
    return ServerStart(seconds, cpu_seconds([*hub_pids, *hub.processes(name)]) - cpu_before)


def stop_server(hub: RunningHub, name: str) -> None:
    """Stop a student's server and wait until all its processes have ended."""
    hub_api.request(hub.settings, "DELETE", f"users/{hub.account(name)}/server")
    wait_until("the server's processes have ended", lambda: not hub.processes(name))


def measure_starts(hub: RunningHub) -> tuple[ServerStart, float]:
    """Return the median start on an idle machine, and the seconds all servers take at once."""
    starts = []
    for _ in range(START_COUNT):
        starts.append(start_server(hub, STUDENTS[0]))
        stop_server(hub, STUDENTS[0])
    median = ServerStart(
        statistics.median(start.seconds for start in starts),
        statistics.median(start.cpu for start in starts),
    )
    start = time.monotonic()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: start_server(hub, name), STUDENTS))
    return median, time.monotonic() - start


def kernel_memory(hub: RunningHub, name: str, path: Path | None) -> int:
    """Run a lesson in a kernel of a student's server; return the kernel's peak memory in bytes.

    Args:
        hub: The hub.
        name: The student.
        path: The instructor's notebook; None to run nothing.
    """
    url = f"{hub.settings.address}/user/{hub.account(name)}/"
    token = hub.token(name)
    before = set(hub.processes(name))
    kernel = kernel_client.request(url, token, "api/kernels", {"name": "python3"}, page="lab")["id"]

    async def run() -> int:
        connection = await kernel_client.connect(url, token, kernel)
        await kernel_client.execute(connection, "1", "execute_reply")
        (pid,) = set(hub.processes(name)) - before
        with memory_guard.PeakMemory(pid, SAMPLE_INTERVAL_S) as peak:
            await asyncio.sleep(2 * SAMPLE_INTERVAL_S)
            cells = nbformat.read(path, as_version=4).cells if path else []
            for cell in cells:
                if cell.cell_type == "code":
                    reply = await kernel_client.execute(connection, cell.source, "execute_reply")
                    content = reply["content"]
                    assert content["status"] == "ok", (path, cell.source, content)
        connection.close()
        return peak.bytes

    peak_bytes = asyncio.run(run())
    kernel_client.request(url, token, f"api/kernels/{kernel}", method="DELETE", page="lab")
    return peak_bytes


def measure(hub: RunningHub) -> hub_sizing_page.HubSizes:
    """Measure starts, servers, kernels and services."""
    start, concurrent_s = measure_starts(hub)
    time.sleep(SETTLE_S)
    server = statistics.median(
        sum(map(process_tree.process_memory, hub.processes(name))) for name in STUDENTS
    )
    empty = kernel_memory(hub, STUDENTS[0], None)
    lessons = {"none": empty, **measure_lessons(hub, lesson_names())}
    commands = {pid: psutil.Process(pid).cmdline() for pid in hub.services()}
    services = {
        "the hub": [hub_pid(hub.settings)],
        "its proxy": [proxy_pid(hub.settings)],
        "instant feedback": [pid for pid in commands if "deploy.feedback" in commands[pid]],
        "formgrader": [pid for pid in commands if "deploy.feedback" not in commands[pid]],
    }
    return hub_sizing_page.HubSizes(
        start.seconds,
        start.cpu,
        concurrent_s,
        len(STUDENTS),
        server,
        lessons,
        {name: sum(map(process_tree.process_memory, pids)) for name, pids in services.items()},
    )


def lesson_names() -> list[str]:
    """Return the names of all lessons."""
    return sorted(path.parent.name for path in (CHECKOUT / "source").glob("*/*.ipynb"))


def measure_lessons(hub: RunningHub, names: list[str]) -> dict[str, int]:
    """Return the peak memory of a kernel in each lesson, in bytes."""
    peaks = {}
    for name in tqdm(names):
        (path,) = (CHECKOUT / "source" / name).glob("*.ipynb")
        peaks[name] = kernel_memory(hub, STUDENTS[0], path)
    return peaks


def main() -> None:
    """Run a hub, measure, and write the page."""
    parser = argparse.ArgumentParser(description="Measure what a student costs a hub.")
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="only these")
    chosen = parser.parse_args().lessons
    with tempfile.TemporaryDirectory(prefix="sizing-") as folder:
        Path(folder).chmod(0o755)
        with run_hub(Path(folder)) as hub:
            if chosen:
                start_server(hub, STUDENTS[0])
                sizes = hub_sizing_page.read()
                peaks = sizes.lessons | measure_lessons(hub, chosen)
                names = [name for name in ("none", *lesson_names()) if name in peaks]
                sizes = replace(sizes, lessons={name: peaks[name] for name in names})
            else:
                sizes = measure(hub)
            hub_sizing_page.write(sizes)


if __name__ == "__main__":
    main()
