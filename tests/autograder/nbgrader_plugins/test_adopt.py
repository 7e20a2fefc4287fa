"""Another nbgrader course is taken over with its submissions and what people scored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning

from autograder.__main__ import main
from tests.autograder.nbgrader_plugins.test_own_notebooks import cell, write_notebook
from tests.autograder.runs import slow
from tests.autograder.small import COURSE
from tests.classroom.commands import Shell
from tests.hostile.batch import hashes

pytestmark = slow
PROGRAMS = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
NAME = "ps1"
ESSAY = {"grade_id": "essay", "grade": True, "solution": True, "points": 4}
SOLUTION = (
    "def half(x):\n    ### BEGIN ANSWER\n    return x / 2  # the whole secret\n    ### END ANSWER"
)
CELLS = [
    cell(SOLUTION, grade_id="half", solution=True),
    cell("assert half(3) == 1.5", grade_id="test-half", grade=True, points=2, locked=True),
    cell("Why halves?", "markdown", **ESSAY),
]
SETTINGS = """c = get_config()
c.CourseDirectory.course_id = "stats101"
c.ClearSolutions.begin_solution_delimeter = "BEGIN ANSWER"
c.ClearSolutions.end_solution_delimeter = "END ANSWER"
"""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of stock nbgrader's, in which Ada's essay is graded."""
    root = tmp_path_factory.mktemp("old") / "stats"
    write_notebook(root / "source" / NAME / "p.ipynb", new_notebook(cells=CELLS))
    (root / "source" / NAME / "data.csv").write_text("1,2\n")
    (root / "nbgrader_config.py").write_text(SETTINGS)
    due_date = ("db", "assignment", "add", NAME, "--duedate", "2026-03-01 18:00:00 UTC")
    for command in (("generate_assignment", NAME), due_date):
        Shell(root, PROGRAMS).nbgrader(*command)
    shutil.copytree(root / "source" / NAME, root / "submitted" / "ada" / NAME)
    (root / "submitted" / "ada" / NAME / "link").symlink_to(root / "gradebook.db")
    with (
        Gradebook(f"sqlite:///{root}/gradebook.db", "stats101") as gradebook,
        warnings.catch_warnings(action="ignore", category=SAWarning),  # of nbgrader's own queries
    ):
        gradebook.add_student("ada", first_name="Ada", email="ada@uni.example")
        gradebook.add_submission(NAME, "ada")
        grade = gradebook.find_grade("essay", "p", NAME, "ada")
        grade.auto_score, grade.manual_score, grade.extra_credit = None, 3.0, 0.5
        gradebook.find_grade("test-half", "p", NAME, "ada").auto_score = 1.0
        gradebook.find_comment("essay", "p", NAME, "ada").manual_comment = "Say why."
        gradebook.db.commit()
    return root


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course of one's own: nothing but its settings, and no package of this course's."""
    root = tmp_path / "course"
    root.mkdir()
    settings = (COURSE / "nbgrader_config.py").read_text(encoding="utf-8")
    settings = settings.replace('"autoencoders"', '"stats102"')
    (root / "nbgrader_config.py").write_text(settings, encoding="utf-8")
    return root


def adopt(course: Path, old: Path, *arguments: str) -> int:
    return main(["adopt", str(old), *arguments, "--root", str(course)])


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    course: Path, old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, before_old = hashes(course), hashes(old)
    assert adopt(course, old, "--dry-run") == 0
    assert capsys.readouterr().out.splitlines() == [
        "replace 'BEGIN ANSWER' by 'BEGIN SOLUTION' in the copies",
        "replace 'END ANSWER' by 'END SOLUTION' in the copies",
        "copy source/ps1 (1 notebook, 1 other file)",
        "copy 1 submission of ps1",
        "import the gradebook: 1 student, 1 submission, 1 score and 1 comment given by hand",
    ]
    assert (hashes(course), hashes(old)) == (before, before_old)


def test_an_adopted_course_keeps_what_people_gave_and_is_graded_anew(
    course: Path, old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashes(old)
    assert adopt(course, old) == 0, capsys.readouterr()
    assert hashes(old) == before
    release = (course / "release" / NAME / "p.ipynb").read_text()
    assert "secret" not in release
    assert "ANSWER" not in release.replace("YOUR ANSWER HERE", "")
    assert not (course / "submitted" / "ada" / NAME / "link").exists()
    url = f"sqlite:///{course}/gradebook.db"
    with Gradebook(url, "stats102") as gradebook:
        assert gradebook.find_student("ada").email == "ada@uni.example"
        assert str(gradebook.find_assignment(NAME).duedate) == "2026-03-01 18:00:00"
        submission = gradebook.find_submission(NAME, "ada")
        assert submission.needs_manual_grade  # nothing counts before it is graded
        gradebook.find_student("ada").email = "new@uni.example"
        gradebook.db.commit()
    assert adopt(course, old) == 0  # again: everything is here already
    command = [sys.executable, "-m", "autograder", "grade", NAME, "--root", str(course)]
    done = subprocess.run(command, cwd=old, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr  # the essay waits
    assert "needs review 5.5 of 6" in done.stdout
    assert "essay: " in done.stdout
    with Gradebook(url, "stats102") as gradebook:
        assert gradebook.find_student("ada").email == "new@uni.example"
        essay = gradebook.find_grade("essay", "p", NAME, "ada")
        assert (essay.manual_score, essay.extra_credit, essay.score) == (3.0, 0.5, 3.5)
        assert gradebook.find_grade("test-half", "p", NAME, "ada").auto_score == 2.0
        comment = gradebook.find_comment("essay", "p", NAME, "ada")
        assert comment.manual_comment == "Say why."


def test_nothing_that_exists_is_overwritten(
    course: Path, old: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_notebook(course / "source" / NAME / "p.ipynb", new_notebook(cells=[cell("mine")]))
    before = hashes(course)
    assert adopt(course, old) == 1
    streams = capsys.readouterr()
    assert "Problem: source/ps1 exists here with other contents; rename one" in streams.out
    assert "Nothing was changed." in streams.err
    assert hashes(course) == before


def test_problems_say_what_to_do(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad"
    outdated = [cell("x", grade_id="x", grade=True, points=1, schema_version=2)]
    twins = [cell(f"assert {n}", grade_id="x", grade=True, points=1, locked=True) for n in (1, 2)]
    leaking = [cell("x = 'a long secret solution'", grade_id="x", solution=True)]
    for name, cells in (("a", outdated), ("b", twins), ("c", leaking)):
        write_notebook(bad / "source" / name / "p.ipynb", new_notebook(cells=cells))
    (bad / "source" / "c" / "key.txt").write_text("x = 'a long secret solution'")
    (bad / "source" / "d").mkdir()
    (bad / "source" / "d" / "p.ipynb").write_text("{")
    assert adopt(course, bad) == 1
    output = capsys.readouterr().out
    assert f"p.ipynb has metadata of an older nbgrader. Back up {bad}, then run there:" in output
    assert "b/p.ipynb can't be used: " in output
    assert "Problem: c: 'key.txt' contains a solution of cell 'x'" in output
    assert "d/p.ipynb can't be used: Notebook does not appear to be JSON" in output
    assert adopt(course, bad, "e") == 1
    assert "has no assignment 'e'; choose from a, b, c, d" in capsys.readouterr().err
    assert adopt(course, tmp_path / "none") == 1
    assert "has no notebooks in source/*/" in capsys.readouterr().err
    assert adopt(course, course) == 1
    assert "is this course itself" in capsys.readouterr().err


@pytest.mark.long
def test_quickstarts_course_is_adopted(tmp_path: Path, course: Path) -> None:
    Shell(tmp_path, PROGRAMS).nbgrader("quickstart", "stats")
    assert adopt(course, tmp_path / "stats") == 0
    released = course / "release" / "ps1"
    assert {path.name for path in released.glob("*.ipynb")} == {"problem1.ipynb", "problem2.ipynb"}
    assert nbformat.read(released / "problem1.ipynb", as_version=4).cells
    assert (course / "source" / "header.ipynb").is_file()
