"""Workers break down, come late, see something else or go for good: nobody loses a point by it."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from autograder.__main__ import main
from autograder.kernels import warm
from autograder.kernels.warm import Nursery
from autograder.run import crew, program, workers
from autograder.run import task as tasks
from autograder.run.course import Course
from autograder.run.crowd import Run
from autograder.run.line import Line, StoppedError
from autograder.run.task import ChangedError, StrangeWorkerError, Task
from autograder.run.workers import ClusterError, Workers
from tests.autograder.runs import (
    GRADED,
    LATE,
    Inline,
    begun,
    command,
    hand_in,
    logged,
    poisoned,
    run,
    same,
    slow,
)
from tests.autograder.small import COURSE, LESSON

pytestmark = slow
New = Callable[[str], Path]
MORE = [f"more-{number}" for number in range(6)]


def summed(lines: Iterator[Line] | list[Line]) -> dict[str, tuple[str, float | None, str]]:
    return {line.student: (line.status, line.score, line.reason) for line in lines}


def test_two_killed_workers_cost_nobody_anything(new_course: New) -> None:
    course, other = new_course("killed"), new_course("undisturbed")
    for each in (course, other):
        hand_in(each, *MORE)
    staff = workers.pool(2)
    hired: list[Any] = []

    def hire(task: Task) -> Executor:
        hired.append(staff.hire(task))
        return hired[-1]  # type: ignore[no-any-return]

    killed: set[int] = set()
    lines = []
    for line in Run(Course.open(course, LESSON, 1), dataclasses.replace(staff, hire=hire)).grade():
        lines.append(line)
        working = hired[-1]._processes if hired else None  # none while others are yet to be hired
        if len(killed) < 2 and working:
            pid = next(iter(working))
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
            time.sleep(0.5)  # the pool sees it before it is asked again
    assert len(killed) == 2
    assert len(hired) >= 2
    assert all(isinstance(pool, ProcessPoolExecutor) for pool in hired)
    undisturbed = Run(Course.open(other, LESSON, 1), workers.pool(2)).grade()
    assert summed(lines) == summed(undisturbed)
    same(course, other)


def test_only_what_kills_its_worker_alone_is_given_up(new_course: New) -> None:
    course = new_course("poisoned")
    hand_in(course, *MORE)
    staff = dataclasses.replace(workers.pool(2), work=poisoned)
    found = {line.student: line for line in Run(Course.open(course, LESSON, 1), staff).grade()}
    assert found[LATE].status == "failed"
    assert "The grader broke down" in found[LATE].reason
    assert [name for name, line in found.items() if line.status == "failed"] == [LATE]
    assert set(found) >= {*GRADED, *MORE}


class Refusing(Inline):
    """Says that it is broken as soon as it is given something, as a broken pool does."""

    def submit(self, *_: Any, **__: Any) -> Any:
        raise BrokenExecutor("it is broken")


def test_workers_that_never_begin_end_the_run(new_course: New) -> None:
    course, hired = new_course("barren"), []

    def hire(_: Task) -> Executor:
        hired.append(Refusing(iter(())))
        return hired[-1]

    with pytest.raises(StoppedError, match="before they have done anything"):
        list(Run(Course.open(course, LESSON, 1), Workers(hire, lambda: 1)).grade())
    assert len(hired) == crew.BARREN + 1
    lines = list(run(course).grade())
    assert all(line.status != "failed" for line in lines)


def test_an_error_is_tried_once_more_and_then_told(new_course: New) -> None:
    course = new_course("error")
    odd = RuntimeError("a disk is full")
    assert all(line.status != "failed" for line in run(course, odd).grade())
    (course / "submitted" / "ada" / LESSON / "data.csv").write_text("3,4\n")
    found = {line.student: line for line in run(course, odd, odd).grade()}
    assert found["ada"] == Line("ada", "failed", reason="The grader broke down: a disk is full")
    assert found["two-ticks"].unchanged


def test_a_worker_that_sees_something_else_does_not_grade(
    new_course: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Course.open(new_course("seen"), LESSON).task("ada")
    version = program.mine()
    key = task.key(version)
    away = dataclasses.replace(task, source=task.source.parent / "elsewhere")
    with pytest.raises(StrangeWorkerError, match=r"sees no notebook in .*elsewhere"):
        tasks.answer(away, version, away.key(version))
    gone = dataclasses.replace(task, submitted=task.submitted.parent / "elsewhere")
    with pytest.raises(ChangedError):
        tasks.answer(gone, version, gone.key(version))
    with pytest.raises(ChangedError):
        tasks.answer(task, version, "another key")
    with pytest.raises(StrangeWorkerError, match="another version of the course"):
        tasks.answer(task, "another program", key)
    real = tasks.work

    def meanwhile(given: Task) -> dict[str, Any]:
        found = real(given)
        (given.submitted / "data.csv").write_text("5,6\n")
        return found

    monkeypatch.setattr(tasks, "work", meanwhile)
    with pytest.raises(ChangedError):
        tasks.answer(task, version, key)


def test_a_cluster_with_another_program_ends_the_run(new_course: New) -> None:
    course = new_course("stale")
    with pytest.raises(StrangeWorkerError):
        list(run(course, StrangeWorkerError("Give all workers the same.")).grade())
    assert not list((course / ".grading" / LESSON).glob("*.json"))


def test_one_warm_process_serves_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Nursery] = []

    def start(modules: tuple[str, ...], _: object) -> Nursery:
        time.sleep(0.2)
        started.append(Nursery("nowhere", modules, {}))
        return started[-1]

    monkeypatch.setattr(warm, "_KNOWN", {})
    found: list[Nursery | None] = []
    asking = [
        threading.Thread(target=lambda: found.append(warm.known("kernel", ("json",), {}, start)))
        for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(started) == 1
    assert found == started * 4


def local(**settings: Any) -> Any:
    from distributed import LocalCluster  # noqa: PLC0415  (two seconds that others need not wait)

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

    with local(n_workers=2, threads_per_worker=2) as cluster:
        staff = workers.cluster(cluster.scheduler_address)
        assert staff.jobs() == 4
        assert workers._answer_on_cluster is staff.work
        killer = threading.Thread(target=kill)
        killer.start()
        watched = dataclasses.replace(staff, work=logged)
        lines = list(Run(Course.open(course, LESSON, 1), watched).grade())
        killer.join()
        staff.part()
    (student, pid) = lost[0]
    again = [process for name, process in begun(course) if name == student]
    assert len(again) > 1  # what the killed worker had begun was begun by another
    assert again[0] == pid
    assert again[-1] != pid
    undisturbed = Run(Course.open(other, LESSON, 1), workers.pool(2)).grade()
    assert summed(lines) == summed(undisturbed)
    same(course, other)


def test_a_cluster_may_grow_and_shares_its_own_cores(
    new_course: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "COUNT", 0.0)
    said: list[str] = []
    with local(n_workers=0) as cluster:
        with pytest.raises(ClusterError, match="no worker has come"):
            workers.cluster(cluster.scheduler_address, said.append, come=0.2)
        assert "Nobody works at" in said[0]
        coming = threading.Timer(0.5, cluster.scale, (1,))
        coming.start()
        staff = workers.cluster(cluster.scheduler_address)
        one = staff.jobs()
        assert one > 0
        cluster.scale(2)
        cluster.wait_for_workers(2)
        assert staff.jobs() == 2 * one
        task = Course.open(new_course("grown"), LESSON).task("ada")
        executor = staff.hire(task)
        version = program.mine()
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
