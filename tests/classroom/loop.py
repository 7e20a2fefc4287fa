"""The teaching loop: generate, release, fetch, submit, collect, grade, feed back, export."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from tqdm import tqdm

from tests.classroom.commands import Shell
from tests.classroom.students import CLASS, Desk, Fair, Lesson, Student

COURSE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """What came out for one student.

    Attributes:
        fair: Points for each graded cell, as they should be; None waits for a person.
        row: The student's line in the export.
        feedback: The feedback pages that the student could fetch, by file name.
    """

    student: Student
    fair: Fair
    row: dict[str, str]
    feedback: dict[str, str]

    @property
    def expected(self) -> float | None:
        """The fair sum; None if nothing was graded."""
        known = [points for points in self.fair.values() if points is not None]
        return sum(known) if known else None

    @property
    def obtained(self) -> float | None:
        """The sum in the export; None if it gives none."""
        return float(self.row["raw_score"]) if self.row["raw_score"] else None

    @property
    def right(self) -> bool:
        """Whether score and status are what is fair."""
        return self.expected == self.obtained and self.row["status"] == self.student.status


@dataclass(frozen=True)
class Classroom:
    """Where a class works: the instructor's course, the exchange, a home for each student."""

    root: Path

    @property
    def course(self) -> Path:
        return self.root / "course"

    def home(self, student: str) -> Path:
        return self.root / "home" / student

    @property
    def instructor(self) -> Shell:
        return Shell(self.course)

    def student(self, name: str) -> Shell:
        data = self.home(name) / ".local"
        return Shell(self.home(name), {"JUPYTER_DATA_DIR": str(data)})

    def open(self, students: Iterable[Student]) -> None:
        """Make the folders, and write down what differs from the course's own settings."""
        exchange = self.root / "exchange"
        exchange.mkdir(parents=True)
        exchange.chmod(0o777)
        self.course.mkdir()
        shutil.copytree(COURSE / "source", self.course / "source")
        settings = (
            f"\nc.Exchange.root = {str(exchange)!r}\n"
            "c.ExchangeCollect.check_owner = False  # the class is one user here\n"
        )
        own = (COURSE / "nbgrader_config.py").read_text(encoding="utf-8")
        (self.course / "nbgrader_config.py").write_text(
            f"{own}{settings}c.Grade.cell_seconds = c.Grade.start_seconds = 15\n", encoding="utf-8"
        )
        for student in students:
            home = self.home(student.name)
            home.mkdir(parents=True)
            (home / "nbgrader_config.py").write_text(
                "c = get_config()\nc.CourseDirectory.course_id = 'autoencoders'\n"
                f"c.CourseDirectory.student_id = {student.name!r}\n{settings}",
                encoding="utf-8",
            )

    def lesson(self, assignment: str) -> Lesson:
        """Read a lesson as it was released."""
        (path,) = (self.course / "release" / assignment).glob("*.ipynb")
        source = self.course / "source" / assignment / path.name
        return Lesson(
            path.name, nbformat.read(path, as_version=4), nbformat.read(source, as_version=4)
        )


def autograde(classroom: Classroom, assignment: str) -> str:
    """Run the plain command, as an instructor would in a terminal, and return what it said."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("nbgrader")), "autograde", assignment],
        cwd=classroom.course,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"nbgrader autograde ended with {done.returncode}:\n{done.stderr}")
    return done.stderr


def teach(
    root: Path, assignment: str = "01-intro", students: tuple[Student, ...] = CLASS
) -> list[Result]:
    """Let a class go through the whole loop; return what came out for each student."""
    classroom = Classroom(root)
    classroom.open(students)
    instructor = classroom.instructor
    instructor.nbgrader("generate_assignment", assignment)
    instructor.nbgrader("db", "student", "import", _register(classroom, students))
    instructor.nbgrader("release_assignment", assignment)
    lesson = classroom.lesson(assignment)
    fair = {}
    for student in tqdm(students, desc="fetch, work, submit", unit="student"):
        shell = classroom.student(student.name)
        shell.nbgrader("fetch_assignment", assignment)
        desk = Desk(lesson)
        folder = shell.folder / assignment
        (folder / lesson.file).unlink()
        for name, content in student.work(desk).items():
            (folder / name).write_bytes(content)
        fair[student.name] = desk.fair
        shell.nbgrader("submit", assignment)
    instructor.nbgrader("collect", assignment)
    autograde(classroom, assignment)
    instructor.nbgrader("generate_feedback", assignment)
    instructor.nbgrader("release_feedback", assignment)
    instructor.nbgrader("export")
    with (classroom.course / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {
            row["student_id"]: row
            for row in csv.DictReader(file)
            if row["assignment"] == assignment
        }
    results = []
    for student in tqdm(students, desc="fetch feedback", unit="student"):
        classroom.student(student.name).nbgrader("fetch_feedback", assignment)
        pages = (classroom.home(student.name) / assignment / "feedback").rglob("*.html")
        feedback = {page.name: page.read_text(encoding="utf-8") for page in pages}
        results.append(Result(student, fair[student.name], rows[student.name], feedback))
    return results


def _register(classroom: Classroom, students: tuple[Student, ...]) -> str:
    path = classroom.course / "students.csv"
    lines = ["id,first_name", *(f"{student.name},{student.name.title()}" for student in students)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def table(results: list[Result]) -> str:
    """The grade table: what each student did, what is fair, what came out."""
    maximum = results[0].row["max_score"]
    lines = [f"{'student':8} {'what they did':34} {'expected':>8} {'obtained':>8}  status"]
    for result in results:
        numbers = [
            "-" if score is None else f"{score:g}" for score in (result.expected, result.obtained)
        ]
        mark = "" if result.right else "   <-- WRONG"
        lines.append(
            f"{result.student.name:8} {result.student.story:34} {numbers[0]:>8} {numbers[1]:>8}  "
            f"{result.row['status']}{mark}"
        )
        if result.row["reason"]:
            lines.append(f"{'':8} {result.row['reason']}")
    right = sum(result.right for result in results)
    lines.append(f"{right} of {len(results)} as expected; the maximum is {maximum} points.")
    return "\n".join(lines)
