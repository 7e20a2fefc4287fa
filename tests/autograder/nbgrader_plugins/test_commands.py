"""nbgrader's other commands work with this course's settings."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook, MissingEntry

from tests.autograder.nbgrader_plugins.test_own_notebooks import cell, write_notebook
from tests.autograder.runs import slow
from tests.autograder.small import LESSON, NOTEBOOK, SOLUTION, open_course
from tests.classroom.commands import Shell

pytestmark = slow
ROOT = Path(__file__).resolve().parents[3]
PROGRAMS = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
MOODLE = (
    "Ada Lovelace_123456_assignsubmission_file_small.ipynb",
    "Alan Turing_123457_assignsubmission_file/small.ipynb",  # "in folders"
)
CANVAS = ("hoppergrace_501_90210_small.ipynb", "noetheremmy_LATE_502_90211_small-1.ipynb")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = open_course(tmp_path_factory.mktemp("commands") / "course")
    Shell(root).nbgrader("generate_assignment", LESSON)
    return root


@pytest.fixture(scope="module")
def shell(course: Path) -> Shell:
    return Shell(course, PROGRAMS)


def gradebook(course: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{course}/gradebook.db", "autoencoders")


def submit(course: Path, student: str) -> None:
    nb = json.loads((course / "release" / LESSON / NOTEBOOK).read_bytes())
    for one in nb["cells"]:
        if one["id"] == "squares":
            one["source"] = f"def squares(numbers):\n    {SOLUTION}"
    folder = course / "submitted" / student / LESSON
    folder.mkdir(parents=True)
    (folder / NOTEBOOK).write_text(json.dumps(nb), encoding="utf-8")


def test_validate_tells_a_solved_notebook_from_an_untouched_one(shell: Shell) -> None:
    solved = shell.nbgrader("validate", f"source/{LESSON}/{NOTEBOOK}")
    untouched = shell.nbgrader("validate", f"release/{LESSON}/{NOTEBOOK}")
    assert "Success" in solved
    assert "FAILED" in untouched


def test_old_metadata_gets_nbgraders_advice_and_update_follows_it(
    course: Path, shell: Shell
) -> None:
    old = cell("assert 1", grade_id="x", grade=True, points=1, locked=True, schema_version=2)
    path = course / "source" / "old" / "old.ipynb"
    write_notebook(path, new_notebook(cells=[old]))
    output = shell.nbgrader("generate_assignment", "old", expect=None)
    assert "nbgrader update" in output
    assert not (course / "release" / "old").exists()
    shell.nbgrader("update", "source/old")
    shell.nbgrader("generate_assignment", "old")
    released = nbformat.read(course / "release" / "old" / "old.ipynb", as_version=4)
    assert released.cells[0].source == "assert 1"


def test_autograde_takes_one_student_and_one_notebook(course: Path, shell: Shell) -> None:
    for student in ("ada", "bob"):
        submit(course, student)
    options = ("--student", "ada", "--notebook", "small")
    shell.nbgrader("autograde", LESSON, *options)
    assert [path.name for path in (course / "autograded").iterdir()] == ["ada"]
    with gradebook(course) as book:
        assert book.find_submission(LESSON, "ada").score == 2
        with pytest.raises(MissingEntry):
            book.find_submission(LESSON, "bob")
    graded = course / "autograded" / "ada" / LESSON / NOTEBOOK
    written = graded.stat().st_mtime_ns
    shell.nbgrader("autograde", LESSON, *options)
    assert graded.stat().st_mtime_ns == written
    shell.nbgrader("autograde", LESSON, *options, "--force")
    assert graded.stat().st_mtime_ns > written


@pytest.mark.parametrize(
    ("system", "files", "students"),
    [
        ("Moodle", MOODLE, ("Ada Lovelace", "Alan Turing")),
        ("Canvas", CANVAS, ("hoppergrace", "noetheremmy")),
    ],
)
def test_zip_collect_reads_a_download_of(
    course: Path, shell: Shell, system: str, files: tuple[str, ...], students: tuple[str, ...]
) -> None:
    downloaded = course / "downloaded" / LESSON
    shutil.rmtree(downloaded, ignore_errors=True)
    (downloaded / "archive").mkdir(parents=True)
    with zipfile.ZipFile(downloaded / "archive" / "all.zip", "w") as archive:
        for name in files:
            archive.write(course / "release" / LESSON / NOTEBOOK, name)
    expression = regular_expression(system)
    option = f"--FileNameCollectorPlugin.named_regexp={expression}"
    shell.nbgrader("zip_collect", LESSON, "--force", option)
    for student in students:
        assert (course / "submitted" / student / LESSON / NOTEBOOK).is_file()


def regular_expression(system: str) -> str:
    """Return the expression that the guide gives for a learning management system."""
    guide = (ROOT / "docs" / "nbgrader.md").read_text(encoding="utf-8")
    (line,) = [line for line in guide.splitlines() if line.startswith(f"| {system} |")]
    return line.partition("`")[2].partition("`")[0]


def test_db_commands_keep_students_and_assignments(course: Path, shell: Shell) -> None:
    shell.nbgrader("db", "student", "add", "emmy", "--last-name", "Noether")
    (course / "students.csv").write_text("id,first_name\nsofia,Sofia\n")
    shell.nbgrader("db", "student", "import", "students.csv")
    shell.nbgrader("db", "assignment", "add", "later", "--duedate", "2027-01-01 12:00:00 UTC")
    students = shell.nbgrader("db", "student", "list")
    assert "emmy (Noether, None)" in students
    assert "sofia (None, Sofia)" in students
    assert "later (due: 2027-01-01 12:00:00)" in shell.nbgrader("db", "assignment", "list")
    shell.nbgrader("db", "student", "remove", "emmy")
    shell.nbgrader("db", "assignment", "remove", "later")
    shell.nbgrader("db", "upgrade")
    assert "emmy" not in shell.nbgrader("db", "student", "list")
    assert "later" not in shell.nbgrader("db", "assignment", "list")
