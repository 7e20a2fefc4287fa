"""Classes that submit a small lesson, runs that grade them, and everything a run leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import MetaData, create_engine, select

from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseFolder
from autograder.batch.executors import WorkerPool
from autograder.batch.job import Job, grade_to_json
from autograder.batch.report import ReportLine
from autograder.sandbox import host_support
from tests.autograder import lessons
from tests.autograder.small import COURSE, LESSON, NOTEBOOK, open_course
from tests.hostile.batch import nbgrader
from tests.hostile.corpus import Submission, entries

CORPUS: Final = {entry.name: entry for entry in entries()}
LATE, EMPTY, EXCLUDED = "late", "empty", "left-out"
CLASS: Final = ("ada", EMPTY, "exit-in-a-cell", LATE, EXCLUDED, "truncated", "two-ticks")
GRADED: Final = [name for name in CLASS if name != EXCLUDED]
SETTINGS: Final = f"""
c.CourseDirectory.student_id_exclude = {EXCLUDED!r}
c.LateSubmissionPlugin.penalty_method = "zero"
"""
needs_sandbox = pytest.mark.skipif(
    bool(host_support.missing_features()), reason=" ".join(host_support.missing_features())
)
slow = [pytest.mark.slow, needs_sandbox]

# A background process ignores Ctrl+C unless it restores the handler.
INTERRUPTIBLE_MAIN: Final = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from autograder.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def make_class(folder: Path, settings: str = "", *students: str) -> Path:
    """Create a course with a gradebook, a due date, and everybody's submissions."""
    course = open_course(folder / "course", lessons.TEXT)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(SETTINGS + settings)
    due_date = ("db", "assignment", "add", LESSON, "--duedate", "2026-03-01 18:00:00 UTC")
    for arguments in (("generate_assignment", LESSON), due_date):
        code, output = nbgrader(course, *arguments)
        assert code == 0, output
    submit(course, *(students or CLASS))
    return course


def submit(course: Path, *students: str) -> None:
    """Write submissions: those of the hostile corpus by their names, a perfect one for others."""
    for student in students:
        folder = course / "submitted" / student / LESSON
        folder.mkdir(parents=True, exist_ok=True)
        in_corpus = student in CORPUS
        submission = CORPUS[student].submission(course) if in_corpus else Submission()
        submission.files["data.csv"] = b"1,2\n"
        submission.write(folder)
        hour = 20 if student == LATE else 12
        (folder / "timestamp.txt").write_text(f"2026-03-01 {hour}:00:00 UTC")
        if student == EMPTY:
            (folder / NOTEBOOK).unlink()


def dump(course: Path, db_url: str = "") -> dict[str, list[str]]:
    """Return all tables of the gradebook, with each random id replaced by the row it names."""
    engine = create_engine(db_url or f"sqlite:///{course}/gradebook.db")
    with engine.connect() as connection:
        schema = MetaData()
        schema.reflect(connection)
        tables = {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in schema.sorted_tables
        }
    engine.dispose()
    by_id: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for rows in tables.values():
        for row in rows:
            by_id[row.get("id", "")].append(row)

    def describe(row: dict[str, Any]) -> str:
        values = {key: rounded(value) for key, value in row.items() if not is_id(value)}
        references = {
            key: sorted(map(describe, by_id[value]))
            for key, value in row.items()
            if is_id(value) and value != row.get("id")
        }
        return repr(sorted({**values, **references}.items()))

    def rounded(value: Any) -> Any:
        return round(value, 9) if isinstance(value, float) else value

    def is_id(value: Any) -> bool:
        return isinstance(value, str) and len(value) == 32 and value in by_id

    return {name: sorted(map(describe, rows)) for name, rows in tables.items()}


def graded_files(course: Path) -> dict[str, bytes]:
    folder = course / "autograded"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def assert_same_grades(course: Path, other: Path) -> None:
    """Compare both gradebooks and all graded files."""
    assert dump(course) == dump(other)
    assert graded_files(course) == graded_files(other)


def grade_command(course: Path, *arguments: str) -> list[str]:
    grade = ["grade", LESSON, "--root", str(course), *arguments]
    return [sys.executable, "-c", INTERRUPTIBLE_MAIN, *grade]


def grade(course: Path, *arguments: str) -> tuple[int, str]:
    """Run the real command; return its exit code and output."""
    done = subprocess.run(
        grade_command(course, *arguments), cwd=COURSE, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


Outcome = Callable[[str], str | BaseException] | BaseException | None


@dataclass
class InlineExecutor(Executor):
    """Runs jobs at once in this process.

    Attributes:
        outcomes: For the first jobs, an error instead of the result, or a function to change it.
    """

    outcomes: Iterator[Outcome]

    def submit(self, function: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        outcome = next(self.outcomes, None)
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
            return future
        try:
            text = function(*args, **kwargs)
            future.set_result(outcome(text) if outcome else text)
        except Exception as error:  # noqa: BLE001  (as any executor)
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


def inline_run(course: Path, *outcomes: Outcome) -> BatchRun:
    """Return a run that grades in this process; see `InlineExecutor`."""
    iterator = iter(outcomes)
    pool = WorkerPool(lambda _: InlineExecutor(iterator), lambda: 1)
    return BatchRun(CourseFolder.open(course, LESSON, 1), pool)


def grade_and_log(job: Job, version: str, key: str) -> str:
    """As `grade_to_json`, but log first which process grades whom."""
    with (job.source.parents[1] / "started").open("a") as file:
        file.write(f"{job.student} {os.getpid()}\n")
    return grade_to_json(job, version, key)


def started_jobs(course: Path) -> list[tuple[str, int]]:
    """Return the students and process ids that `grade_and_log` has logged, in order."""
    path = course / "started"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines if line.count(" ") == 1]


def crash_on_late(job: Job, version: str, key: str) -> str:
    """As `grade_to_json`, but one submission kills its worker."""
    if job.student == LATE:
        os.kill(os.getpid(), signal.SIGKILL)
    return grade_to_json(job, version, key)


def outcomes(lines: Iterable[ReportLine]) -> dict[str, tuple[str, float | None, str]]:
    """Return status, score and reason by student."""
    return {line.student: (line.status, line.score, line.reason) for line in lines}
