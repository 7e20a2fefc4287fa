"""A hub with its own accounts, folders and ports, all removed afterwards."""

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

from deploy.hub import accounts, hub_api, mount_view, prepare
from deploy.hub.limits import remove_groups
from deploy.hub.settings import CHECKOUT, HubSettings, load
from tests.hub import small_disk

ACCOUNT_PREFIX = f"aec{os.getpid()}-"  # of all accounts created by this run
STUDENTS = ("ada", "ben", "cleo")
INSTRUCTOR = "ines"
WAIT_TIMEOUT_S = 300.0  # for everything the hub's tests wait for; a busy machine is slow
_TEST_ACCOUNT = re.compile(r"aec(\d+)-")
_SERVER_CONFIG = ".jupyter/jupyter_server_config.json"
_EXPOSE_APP = '{"LabApp": {"expose_app_in_browser": true}}'


def wait_until(description: str, condition: Callable[[], object]) -> None:
    """Wait until a condition is true; fail with the description after `WAIT_TIMEOUT_S`."""
    deadline = time.monotonic() + WAIT_TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {WAIT_TIMEOUT_S:g} s until {description}"
        time.sleep(0.1)


def processes_of(account: str, *words: bytes) -> list[int]:
    """Return the process ids of an account, or only those with a word in their command."""
    uid = pwd.getpwnam(account).pw_uid
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if process.stat().st_uid == uid and any(word in command for word in words or (b"",)):
                pids.append(int(process.name))
    return pids


@dataclass(frozen=True)
class RunningHub:
    """A hub whose methods take short names such as ``ada`` and add the prefix."""

    settings: HubSettings
    passwords: dict[str, str]
    log: Path

    @property
    def inbound(self) -> Path:
        """The folder for submissions; a small file system where mounting is possible."""
        return self.settings.exchange / self.settings.course / "inbound"

    def account(self, name: str) -> str:
        return f"{ACCOUNT_PREFIX}{name}"

    def home(self, name: str) -> Path:
        return self.settings.homes / self.account(name)

    def run_as(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command with the account, the view and the folder of a student's server."""
        view = mount_view.student_view(self.settings, self.account(name)).command()
        environment = {
            "PATH": f"{Path(sys.prefix, 'bin')}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home(name)),
            "USER": self.account(name),
            "COURSE_ID": self.settings.course,
            "COURSE_EXCHANGE": str(self.settings.exchange),
        }
        return subprocess.run(
            [*view, *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=WAIT_TIMEOUT_S,
            check=False,
        )

    def submit_folder(self, name: str, assignment: str) -> Path:
        """Put a folder with one file into the exchange, without a server; return it."""
        folder = self.inbound / f"{self.account(name)}+{assignment}+2026-01-01 00:00:00 UTC+x"
        self.run_as(name, "sh", "-c", f"mkdir '{folder}'; echo work > '{folder}/a'")
        return folder

    def servers(self, name: str) -> list[int]:
        """Return the process ids of a student's servers."""
        return processes_of(self.account(name), b"course.server.hub_server")

    def services(self) -> list[int]:
        """Return the process ids of the grader's two services."""
        modules = (b"course.server.hub_server", b"deploy.feedback")
        return processes_of(self.account("grader"), *modules)

    def wait_for_services(self) -> None:
        wait_until("both services run", lambda: len(self.services()) == 2)

    def processes(self, name: str) -> list[int]:
        """Return the process ids of everything that runs under a student's account."""
        return processes_of(self.account(name))

    def server_environment(self, name: str) -> dict[str, str]:
        """Return the environment variables of a student's server; start it if needed."""
        path = f"users/{self.account(name)}"
        if not hub_api.request(self.settings, "GET", path)["server"]:
            hub_api.request(self.settings, "POST", f"{path}/server")
        wait_until(
            f"the server of {name} runs",
            lambda: hub_api.request(self.settings, "GET", path)["server"],
        )
        (server,) = self.servers(name)
        variables = Path(f"/proc/{server}/environ").read_text(encoding="utf-8").split("\0")
        return dict(variable.partition("=")[::2] for variable in variables)

    def token(self, name: str) -> str:
        """Return the hub token of a student's server; start the server if needed."""
        return self.server_environment(name)["JUPYTERHUB_API_TOKEN"]

    def start(self) -> None:
        """Start the hub and wait until it is ready."""
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
        deadline = time.monotonic() + WAIT_TIMEOUT_S
        while not hub_api.is_ready(self.settings):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the hub did not start:\n{self.log.read_text()[-5000:]}")
            time.sleep(0.5)
        process.returncode = 0  # it keeps running until `hub_api.stop`


@contextlib.contextmanager
def run_hub(folder: Path, *settings_lines: str) -> Iterator[RunningHub]:
    """Run a hub with a class in an empty folder; remove everything afterwards.

    Args:
        folder: For the hub's settings, state, homes and log.
        settings_lines: Further lines of the settings file.
    """
    file = folder / "hub.toml"
    port = _free_privileged_ports(5)
    students = ", ".join(f'"{ACCOUNT_PREFIX}{name}"' for name in STUDENTS)
    lines = [
        f'state = "{folder / "state"}"',
        f'homes = "{folder / "home"}"',
        f'address = "http://127.0.0.1:{port + 4}"',
        f"hub_port = {port}",
        f'instructors = ["{ACCOUNT_PREFIX}{INSTRUCTOR}"]',
        f"students = [{students}]",
        f'grader = "{ACCOUNT_PREFIX}grader"',
        *settings_lines,
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    settings = load(file)
    _remove_test_accounts()  # left by a run that was killed
    with contextlib.ExitStack() as stack:
        stack.callback(_remove_test_accounts)
        passwords = prepare.prepare_machine(settings)
        hub = RunningHub(settings, passwords, folder / "hub.log")
        stack.enter_context(small_disk.mount_small_disk(hub.inbound))
        stack.callback(hub_api.stop, settings)
        for name in STUDENTS:  # the page objects need JupyterLab's application object
            command = f"mkdir .jupyter; echo '{_EXPOSE_APP}' > {_SERVER_CONFIG}"
            done = hub.run_as(name, "sh", "-c", command)
            assert done.returncode == 0, done.stderr
        hub.start()
        yield hub


def _remove_test_accounts() -> None:
    """Remove the accounts and processes of this run, and of killed runs."""
    for account in pwd.getpwall():
        name = account.pw_name
        match = _TEST_ACCOUNT.match(name)
        if not match or (Path("/proc", match[1]).exists() and not name.startswith(ACCOUNT_PREFIX)):
            continue
        for pid in processes_of(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        accounts.remove(name)
        shutil.rmtree(account.pw_dir, ignore_errors=True)
        for _ in range(50):  # killed processes leave their control group with a delay
            if remove_groups(name):
                break
            time.sleep(0.1)


def _free_privileged_ports(count: int) -> int:
    """Return the first of so many consecutive free ports that only root can open."""
    # In random order, because other runs look for ports too. Browsers refuse 554.
    candidates = [first for first in range(200, 980, 10) if first != 550]
    for first in random.sample(candidates, len(candidates)):
        with contextlib.ExitStack() as stack:
            try:
                for port in range(first, first + count):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise RuntimeError("no free ports")
