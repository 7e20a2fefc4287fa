"""A forked kernel is isolated exactly like one that was started in its sandbox."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from nbformat.v4 import new_code_cell

from autograder import doctor
from autograder.kernels import imports
from autograder.kernels.kernel import Kernel
from autograder.sandbox import environment, forkserver_client, host_support
from autograder.sandbox.forkserver_client import ForkServer, ForkServerError
from autograder.sandbox.limits import MB, Limits
from autograder.sandbox.protection import Protection, Weakness

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("warm"),
    pytest.mark.skipif(
        bool(host_support.missing_features()), reason=" ".join(host_support.missing_features())
    ),
]

# What a kernel can see of itself and its surroundings.
SELF_PORTRAIT = """
import json, os, resource, signal, sys
status = dict(line.split(":\\t", 1) for line in open("/proc/self/status").read().splitlines())
fields = "CapInh CapPrm CapEff CapAmb NoNewPrivs Seccomp SigBlk SigIgn Groups Umask".split()
links = []
for fd in os.listdir("/proc/self/fd"):
    try:
        links.append(os.readlink(f"/proc/self/fd/{fd}").split(":")[0])
    except OSError:
        pass
print(json.dumps({
    "status": {name: status[name].strip() for name in fields},
    "variables": dict(os.environ),
    "root": os.getuid() == 0 or os.geteuid() == 0,
    "folders": [os.getcwd(), sorted(os.listdir("/")), sorted(os.listdir(os.path.expanduser("~")))],
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
    with ForkServer.start((*imports.KERNEL_MODULES, "numpy"), {}) as server:
        yield server


def run_json(kernel: Kernel, code: str) -> Any:
    """Run code that prints JSON, and return its value."""
    cell = new_code_cell(code)
    outcome = kernel.run_cell(cell, 30)
    assert outcome.status == "ran", outcome
    return json.loads("".join(output.get("text", "") for output in cell["outputs"]))


def test_forked_kernel_sees_what_a_started_one_sees(
    fork_server: ForkServer, tmp_path: Path
) -> None:
    (tmp_path / "data.csv").write_text("1,2\n")
    with Kernel(tmp_path) as kernel:
        started = run_json(kernel, SELF_PORTRAIT)
    with Kernel(tmp_path, fork_server=fork_server) as kernel:
        forked = run_json(kernel, SELF_PORTRAIT)
        assert kernel.fork_server is fork_server  # it was used
        assert run_json(kernel, "print(open('data.csv').read().split(',')[0])") == 1
    # The shells around a started kernel add variables.
    assert forked.pop("variables").items() <= started.pop("variables").items()
    assert forked == started
    assert forked["status"]["CapEff"] == "0" * 16
    assert forked["status"]["NoNewPrivs"] == "1"
    assert forked["status"]["Seccomp"] == "2"
    assert not forked["root"]
    assert forked["grader"] == []


@pytest.mark.long
def test_doctor_finds_no_difference() -> None:
    findings = doctor.run_checks(Protection.BUBBLEWRAP, forked=True)
    assert findings == doctor.run_checks(Protection.BUBBLEWRAP, forked=False)
    assert doctor.is_safe(findings)


def test_doctor_does_not_take_a_trial_that_fails_for_a_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(doctor._DISK_TRIALS, "disk", "no_such_trial()")
    findings = doctor.run_checks(Protection.BUBBLEWRAP)
    assert not doctor.is_safe(findings)
    assert "no_such_trial" in findings[0].fix


def test_forked_kernels_share_nothing(fork_server: ForkServer, tmp_path: Path) -> None:
    with (
        Kernel(tmp_path, fork_server=fork_server) as first,
        Kernel(tmp_path, fork_server=fork_server) as second,
    ):
        assert first.generation != second.generation
        mark = "import os, numpy\nmark = os.path.expanduser('~/mark')"
        run_json(first, f"{mark}\nopen(mark, 'w').write('here')\nnumpy.mark = 1\nprint(1)")
        assert run_json(second, f"{mark}\nprint(int(os.path.exists(mark)))") == 0
        assert run_json(second, "print(int(hasattr(numpy, 'mark')))") == 0
        draw = "import random, numpy\nprint([random.random(), numpy.random.random()])"
        assert not set(run_json(first, draw)) & set(run_json(second, draw))
        if os.geteuid() == 0:
            uid = "import os\nprint(os.getuid())"
            assert run_json(first, uid) != run_json(second, uid)
        kill = "import os, signal\ntry:\n    os.kill({}, 9)\nexcept OSError:\n    print(1)"
        assert run_json(first, kill.format(os.getpid())) == 1


def test_memory_limit_holds_and_nothing_outlives_the_kernel(
    fork_server: ForkServer, tmp_path: Path
) -> None:
    with Kernel(tmp_path, limits=Limits(memory=400 * MB), fork_server=fork_server) as kernel:
        outcome = kernel.run_cell(new_code_cell("hoard = b'x' * (1 << 30)"), 60)
        assert outcome.status in {"died", "raised"}
        kernel.restart()
        assert kernel.fork_server is fork_server
        fork = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\n"
        assert run_json(kernel, f"{fork}print(1)") == 1
        assert children(fork_server)
    for _ in range(600):  # the process that waits for the kernel ends a moment after it
        if not children(fork_server):
            break
        time.sleep(0.05)
    assert children(fork_server) == []


def test_only_the_kernel_and_not_what_waits_for_it_is_killed_for_memory(
    fork_server: ForkServer, tmp_path: Path
) -> None:
    """Else nobody would notice the end of the kernel before its time is up."""
    with Kernel(tmp_path, fork_server=fork_server) as kernel:
        waiting, forked = (
            Path(f"/proc/{process.pid}/cgroup").read_text() for process in children(fork_server)
        )
        grouped = Weakness.NO_CONTROL_GROUP not in kernel.weaknesses
    assert (waiting != forked) is grouped
    assert waiting == Path(f"/proc/{fork_server.pid}/cgroup").read_text()


def children(server: ForkServer) -> list[psutil.Process]:
    return psutil.Process(server.pid).children(recursive=True)


def test_kernel_starts_without_the_fork_server(tmp_path: Path) -> None:
    gone = ForkServer(str(tmp_path / "nobody"), (), {})
    with pytest.raises(ForkServerError, match="does not answer"):
        gone.fork({}, {"stderr": 2})
    with Kernel(tmp_path, fork_server=gone) as kernel:
        assert run_json(kernel, "print(1)") == 1
        assert kernel.fork_server is None


def test_kernels_survive_the_fork_server(tmp_path: Path) -> None:
    with (
        ForkServer.start(imports.KERNEL_MODULES, {}) as fork_server,
        Kernel(tmp_path, fork_server=fork_server) as kernel,
    ):
        os.kill(fork_server.pid, signal.SIGKILL)
        assert run_json(kernel, "mine = 1\nprint(mine)") == 1
        kernel.restart()
        assert run_json(kernel, "print(2)") == 2


def test_failed_start_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail_to_start(*_: object) -> ForkServer:
        raise ForkServerError("no room")

    monkeypatch.setattr(forkserver_client, "_SERVERS", {})
    with caplog.at_level("WARNING"):
        for _ in range(2):
            server = forkserver_client.shared_fork_server("kernel", ("json",), {}, fail_to_start)
            assert server is None
    assert caplog.messages == ["No fork server; each kernel starts more slowly: no room"]


def test_few_servers_are_kept_and_a_changed_course_needs_a_new_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[ForkServer] = []
    closed: list[str] = []

    class FakeServer(ForkServer):
        def close(self) -> None:
            closed.append(self.address)

    def start(modules: tuple[str, ...], _: object) -> ForkServer:
        started.append(FakeServer(str(len(started)), modules, {}))
        return started[-1]

    def shared(*modules: str) -> ForkServer | None:
        return forkserver_client.shared_fork_server("kernel", modules, {}, start)

    monkeypatch.setattr(forkserver_client, "_SERVERS", {})
    for module in ("json", "csv", "json"):
        shared(module)
    assert len(started) == 2
    shared("html")
    assert closed == ["1"]  # the least recently used
    assert shared("json") is started[0]
    (tmp_path / "module.py").touch()
    monkeypatch.setattr(environment, "course_folder", lambda: tmp_path)
    assert shared("json") is started[-1]
    assert len(started) == 4
