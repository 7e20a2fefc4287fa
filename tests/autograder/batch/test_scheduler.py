"""Workers break down, come late, see something else or go for good: nobody loses a point by it."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from autograder.batch import executors, fingerprint, scheduler
from autograder.batch import job as tasks
from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseFolder
from autograder.batch.executors import WorkerPool
from autograder.batch.job import Job, SubmissionChangedError, WorkerMismatchError
from autograder.batch.report_line import ReportLine, StoppedError
from autograder.sandbox import forkserver_client
from autograder.sandbox.forkserver_client import ForkServer
from tests.autograder.runs import (
    GRADED,
    LATE,
    Inline,
    hand_in,
    poisoned,
    run,
    same,
    slow,
    summed,
)
from tests.autograder.small import LESSON

pytestmark = slow
New = Callable[[str], Path]
MORE = [f"more-{number}" for number in range(6)]


def test_two_killed_workers_cost_nobody_anything(new_course: New) -> None:
    course, other = new_course("killed"), new_course("undisturbed")
    for each in (course, other):
        hand_in(each, *MORE)
    staff = executors.local_pool(2)
    hired: list[Any] = []

    def hire(task: Job) -> Executor:
        hired.append(staff.hire(task))
        return hired[-1]  # type: ignore[no-any-return]

    killed: set[int] = set()
    lines = []
    for line in BatchRun(
        CourseFolder.open(course, LESSON, 1), dataclasses.replace(staff, hire=hire)
    ).grade():
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
    undisturbed = BatchRun(CourseFolder.open(other, LESSON, 1), executors.local_pool(2)).grade()
    assert summed(lines) == summed(undisturbed)
    same(course, other)


def test_only_what_kills_its_worker_alone_is_given_up(new_course: New) -> None:
    course = new_course("poisoned")
    hand_in(course, *MORE)
    staff = dataclasses.replace(executors.local_pool(2), work=poisoned)
    found = {
        line.student: line for line in BatchRun(CourseFolder.open(course, LESSON, 1), staff).grade()
    }
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

    def hire(_: Job) -> Executor:
        hired.append(Refusing(iter(())))
        return hired[-1]

    with pytest.raises(StoppedError, match="before they have done anything"):
        list(BatchRun(CourseFolder.open(course, LESSON, 1), WorkerPool(hire, lambda: 1)).grade())
    assert len(hired) == scheduler.MAX_CRASHES_IN_A_ROW + 1
    lines = list(run(course).grade())
    assert all(line.status != "failed" for line in lines)


def test_an_error_is_tried_once_more_and_then_told(new_course: New) -> None:
    course = new_course("error")
    odd = RuntimeError("a disk is full")
    assert all(line.status != "failed" for line in run(course, odd).grade())
    (course / "submitted" / "ada" / LESSON / "data.csv").write_text("3,4\n")
    found = {line.student: line for line in run(course, odd, odd).grade()}
    assert found["ada"] == ReportLine(
        "ada", "failed", reason="The grader broke down: a disk is full"
    )
    assert found["two-ticks"].unchanged


def test_a_worker_that_sees_something_else_does_not_grade(
    new_course: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = CourseFolder.open(new_course("seen"), LESSON).task("ada")
    version = fingerprint.mine()
    key = task.key(version)
    away = dataclasses.replace(task, source=task.source.parent / "elsewhere")
    with pytest.raises(WorkerMismatchError, match=r"sees no notebook in .*elsewhere"):
        tasks.grade_to_json(away, version, away.key(version))
    gone = dataclasses.replace(task, submitted=task.submitted.parent / "elsewhere")
    with pytest.raises(SubmissionChangedError):
        tasks.grade_to_json(gone, version, gone.key(version))
    with pytest.raises(SubmissionChangedError):
        tasks.grade_to_json(task, version, "another key")
    with pytest.raises(WorkerMismatchError, match="another version of the course"):
        tasks.grade_to_json(task, "another program", key)
    real = tasks.grade

    def meanwhile(given: Job) -> dict[str, Any]:
        found = real(given)
        (given.submitted / "data.csv").write_text("5,6\n")
        return found

    monkeypatch.setattr(tasks, "grade", meanwhile)
    with pytest.raises(SubmissionChangedError):
        tasks.grade_to_json(task, version, key)


def test_a_cluster_with_another_program_ends_the_run(new_course: New) -> None:
    course = new_course("stale")
    with pytest.raises(WorkerMismatchError):
        list(run(course, WorkerMismatchError("Give all workers the same.")).grade())
    assert not list((course / ".grading" / LESSON).glob("*.json"))


def test_one_warm_process_serves_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[ForkServer] = []

    def start(modules: tuple[str, ...], _: object) -> ForkServer:
        time.sleep(0.2)
        started.append(ForkServer("nowhere", modules, {}))
        return started[-1]

    monkeypatch.setattr(forkserver_client, "_KNOWN", {})
    found: list[ForkServer | None] = []
    asking = [
        threading.Thread(
            target=lambda: found.append(forkserver_client.known("kernel", ("json",), {}, start))
        )
        for _ in range(4)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(started) == 1
    assert found == started * 4
