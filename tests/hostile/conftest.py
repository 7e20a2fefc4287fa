"""What attacks go for, and the kernels that they are tried in."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.test_runner import broker
from autograder.test_runner.broker import BrokenTest, Broker
from tests.hostile.machine import (
    CALLS,
    SECRET,
    TIGHT,
    TOOLS,
    Hold,
    Machine,
    marked,
    number,
    run,
    wait_for_none,
)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with (
        TemporaryDirectory(prefix="course-") as name,
        TemporaryDirectory(prefix=".keys-", dir=Path.home()) as home,
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.socket(socket.AF_UNIX) as local,
        socket.socket(socket.AF_UNIX) as abstract,
        pytest.MonkeyPatch.context() as patch,
    ):
        folder = Path(name)
        made = Machine(folder, Path(home, "id_ed25519"), server, local, abstract)
        (folder / "source" / "01").mkdir(parents=True)
        (folder / "source" / "01" / "01.ipynb").write_text(SECRET)
        (folder / "gradebook.db").write_text(SECRET)
        made.work.mkdir(parents=True)
        (made.work / "01.ipynb").write_text(SECRET)
        (made.work / "data.csv").write_text("1,2\n")
        (made.work / "link").symlink_to(folder / "gradebook.db")
        (made.work / "up").symlink_to("../../..")
        made.key.write_text(SECRET)
        local.bind(f"{folder}/service")
        abstract.bind(f"\0{SECRET}")
        for listening in (local, abstract):
            listening.listen()
        for listening in (server, local, abstract):
            listening.settimeout(0)
        for variable in ("COURSE_SECRET", "JUPYTERHUB_API_TOKEN", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(variable, SECRET)
        yield made


@pytest.fixture(scope="module")
def neighbour(machine: Machine) -> Iterator[Kernel]:
    """A kernel that lives through all attacks; most are tried in it."""
    with Kernel(machine.work, {"MARK": "neighbour"}, TIGHT) as session:
        numbers = {name: number(name) for name in CALLS}
        assert run(session, f"{TOOLS}\nNUMBERS = {numbers!r}\nx = 41").status == "ran"
        yield session


@pytest.fixture
def guest(machine: Machine, neighbour: Kernel) -> Iterator[Kernel]:
    """A kernel to be ruined; afterwards nothing of it is left and its neighbour is well."""
    mark = f"guest-{uuid.uuid4().hex}"
    with Kernel(machine.work, {"MARK": mark}, TIGHT) as session:
        assert marked(mark)
        assert run(session, TOOLS).status == "ran"
        yield session
    assert wait_for_none(mark) == []
    assert run(neighbour, "assert x + 1 == 42") == CellOutcome("ran")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    with Kernel(tmp_path_factory.mktemp("student"), allow_unprotected=True) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def judge() -> Iterator[Broker]:
    with Broker(["import numpy as np\nfrom math import tau as turn", "%magic"]) as process:
        yield process


@pytest.fixture
def arrived(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the kernel says to the judge, as the grader hears it."""
    said: list[str] = []
    answer = broker._Talk.answer

    def listen(self: broker._Talk, text: str) -> str:
        said.append(text)
        return answer(self, text)

    monkeypatch.setattr(broker._Talk, "answer", listen)
    return said


@pytest.fixture
def held(judge: Broker, session: Kernel) -> Hold:
    """Hold a test against a fresh namespace with this student code in it."""

    def hold(student: str, test: str, seconds: float) -> CellOutcome | BrokenTest:
        session.run(new_code_cell("%reset -f\n"), seconds=20)
        if session.run(new_code_cell(student), seconds=6).status == "too long":
            session.restart()
        return judge.hold(test, session, seconds)

    return hold
