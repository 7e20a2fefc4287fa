"""A run over a class gives what one submission after another gives, however often it ends early."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.judge.grading import Graded
from autograder.kernels import isolation
from autograder.kernels.isolation import UnprotectedError
from autograder.run import report, task, workers
from autograder.run.course import Course, CourseError
from autograder.run.crowd import Line, Run
from autograder.run.store import Kept, Store
from tests.autograder import lessons
from tests.autograder.small import COURSE, LESSON, open_course
from tests.hostile.batch import nbgrader
from tests.hostile.corpus import Submission, entries

CORPUS = {entry.name: entry for entry in entries()}
CLASS = ("ada", "bob", "exit-in-a-cell", "truncated", "two-ticks")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("run"),
    pytest.mark.skipif(
        bool(isolation.what_is_missing()), reason=" ".join(isolation.what_is_missing())
    ),
]


# What is started in the background does not listen to Ctrl+C by itself.
LISTENING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from autograder.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def hand_in(course: Path, *names: str) -> None:
    for name in names:
        folder = course / "submitted" / name / LESSON
        folder.mkdir(parents=True, exist_ok=True)
        made = CORPUS[name].submission(course) if name in CORPUS else Submission()
        made.files["data.csv"] = b"1,2\n"
        made.write(folder)
        (folder / "timestamp.txt").write_text("2026-03-01 12:00:00 UTC")


@pytest.fixture
def new_course(tmp_path: Path) -> Callable[[str], Path]:
    def make(name: str) -> Path:
        course = open_course(tmp_path / name / "course", lessons.TEXT)
        assert nbgrader(course, "generate_assignment", LESSON)[0] == 0
        hand_in(course, *CLASS)
        return course

    return make


def dump(course: Path, address: str = "") -> list[Any]:
    """All that the gradebook says, without its random names for rows."""
    with Gradebook(address or f"sqlite:///{course}/gradebook.db", "autoencoders") as gradebook:
        return [
            (
                submission.student.id,
                str(submission.timestamp),
                notebook.name,
                sorted(
                    (grade.name, grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                    for grade in notebook.grades
                ),
                sorted((comment.name, comment.auto_comment) for comment in notebook.comments),
            )
            for submission in sorted(
                gradebook.assignment_submissions(LESSON), key=lambda each: each.student.id
            )
            for notebook in submission.notebooks
        ]


def files(course: Path) -> dict[str, bytes]:
    folder = course / "autograded"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def command(course: Path, *arguments: str) -> list[str]:
    given = ["grade", LESSON, "--root", str(course), *arguments]
    return [sys.executable, "-c", LISTENING, *given]


def grade(course: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        command(course, *arguments), cwd=COURSE, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_many_at_once_one_by_one_and_nbgrader_itself_agree(
    new_course: Callable[[str], Path],
) -> None:
    plain, one, two = new_course("plain"), new_course("one"), new_course("two")
    assert nbgrader(plain, "autograde", LESSON)[0] == 0
    for course, jobs in ((one, "1"), (two, "2")):
        code, said = grade(course, "--jobs", jobs, "--report", str(course / "report.json"))
        assert code == 1, said  # somebody's file can't be read
        assert "truncated" in said
        assert "needs review" in said
    assert dump(one) == dump(plain)
    assert dump(two) == dump(plain)
    assert files(one) == files(plain)
    assert files(two) == files(plain)
    told = json.loads((two / "report.json").read_bytes())
    assert told["total"]["submissions"] == len(CLASS)
    assert told["total"]["needs review"] == 1
    assert {line["student"]: line["score"] for line in told["submissions"]}["ada"] == 8


def test_a_run_that_is_killed_goes_on_from_there(new_course: Callable[[str], Path]) -> None:
    whole, course = new_course("whole"), new_course("killed")
    grade(whole, "--jobs", "2")
    for number, stop in ((1, signal.SIGKILL), (3, signal.SIGINT)):
        process = subprocess.Popen(
            command(course, "--jobs", "2"),
            cwd=COURSE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        kept = course / ".grading" / LESSON
        while process.poll() is None and len(list(kept.glob("*.json"))) < number:
            time.sleep(0.02)
        process.send_signal(stop)
        told, _ = process.communicate()
        if stop is signal.SIGINT:
            assert process.returncode == 130
            assert b"as before" in told  # what was kept was not graded again
    code, said = grade(course, "--jobs", "2")
    assert code == 1
    assert "as before" in said
    assert dump(course) == dump(whole)
    assert files(course) == files(whole)


class Inline(Executor):
    """Does the work at once, or breaks down as often as it is told."""

    def __init__(self, breaks: Iterator[BaseException | None]) -> None:
        self.breaks = breaks

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        error = next(self.breaks, None)
        if error is None:
            future.set_result(function(*arguments, **named))
        else:
            future.set_exception(error)
        return future


def run(course: Path, *breaks: BaseException | None) -> tuple[Run, list[Inline]]:
    hired: list[Inline] = []
    left = iter(breaks)

    def hire(_: task.Task) -> Executor:
        hired.append(Inline(left))
        return hired[-1]

    return Run(Course.open(course, LESSON), workers.Workers(hire, 1)), hired


def test_only_what_changed_is_graded_again(new_course: Callable[[str], Path]) -> None:
    course = new_course("changed")
    first = {line.student: line for line in run(course)[0].grade()}
    assert not any(line.unchanged for line in first.values())
    hand_in(course, "eve")
    (course / "submitted" / "bob" / LESSON / "data.csv").write_text("3,4\n")
    again = {line.student: line for line in run(course)[0].grade()}
    assert {name for name, line in again.items() if not line.unchanged} == {"eve", "bob"}
    assert [line.student for line in run(course)[0].grade(only_failed=True)].count("truncated") == 1
    failed = {line.student: line for line in run(course)[0].grade(only_failed=True)}
    assert {name for name, line in failed.items() if not line.unchanged} == {"truncated"}
    (course / "source" / LESSON / "extra.csv").write_text("new")
    assert not any(line.unchanged for line in run(course)[0].grade())


def test_who_hands_in_while_it_runs_is_graded_too(new_course: Callable[[str], Path]) -> None:
    course = new_course("late")
    graded = []
    for line in run(course)[0].grade():
        graded.append(line.student)
        if len(graded) == 2:
            hand_in(course, "late")
    assert graded[-1] == "late"


def test_a_worker_may_break_down_once(new_course: Callable[[str], Path]) -> None:
    course = new_course("broken")
    broken = BrokenExecutor("a worker was killed")
    run_, hired = run(course, broken)
    assert all(line.status != "failed" for line in run_.grade())
    assert len(hired) == 2
    (course / "submitted" / "ada" / LESSON / "data.csv").write_text("3,4\n")
    found = {line.student: line for line in run(course, broken, broken)[0].grade()}
    assert found["ada"] == Line(
        "ada", "failed", reason="The grader broke down: a worker was killed"
    )
    assert found["bob"].unchanged
    with pytest.raises(UnprotectedError):
        list(run(course, UnprotectedError(["No sandbox."]))[0].grade())


def test_a_gradebook_of_another_version_is_a_reason(new_course: Callable[[str], Path]) -> None:
    course = new_course("other")
    path = course / "source" / LESSON / "small.ipynb"
    nb = json.loads(path.read_bytes())
    nb["cells"] = [cell for cell in nb["cells"] if cell["id"] != "half-test"]
    path.write_text(json.dumps(nb))
    lines = list(run(course)[0].grade())
    assert {line.status for line in lines} == {"failed"}
    assert "source/ and the gradebook differ in half-test" in lines[0].reason


def test_a_cluster_survives_the_loss_of_a_worker(new_course: Callable[[str], Path]) -> None:
    from distributed import LocalCluster  # noqa: PLC0415  (two seconds that other tests need not wait)

    course, whole = new_course("cluster"), new_course("alone")
    grade(whole, "--jobs", "2")
    dask: Any = LocalCluster  # it has few types
    with dask(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        staff = workers.cluster(cluster.scheduler_address)
        assert staff.jobs == 2
        killed = False
        for _ in Run(Course.open(course, LESSON), staff).grade():
            if not killed:
                os.kill(next(iter(cluster.workers.values())).pid, signal.SIGKILL)
                killed = True
        staff.part()
    assert dump(course) == dump(whole)
    assert files(course) == files(whole)


def test_a_result_that_was_cut_off_is_none(tmp_path: Path) -> None:
    store = Store(tmp_path, LESSON)
    store.put("ada", Kept("key", {"notebooks": {}}, written=True))
    assert store.get("ada", "key") == Kept("key", {"notebooks": {}}, written=True)
    assert store.get("ada", "other") is None
    path = tmp_path / ".grading" / LESSON / "ada.json"
    path.write_bytes(path.read_bytes()[:20])
    assert store.get("ada", "key") is None
    with pytest.raises(ValueError, match="no graded notebook"):
        Graded.from_json({"notebook": "{}"})


def test_slips_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", LESSON, "--root", str(tmp_path)]) == 2
    assert "has no nbgrader_config.py" in capsys.readouterr().err
    course = open_course(tmp_path / "course", lessons.TEXT)
    with pytest.raises(CourseError, match="no assignment '02-none'; there are 01-small"):
        Course.open(course, "02-none")
    assert main(["grade", LESSON, "--jobs", "0", "--root", str(course)]) == 2
    assert "one is the least" in capsys.readouterr().err


def test_links_are_not_read_and_sums_add_up(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "link").symlink_to("/etc/passwd")
    assert [path.name for path in task._files(tmp_path)] == ["a.txt"]
    lines = [Line("a", "graded", 1, 2, 3.0), Line("b", "needs review", 0, 2, unchanged=True)]
    sums = report.total(lines, 30, 2)
    assert (sums["graded"], sums["needs review"], sums["per_minute"]) == (1, 1, 2.0)
    assert "2 submissions: 1 graded, 1 needs review; 1 as before." in report.closing(sums)
