"""How many requests both deployments answer, how fast, and where the time goes.

Run ``python -m benchmarks.deployment_load``; it takes some four minutes and writes
``deployment_load.md`` beside this file. The server runs in a process of its own, once with
batching and once without; the requests come over loopback from ``wrk`` where it is installed,
else from processes that speak HTTP/1.1 over plain sockets, each keeping its connections open.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
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
Measured = tuple[float, float, float]  # requests a second, milliseconds at 50 % and at 99 %

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


WORDS = """\
## What joining does, and what it does not

It makes the product cheap, and nothing else. Where many ask the model deployment at once, the
networks cost a row a third or less of what they cost alone, so the process answers more of them.
What is left is HTTP, JSON and threads, a cost of each request that no joining lowers: beyond some
eight connections the process is busy without a pause, and each further one waits for its turn, so
latency grows with their number, only less steeply. For the function deployment joining hardly
shows: reading and preparing a canvas is most of its work, done canvas by canvas, two at a time. Who
needs more starts more processes. Who asks when too many wait gets a 503 at once, with the time to
come again.
"""


@contextlib.contextmanager
def serving(max_rows: int) -> Iterator[str]:
    """Run a server in a process of its own; yield its address."""
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
    found = drawing.preprocess(drawing.stored()["8"].rgba)
    return json.dumps(found.payload(kind)).encode()


# ---------------------------------------------------------------- load


def by_wrk(url: str, body: bytes, connections: int, seconds: float) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "body.json"
        place.write_bytes(body)
        script = Path(folder) / "post.lua"
        script.write_text(_LUA.replace("{body}", str(place)))
        command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds:.0f}s"]
        command += ["-s", str(script), "--timeout", "20s", url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = re.search(r"RESULT (\S+) (\S+) (\S+) (\d+)", done.stdout)
    assert found is not None, done.stdout
    assert found[4] == "0", f"{found[4]} answers were errors, or late"
    return float(found[1]), float(found[2]), float(found[3])


async def _client(url: str, body: bytes, end: float, took: list[float]) -> None:
    """Ask again and again over one connection."""
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
        took.append(time.perf_counter() - start)
    writer.close()
    await writer.wait_closed()


def _clients(arguments: tuple[str, bytes, int, float]) -> list[float]:
    url, body, connections, seconds = arguments
    took: list[float] = []

    async def all_of_them() -> None:
        end = time.perf_counter() + seconds
        await asyncio.gather(*(_client(url, body, end, took) for _ in range(connections)))

    asyncio.run(all_of_them())
    return took


def by_sockets(url: str, body: bytes, connections: int, seconds: float) -> Measured:
    count = min(2, connections)
    share = [connections // count + (i < connections % count) for i in range(count)]
    context = multiprocessing.get_context("spawn")
    with context.Pool(count) as pool:
        parts = pool.map(_clients, [(url, body, n, seconds) for n in share])
    took = np.concatenate(parts)
    middle, slow = 1000 * np.quantile(took, [0.5, 0.99])
    return len(took) / seconds, float(middle), float(slow)


def load_table(
    seconds: float, rounds: int, measure: Callable[[str, bytes, int, float], Measured]
) -> list[str]:
    """Ask both deployments, with and without batching by turns; of some rounds keep the fastest."""
    out = [
        "| deployment | batching | connections | requests/s | p50, ms | p99, ms |",
        "|---|---|---:|---:|---:|---:|",
    ]
    kinds: tuple[Kind, ...] = ("model", "function")
    with serving(MAX_ROWS) as joined, serving(1) as single:
        servers = {"yes": joined, "no": single}
        for kind, connections in itertools.product(kinds, CONNECTIONS):
            body = payload(kind)
            found: dict[str, list[Measured]] = {name: [] for name in servers}
            for _ in range(rounds):
                for name, url in servers.items():
                    address = f"{url}{kind}/predict"
                    measure(address, body, 2, 1)  # warm
                    found[name].append(measure(address, body, connections, seconds))
            for name, rates in found.items():
                rate, middle, slow = max(rates)  # the others had less of the machine
                numbers = f"{rate:,.0f} | {middle:.1f} | {slow:.1f}"
                out.append(f"| {kind} | {name} | {connections} | {numbers} |")
                print(out[-1], flush=True)
    return out


# ---------------------------------------------------------------- where the time goes


def seconds_for(work: Callable[[], Any]) -> float:
    """Return the least time of some runs: what others do meanwhile is no part of it."""
    took: list[float] = []
    end = time.perf_counter() + 1.5
    while time.perf_counter() < end or len(took) < 5:
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return min(took)


def one_connection(url: str, body: bytes) -> float:
    """Return the least time of a request from here, alone."""
    return min(_clients((url, body, 1, 2.0)))


def stages(kind: Kind) -> dict[str, Callable[[], Any]]:
    """Return what the server does for a request, piece by piece."""
    body = payload(kind)
    parsed = json.loads(body)
    wanted: Any = schemas.ModelRequest if kind == "model" else schemas.FunctionRequest
    asked = wanted.model_validate_json(body)
    rows = prepare.model_rows(asked) if kind == "model" else prepare.function_rows(asked)
    to_rows = prepare.model_rows if kind == "model" else prepare.function_rows
    readings = scoring.read_digits(rows)
    assert parsed
    return {
        "parsing JSON and validating": lambda: wanted.model_validate_json(body),
        "to rows" if kind == "model" else "to rows: steps 3 to 6": lambda: to_rows(asked),
        "classifier": lambda: classifier.load().probabilities(rows),
        "autoencoder": lambda: frozen.digits().reconstruct(rows),
        "answer as JSON": readings[0].json,
    }


def stage_table() -> list[str]:
    kinds: tuple[Kind, ...] = ("model", "function")
    columns: dict[str, dict[str, float]] = {}
    with serving(MAX_ROWS) as url:
        for kind in kinds:
            pieces = {name: seconds_for(work) for name, work in stages(kind).items()}
            one_connection(f"{url}{kind}/predict", payload(kind))  # warm
            whole = one_connection(f"{url}{kind}/predict", payload(kind))
            pieces["network, HTTP, threads: the rest"] = max(whole - sum(pieces.values()), 0)
            pieces["**a request alone**"] = whole
            columns[kind] = pieces
    out = ["| piece | model, ms | function, ms |", "|---|---:|---:|"]
    for first, second in zip(columns["model"], columns["function"], strict=True):
        times = 1000 * columns["model"][first], 1000 * columns["function"][second]
        out.append(f"| {second} | {times[0]:.2f} | {times[1]:.2f} |")
    return out


def joined_table() -> list[str]:
    """Say why batching helps: rows together cost less than one after the other."""
    row = prepare.model_rows(schemas.ModelRequest.model_validate_json(payload("model")))
    out = ["| rows together | ms | ms a row |", "|---:|---:|---:|"]
    for count in (1, 4, 16, 64):
        rows = np.repeat(row, count, axis=0)
        took = 1000 * seconds_for(lambda rows=rows: scoring.read_digits(rows))  # type: ignore[misc]  # a lambda
        out.append(f"| {count} | {took:.2f} | {took / count:.2f} |")
    return out


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deployment_load")
    parser.add_argument("--seconds", type=float, default=5, help="for each round of a line")
    parser.add_argument("--rounds", type=int, default=3, help="for each line; the best counts")
    parser.add_argument("--out", type=Path, default=OUT)
    chosen = parser.parse_args()
    wrk = shutil.which("wrk") is not None
    tool = "`wrk`" if wrk else "sockets kept open by two processes"
    kinds: tuple[Kind, ...] = ("model", "function")
    sizes = ", ".join(f"{kind} {len(payload(kind)) / 1000:,.0f} kB" for kind in kinds)
    versions = f"Python {platform.python_version()}, NumPy {np.__version__}"
    threads = os.environ.get("OPENBLAS_NUM_THREADS", "all")
    text = [
        "# The deployments under load",
        "",
        "Made by `python -m benchmarks.deployment_load`. One server process, asked over",
        f"loopback by {tool}; {os.cpu_count()} cores,",
        f"shared with whoever asks; {versions}, BLAS threads: {threads}.",
        f"Bodies: {sizes}. A line is the best of {chosen.rounds} times {chosen.seconds:.0f} s.",
        "Compare lines of this table with each other, not with another machine's.",
        "",
        *load_table(chosen.seconds, chosen.rounds, by_wrk if wrk else by_sockets),
        "",
        "## Where the time goes",
        "",
        *stage_table(),
        "",
        "## Why requests are joined",
        "",
        *joined_table(),
        "",
        WORDS,
    ]
    atomic_write.write_text(chosen.out, "\n".join(text))


if __name__ == "__main__":
    main()
