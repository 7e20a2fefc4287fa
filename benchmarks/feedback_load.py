"""Measure how fast the feedback service answers a class: ``python -m benchmarks.feedback_load``.

The real service runs in a separate process, with the course's questions and its record on disk. 300
students ask over loopback, with signed tokens, as on one machine, and with tokens of a real
JupyterHub, as on a cluster. The numbers don't include the work of the student's own server or the
network. Writes ``benchmarks/feedback_load.md``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from autograder import cells
from course import quiz
from course.quiz import kinds
from deploy.feedback import signed_token
from deploy.hub import network, roles
from deploy.hub.settings import CHECKOUT, SETTINGS_VARIABLE, HubSettings
from tests import ports

STUDENTS = 300
ROUNDS = 6  # checks per student
MEAN_PAUSE_S = 6.0  # between a student's checks, in the lecture
TABLE = Path(__file__).with_suffix(".md")
PREFIX = "/services/feedback"
OPERATOR_TOKEN, SERVICE_TOKEN = secrets.token_hex(16), secrets.token_hex(16)


@dataclass
class LoadRun:
    """The replies: milliseconds of each, and all errors."""

    name: str
    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def quantile(self, share: float) -> float:
        times = sorted(self.milliseconds)
        return times[min(len(times) - 1, int(share * len(times)))]

    def row(self) -> str:
        rate = len(self.milliseconds) / self.seconds
        numbers = " | ".join(f"{self.quantile(share):.0f}" for share in (0.5, 0.99, 1.0))
        count = len(self.milliseconds)
        return f"| {self.name} | {count} | {rate:.0f} | {numbers} | {len(self.errors)} |"


def checks() -> list[bytes]:
    """Return a request for each single-choice question, with its first option selected."""
    bodies = []
    for path in sorted((CHECKOUT / "source").glob("*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            is_choice = cells.is_quiz(cell) and cells.question_kind(cell) == cells.DEFAULT_KIND
            if is_choice and not cells.allows_multiple(cell):
                body = {
                    "path": f"{path.parent.name}/{path.name}",
                    "question": cells.grade_id(cell),
                    "answer": quiz.mark(kinds.of(cell).bare(cell.source), frozenset({0})),
                }
                bodies.append(json.dumps(body).encode())
    return bodies


async def read_reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read an HTTP reply; return its status and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return int(head.split()[1]), await reader.readexactly(length)


async def check_all(run: LoadRun, port: int, token: str, bodies: list[bytes], pause: float) -> None:
    """Check one student's answers, each on a new connection, as a student's server does."""
    for body in bodies:
        await asyncio.sleep(random.expovariate(1 / pause) if pause else 0)
        head = (
            f"POST {PREFIX}/check HTTP/1.1\r\nHost: hub\r\nAuthorization: token {token}\r\n"
            "Connection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        start = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + body)
            status, content = await read_reply(reader)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError) as error:
            run.errors.append(repr(error))
            continue
        run.milliseconds.append((time.perf_counter() - start) * 1000)
        if status != 200 or json.loads(content)["verdict"] not in {"right", "wrong"}:
            run.errors.append(f"{status} {content[:200]!r}")


@contextlib.contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    """Run a program, and wait until it listens on its port."""
    process = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **environment})
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, f"{command} has exited"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def service(folder: Path, port: int, extra: dict[str, str]) -> Iterator[None]:
    """Run the service with the hub's settings."""
    environment = {
        SETTINGS_VARIABLE: str(folder / "hub.toml"),
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
        "JUPYTERHUB_SERVICE_PREFIX": f"{PREFIX}/",
        **extra,
    }
    with running([sys.executable, "-m", "deploy.feedback"], port, environment):
        yield


@contextlib.contextmanager
def hub(folder: Path, service_port: int, names: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Run a JupyterHub with the class's accounts; yield its API URL and a token each."""
    hub_port, api, public = ports.free_ports(3)
    config = folder / "jupyterhub_config.py"
    group = roles.students_group(HubSettings())
    services = [
        {"name": "autoencoders"},
        {"name": "operator", "api_token": OPERATOR_TOKEN},
        {
            "name": "feedback",
            "api_token": SERVICE_TOKEN,
            "url": f"http://127.0.0.1:{service_port}",
            "timeout": 1,  # it starts after the hub
        },
    ]
    settings = {
        "JupyterHub.authenticator_class": "dummy",
        "JupyterHub.spawner_class": "simple",
        "JupyterHub.bind_url": f"http://127.0.0.1:{public}",
        "JupyterHub.hub_bind_url": f"http://127.0.0.1:{hub_port}",
        "JupyterHub.db_url": f"sqlite:///{folder / 'hub.sqlite'}",
        "JupyterHub.cookie_secret_file": str(folder / "cookie_secret"),
        "JupyterHub.load_groups": {group: {"users": names}},
        "JupyterHub.load_roles": [
            *roles.roles(HubSettings()),
            {"name": "registrar", "scopes": ["tokens"], "services": ["operator"]},
        ],
        "JupyterHub.services": services,
        "JupyterHub.log_level": 40,
        "Authenticator.allow_all": True,
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{api}",
        "ConfigurableHTTPProxy.command": [str(network.PROXY_PROGRAM)],
        "ConfigurableHTTPProxy.auth_token": "proxy",
        "ConfigurableHTTPProxy.pid_file": str(folder / "proxy.pid"),
    }
    lines = [f"c.{name} = {value!r}\n" for name, value in settings.items()]
    config.write_text("c = get_config()\n" + "".join(lines))
    command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
    try:
        with running(command, hub_port, {}):  # it listens once the proxy does
            api_url = f"http://127.0.0.1:{hub_port}/hub/api"
            yield api_url, [create_token(api_url, name) for name in names]
    finally:  # a hub stopped while starting leaves its proxy running
        with contextlib.suppress(OSError):
            os.kill(int((folder / "proxy.pid").read_text()), signal.SIGTERM)


def create_token(api_url: str, name: str) -> str:
    """Create a token like that of a student's server."""
    scopes = ["access:services!service=feedback", "read:users!user"]
    request = urllib.request.Request(
        f"{api_url}/users/{name}/tokens",
        data=json.dumps({"scopes": scopes}).encode(),
        headers={"Authorization": f"token {OPERATOR_TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        return str(json.loads(reply.read())["token"])


async def run_class(name: str, port: int, tokens: list[str], pause: float, rounds: int) -> LoadRun:
    run, bodies = LoadRun(name), checks()
    start = time.perf_counter()
    await asyncio.gather(
        *(check_all(run, port, token, random.sample(bodies, rounds), pause) for token in tokens)
    )
    run.seconds = time.perf_counter() - start
    return run


def measure(folder: Path, students: int) -> list[LoadRun]:
    """Measure a class on one machine and one on a cluster."""
    names = [f"student-{n}" for n in range(students)]
    shutil.copytree(CHECKOUT / "source", folder / "course" / "source")
    (folder / "feedback").mkdir()
    (folder / "hub.toml").write_text(f'state = "{folder}"\n')
    (port,) = ports.free_ports(1)
    group = roles.students_group(HubSettings())
    signed = [signed_token.issue("key", name, [group]) for name in names]
    with service(folder, port, {signed_token.KEY_VARIABLE: "key"}):
        runs = [
            asyncio.run(run_class("signed tokens, all at the same moment", port, signed, 0, 1)),
            asyncio.run(
                run_class("signed tokens, in a lecture", port, signed, MEAN_PAUSE_S, ROUNDS)
            ),
        ]
    with hub(folder, port, names) as (api_url, tokens):
        extra = {
            "JUPYTERHUB_API_URL": api_url,
            "JUPYTERHUB_API_TOKEN": SERVICE_TOKEN,
            "JUPYTERHUB_OAUTH_ACCESS_SCOPES": '["access:services!service=feedback"]',
            "JUPYTERHUB_SERVICE_NAME": "feedback",
        }
        with service(folder, port, extra):
            first = "hub tokens, first time, all at the same moment"
            runs += [
                asyncio.run(run_class(first, port, tokens, 0, 1)),
                asyncio.run(run_class("the same hub tokens again", port, tokens, 0, 1)),
            ]
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=STUDENTS)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="feedback-") as folder:
        runs = measure(Path(folder), options.students)
    intro = (
        f"{options.students} students on loopback; {os.cpu_count()} processors, shared by the"
        f" service, the students and\nthe hub; load from other processes {load:.1f}. On one machine"
        " students have signed tokens, which the\nservice verifies itself; on a cluster it asks the"
        f" hub whose token it is. In the lecture each\nstudent asks {ROUNDS} times,"
        f" {MEAN_PAUSE_S:g} s apart on average. `python -m benchmarks.feedback_load`."
    )
    rows = [
        "# Instant feedback for a whole class",
        "",
        intro,
        "",
        "| | checks | checks/s | p50, ms | p99, ms | max, ms | errors |",
        "|---|---|---|---|---|---|---|",
        *(run.row() for run in runs),
    ]
    text = "\n".join(rows) + "\n"
    print(text, *[error for run in runs for error in run.errors[:3]], sep="\n")
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
