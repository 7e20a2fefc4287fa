"""Measure throughput and latency of both deployments, and where the time goes.

Run ``python -m benchmarks.deployment_load``; it takes about four minutes and writes
``deployment_load.md`` next to this file. The server runs in a separate process, once with batching
and once without. The requests come over loopback from ``wrk`` if it is installed, else from
processes that send HTTP/1.1 over plain sockets and keep their connections open.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import functools
import itertools
import json
import multiprocessing
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
import numpy as np

from course import atomic_write, classifier, drawing
from course.autoencoder import frozen
from course.deployment import prepare, schemas, scoring
from course.deployment.batching import MAX_ROWS

OUT = Path(__file__).with_suffix(".md")
CONNECTIONS = (1, 8, 32)
Kind = Literal["model", "function"]
Measurement = tuple[float, float, float]  # requests per second, median and 99% in milliseconds

_SERVER = """
import sys, uvicorn
from course.deployment.app import create
from course.deployment.background import listen_on_port
listener = listen_on_port(0)
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(create(max_rows=int(sys.argv[1])), log_config=None, access_log=False)
uvicorn.Server(config).run(sockets=[listener])
"""
_LUA = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("{body}", "r")
wrk.body = file:read("*a")
done = function(summary, latency, requests)
  io.write(string.format("RESULT %f %f %f %d\\n", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    summary.errors.status + summary.errors.timeout))
end
"""


EXPLANATION = """\
## What batching does and doesn't do

Batching makes the matrix product cheap, and nothing else. When many clients ask the model
deployment at once, the networks cost a third or less per row, so the process answers more
requests. What remains is HTTP, JSON and threads, a cost per request that batching doesn't reduce:
beyond about eight connections the process is always busy and each further connection waits for its
turn, so latency grows with their number, only more slowly. The function deployment gains almost
nothing: most of its work is reading and preprocessing canvases, one by one, two at a time. For more
throughput, start more processes. If too many requests are waiting, a client gets a 503 at once,
with the time to try again.
"""


@contextlib.contextmanager
def serving(max_rows: int) -> Iterator[str]:
    """Run a server in a separate process; yield its URL."""
    command = [sys.executable, "-c", _SERVER, str(max_rows)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}/"
        httpx.get(f"{url}health", timeout=60).raise_for_status()
        yield url
    finally:
        process.terminate()
        process.communicate(timeout=30)


def payload(kind: Kind) -> bytes:
    """Return a stored drawing as a request's body."""
    preprocessed = drawing.preprocess(drawing.stored()["8"].rgba)
    return json.dumps(preprocessed.payload(kind)).encode()


# ---------------------------------------------------------------- load


def measure_with_wrk(url: str, body: bytes, connections: int, seconds: float) -> Measurement:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body.json"
        path.write_bytes(body)
        script = Path(folder) / "post.lua"
        script.write_text(_LUA.replace("{body}", str(path)))
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds:.0f}s"]
        command += ["-s", str(script), "--timeout", "20s", url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    match = re.search(r"RESULT (\S+) (\S+) (\S+) (\d+)", done.stdout)
    assert match is not None, done.stdout
    assert match[4] == "0", f"{match[4]} answers were errors or timeouts"
    return float(match[1]), float(match[2]), float(match[3])


async def _send_until(url: str, body: bytes, end: float, seconds: list[float]) -> None:
    """Send requests over one connection, and record how long each takes."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    while time.perf_counter() < end:
        start = time.perf_counter()
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert answer.startswith("http/1.1 200"), answer
        length = re.search(r"content-length: (\d+)", answer)
        assert length is not None
        await reader.readexactly(int(length[1]))
        seconds.append(time.perf_counter() - start)
    writer.close()
    await writer.wait_closed()


def _run_clients(arguments: tuple[str, bytes, int, float]) -> list[float]:
    url, body, connections, duration = arguments
    seconds: list[float] = []

    async def run() -> None:
        end = time.perf_counter() + duration
        await asyncio.gather(*(_send_until(url, body, end, seconds) for _ in range(connections)))

    asyncio.run(run())
    return seconds


def measure_with_sockets(url: str, body: bytes, connections: int, seconds: float) -> Measurement:
    count = min(2, connections)
    share = [connections // count + (i < connections % count) for i in range(count)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(count) as pool:
        parts = pool.map(_run_clients, [(url, body, n, seconds) for n in share])
    latencies = np.concatenate(parts)
    median, slow = 1000 * np.quantile(latencies, [0.5, 0.99])
    return len(latencies) / seconds, float(median), float(slow)


def load_table(
    seconds: float, rounds: int, measure: Callable[[str, bytes, int, float], Measurement]
) -> list[str]:
    """Measure both deployments, alternating with and without batching; keep the fastest round."""
    out = [
        "| deployment | batching | connections | requests/s | p50, ms | p99, ms |",
        "|---|---|---:|---:|---:|---:|",
    ]
    kinds: tuple[Kind, ...] = ("model", "function")
    with serving(MAX_ROWS) as batched, serving(1) as unbatched:
        servers = {"yes": batched, "no": unbatched}
        for kind, connections in itertools.product(kinds, CONNECTIONS):
            body = payload(kind)
            rounds_of: dict[str, list[Measurement]] = {name: [] for name in servers}
            for _ in range(rounds):
                for name, url in servers.items():
                    endpoint = f"{url}{kind}/predict"
                    measure(endpoint, body, 2, 1)  # warm up
                    rounds_of[name].append(measure(endpoint, body, connections, seconds))
            for name, measurements in rounds_of.items():
                rate, median, slow = max(measurements)  # other rounds had less of the machine
                numbers = f"{rate:,.0f} | {median:.1f} | {slow:.1f}"
                out.append(f"| {kind} | {name} | {connections} | {numbers} |")
                print(out[-1], flush=True)
    return out


# ---------------------------------------------------------------- where the time goes


def min_seconds(work: Callable[[], Any]) -> float:
    """Return the shortest of several runs, the one other processes disturbed least."""
    times = timeit.repeat(work, number=1, repeat=5)
    end = time.perf_counter() + 1.5
    while time.perf_counter() < end:
        times += timeit.repeat(work, number=1, repeat=1)
    return min(times)


def min_latency(url: str, body: bytes) -> float:
    """Return the shortest time of a single request."""
    return min(_run_clients((url, body, 1, 2.0)))


def stages(kind: Kind) -> dict[str, Callable[[], Any]]:
    """Return the steps of the server's work on a request."""
    body = payload(kind)
    model: Any = schemas.ModelRequest if kind == "model" else schemas.FunctionRequest
    to_rows: Any = prepare.model_rows if kind == "model" else prepare.function_rows
    request = model.model_validate_json(body)
    rows = to_rows(request)
    readings = scoring.read_digits(rows)
    return {
        "parsing JSON and validating": lambda: model.model_validate_json(body),
        "to rows" if kind == "model" else "to rows: steps 3 to 6": lambda: to_rows(request),
        "classifier": lambda: classifier.load().probabilities(rows),
        "autoencoder": lambda: frozen.digits().reconstruct(rows),
        "answer as JSON": readings[0].json,
    }


def stage_table() -> list[str]:
    kinds: tuple[Kind, ...] = ("model", "function")
    columns: dict[str, dict[str, float]] = {}
    with serving(MAX_ROWS) as url:
        for kind in kinds:
            seconds = {name: min_seconds(work) for name, work in stages(kind).items()}
            min_latency(f"{url}{kind}/predict", payload(kind))  # warm up
            total = min_latency(f"{url}{kind}/predict", payload(kind))
            seconds["network, HTTP, threads: the rest"] = max(total - sum(seconds.values()), 0)
            seconds["**a single request**"] = total
            columns[kind] = seconds
    out = ["| piece | model, ms | function, ms |", "|---|---:|---:|"]
    for first, second in zip(columns["model"], columns["function"], strict=True):
        times = 1000 * columns["model"][first], 1000 * columns["function"][second]
        out.append(f"| {second} | {times[0]:.2f} | {times[1]:.2f} |")
    return out


def batch_table() -> list[str]:
    """Show why batching helps: rows in one product cost less than one after the other."""
    row = prepare.model_rows(schemas.ModelRequest.model_validate_json(payload("model")))
    out = ["| rows per batch | ms | ms per row |", "|---:|---:|---:|"]
    for count in (1, 4, 16, 64):
        rows = np.repeat(row, count, axis=0)
        milliseconds = 1000 * min_seconds(functools.partial(scoring.read_digits, rows))
        out.append(f"| {count} | {milliseconds:.2f} | {milliseconds / count:.2f} |")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deployment_load")
    parser.add_argument("--seconds", type=float, default=5, help="duration of each round")
    parser.add_argument("--rounds", type=int, default=3, help="rounds per row; the best counts")
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    wrk = shutil.which("wrk") is not None
    client = "`wrk`" if wrk else "two processes that keep their connections open"
    kinds: tuple[Kind, ...] = ("model", "function")
    sizes = ", ".join(f"{kind} {len(payload(kind)) / 1000:,.0f} kB" for kind in kinds)
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "all")
    text = [
        "# The deployments under load",
        "",
        "Made by `python -m benchmarks.deployment_load`. One server process; the requests come",
        f"over loopback from {client}; {os.cpu_count()} cores,",
        f"shared with the clients; {versions}, BLAS threads: {threads}.",
        f"Bodies: {sizes}. Each row is the best of {options.rounds} runs of",
        f"{options.seconds:.0f} s.",
        "Compare rows of this table with each other, not with another machine's.",
        "",
        *load_table(
            options.seconds, options.rounds, measure_with_wrk if wrk else measure_with_sockets
        ),
        "",
        "## Where the time goes",
        "",
        *stage_table(),
        "",
        "## Why batching helps",
        "",
        *batch_table(),
        "",
        EXPLANATION,
    ]
    atomic_write.write_text(options.out, "\n".join(text))


if __name__ == "__main__":
    main()
