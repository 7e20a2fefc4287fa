"""The targets of attacks, and the kernels that run them."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.test_runner.broker import BrokenTest, Broker, _TestRun
from tests.hostile.machine import (
    ATTACK_HELPERS,
    BLOCKED_CALLS,
    SECRET,
    TIGHT_LIMITS,
    Machine,
    RunTest,
    marked_pids,
    run,
    syscall_number,
    wait_until_gone,
)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with (
        TemporaryDirectory(prefix="course-") as folder_name,
        TemporaryDirectory(prefix=".keys-", dir=Path.home()) as keys,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as unix_server,
        socket.socket(socket.AF_UNIX) as abstract_server,
        pytest.MonkeyPatch.context() as patch,
    ):
        folder = Path(folder_name)
        machine = Machine(folder, Path(keys, "id_ed25519"), server, unix_server, abstract_server)
        (folder / "source" / "01").mkdir(parents=True)
        (folder / "source" / "01" / "01.ipynb").write_text(SECRET)
        (folder / "gradebook.db").write_text(SECRET)
        machine.submission.mkdir(parents=True)
        (machine.submission / "01.ipynb").write_text(SECRET)
        (machine.submission / "data.csv").write_text("1,2\n")
        (machine.submission / "link").symlink_to(folder / "gradebook.db")
        (machine.submission / "up").symlink_to("../../..")
        machine.key.write_text(SECRET)
        unix_server.bind(f"{folder}/service")
        abstract_server.bind(f"\0{SECRET}")
        for listener in (unix_server, abstract_server):
            listener.listen()
        for listener in (server, unix_server, abstract_server):
            listener.settimeout(0)
        for variable in ("COURSE_SECRET", "JUPYTERHUB_API_TOKEN", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(variable, SECRET)
        yield machine


@pytest.fixture(scope="module")
def neighbor(machine: Machine) -> Iterator[Kernel]:
    """A kernel that survives all attacks; it runs the harmless ones."""
    with Kernel(machine.submission, {"MARK": "neighbor"}, TIGHT_LIMITS) as kernel:
        numbers = {name: syscall_number(name) for name in BLOCKED_CALLS}
        setup = f"{ATTACK_HELPERS}\nSYSCALL_NUMBERS = {numbers!r}\nx = 41"
        assert run(kernel, setup).status == "ran"
        yield kernel


@pytest.fixture
def attacker(machine: Machine, neighbor: Kernel) -> Iterator[Kernel]:
    """A kernel to attack from; afterwards its processes must be gone and its neighbor intact."""
    mark = f"attacker-{uuid.uuid4().hex}"
    with Kernel(machine.submission, {"MARK": mark}, TIGHT_LIMITS) as kernel:
        assert marked_pids(mark)
        assert run(kernel, ATTACK_HELPERS).status == "ran"
        yield kernel
    assert wait_until_gone(mark) == []
    assert run(neighbor, "assert x + 1 == 42") == CellOutcome("ran")


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(tmp_path_factory.mktemp("student"), allow_unprotected=True) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Broker(["import numpy as np\nfrom math import tau as turn", "%magic"]) as broker:
        yield broker


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that the kernel sends to the test runner, as the grader receives it."""
    texts: list[str] = []
    respond = _TestRun.respond

    def record(self: _TestRun, text: str) -> str:
        texts.append(text)
        return respond(self, text)

    monkeypatch.setattr(_TestRun, "respond", record)
    return texts


@pytest.fixture
def run_test(broker: Broker, kernel: Kernel) -> RunTest:
    """Run a test on this student code in a fresh namespace."""

    def run(student: str, test: str, seconds: float) -> CellOutcome | BrokenTest:
        kernel.run_cell(new_code_cell("%reset -f\n"), seconds=20)
        if kernel.run_cell(new_code_cell(student), seconds=6).status == "timed out":
            kernel.restart()
        return broker.run_test(test, kernel, seconds)

    return run
