"""Workers crash, join late, see other files or disappear, and no student loses a point."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from pathlib import Path
from typing import Any

import pytest

from autograder.batch import executors, fingerprint, job, report, scheduler
from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseFolder
from autograder.batch.executors import WorkerPool
from autograder.batch.job import Job, SubmissionChangedError, WorkerMismatchError
from autograder.batch.report import ReportLine, RunStoppedError
from autograder.sandbox import forkserver_client
from autograder.sandbox.forkserver_client import ForkServer
from autograder.sandbox.protection import WEAKNESSES, Weakness
from tests.autograder.runs import (
    GRADED,
    LATE,
    InlineExecutor,
    assert_same_grades,
    crash_on_late,
    inline_run,
    outcomes,
    slow,
    submit,
)
from tests.autograder.small import LESSON

pytestmark = slow
NewCourse = Callable[[str], Path]
MORE = [f"more-{number}" for number in range(6)]


def run_with(course: Path, pool: WorkerPool) -> BatchRun:
    return BatchRun(CourseFolder.open(course, LESSON, 1), pool)


def test_killing_two_workers_loses_nothing(new_course: NewCourse) -> None:
    course, undisturbed = new_course("killed"), new_course("undisturbed")
    for folder in (course, undisturbed):
        submit(folder, *MORE)
    pool = executors.local_pool(2)
    started: list[Any] = []

    def make_executor(job: Job) -> Executor:
        started.append(pool.make_executor(job))
        return started[-1]  # type: ignore[no-any-return]

    killed: set[int] = set()
    lines = []
    for line in run_with(course, dataclasses.replace(pool, make_executor=make_executor)).grade():
        lines.append(line)
        processes = started[-1]._processes if started else None  # None while they are replaced
        if len(killed) < 2 and processes:
            pid = next(iter(processes))
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
            time.sleep(0.5)  # the pool notices before it gets the next job
    assert len(killed) == 2
    assert len(started) >= 2
    assert all(isinstance(executor, ProcessPoolExecutor) for executor in started)
    expected = run_with(undisturbed, executors.local_pool(2)).grade()
    assert outcomes(lines) == outcomes(expected)
    assert_same_grades(course, undisturbed)


def test_only_the_job_that_crashes_its_worker_is_given_up(new_course: NewCourse) -> None:
    course = new_course("poisoned")
    submit(course, *MORE)
    pool = dataclasses.replace(executors.local_pool(2), function=crash_on_late)
    by_student = {line.student: line for line in run_with(course, pool).grade()}
    assert by_student[LATE].status == "failed"
    assert "The grader failed: " in by_student[LATE].reason
    assert [name for name, line in by_student.items() if line.status == "failed"] == [LATE]
    assert set(by_student) >= {*GRADED, *MORE}


class BrokenFromTheStart(InlineExecutor):
    """Rejects every job, as a pool does whose processes die at start-up."""

    def submit(self, *_: Any, **__: Any) -> Any:
        raise BrokenExecutor("it is broken")


def test_workers_that_never_start_end_the_run(new_course: NewCourse) -> None:
    course, started = new_course("broken"), []

    def make_executor(_: Job) -> Executor:
        started.append(BrokenFromTheStart(iter(())))
        return started[-1]

    with pytest.raises(RunStoppedError, match="crashed 21 times in a row without grading"):
        list(run_with(course, WorkerPool(make_executor, lambda: 1)).grade())
    assert len(started) == scheduler.MAX_CRASHES_IN_A_ROW + 1
    lines = list(inline_run(course).grade())
    assert all(line.status != "failed" for line in lines)


def test_a_run_without_workers_waits_and_then_stops(
    new_course: NewCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NeverDone(InlineExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            return Future()

    monkeypatch.setattr(scheduler, "POLL_INTERVAL_S", 0.01)
    messages: list[str] = []
    pool = WorkerPool(lambda _: NeverDone(iter(())), lambda: 0)
    queue = scheduler.Scheduler(pool, messages.append, worker_timeout_s=0.1)
    queue.submit(
        scheduler.QueuedJob(CourseFolder.open(new_course("left"), LESSON).job("ada"), "", "")
    )
    with pytest.raises(RunStoppedError, match="No worker is left, and none has joined"):
        list(iter(queue.wait_for_finished, ["never"]))
    assert len(messages) == 1
    assert "No worker is left. Waiting 0 s for one." in messages[0]


def test_an_error_is_retried_once_and_then_reported(new_course: NewCourse) -> None:
    course = new_course("error")
    error = RuntimeError("a disk is full")
    assert all(line.status != "failed" for line in inline_run(course, error).grade())
    (course / "submitted" / "ada" / LESSON / "data.csv").write_text("3,4\n")
    by_student = {line.student: line for line in inline_run(course, error, error).grade()}
    assert by_student["ada"] == ReportLine(
        "ada", "failed", reason="The grader failed: a disk is full"
    )
    assert by_student["two-ticks"].unchanged


def test_a_worker_refuses_a_job_that_it_sees_differently(
    new_course: NewCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = CourseFolder.open(new_course("seen"), LESSON).job("ada")
    version = fingerprint.current()
    key = seen.cache_key(version)
    no_source = dataclasses.replace(seen, source=seen.source.parent / "elsewhere")
    with pytest.raises(WorkerMismatchError, match=r"sees no notebook in .*elsewhere"):
        job.grade_to_json(no_source, version, no_source.cache_key(version))
    no_submission = dataclasses.replace(seen, submitted=seen.submitted.parent / "elsewhere")
    with pytest.raises(SubmissionChangedError):
        job.grade_to_json(no_submission, version, no_submission.cache_key(version))
    with pytest.raises(SubmissionChangedError):
        job.grade_to_json(seen, version, "another key")
    with pytest.raises(WorkerMismatchError, match="another version of the course"):
        job.grade_to_json(seen, "another version", key)
    real_grade = job._grade_in_worker

    def grade_and_change(job: Job) -> str:
        result = real_grade(job)
        (job.submitted / "data.csv").write_text("5,6\n")
        return result

    monkeypatch.setattr(job, "_grade_in_worker", grade_and_change)
    with pytest.raises(SubmissionChangedError):
        job.grade_to_json(seen, version, key)


def test_a_worker_with_another_version_ends_the_run(new_course: NewCourse) -> None:
    course = new_course("stale")
    with pytest.raises(WorkerMismatchError):
        list(inline_run(course, WorkerMismatchError("Restart all workers.")).grade())
    assert not list((course / ".grading" / LESSON).glob("*.json"))


def test_threads_share_one_fork_server(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[ForkServer] = []

    def start(modules: tuple[str, ...], _: object) -> ForkServer:
        time.sleep(0.2)
        started.append(ForkServer("nowhere", modules, {}))
        return started[-1]

    monkeypatch.setattr(forkserver_client, "_SERVERS", {})
    servers: list[ForkServer | None] = []
    threads = [
        threading.Thread(
            target=lambda: servers.append(
                forkserver_client.shared_fork_server("kernel", ("json",), {}, start)
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1
    assert servers == started * 4


def disturb(text: str) -> str:
    """Change a result as if others had kept the kernel from running."""
    assert '"disturbed":false' in text
    text = text.replace('"disturbed":false', '"disturbed":true')
    return text.replace('"points":2.0', '"points":0.0')


def test_a_disturbed_submission_is_graded_again_when_the_others_are_done(
    new_course: NewCourse,
) -> None:
    course, undisturbed = new_course("disturbed"), new_course("undisturbed")
    lines = list(inline_run(course, None, disturb, disturb).grade())
    assert outcomes(lines) == outcomes(inline_run(undisturbed).grade())
    second, third = GRADED[1:3]
    assert [line.student for line in lines][-2:] == [second, third]
    assert_same_grades(course, undisturbed)


def test_a_submission_is_graded_alone_once(new_course: NewCourse) -> None:
    """On a machine that stays busy, the second result counts."""
    course = new_course("busy")
    run = inline_run(course, *[disturb] * 2 * len(GRADED))
    assert {line.student for line in run.grade()} >= {*GRADED}
    assert not any(line.unchanged for line in run.grade())


def test_a_job_runs_alone_when_all_others_are_done() -> None:
    running: list[str] = []
    beside: dict[str, int] = {}

    def grade_slowly(name: Any, *_: str) -> str:
        running.append(name)
        time.sleep(0.2)
        beside[name] = max(beside.get(name, 0), len(running))
        running.remove(name)
        return str(name)

    pool = WorkerPool(lambda _: ThreadPoolExecutor(3), lambda: 3, grade_slowly)
    jobs = scheduler.Scheduler(pool, print)
    for number in range(9):
        name: Any = f"job {number}"
        jobs.submit(scheduler.QueuedJob(name, "", ""), alone=number in {0, 1})
    finished = []
    while not jobs.idle:
        finished += [text for _, text in jobs.wait_for_finished()]
    jobs.shutdown()
    assert finished[-2:] == ["job 0", "job 1"]
    assert beside["job 0"] == beside["job 1"] == 1
    assert max(beside.values()) == 3


def weaken(text: str) -> str:
    """Change a result as if its worker's machine had no control groups."""
    at = text.index('"weaknesses":[') + len('"weaknesses":[')
    return f'{text[:at]}"no control group"{text[text.index("]", at) :]}'


def test_what_was_not_enforced_is_said_once_and_reported(new_course: NewCourse) -> None:
    messages: list[str] = []
    pool = WorkerPool(lambda _: InlineExecutor(iter([weaken] * 9)), lambda: 1)
    run = BatchRun(CourseFolder.open(new_course("weak"), LESSON, 1), pool, messages.append)
    assert len(list(run.grade())) > 2
    explanation = WEAKNESSES[Weakness.NO_CONTROL_GROUP]
    assert messages.count(explanation) == 1
    totals = report.summarize([], 1, 1, report.RunCosts(weaknesses=(explanation,)))
    assert totals["not_enforced"] == [explanation]
    assert f"Not enforced: {explanation}" in report.format_summary(totals)
