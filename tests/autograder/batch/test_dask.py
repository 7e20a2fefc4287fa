"""A Dask cluster grades: a running one, or one that a Dask Gateway starts for the run."""

from __future__ import annotations

import base64
import dataclasses
import functools
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

import dask as dask_library
import pytest

from autograder.__main__ import main
from autograder.batch import dask, executors, fingerprint
from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseFolder
from autograder.batch.dask import ClusterError
from tests import ports
from tests.autograder.runs import (
    assert_same_grades,
    grade,
    grade_and_log,
    grade_command,
    outcomes,
    slow,
    started_jobs,
    submit,
)
from tests.autograder.small import COURSE, LESSON

pytestmark = slow
NewCourse = Callable[[str], Path]
MORE = [f"more-{number}" for number in range(6)]
PASSWORD = "the gateway's password"
GATEWAY_CONFIG = """
c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.DaskGateway.authenticator_class = "dask_gateway_server.auth.SimpleAuthenticator"
c.SimpleAuthenticator.password = {password!r}
c.DaskGateway.address = "127.0.0.1:{private}"
c.Proxy.address = "127.0.0.1:{public}"
c.Proxy.tcp_address = "127.0.0.1:{tcp}"
c.ClusterConfig.worker_cores = 2
c.ClusterConfig.scheduler_cmd = ["dask", "scheduler"]
c.ClusterConfig.worker_cmd = ["dask", "worker"]
c.UnsafeLocalBackend.cluster_start_timeout = {timeout}
c.UnsafeLocalBackend.worker_start_timeout = {timeout}
c.UnsafeLocalBackend.cluster_heartbeat_timeout = {timeout}
"""
TIMEOUT_S = 300.0  # on a machine that is busy with other things
# Grades a small class only when all workers are there, or the first would grade it alone.
MAIN_WITH_ALL_WORKERS = """
import sys, time
from autograder.__main__ import main
from autograder.batch import dask

start_cluster = dask.start_cluster

def start_whole_cluster(address, jobs, notify):
    pool = start_cluster(address, jobs, notify)
    while pool.size() < jobs:
        time.sleep(0.1)
    return pool

dask.start_cluster, dask.SIZE_MAX_AGE_S = start_whole_cluster, 0.0
sys.exit(main(sys.argv[1:]))
"""


def local_cluster(**settings: Any) -> Any:
    from distributed import LocalCluster

    return LocalCluster(dashboard_address=None, **settings)  # type: ignore[no-untyped-call]


@pytest.mark.long
def test_killing_a_worker_of_a_cluster_loses_nothing(new_course: NewCourse) -> None:
    course, undisturbed = new_course("cluster"), new_course("undisturbed")
    for folder in (course, undisturbed):
        submit(folder, *MORE)
    killed: list[tuple[str, int]] = []

    def kill_a_worker() -> None:
        while not started_jobs(course):
            time.sleep(0.01)
        killed.append(started_jobs(course)[-1])
        os.kill(killed[0][1], signal.SIGKILL)

    with local_cluster(n_workers=2, threads_per_worker=2) as cluster:
        pool = dask.connect(cluster.scheduler_address)
        assert pool.size() == 4
        assert dask._grade_on_cluster is pool.function
        killer = threading.Thread(target=kill_a_worker)
        killer.start()
        logging_pool = dataclasses.replace(pool, function=grade_and_log)
        lines = list(BatchRun(CourseFolder.open(course, LESSON, 1), logging_pool).grade())
        killer.join()
        pool.close()
    ((student, pid),) = killed
    attempts = [process for name, process in started_jobs(course) if name == student]
    assert len(attempts) > 1  # another worker graded what the killed one had started
    assert attempts[0] == pid
    assert attempts[-1] != pid
    local = BatchRun(CourseFolder.open(undisturbed, LESSON, 1), executors.local_pool(2))
    assert outcomes(lines) == outcomes(local.grade())
    assert_same_grades(course, undisturbed)


def test_a_cluster_may_grow_and_divides_its_cores(
    new_course: NewCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "SIZE_MAX_AGE_S", 0.0)
    messages: list[str] = []
    with local_cluster(n_workers=0) as cluster:
        with pytest.raises(ClusterError, match="has no workers after"):
            dask.connect(cluster.scheduler_address, messages.append, timeout_s=0.2)
        assert "has no workers yet" in messages[0]
        add_worker = functools.partial(cluster.scale, 1)
        address = cluster.scheduler_address
        pool = dask.connect(address, lambda _: add_worker(), timeout_s=TIMEOUT_S)
        size = pool.size()
        assert size > 0
        cluster.scale(2)
        cluster.wait_for_workers(2)
        assert pool.size() == 2 * size
        job = CourseFolder.open(new_course("grown"), LESSON).job("ada")
        executor = pool.make_executor(job)
        version = fingerprint.current()
        text = executor.submit(pool.function, job, version, job.cache_key(version)).result()
        assert '"points":2.0' in text
        pool.close()


@contextmanager
def dask_process(program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a scheduler or a worker; kill it at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{program}", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=COURSE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_lost_scheduler_stops_the_run_with_a_message(
    new_course: NewCourse, tmp_path: Path
) -> None:
    course = new_course("orphaned")
    submit(course, *MORE, *(f"many-{number}" for number in range(20)))
    path = tmp_path / "scheduler.json"
    scheduler_file = ("--scheduler-file", str(path))
    with dask_process("dask_scheduler", "--port", "0", "--no-dashboard", *scheduler_file) as server:
        while not path.exists() or '"address"' not in path.read_text():
            time.sleep(0.05)
        address = path.read_text().partition('"address": "')[2].partition('"')[0]
        with (
            dask_process("dask_worker", *scheduler_file, "--no-dashboard", "--nthreads", "1"),
            subprocess.Popen(
                grade_command(course, "--scheduler", address),
                cwd=COURSE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
        ):
            while process.poll() is None and not list(course.glob(".grading/*/*.written")):
                time.sleep(0.05)
            server.kill()
            output, errors = process.communicate(timeout=300)
    assert process.returncode == 1, errors
    assert "Traceback" not in errors
    assert f"The connection to the cluster at {address} is lost. Results so far are kept" in errors
    assert " submissions: " in output


def test_scheduler_errors_are_explained(
    new_course: NewCourse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["grade", LESSON, "--root", str(new_course("slips")), "--scheduler", "foo"]
    assert main(arguments) == 2
    assert "Can't connect to --scheduler foo: " in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(arguments) == 2
    assert "Install the extra `cluster`" in capsys.readouterr().err


def is_healthy(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(url, timeout=5) as reply:
        return int(reply.status) == 200
    return False


def running_clusters(gateway: str) -> Any:
    """Return the clusters that a gateway reports."""
    login = base64.b64encode(f"{getpass.getuser()}:{PASSWORD}".encode()).decode()
    request = urllib.request.Request(
        f"{gateway}/api/v1/clusters/", headers={"Authorization": f"Basic {login}"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as reply:
        return json.loads(reply.read())


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a real Dask Gateway, whose clusters are processes of this machine."""
    private, public, tcp = ports.free_ports(3)
    config = tmp_path / "dask_gateway_config.py"
    config.write_text(
        GATEWAY_CONFIG.format(
            password=PASSWORD, private=private, public=public, tcp=tcp, timeout=TIMEOUT_S
        )
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("DASK_GATEWAY__PROXY_ADDRESS", f"tls://127.0.0.1:{tcp}")
    for variable in ("CONNECT", "TCP"):  # also for the scheduler and the workers
        monkeypatch.setenv(f"DASK_DISTRIBUTED__COMM__TIMEOUTS__{variable}", f"{TIMEOUT_S:.0f}s")
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
            deadline = time.monotonic() + TIMEOUT_S
            while not is_healthy(f"{address}/api/health"):
                assert time.monotonic() < deadline, (tmp_path / "gateway.log").read_text()
                assert server.poll() is None, (tmp_path / "gateway.log").read_text()
                time.sleep(0.1)
            yield address
        finally:
            server.terminate()


@pytest.mark.long
def test_a_gateway_starts_a_cluster_and_the_run_ends_it(
    new_course: NewCourse, gateway: str
) -> None:
    course, other = new_course("gateway"), new_course("local")
    for folder in (course, other):
        submit(folder, *MORE)
    command = [sys.executable, "-c", MAIN_WITH_ALL_WORKERS, "grade", LESSON, "--root", str(course)]
    done = subprocess.run(
        [*command, "--gateway", gateway, "--jobs", "4"],
        cwd=COURSE,
        capture_output=True,
        text=True,
        timeout=4 * TIMEOUT_S,
        check=False,
    )
    assert "4 parallel jobs" in done.stdout, done.stderr  # two workers of two cores each
    assert "Traceback" not in done.stderr
    assert grade(other)[0] == done.returncode
    assert_same_grades(course, other)
    deadline = time.monotonic() + TIMEOUT_S
    while running_clusters(gateway) != {}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_gateway_errors_are_explained(
    new_course: NewCourse,
    gateway: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["grade", LESSON, "--root", str(new_course("slips")), "--gateway"]
    (unused_port,) = ports.free_ports(1)
    assert main([*arguments, f"http://127.0.0.1:{unused_port}"]) == 2
    assert f"through --gateway http://127.0.0.1:{unused_port}: " in capsys.readouterr().err
    assert main(arguments) == 2
    assert "--gateway needs an address: Dask's configuration has none" in capsys.readouterr().err
    wrong_password = {"type": "basic", "kwargs": {"password": "another"}}
    with dask_library.config.set({"gateway.auth": wrong_password}):
        assert main([*arguments, gateway]) == 2
    assert f"through --gateway {gateway}: " in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "dask_gateway", None)
    assert main([*arguments, gateway]) == 2
    assert "Install the extra `cluster`" in capsys.readouterr().err


def test_a_flood_ends_no_kernel_of_the_same_worker(new_course: NewCourse) -> None:
    """One process of a cluster grades with several threads; the guard counts each kernel apart."""
    course = new_course("flooded")
    submit(course, "endless-message", *MORE)
    with (course / "nbgrader_config.py").open("a") as settings:
        settings.write("\nc.Grade.cell_seconds = 6\nc.Grade.start_seconds = 4\n")
    with local_cluster(n_workers=1, threads_per_worker=3) as cluster:
        pool = dask.connect(cluster.scheduler_address)
        assert pool.size() == 3
        lines = outcomes(BatchRun(CourseFolder.open(course, LESSON, 1), pool).grade())
        pool.close()
    status, points, _ = lines["endless-message"]
    assert (status, points) == ("graded", 6.0)
    assert {lines[student] for student in MORE} == {("graded", 8.0, "")}
