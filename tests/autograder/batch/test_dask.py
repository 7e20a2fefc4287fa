"""A Dask cluster grades: one that runs already, or one that a Dask Gateway makes for the run."""

from __future__ import annotations

import base64
import dataclasses
import getpass
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dask
import pytest

from autograder.__main__ import main
from autograder.batch import dask as cluster
from autograder.batch import executors, fingerprint
from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseFolder
from autograder.batch.dask import ClusterError
from tests import ports
from tests.autograder.runs import begun, command, grade, hand_in, logged, same, slow, summed
from tests.autograder.small import COURSE, LESSON

pytestmark = slow
New = Callable[[str], Path]
MORE = [f"more-{number}" for number in range(6)]
PASSWORD = "the gateway's own"
GATEWAY = """c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.DaskGateway.authenticator_class = "dask_gateway_server.auth.SimpleAuthenticator"
c.SimpleAuthenticator.password = {password!r}
c.DaskGateway.address = "127.0.0.1:{private}"
c.Proxy.address = "127.0.0.1:{public}"
c.Proxy.tcp_address = "127.0.0.1:{tcp}"
c.ClusterConfig.worker_cores = 2
c.ClusterConfig.scheduler_cmd = ["dask", "scheduler"]
c.ClusterConfig.worker_cmd = ["dask", "worker"]
"""


def local(**settings: Any) -> Any:
    from distributed import LocalCluster

    return LocalCluster(dashboard_address=None, **settings)  # type: ignore[no-untyped-call]


def test_a_cluster_survives_the_loss_of_a_worker(new_course: New) -> None:
    course, other = new_course("cluster"), new_course("alone")
    for each in (course, other):
        hand_in(each, *MORE)
    lost: list[tuple[str, int]] = []

    def kill() -> None:
        while not begun(course):
            time.sleep(0.01)
        lost.append(begun(course)[-1])
        os.kill(lost[0][1], signal.SIGKILL)

    with local(n_workers=2, threads_per_worker=2) as made:
        staff = cluster.running(made.scheduler_address)
        assert staff.jobs() == 4
        assert cluster._answer is staff.work
        killer = threading.Thread(target=kill)
        killer.start()
        watched = dataclasses.replace(staff, work=logged)
        lines = list(BatchRun(CourseFolder.open(course, LESSON, 1), watched).grade())
        killer.join()
        staff.part()
    (student, pid) = lost[0]
    again = [process for name, process in begun(course) if name == student]
    assert len(again) > 1  # what the killed worker had begun was begun by another
    assert again[0] == pid
    assert again[-1] != pid
    undisturbed = BatchRun(CourseFolder.open(other, LESSON, 1), executors.local_pool(2)).grade()
    assert summed(lines) == summed(undisturbed)
    same(course, other)


def test_a_cluster_may_grow_and_shares_its_own_cores(
    new_course: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "COUNT", 0.0)
    said: list[str] = []
    with local(n_workers=0) as made:
        with pytest.raises(ClusterError, match="no worker has come"):
            cluster.running(made.scheduler_address, said.append, come=0.2)
        assert "Nobody works at" in said[0]
        coming = threading.Timer(0.5, made.scale, (1,))
        coming.start()
        staff = cluster.running(made.scheduler_address)
        one = staff.jobs()
        assert one > 0
        made.scale(2)
        made.wait_for_workers(2)
        assert staff.jobs() == 2 * one
        task = CourseFolder.open(new_course("grown"), LESSON).task("ada")
        executor = staff.hire(task)
        version = fingerprint.mine()
        text = executor.submit(staff.work, task, version, task.key(version)).result()
        assert '"points": 2.0' in text
        staff.part()
        coming.join()


@contextmanager
def started(program_: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A part of a cluster, as a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{program_}", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=COURSE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_scheduler_that_dies_ends_the_run_in_words(new_course: New, tmp_path: Path) -> None:
    course = new_course("orphaned")
    hand_in(course, *MORE, *(f"many-{number}" for number in range(20)))
    place = tmp_path / "scheduler.json"
    address = ("--scheduler-file", str(place))
    with started("dask_scheduler", "--port", "0", "--no-dashboard", *address) as scheduler:
        while not place.exists() or '"address"' not in place.read_text():
            time.sleep(0.05)
        found = place.read_text().partition('"address": "')[2].partition('"')[0]
        with (
            started("dask_worker", *address, "--no-dashboard", "--nthreads", "1"),
            subprocess.Popen(
                command(course, "--scheduler", found),
                cwd=COURSE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
        ):
            while process.poll() is None and not list(course.glob(".grading/*/*.written")):
                time.sleep(0.05)
            scheduler.kill()
            said, complained = process.communicate(timeout=300)
    assert process.returncode == 1, complained
    assert "Traceback" not in complained
    assert f"The cluster at {found} is gone. What is graded is kept" in complained
    assert " submissions: " in said


def test_slips_with_a_cluster_are_named(
    new_course: New, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    course = new_course("slips")
    given = ["grade", LESSON, "--root", str(course), "--scheduler", "foo"]
    assert main(given) == 2
    assert "--scheduler foo: " in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(given) == 2
    assert "comes with the extra `cluster`" in capsys.readouterr().err


def answers(address: str) -> bool:
    """Whether somebody is there and says that all is well."""
    with suppress(OSError), urllib.request.urlopen(address, timeout=5) as reply:
        return int(reply.status) == 200
    return False


def clusters(address: str) -> Any:
    """What a gateway knows of the clusters that run."""
    login = base64.b64encode(f"{getpass.getuser()}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        f"{address}/api/v1/clusters/", headers={"Authorization": f"Basic {login}"}
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.loads(reply.read())


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a real Dask Gateway, whose clusters are processes of this machine."""
    private, public, tcp = ports.free(3)
    config = tmp_path / "dask_gateway_config.py"
    config.write_text(GATEWAY.format(password=PASSWORD, private=private, public=public, tcp=tcp))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("DASK_GATEWAY__PROXY_ADDRESS", f"tls://127.0.0.1:{tcp}")
    monkeypatch.setenv("DASK_GATEWAY__AUTH__TYPE", "basic")
    monkeypatch.setenv("DASK_GATEWAY__AUTH__KWARGS__PASSWORD", PASSWORD)
    address = f"http://127.0.0.1:{public}"
    with (
        (tmp_path / "gateway.log").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "dask_gateway_server", "-f", str(config)],
            env={**os.environ, "PATH": path},
            cwd=COURSE,
            stdout=log,
            stderr=log,
        ) as server,
    ):
        try:
            ends = time.monotonic() + 60
            while not answers(f"{address}/api/health"):
                assert time.monotonic() < ends, (tmp_path / "gateway.log").read_text()
                assert server.poll() is None, (tmp_path / "gateway.log").read_text()
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()


def test_a_gateway_makes_a_cluster_for_the_run_and_ends_it(new_course: New, gateway: str) -> None:
    course, other = new_course("gateway"), new_course("alone")
    for each in (course, other):
        hand_in(each, *MORE)
    code, said = grade(course, "--gateway", gateway, "--jobs", "4")
    assert "4 at once" in said  # two workers of two cores each
    assert "Traceback" not in said
    assert grade(other)[0] == code
    same(course, other)
    assert clusters(gateway) == {}


def test_slips_with_a_gateway_are_named(
    new_course: New,
    gateway: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["grade", LESSON, "--root", str(new_course("slips")), "--gateway"]
    (nobody,) = ports.free(1)
    assert main([*given, f"http://127.0.0.1:{nobody}"]) == 2
    assert f"--gateway http://127.0.0.1:{nobody}: " in capsys.readouterr().err
    assert main(given) == 2
    assert "Dask's configuration names no gateway" in capsys.readouterr().err
    login = {"type": "basic", "kwargs": {"password": "another"}}
    with dask.config.set({"gateway.auth": login}):
        assert main([*given, gateway]) == 2
    assert f"--gateway {gateway}: " in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "dask_gateway", None)
    assert main([*given, gateway]) == 2
    assert "comes with the extra `cluster`" in capsys.readouterr().err
