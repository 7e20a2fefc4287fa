"""A kernel that was forked from a warm process is as much apart as one that was started cold."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbformat.v4 import new_code_cell

from autograder import doctor
from autograder.kernels import imports
from autograder.kernels.kernel import Kernel
from autograder.sandbox import environment, forkserver_client, launch
from autograder.sandbox.forkserver_client import ForkServer, ForkServerError
from autograder.sandbox.launch import Protection
from autograder.sandbox.limits import MB, Limits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("warm"),
    pytest.mark.skipif(bool(launch.missing_features()), reason=" ".join(launch.missing_features())),
]

# What a kernel can see of itself and of its place.
FACTS = """
import json, os, resource, signal, sys
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
watched = "CapInh CapPrm CapEff CapAmb NoNewPrivs Seccomp SigBlk SigIgn Groups Umask".split()
links = []
for number in os.listdir("/proc/self/fd"):
    try:
        links.append(os.readlink(f"/proc/self/fd/{number}").split(":")[0])
    except OSError:
        pass
print(json.dumps({
    "status": {name: status[name].strip() for name in watched},
    "variables": dict(os.environ),
    "root": os.getuid() == 0 or os.geteuid() == 0,
    "place": [os.getcwd(), sorted(os.listdir("/")), sorted(os.listdir(os.path.expanduser("~")))],
    "processes": sum(name.isdigit() for name in os.listdir("/proc")) < 5,
    "limits": [resource.getrlimit(kind) for kind in range(16)],
    "files": sorted(set(links)),
    "host": os.uname().nodename,
    "grader": sorted(name for name in sys.modules if name.startswith("autograder")),
    "path": sys.path,
    "main": sys.modules["__main__"].__name__,
    "mounts": sorted(line.split()[4] for line in open("/proc/self/mountinfo")),
    "groups": sorted(line.split(":")[2][:15] for line in open("/proc/self/cgroup")),
}))
"""


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer.start((*imports.KERNEL, "numpy"), {}) as found:
        yield found


def ask(session: Kernel, code: str) -> Any:
    cell = new_code_cell(code)
    outcome = session.run(cell, 30)
    assert outcome.status == "ran", outcome
    return json.loads("".join(output.get("text", "") for output in cell["outputs"]))


def test_it_sees_and_may_do_what_a_cold_one_may(fork_server: ForkServer, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2\n")
    with Kernel(tmp_path) as session:
        cold = ask(session, FACTS)
    with Kernel(tmp_path, fork_server=fork_server) as session:
        found = ask(session, FACTS)
        assert session.fork_server is fork_server  # nobody fell back to a cold one
        assert ask(session, "print(open('data.csv').read().split(',')[0])") == 1
    assert found.pop("variables").items() <= cold.pop("variables").items()  # its shells add theirs
    assert found == cold
    assert found["status"]["CapEff"] == "0" * 16
    assert found["status"]["NoNewPrivs"] == "1"
    assert found["status"]["Seccomp"] == "2"
    assert not found["root"]
    assert found["grader"] == []


def test_the_doctor_finds_the_same(fork_server: ForkServer) -> None:
    assert fork_server.address
    findings = doctor.examine(Protection.SANDBOX, warmed=True)
    assert findings == doctor.examine(Protection.SANDBOX, warmed=False)
    assert doctor.safe(findings)


def test_two_of_them_share_nothing(fork_server: ForkServer, tmp_path: Path) -> None:
    with (
        Kernel(tmp_path, fork_server=fork_server) as one,
        Kernel(tmp_path, fork_server=fork_server) as two,
    ):
        mark = "import os, numpy\nmark = os.path.expanduser('~/mark')"
        ask(one, f"{mark}\nopen(mark, 'w').write('here')\nnumpy.mark = 1\nprint(1)")
        assert ask(two, f"{mark}\nprint(int(os.path.exists(mark)))") == 0
        assert ask(two, "print(int(hasattr(numpy, 'mark')))") == 0
        throw = "import random, numpy\nprint([random.random(), numpy.random.random()])"
        assert not set(ask(one, throw)) & set(ask(two, throw))
        if os.geteuid() == 0:
            who = "import os\nprint(os.getuid())"
            assert ask(one, who) != ask(two, who)
        cannot = "import os, signal\ntry:\n    os.kill({}, 9)\nexcept OSError:\n    print(1)"
        assert ask(one, cannot.format(os.getpid())) == 1


def test_it_is_held_to_its_memory_and_ends_with_its_session(
    fork_server: ForkServer, tmp_path: Path
) -> None:
    with Kernel(tmp_path, limits=Limits(memory=400 * MB), fork_server=fork_server) as session:
        outcome = session.run(new_code_cell("hoard = b'x' * (1 << 30)"), 60)
        assert outcome.status in {"died", "raised"}
        session.restart()
        assert session.fork_server is fork_server
        fork = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\n"
        assert ask(session, f"{fork}print(1)") == 1
        assert children(fork_server)
    for _ in range(100):  # who waits for the kernel ends a moment after it
        if not children(fork_server):
            break
        time.sleep(0.05)
    assert children(fork_server) == set()


def parents() -> dict[int, int]:
    """The parent of each process."""
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
    return found


def process(fork_server: ForkServer) -> int:
    """The number of a warm process of ours."""
    mine = [pid for pid, parent in parents().items() if parent == os.getpid()]
    address = fork_server.address.encode()
    return next(pid for pid in mine if address in Path(f"/proc/{pid}/cmdline").read_bytes())


def children(fork_server: ForkServer) -> set[int]:
    """All processes below the warm one."""
    known, found, more = parents(), set[int](), {process(fork_server)}
    while more:
        more = {pid for pid, parent in known.items() if parent in more} - found
        found |= more
    return found


def test_without_a_warm_process_it_starts_cold(tmp_path: Path) -> None:
    gone = ForkServer(str(tmp_path / "nobody"), (), {})
    with pytest.raises(ForkServerError, match="does not answer"):
        gone.fork({}, {"errors": 2})
    with Kernel(tmp_path, fork_server=gone) as session:
        assert ask(session, "print(1)") == 1
        assert session.fork_server is None


def test_a_warm_process_that_dies_costs_nothing(tmp_path: Path) -> None:
    with (
        ForkServer.start(imports.KERNEL, {}) as fork_server,
        Kernel(tmp_path, fork_server=fork_server) as one,
    ):
        os.kill(process(fork_server), signal.SIGKILL)
        assert ask(one, "mine = 1\nprint(mine)") == 1  # it lives on
        one.restart()
        assert ask(one, "print(2)") == 2  # and another starts cold


def test_one_that_can_not_start_is_reported_and_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> ForkServer:
        raise ForkServerError("no room")

    monkeypatch.setattr(forkserver_client, "_KNOWN", {})
    with caplog.at_level("WARNING"):
        assert forkserver_client.known("kernel", ("json",), {}, fail) is None
        assert forkserver_client.known("kernel", ("json",), {}, fail) is None
    assert caplog.messages == ["Each kernel is started cold: no room"]


def test_few_are_kept_and_a_changed_course_gets_a_new_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[ForkServer] = []
    closed: list[str] = []

    class Counted(ForkServer):
        def close(self) -> None:
            closed.append(self.address)

    def start(modules: tuple[str, ...], _: object) -> ForkServer:
        started.append(Counted(str(len(started)), modules, {}))
        return started[-1]

    monkeypatch.setattr(forkserver_client, "_KNOWN", {})
    first, second, third = (("json",), ("csv",), ("html",))
    for modules in (first, second, first):
        forkserver_client.known("kernel", modules, {}, start)
    assert len(started) == 2
    forkserver_client.known("kernel", third, {}, start)
    assert closed == ["1"]  # the one that was used longest ago
    assert forkserver_client.known("kernel", first, {}, start) is started[0]
    (tmp_path / "module.py").touch()
    monkeypatch.setattr(environment, "course_folder", lambda: tmp_path)
    assert forkserver_client.known("kernel", first, {}, start) is started[-1]
    assert len(started) == 4


def test_what_a_lesson_loads_is_read_from_its_text() -> None:
    found = imports.modules(["from course.figures import intro", "%magic", "import json as j"])
    assert {"json", "course.figures.intro", "matplotlib.figure", "numpy"} <= set(found)
    assert "tensorflow" not in found
    assert "tensorflow" in imports.modules(["import tensorflow as tf"])
    assert "keras" in imports.modules(["from course import autoencoder"])
