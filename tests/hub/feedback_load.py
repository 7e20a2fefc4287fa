"""How fast the feedback service answers a whole class: ``python -m tests.hub.feedback_load``.

The real service in a process of its own, with the course's own questions and the record on disk;
300 students on loopback, each with a token; a hub that knows the tokens. What a
check costs in the student's own server, and what the network adds, is not in these numbers.
Writes ``tests/hub/feedback_load.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from course import quiz
from deploy.hub.settings import CHECKOUT, VARIABLE

STUDENTS = 300
ROUNDS = 6  # checks of each student
PAUSE = 6.0  # mean seconds between a student's checks, in the lecture
TABLE = Path(__file__).with_suffix(".md")
PREFIX = "/services/feedback"


@dataclass
class Run:
    """What came back: milliseconds of each reply, and whatever was no verdict."""

    name: str
    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def at(self, share: float) -> float:
        found = sorted(self.milliseconds)
        return found[min(len(found) - 1, int(share * len(found)))]

    def row(self) -> str:
        rate = len(self.milliseconds) / self.seconds
        numbers = " | ".join(f"{self.at(share):.0f}" for share in (0.5, 0.99, 1.0))
        count = len(self.milliseconds)
        return f"| {self.name} | {count} | {rate:.0f} | {numbers} | {len(self.errors)} |"


def checks() -> list[bytes]:
    """One request for each single-choice question of the course, with its first option ticked."""
    found = []
    for path in sorted((CHECKOUT / "source").glob("*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.metadata.get("course", {}).get("quiz", {}).get("multiple") is False:
                body = {
                    "path": f"{path.parent.name}/{path.name}",
                    "question": cell.metadata["nbgrader"]["grade_id"],
                    "answer": quiz.mark(quiz.bare(cell.source), frozenset({0})),
                }
                found.append(json.dumps(body).encode())
    return found


async def reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one reply of HTTP."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return int(head.split()[1]), await reader.readexactly(length)


async def student(run: Run, port: int, token: str, bodies: list[bytes], pause: float) -> None:
    """Ask, think, ask again; each time on a new connection, as a student's server does."""
    for body in bodies:
        await asyncio.sleep(random.expovariate(1 / pause) if pause else 0)
        head = (
            f"POST {PREFIX}/check HTTP/1.1\r\nHost: hub\r\nAuthorization: token {token}\r\n"
            "Connection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        begun = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + body)
            status, content = await reply(reader)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError) as error:
            run.errors.append(repr(error))
            continue
        run.milliseconds.append((time.perf_counter() - begun) * 1000)
        if status != 200 or json.loads(content)["verdict"] not in {"right", "wrong"}:
            run.errors.append(f"{status} {content[:200]!r}")


async def hub(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A hub's API, as far as the service asks it: whose token it is."""
    with contextlib.suppress(asyncio.IncompleteReadError, asyncio.CancelledError):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            (token,) = [
                line.split()[-1].decode()
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"authorization:")
            ]
            person = {
                "kind": "user",
                "name": token,
                "groups": ["nbgrader-autoencoders"],
                "scopes": ["access:services!service=feedback"],
            }
            body = json.dumps(person).encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
            )
    writer.close()


@contextlib.contextmanager
def service(folder: Path, hub_port: int) -> Iterator[int]:
    """Run the service; yield its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shutil.copytree(CHECKOUT / "source", folder / "course" / "source")
    (folder / "feedback").mkdir()
    (folder / "hub.toml").write_text(f'state = "{folder}"\n')
    environment = {
        **os.environ,
        VARIABLE: str(folder / "hub.toml"),
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
        "JUPYTERHUB_SERVICE_PREFIX": f"{PREFIX}/",
        "JUPYTERHUB_API_URL": f"http://127.0.0.1:{hub_port}/hub/api",
        "JUPYTERHUB_API_TOKEN": "service",
        "JUPYTERHUB_OAUTH_ACCESS_SCOPES": '["access:services!service=feedback"]',
        "JUPYTERHUB_SERVICE_NAME": "feedback",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.feedback"], cwd=CHECKOUT, env=environment
    )
    try:
        for _ in range(300):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


async def measure(folder: Path, students: int) -> list[Run]:
    """Let the class ask: all at one moment, then through a lecture."""
    server = await asyncio.start_server(hub, "127.0.0.1", 0, backlog=1000)
    hub_port = server.sockets[0].getsockname()[1]
    bodies = checks()
    runs = [Run("all at the same moment, tokens new to the service"), Run("a lecture")]
    with service(folder, hub_port) as port:
        for run, pause, rounds in ((runs[0], 0.0, 1), (runs[1], PAUSE, ROUNDS)):
            begun = time.perf_counter()
            await asyncio.gather(
                *(
                    student(run, port, f"student-{n}", random.sample(bodies, rounds), pause)
                    for n in range(students)
                )
            )
            run.seconds = time.perf_counter() - begun
    server.close()
    await server.wait_closed()
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=STUDENTS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="feedback-") as folder:
        runs = asyncio.run(measure(Path(folder), chosen.students))
    intro = (
        f"{chosen.students} students, each with a token of their own, on loopback; {os.cpu_count()}"
        " processors, shared by the service,\nthe students and the hub that knows the tokens. In"
        f" the lecture each student asks {ROUNDS} times,\n{PAUSE:g} s apart in the mean."
        " `python -m tests.hub.feedback_load`."
    )
    rows = [
        "# Instant feedback for a whole class",
        "",
        intro,
        "",
        "| | checks | checks/s | p50, ms | p99, ms | longest, ms | errors |",
        "|---|---|---|---|---|---|---|",
        *(run.row() for run in runs),
    ]
    text = "\n".join(rows) + "\n"
    print(text, *[error for run in runs for error in run.errors[:3]], sep="\n")
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
