"""A hub of our own for the tests: its accounts, its folders, its ports; nothing of it stays."""

from __future__ import annotations

import contextlib
import os
import pwd
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.hub import accounts, hub_api, prepare
from deploy.hub.limits import remove_groups
from deploy.hub.settings import CHECKOUT, HubSettings, load
from tests.hub import disk

PREFIX = f"aec{os.getpid()}-"  # of every account that this run makes
STUDENTS = ("ada", "ben", "cleo")
INSTRUCTOR = "ines"
PATIENCE = 120.0  # seconds; servers start while others do, too
_MADE = re.compile(r"aec(\d+)-")
_FILE = ".jupyter/jupyter_server_config.json"
_EXPOSED = '{"LabApp": {"expose_app_in_browser": true}}'


def wait_for(state: Callable[[], bool]) -> bool:
    """Wait until it is so, for two minutes at most; return whether it is."""
    deadline = time.monotonic() + PATIENCE
    while not state() and time.monotonic() < deadline:
        time.sleep(0.1)
    return state()


@dataclass(frozen=True)
class Site:
    """A running hub."""

    settings: HubSettings
    passwords: dict[str, str]
    log: Path

    @property
    def inbound(self) -> Path:
        """Where submissions go; a file system of its own."""
        return self.settings.exchange / self.settings.course / "inbound"

    def account(self, name: str) -> str:
        return f"{PREFIX}{name}"

    def home(self, name: str) -> Path:
        return self.settings.homes / self.account(name)

    def as_student(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as a student's server would run it: account, view, folder."""
        from deploy.hub import mount_view

        seen = mount_view.student_view(self.settings, self.account(name)).command()
        environment = {
            "PATH": f"{Path(sys.prefix, 'bin')}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home(name)),
            "USER": self.account(name),
            "COURSE_ID": self.settings.course,
            "COURSE_EXCHANGE": str(self.settings.exchange),
        }
        return subprocess.run(
            [*seen, *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def servers(self, name: str) -> list[int]:
        """The numbers of a student's server processes."""
        return self._running(name, b"course.server.hub_server")

    def services(self) -> list[int]:
        """The numbers of the grader's two services."""
        return self._running("grader", b"course.server.hub_server", b"deploy.feedback")

    def processes(self, name: str) -> list[int]:
        """The numbers of all that runs under a student's account."""
        return self._running(name, b"")

    def _running(self, name: str, *words: bytes) -> list[int]:
        uid = pwd.getpwnam(self.account(name)).pw_uid
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                command = (process / "cmdline").read_bytes()
                if process.stat().st_uid == uid and any(word in command for word in words):
                    found.append(int(process.name))
        return found

    def token(self, name: str) -> str:
        """The token of a student's server; it is started if it does not run."""
        account = self.account(name)
        user = hub_api.request(self.settings, "GET", f"users/{account}")
        if not user["server"]:
            hub_api.request(self.settings, "POST", f"users/{account}/server")
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            user = hub_api.request(self.settings, "GET", f"users/{account}")
            if user["server"]:
                (server,) = self.servers(name)
                for item in Path(f"/proc/{server}/environ").read_bytes().split(b"\0"):
                    if item.startswith(b"JUPYTERHUB_API_TOKEN="):
                        return item.partition(b"=")[2].decode()
            time.sleep(0.5)
        raise RuntimeError(f"the server of {account} did not start")

    def start(self) -> None:
        """Start the hub, and wait until it answers."""
        with self.log.open("ab") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "deploy", "--settings", str(self.settings.file), "up"],
                cwd=CHECKOUT,
                env={k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")},
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not hub_api.is_ready(self.settings):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the hub did not start:\n{self.log.read_text()[-5000:]}")
            time.sleep(0.5)
        process.returncode = 0  # it goes on; `operator.stop` ends it


@contextlib.contextmanager
def site(folder: Path, *more: str) -> Iterator[Site]:
    """Bring up a hub with a class; afterwards remove all of it.

    Args:
        folder: An empty folder.
        more: Further lines of the settings file.
    """
    file = folder / "hub.toml"
    port = _ports(5)
    students = ", ".join(f'"{PREFIX}{name}"' for name in STUDENTS)
    lines = [
        f'state = "{folder / "state"}"',
        f'homes = "{folder / "home"}"',
        f'address = "http://127.0.0.1:{port + 4}"',
        f"hub_port = {port}",
        f'instructors = ["{PREFIX}{INSTRUCTOR}"]',
        f"students = [{students}]",
        f'grader = "{PREFIX}grader"',
        *more,
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = load(file)
    _leave_nothing()  # of a run that was killed
    stack = contextlib.ExitStack()
    try:
        passwords = prepare.prepare_machine(settings)
        found = Site(settings, passwords, folder / "hub.log")
        stack.enter_context(disk.small(found.inbound))
        for name in STUDENTS:  # so that the tests' hands find the notebook's panel
            done = found.as_student(
                name, "sh", "-c", f"mkdir .jupyter; echo '{_EXPOSED}' > {_FILE}"
            )
            assert done.returncode == 0, done.stderr
        found.start()
        yield found
    finally:
        hub_api.stop(settings)
        _leave_nothing()
        stack.close()


def _leave_nothing() -> None:
    """Remove the accounts of this run, and of runs that were killed, with all that they run."""
    for name in [person.pw_name for person in pwd.getpwall()]:
        made = _MADE.match(name)
        if not made or (Path("/proc", made[1]).exists() and not name.startswith(PREFIX)):
            continue
        uid = pwd.getpwnam(name).pw_uid
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if process.stat().st_uid == uid:
                    os.kill(int(process.name), signal.SIGKILL)
        home = Path(pwd.getpwnam(name).pw_dir)
        accounts.remove(name)
        shutil.rmtree(home, ignore_errors=True)
        for _ in range(50):  # what was killed takes a moment to be gone
            if remove_groups(name):
                break
            time.sleep(0.1)


def _ports(count: int) -> int:
    """Find so many free ports in a row, where root alone can listen; return the first."""
    # In no order, since others may look at the same moment. Browsers refuse 554, the fifth of 550.
    tens = [first for first in range(200, 980, 10) if first != 550]
    for first in random.sample(tens, len(tens)):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError("no free ports")
