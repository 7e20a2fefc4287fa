"""How fast the feedback service answers a whole class: ``python -m benchmarks.feedback_load``.

The real service in a process of its own, with the course's own questions and the record on disk;
300 students on loopback, with badges, as on one machine, and with the tokens of a real JupyterHub,
as on a cluster. What a check costs in the student's own server, and what the network adds, is not
in these numbers. Writes ``benchmarks/feedback_load.md``.
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
from deploy.feedback import signed_token
from deploy.hub import network, roles
from deploy.hub.settings import CHECKOUT, VARIABLE, HubSettings
from tests import ports

STUDENTS = 300
ROUNDS = 6  # checks of each student
PAUSE = 6.0  # mean seconds between a student's checks, in the lecture
TABLE = Path(__file__).with_suffix(".md")
PREFIX = "/services/feedback"
OPERATOR, ASKER = secrets.token_hex(16), secrets.token_hex(16)


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
            if cells.is_quiz(cell) and not cells.allows_multiple(cell):
                body = {
                    "path": f"{path.parent.name}/{path.name}",
                    "question": cells.grade_id(cell),
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


@contextlib.contextmanager
def running(command: list[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    """Run a program until it is no longer wanted; it is there when its port is."""
    process = subprocess.Popen(command, cwd=CHECKOUT, env={**os.environ, **environment})
    try:
        for _ in range(1200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert process.poll() is None, f"{command} has ended"
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def service(folder: Path, port: int, more: dict[str, str]) -> Iterator[None]:
    """Run the service, as the hub does."""
    environment = {
        VARIABLE: str(folder / "hub.toml"),
        "JUPYTERHUB_SERVICE_URL": f"http://127.0.0.1:{port}",
        "JUPYTERHUB_SERVICE_PREFIX": f"{PREFIX}/",
        **more,
    }
    with running([sys.executable, "-m", "deploy.feedback"], port, environment):
        yield


@contextlib.contextmanager
def hub(folder: Path, service_port: int, names: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Run a JupyterHub that knows the class; yield its API's address and a token for each."""
    own, api, public = ports.free(3)
    config = folder / "jupyterhub_config.py"
    group = roles.students_group(HubSettings())
    services = [
        {"name": "autoencoders"},
        {"name": "operator", "api_token": OPERATOR},
        {
            "name": "feedback",
            "api_token": ASKER,
            "url": f"http://127.0.0.1:{service_port}",
            "timeout": 1,  # it comes after the hub
        },
    ]
    settings = {
        "JupyterHub.authenticator_class": "dummy",
        "JupyterHub.spawner_class": "simple",
        "JupyterHub.bind_url": f"http://127.0.0.1:{public}",
        "JupyterHub.hub_bind_url": f"http://127.0.0.1:{own}",
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
        "ConfigurableHTTPProxy.command": [str(network.PROGRAM)],
        "ConfigurableHTTPProxy.auth_token": "proxy",
        "ConfigurableHTTPProxy.pid_file": str(folder / "proxy.pid"),
    }
    lines = [f"c.{name} = {value!r}\n" for name, value in settings.items()]
    config.write_text("c = get_config()\n" + "".join(lines))
    command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
    try:
        with running(command, own, {}):  # it listens when the proxy does
            address = f"http://127.0.0.1:{own}/hub/api"
            yield address, [a_token(address, name) for name in names]
    finally:  # a hub that has only just begun leaves its proxy behind
        with contextlib.suppress(OSError):
            os.kill(int((folder / "proxy.pid").read_text()), signal.SIGTERM)


def a_token(address: str, name: str) -> str:
    """Have the hub make a token such as a student's server has."""
    scopes = ["access:services!service=feedback", "read:users!user"]
    request = urllib.request.Request(
        f"{address}/users/{name}/tokens",
        data=json.dumps({"scopes": scopes}).encode(),
        headers={"Authorization": f"token {OPERATOR}"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        return str(json.loads(reply.read())["token"])


async def ask(name: str, port: int, tokens: list[str], pause: float, rounds: int) -> Run:
    """Let the class ask."""
    run, bodies = Run(name), checks()
    begun = time.perf_counter()
    await asyncio.gather(
        *(student(run, port, token, random.sample(bodies, rounds), pause) for token in tokens)
    )
    run.seconds = time.perf_counter() - begun
    return run


def measure(folder: Path, students: int) -> list[Run]:
    """Let the class ask, as on one machine and as on a cluster."""
    names = [f"student-{n}" for n in range(students)]
    shutil.copytree(CHECKOUT / "source", folder / "course" / "source")
    (folder / "feedback").mkdir()
    (folder / "hub.toml").write_text(f'state = "{folder}"\n')
    (port,) = ports.free(1)
    group = roles.students_group(HubSettings())
    badges = [signed_token.issue("key", name, [group]) for name in names]
    with service(folder, port, {signed_token.KEY_VARIABLE: "key"}):
        runs = [
            asyncio.run(ask("with badges, all at the same moment", port, badges, 0, 1)),
            asyncio.run(ask("with badges, in a lecture", port, badges, PAUSE, ROUNDS)),
        ]
    with hub(folder, port, names) as (address, tokens):
        more = {
            "JUPYTERHUB_API_URL": address,
            "JUPYTERHUB_API_TOKEN": ASKER,
            "JUPYTERHUB_OAUTH_ACCESS_SCOPES": '["access:services!service=feedback"]',
            "JUPYTERHUB_SERVICE_NAME": "feedback",
        }
        with service(folder, port, more):
            new = "with tokens that a real hub is asked about, all at the same moment"
            runs += [
                asyncio.run(ask(new, port, tokens, 0, 1)),
                asyncio.run(ask("the same tokens again", port, tokens, 0, 1)),
            ]
    return runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=STUDENTS)
    chosen = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="feedback-") as folder:
        runs = measure(Path(folder), chosen.students)
    intro = (
        f"{chosen.students} students on loopback; {os.cpu_count()} processors, shared by the"
        f" service, the students and\nthe hub, with a load of {load:.1f} from elsewhere. On one"
        " machine students have badges, which the\nservice checks itself; on a cluster it asks the"
        f" hub whose token it is. In the lecture each\nstudent asks {ROUNDS} times, {PAUSE:g} s"
        " apart in the mean. `python -m benchmarks.feedback_load`."
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
