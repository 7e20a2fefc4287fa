"""Grade the whole corpus in one run, between two honest neighbors."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder import cells
from tests.autograder import lessons
from tests.autograder.small import LESSON, NOTEBOOK, open_course
from tests.classroom.commands import Shell
from tests.hostile.corpus import Fair, Submission, entries

CORPUS: Final = {entry.name: entry for entry in entries()}
FULL: Final[Fair] = {"single": 1, "several": 2, "double-test": 2, "half-test": 3}
NEIGHBORS = ("aaa-neighbor", "zzz-neighbor")
EVERYBODY = [*CORPUS, *NEIGHBORS]
IDLE_STUDENT = "idle"  # in the gradebook from the beginning; submits nothing
PROGRAMS: Final = Path(sys.executable).parent
SECRET = f"secret{uuid.uuid4().hex}"
MARK = f"mark{uuid.uuid4().hex}"
SETTINGS = """
c.Grade.cell_seconds = 4
c.Grade.start_seconds = 3
c.Grade.notebook_seconds = 60
"""


@dataclass
class Graded:
    """The state after a run.

    Attributes:
        course: The instructor's folder.
        code: The exit code of ``nbgrader autograde``.
        output: Its output.
        before: The hash of each file in ``source/`` before the run.
        survivors: Command lines of processes that were still running 5 seconds after the run.
        rows: The export, by student.
        peaks: The peak memory in bytes of the grader and of the largest test runner.
    """

    course: Path
    code: int
    output: str
    before: dict[str, str]
    survivors: list[str]
    rows: dict[str, dict[str, str]]
    peaks: dict[str, int]

    def notebook(self, student: str) -> dict[str, Any] | None:
        path = self.course / "autograded" / student / LESSON / NOTEBOOK
        return json.loads(path.read_bytes()) if path.is_file() else None

    def points(self, student: str) -> Fair:
        nb = self.notebook(student)
        if nb is None:  # nothing could be graded, and the export must say so
            assert student in self.rows, "the export lacks this submission"
            assert self.rows[student]["status"] == "not graded"
            return dict.fromkeys(FULL)
        return {
            cells.grade_id(cell): record["points"]
            for cell in nb["cells"]
            if (record := cells.score_record(cell)) is not None
        }


def environment() -> dict[str, str]:
    """Return the variables of a command: with a secret and a marker."""
    path = f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    # KERAS_BACKEND is passed on to kernels, and nothing in this lesson reads it.
    return {"PATH": path, "COURSE_SECRET": SECRET, "KERAS_BACKEND": MARK}


def nbgrader(course: Path, *arguments: str) -> tuple[int, str]:
    """Run a command, with a secret and a marker in its environment."""
    return Shell(course, environment()).run(*arguments)


def run_nbgrader(course: Path, *arguments: str) -> tuple[int, str, dict[str, int]]:
    """Run a command from its start; return also the peak memory of it and of its test runners."""
    peaks = {"grader": 0, "test runner": 0}
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(PROGRAMS / "nbgrader"), *arguments],
            cwd=course,
            env={**os.environ, **environment()},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        with process:
            deadline = time.monotonic() + 1800
            while process.poll() is None:
                peaks["grader"] = max(peaks["grader"], peak_memory(process.pid))
                peaks["test runner"] = max([peaks["test runner"], *map(peak_memory, runner_pids())])
                if time.monotonic() > deadline:
                    process.kill()
                time.sleep(0.1)
        output.seek(0)
        return process.returncode, output.read().decode(errors="replace"), peaks


def peak_memory(pid: int) -> int:
    """Return the peak memory of a process in bytes; 0 if it has ended."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def runner_pids() -> list[int]:
    """Return the pids of the run's test runners, forked or started cold."""
    pids = []
    for process_folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (
                b"autograder.test_runner" in (process_folder / "cmdline").read_bytes()
                and MARK.encode() in (process_folder / "environ").read_bytes()
            ):
                pids.append(int(process_folder.name))
    return pids


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def surviving_commands() -> list[str]:
    """Return the command lines of the run's processes that do not end within 5 seconds."""
    commands: list[str] = []
    for _ in range(50):
        commands = []
        for process_folder in Path("/proc").glob("[0-9]*"):
            try:
                if MARK.encode() in (process_folder / "environ").read_bytes():
                    commands.append((process_folder / "cmdline").read_text(errors="replace"))
            except OSError:
                continue
        if not commands:
            break
        time.sleep(0.1)
    return commands


def grade(folder: Path, extra_settings: str = "") -> Graded:
    """Make a course, submit the corpus to it, grade everything in one run, and export the grades.

    Args:
        folder: The new folder.
        extra_settings: Further lines for ``nbgrader_config.py``.
    """
    text = lessons.TEXT.replace("return 2 * x", f"return 2 * x  # {SECRET}")
    course = open_course(folder, text)
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS + extra_settings)
    (course / "key.txt").write_text(SECRET, encoding="utf-8")
    for arguments in (
        ("generate_assignment", LESSON),
        ("db", "student", "add", IDLE_STUDENT, "--last-name", SECRET),
    ):
        code, output = nbgrader(course, *arguments)
        assert code == 0, output
    for student in EVERYBODY:
        folder = course / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        attack = CORPUS.get(student)
        (attack.submission(course) if attack else Submission()).write(folder)
    before = hashes(course / "source")
    code, output, peaks = run_nbgrader(course, "autograde", LESSON)
    survivors = surviving_commands()
    export_code, export_output = nbgrader(course, "export")
    assert export_code == 0, export_output
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    return Graded(course, code, output, before, survivors, rows, peaks)
