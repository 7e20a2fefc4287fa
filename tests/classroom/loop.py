"""The whole loop: generate, release, fetch, submit, collect, autograde, give feedback, export."""

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
from tests.classroom.students import CLASS, Attempt, Lesson, Points, Student

COURSE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """One student's result.

    Attributes:
        expected: The points each graded cell should get; None for manual grading.
        row: The student's row in the export.
        feedback: The feedback pages that the student could fetch, by file name.
    """

    student: Student
    expected: Points
    row: dict[str, str]
    feedback: dict[str, str]

    @property
    def expected_score(self) -> float | None:
        """The sum of the expected points; None if nothing should be graded."""
        points = [points for points in self.expected.values() if points is not None]
        return sum(points) if points else None

    @property
    def actual_score(self) -> float | None:
        """The score in the export, if there is one."""
        return float(self.row["raw_score"]) if self.row["raw_score"] else None

    @property
    def is_as_expected(self) -> bool:
        is_score_right = self.expected_score == self.actual_score
        return is_score_right and self.row["status"] == self.student.status


@dataclass(frozen=True)
class Classroom:
    """The folders of a class: the instructor's course, the exchange, and the students' homes."""

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
        return Shell(self.home(name), {"JUPYTER_DATA_DIR": str(self.home(name) / ".local")})

    def create(self, students: Iterable[Student]) -> None:
        """Create the folders and configurations."""
        exchange = self.root / "exchange"
        exchange.mkdir(parents=True)
        exchange.chmod(0o777)
        self.course.mkdir()
        shutil.copytree(COURSE / "source", self.course / "source")
        shared = (
            f"\nc.Exchange.root = {str(exchange)!r}\n"
            "c.ExchangeCollect.check_owner = False  # one user plays all students\n"
        )
        config = (COURSE / "nbgrader_config.py").read_text(encoding="utf-8")
        (self.course / "nbgrader_config.py").write_text(
            f"{config}{shared}c.Grade.cell_seconds = c.Grade.start_seconds = 15\n",
            encoding="utf-8",
        )
        for student in students:
            home = self.home(student.name)
            home.mkdir(parents=True)
            (home / "nbgrader_config.py").write_text(
                "c = get_config()\nc.CourseDirectory.course_id = 'autoencoders'\n"
                f"c.CourseDirectory.student_id = {student.name!r}\n{shared}",
                encoding="utf-8",
            )

    def read_lesson(self, assignment: str) -> Lesson:
        """Read a lesson as released, and as the instructor has it."""
        (path,) = (self.course / "release" / assignment).glob("*.ipynb")
        source = self.course / "source" / assignment / path.name
        return Lesson(
            path.name, nbformat.read(path, as_version=4), nbformat.read(source, as_version=4)
        )

    def autograde(self, assignment: str) -> str:
        """Run ``nbgrader autograde`` as an instructor would in a terminal; return its log."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("nbgrader")), "autograde", assignment],
            cwd=self.course,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"nbgrader autograde ended with {done.returncode}:\n{done.stderr}")
        return done.stderr


def run_class(
    root: Path, assignment: str = "01-intro", students: tuple[Student, ...] = CLASS
) -> list[Result]:
    """Take a class through the whole loop."""
    classroom = Classroom(root)
    classroom.create(students)
    instructor = classroom.instructor
    instructor.nbgrader("generate_assignment", assignment)
    instructor.nbgrader("db", "student", "import", _write_student_list(classroom, students))
    instructor.nbgrader("release_assignment", assignment)
    lesson = classroom.read_lesson(assignment)
    expected = {}
    for student in tqdm(students, desc="fetch, work, submit", unit="student"):
        shell = classroom.student(student.name)
        shell.nbgrader("fetch_assignment", assignment)
        attempt = Attempt(lesson.of(student.name))
        folder = shell.folder / assignment
        (folder / lesson.file).unlink()
        for name, content in student.work(attempt).items():
            (folder / name).write_bytes(content)
        expected[student.name] = attempt.expected
        shell.nbgrader("submit", assignment)
    instructor.nbgrader("collect", assignment)
    classroom.autograde(assignment)
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
        results.append(Result(student, expected[student.name], rows[student.name], feedback))
    return results


def _write_student_list(classroom: Classroom, students: tuple[Student, ...]) -> str:
    path = classroom.course / "students.csv"
    lines = ["id,first_name", *(f"{student.name},{student.name.title()}" for student in students)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def format_table(results: list[Result]) -> str:
    """Format a table of what each student did, the expected score and the actual score."""
    lines = [f"{'student':8} {'what they did':34} {'expected':>8} {'actual':>8}  status"]
    for result in results:
        expected, actual = (
            "-" if score is None else f"{score:g}"
            for score in (result.expected_score, result.actual_score)
        )
        mark = "" if result.is_as_expected else "   <-- WRONG"
        student = result.student
        lines.append(
            f"{student.name:8} {student.description:34} {expected:>8} {actual:>8}  "
            f"{result.row['status']}{mark}"
        )
        if result.row["reason"]:
            lines.append(f"{'':8} {result.row['reason']}")
    count = sum(result.is_as_expected for result in results)
    maximum = results[0].row["max_score"]
    lines.append(f"{count} of {len(results)} as expected. Maximum score: {maximum}.")
    return "\n".join(lines)
