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
from autograder.kernels import environment, isolation, preload, warm
from autograder.kernels.isolation import Protection
from autograder.kernels.limits import MB, Limits
from autograder.kernels.session import Session
from autograder.kernels.warm import Nursery, NurseryError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("warm"),
    pytest.mark.skipif(
        bool(isolation.what_is_missing()), reason=" ".join(isolation.what_is_missing())
    ),
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
def nursery() -> Iterator[Nursery]:
    with Nursery.start((*preload.KERNEL, "numpy"), {}) as found:
        yield found


def ask(session: Session, code: str) -> Any:
    cell = new_code_cell(code)
    outcome = session.run(cell, 30)
    assert outcome.status == "ran", outcome
    return json.loads("".join(output.get("text", "") for output in cell["outputs"]))


def test_it_sees_and_may_do_what_a_cold_one_may(nursery: Nursery, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2\n")
    with Session(tmp_path) as session:
        cold = ask(session, FACTS)
    with Session(tmp_path, nursery=nursery) as session:
        found = ask(session, FACTS)
        assert session.nursery is nursery  # nobody fell back to a cold one
        assert ask(session, "print(open('data.csv').read().split(',')[0])") == 1
    assert found.pop("variables").items() <= cold.pop("variables").items()  # its shells add theirs
    assert found == cold
    assert found["status"]["CapEff"] == "0" * 16
    assert found["status"]["NoNewPrivs"] == "1"
    assert found["status"]["Seccomp"] == "2"
    assert not found["root"]
    assert found["grader"] == []


def test_the_doctor_finds_the_same(nursery: Nursery) -> None:
    assert nursery.address
    findings = doctor.examine(Protection.SANDBOX, warmed=True)
    assert findings == doctor.examine(Protection.SANDBOX, warmed=False)
    assert doctor.safe(findings)


def test_two_of_them_share_nothing(nursery: Nursery, tmp_path: Path) -> None:
    with (
        Session(tmp_path, nursery=nursery) as one,
        Session(tmp_path, nursery=nursery) as two,
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
    nursery: Nursery, tmp_path: Path
) -> None:
    with Session(tmp_path, limits=Limits(memory=400 * MB), nursery=nursery) as session:
        outcome = session.run(new_code_cell("hoard = b'x' * (1 << 30)"), 60)
        assert outcome.status in {"died", "raised"}
        session.restart()
        assert session.nursery is nursery
        fork = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\n"
        assert ask(session, f"{fork}print(1)") == 1
        assert children(nursery)
    for _ in range(100):  # who waits for the kernel ends a moment after it
        if not children(nursery):
            break
        time.sleep(0.05)
    assert children(nursery) == set()


def parents() -> dict[int, int]:
    """The parent of each process."""
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            found[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
    return found


def process(nursery: Nursery) -> int:
    """The number of a warm process of ours."""
    mine = [pid for pid, parent in parents().items() if parent == os.getpid()]
    address = nursery.address.encode()
    return next(pid for pid in mine if address in Path(f"/proc/{pid}/cmdline").read_bytes())


def children(nursery: Nursery) -> set[int]:
    """All processes below the warm one."""
    known, found, more = parents(), set[int](), {process(nursery)}
    while more:
        more = {pid for pid, parent in known.items() if parent in more} - found
        found |= more
    return found


def test_without_a_warm_process_it_starts_cold(tmp_path: Path) -> None:
    gone = Nursery(str(tmp_path / "nobody"), (), {})
    with pytest.raises(NurseryError, match="does not answer"):
        gone.bear({}, {"errors": 2})
    with Session(tmp_path, nursery=gone) as session:
        assert ask(session, "print(1)") == 1
        assert session.nursery is None


def test_a_warm_process_that_dies_costs_nothing(tmp_path: Path) -> None:
    with Nursery.start(preload.KERNEL, {}) as nursery, Session(tmp_path, nursery=nursery) as one:
        os.kill(process(nursery), signal.SIGKILL)
        assert ask(one, "mine = 1\nprint(mine)") == 1  # it lives on
        one.restart()
        assert ask(one, "print(2)") == 2  # and another starts cold


def test_one_that_can_not_start_is_reported_and_done_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Nursery:
        raise NurseryError("no room")

    monkeypatch.setattr(warm, "_KNOWN", {})
    with caplog.at_level("WARNING"):
        assert warm.known("kernel", ("json",), {}, fail) is None
        assert warm.known("kernel", ("json",), {}, fail) is None
    assert caplog.messages == ["Each kernel is started cold: no room"]


def test_few_are_kept_and_a_changed_course_gets_a_new_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[Nursery] = []
    closed: list[str] = []

    class Counted(Nursery):
        def close(self) -> None:
            closed.append(self.address)

    def start(modules: tuple[str, ...], _: object) -> Nursery:
        started.append(Counted(str(len(started)), modules, {}))
        return started[-1]

    monkeypatch.setattr(warm, "_KNOWN", {})
    first, second, third = (("json",), ("csv",), ("html",))
    for modules in (first, second, first):
        warm.known("kernel", modules, {}, start)
    assert len(started) == 2
    warm.known("kernel", third, {}, start)
    assert closed == ["1"]  # the one that was used longest ago
    assert warm.known("kernel", first, {}, start) is started[0]
    (tmp_path / "module.py").touch()
    monkeypatch.setattr(environment, "course_folder", lambda: tmp_path)
    assert warm.known("kernel", first, {}, start) is started[-1]
    assert len(started) == 4


def test_what_a_lesson_loads_is_read_from_its_text() -> None:
    found = preload.modules(["from course.figures import intro", "%magic", "import json as j"])
    assert {"json", "course.figures.intro", "matplotlib.figure", "numpy"} <= set(found)
    assert "tensorflow" not in found
    assert "tensorflow" in preload.modules(["import tensorflow as tf"])
    assert "keras" in preload.modules(["from course import autoencoder"])
