"""Classes that hand in a small lesson, runs over them, and all that they leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import MetaData, create_engine, select

from autograder.batch import job as tasks
from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseFolder
from autograder.batch.executors import WorkerPool
from autograder.batch.job import Job
from autograder.batch.report_line import ReportLine
from autograder.sandbox import launch
from tests.autograder import lessons
from tests.autograder.small import COURSE, LESSON, NOTEBOOK, open_course
from tests.hostile.batch import nbgrader
from tests.hostile.corpus import Submission, entries

CORPUS: Final = {entry.name: entry for entry in entries()}
LATE, EMPTY, EXCLUDED = "late", "empty", "left-out"
CLASS: Final = ("ada", EMPTY, "exit-in-a-cell", LATE, EXCLUDED, "truncated", "two-ticks")
GRADED: Final = [name for name in CLASS if name not in {EMPTY, EXCLUDED}]
SETTINGS: Final = f"""
c.CourseDirectory.student_id_exclude = {EXCLUDED!r}
c.LateSubmissionPlugin.penalty_method = "zero"
"""
slow = [
    pytest.mark.slow,
    pytest.mark.xdist_group("run"),
    pytest.mark.skipif(bool(launch.missing_features()), reason=" ".join(launch.missing_features())),
]

# What is started in the background does not listen to Ctrl+C by itself.
LISTENING: Final = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from autograder.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def open_class(folder: Path, settings: str = "", *names: str) -> Path:
    """A course with a gradebook, a due date, and everybody's submissions."""
    course = open_course(folder / "course", lessons.TEXT)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(SETTINGS + settings)
    due = ("db", "assignment", "add", LESSON, "--duedate", "2026-03-01 18:00:00 UTC")
    for arguments in (("generate_assignment", LESSON), due):
        code, said = nbgrader(course, *arguments)
        assert code == 0, said
    hand_in(course, *(names or CLASS))
    return course


def hand_in(course: Path, *names: str) -> None:
    for name in names:
        folder = course / "submitted" / name / LESSON
        folder.mkdir(parents=True, exist_ok=True)
        made = CORPUS[name].submission(course) if name in CORPUS else Submission()
        made.files["data.csv"] = b"1,2\n"
        made.write(folder)
        hour = 20 if name == LATE else 12
        (folder / "timestamp.txt").write_text(f"2026-03-01 {hour}:00:00 UTC")
        if name == EMPTY:
            (folder / NOTEBOOK).unlink()


def dump(course: Path, address: str = "") -> dict[str, list[str]]:
    """All tables of the gradebook; what a random name of a row stands for is put in its place."""
    engine = create_engine(address or f"sqlite:///{course}/gradebook.db")
    with engine.connect() as connection:
        schema = MetaData()
        schema.reflect(connection)
        rows = {
            table.name: [dict(row._mapping) for row in connection.execute(select(table))]
            for table in schema.sorted_tables
        }
    engine.dispose()
    by_id: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for found in rows.values():
        for row in found:
            by_id[row.get("id", "")].append(row)

    def told(row: dict[str, Any]) -> str:
        own = row.get("id")
        named = {key: named_value(value) for key, value in row.items() if not random(value)}
        others = {
            key: sorted(map(told, by_id[value]))
            for key, value in row.items()
            if random(value) and value != own
        }
        return repr(sorted({**named, **others}.items()))

    def named_value(value: Any) -> Any:
        return round(value, 9) if isinstance(value, float) else value

    def random(value: Any) -> bool:
        return isinstance(value, str) and len(value) == 32 and value in by_id

    return {name: sorted(map(told, found)) for name, found in rows.items()}


def files(course: Path) -> dict[str, bytes]:
    folder = course / "autograded"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def same(course: Path, other: Path) -> None:
    """Both gradebooks and all graded files say the same."""
    assert dump(course) == dump(other)
    assert files(course) == files(other)


def command(course: Path, *arguments: str) -> list[str]:
    given = ["grade", LESSON, "--root", str(course), *arguments]
    return [sys.executable, "-c", LISTENING, *given]


def grade(course: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        command(course, *arguments), cwd=COURSE, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@dataclass
class Inline(Executor):
    """Does the work at once; what comes of it may be replaced, by an error or by other text."""

    ends: Iterator[Callable[[str], str | BaseException] | BaseException | None]

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        end = next(self.ends, None)
        if isinstance(end, BaseException):
            future.set_exception(end)
            return future
        try:
            text = function(*arguments, **named)
            future.set_result(end(text) if end else text)
        except Exception as error:  # noqa: BLE001  (as any executor)
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        pass


def run(course: Path, *ends: Callable[[str], str] | BaseException | None) -> BatchRun:
    """A run in this process."""
    left = iter(ends)
    return BatchRun(
        CourseFolder.open(course, LESSON, 1), WorkerPool(lambda _: Inline(left), lambda: 1)
    )


def logged(task: Job, version: str, key: str) -> str:
    """As a worker works, but it says first that it begins."""
    with (task.source.parents[1] / "begun").open("a") as file:
        file.write(f"{task.student} {os.getpid()}\n")
    return tasks.grade_to_json(task, version, key)


def begun(course: Path) -> list[tuple[str, int]]:
    """Which process has begun to grade whom, in order."""
    path = course / "begun"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(line.split()[0], int(line.split()[1])) for line in lines if line.count(" ") == 1]


def poisoned(task: Job, version: str, key: str) -> str:
    """As a worker works, but one submission kills it."""
    if task.student == LATE:
        os.kill(os.getpid(), signal.SIGKILL)
    return tasks.grade_to_json(task, version, key)


def summed(
    lines: Iterator[ReportLine] | list[ReportLine],
) -> dict[str, tuple[str, float | None, str]]:
    """What was told of each, by student."""
    return {line.student: (line.status, line.score, line.reason) for line in lines}
