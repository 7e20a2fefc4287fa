"""One run of the grader over the whole corpus, between two honest neighbors."""

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

from tests.autograder import lessons
from tests.autograder.small import LESSON, NOTEBOOK, open_course
from tests.hostile.corpus import Fair, Submission, entries

CORPUS: Final = {entry.name: entry for entry in entries()}
FULL: Final[Fair] = {"single": 1, "several": 2, "double-test": 2, "half-test": 3}
NEIGHBOURS = ("aaa-neighbour", "zzz-neighbour")
EVERYBODY = [*CORPUS, *NEIGHBOURS]
KEEPER = "keeper"  # in the gradebook from the beginning; hands in nothing
SECRET = f"secret{uuid.uuid4().hex}"
MARK = f"mark{uuid.uuid4().hex}"
SETTINGS = """
c.Grade.cell_seconds = 4
c.Grade.start_seconds = 3
c.Grade.notebook_seconds = 60
"""


@dataclass
class Graded:
    """What the run left.

    Attributes:
        course: The instructor's folder.
        code: The exit code of ``nbgrader autograde``.
        said: What it said.
        before: The hash of each file in ``source/`` before the run.
        left: Processes that still bore the mark of the run some seconds after it.
        rows: The export, by student.
        peaks: The bytes that the grader and the fullest judge held at most.
    """

    course: Path
    code: int
    said: str
    before: dict[str, str]
    left: list[str]
    rows: dict[str, dict[str, str]]
    peaks: dict[str, int]

    def notebook(self, student: str) -> dict[str, Any] | None:
        path = self.course / "autograded" / student / LESSON / NOTEBOOK
        return json.loads(path.read_bytes()) if path.is_file() else None

    def verdicts(self, student: str) -> Fair:
        nb = self.notebook(student)
        if nb is None:  # there was nothing that could be graded, and the export must say so
            assert student in self.rows, "the export lacks this submission"
            assert self.rows[student]["status"] == "not graded"
            return dict.fromkeys(FULL)
        return {
            meta["nbgrader"]["grade_id"]: meta["course"]["verdict"]["points"]
            for meta in (cell["metadata"] for cell in nb["cells"])
            if meta.get("nbgrader", {}).get("grade")
        }


def nbgrader(course: Path, *arguments: str) -> tuple[int, str]:
    """Run the real command, with a secret and a mark in its environment."""
    code, said, _ = watched(course, *arguments)
    return code, said


def watched(course: Path, *arguments: str) -> tuple[int, str, dict[str, int]]:
    """Run the real command; return also what it and its judges held of memory at most."""
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"  # nbgrader calls alembic by name
    peaks = {"grader": 0, "judge": 0}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [str(programs / "nbgrader"), *arguments],
            cwd=course,
            # KERAS_BACKEND is passed on to kernels, and nothing in this lesson reads it.
            env={**os.environ, "PATH": path, "COURSE_SECRET": SECRET, "KERAS_BACKEND": MARK},
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        with process:
            ends = time.monotonic() + 1800
            while process.poll() is None:
                peaks["grader"] = max(peaks["grader"], held(process.pid))
                peaks["judge"] = max([peaks["judge"], *map(held, judges())])
                if time.monotonic() > ends:
                    process.kill()
                time.sleep(0.1)
        said.seek(0)
        return process.returncode, said.read().decode(errors="replace"), peaks


def held(pid: int) -> int:
    """The bytes of memory that a process has held at most; 0 if it has ended."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0


def judges() -> list[int]:
    """The judges' processes of the run, forked from a bench or started for themselves."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (
                b"autograder.test_runner" in (place / "cmdline").read_bytes()
                and MARK.encode() in (place / "environ").read_bytes()
            ):
                found.append(int(place.name))
    return found


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def marked() -> list[str]:
    """The processes that bear the mark, given a few seconds to end."""
    found: list[str] = []
    for _ in range(50):
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if MARK.encode() in (place / "environ").read_bytes():
                    found.append((place / "cmdline").read_text(errors="replace"))
            except OSError:
                continue
        if not found:
            break
        time.sleep(0.1)
    return found


def grade(folder: Path, more: str = "") -> Graded:
    """Make a course in a new folder, let everybody hand in, grade all in one run, and export.

    Args:
        folder: The new folder.
        more: Further lines for ``nbgrader_config.py``.
    """
    text = lessons.TEXT.replace("return 2 * x", f"return 2 * x  # {SECRET}")
    course = open_course(folder, text)
    with (course / "nbgrader_config.py").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS + more)
    (course / "key.txt").write_text(SECRET, encoding="utf-8")
    for arguments in (
        ("generate_assignment", LESSON),
        ("db", "student", "add", KEEPER, "--last-name", SECRET),
    ):
        code, said = nbgrader(course, *arguments)
        assert code == 0, said
    for student in EVERYBODY:
        folder = course / "submitted" / student / LESSON
        folder.mkdir(parents=True)
        made = CORPUS[student].submission(course) if student in CORPUS else Submission()
        made.write(folder)
    before = hashes(course / "source")
    code, said, peaks = watched(course, "autograde", LESSON)
    left = marked()
    exported, told = nbgrader(course, "export")
    assert exported == 0, told
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    return Graded(course, code, said, before, left, rows, peaks)
