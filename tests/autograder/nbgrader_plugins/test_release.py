"""No command and no button releases more than students may see."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader.apps.api import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearSolutions
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder import cells, student_text
from autograder.nbgrader_plugins.release import build_release
from autograder.publish import build
from autograder.publish.cell_roles import AuthoringError
from tests.autograder.publish.edits import add_line, edit_file
from tests.autograder.small import EXPLANATION, LESSON, NOTEBOOK, SOLUTION, TEXT, open_course
from tests.classroom.commands import Shell

# Errors in a lesson's text that only the final check can notice.
LEAKING_TEXTS = {
    "key in a setting": (
        TEXT.replace('"quiz": "dice"', '"quiz": "dice", "author": "the second"'),
        "cell 'dice' has unexpected metadata.author='the second'",
    ),
    "solution in a text": (
        TEXT.replace("# A small lesson", f"# A small lesson\n\n    {SOLUTION}"),
        "contains a solution of cell 'squares'",
    ),
}


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = open_course(tmp_path_factory.mktemp("release") / "course")
    build_release(root)
    return root


@pytest.mark.parametrize("leak", LEAKING_TEXTS)
def test_a_leaking_text_stops_the_build(tmp_path: Path, leak: str) -> None:
    text, problem = LEAKING_TEXTS[leak]
    root = open_course(tmp_path / "course", text)
    with pytest.raises(AuthoringError, match=f"{NOTEBOOK}: cell ") as error:
        build_release(root)
    assert problem in str(error.value)
    assert not (root / "release").exists()


@dataclass
class Instructor:
    """Runs nbgrader's commands in a course and returns their output."""

    root: Path
    capture: pytest.CaptureFixture[str]

    def nbgrader(self, *arguments: str, expect: int = 0) -> str:
        self.capture.readouterr()
        output = Shell(self.root).nbgrader(*arguments, expect=expect)
        return output + self.capture.readouterr().err


def test_generate_assignment_stops_at_a_leak(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = open_course(tmp_path / "course")
    instructor = Instructor(root, capfd)
    instructor.nbgrader("generate_assignment", "--no-db", LESSON)
    released = root / "release" / LESSON / NOTEBOOK
    earlier = released.read_bytes()
    (root / "source" / LESSON / "held_out.npz").write_bytes(b"x")
    output = instructor.nbgrader("generate_assignment", "--no-db", LESSON, expect=1)
    assert "'held_out.npz' is neither a notebook of the lesson nor listed" in output
    assert [*released.parent.iterdir()] == [released]
    (root / "source" / LESSON / "held_out.npz").unlink()
    for text, problem in LEAKING_TEXTS.values():
        (root / "source" / LESSON / "small.md").write_text(text, encoding="utf-8")
        build.build_source(root)
        output = instructor.nbgrader("generate_assignment", "--no-db", LESSON, expect=1)
        assert f"{NOTEBOOK}: cell " in output
        assert problem in output
        assert [*released.parent.iterdir()] == [released]
        assert released.read_bytes() == earlier


def formgrader_api(root: Path) -> NbGraderAPI:
    """Return what formgrader's buttons call, with the course's settings."""
    loader = PyFileConfigLoader("nbgrader_config.py", path=str(root))
    config = Config(loader.load_config())
    config.CourseDirectory.root = str(root)
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def test_release_assignment_and_formgrader_stop_at_a_leak(
    course: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = open_course(tmp_path / "course")
    shutil.copytree(course / "release", root / "release")
    outbound = tmp_path / "exchange" / "autoencoders" / "outbound" / LESSON
    instructor, notebook = Instructor(root, capfd), root / "release" / LESSON / NOTEBOOK
    instructor.nbgrader("release_assignment", LESSON)
    original = (outbound / NOTEBOOK).read_bytes()
    assert original == notebook.read_bytes()

    edit_file(notebook, add_line("dice", f"  > {EXPLANATION}"))
    output = instructor.nbgrader("release_assignment", "--force", LESSON, expect=1)
    problem = f"{NOTEBOOK}: cell 'dice' contains an explanation of cell 'dice'"
    assert problem in output
    assert (outbound / NOTEBOOK).read_bytes() == original
    shutil.rmtree(outbound)
    response = formgrader_api(root).release_assignment(LESSON)
    assert not response["success"]
    assert problem in response["log"]
    assert not outbound.exists()

    notebook.write_bytes(original)
    (notebook.parent / "gradebook.db").write_bytes(b"x")
    output = instructor.nbgrader("release_assignment", LESSON, expect=1)
    assert "'gradebook.db' is neither a notebook" in output
    assert not outbound.exists()

    (notebook.parent / "gradebook.db").unlink()
    assert formgrader_api(root).release_assignment(LESSON)["success"]
    assert (outbound / NOTEBOOK).read_bytes() == original


def test_a_release_of_an_older_text_is_stopped(
    course: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = open_course(tmp_path / "course", TEXT.replace("are floats", "are integers"))
    shutil.copytree(course / "release", root / "release")
    output = Instructor(root, capfd).nbgrader("release_assignment", LESSON, expect=1)
    assert "cell 'rules' has unexpected text from line 1 on: 'Numbers ar" in output
    assert not (tmp_path / "exchange" / "autoencoders" / "outbound").exists()


OWN_CELLS = [
    ("markdown", "# My own\n\nSome text.", ""),
    ("code", "def f():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION", "f"),
    ("code", "assert f() == 1", "f-test"),
    ("markdown", "Why?\n\n### BEGIN SOLUTION\nBecause I say so.\n### END SOLUTION", "why"),
    ("markdown", "# My own\n\nSome text.", ""),
]


def test_an_own_notebook_without_ids_is_released(tmp_path: Path) -> None:
    """Written with nbgrader's "Create Assignment" in a Jupyter whose format has no ids."""
    root = open_course(tmp_path / "course")
    nb = nbformat.v4.new_notebook()
    nb["nbformat_minor"] = 4
    for kind, source, name in OWN_CELLS:
        new_cell = new_code_cell if kind == "code" else new_markdown_cell
        cell = new_cell(source)  # type: ignore[no-untyped-call]
        del cell["id"]
        if name:
            roles = {"grade": name != "f", "solution": name != "f-test", "locked": name == "f-test"}
            points = {"points": 2} if name != "f" else {}
            common = {"grade_id": name, "schema_version": 3, "task": False}
            cell.metadata["nbgrader"] = {**common, **roles, **points}
        nb.cells.append(cell)
    (root / "source" / "own").mkdir()
    nbformat.write(nb, root / "source" / "own" / "own.ipynb")
    Shell(root).nbgrader("generate_assignment", "own")
    Shell(root).nbgrader("release_assignment", "own", "--course", "autoencoders")
    released = nbformat.read(root / "release" / "own" / "own.ipynb", as_version=4)
    assert [cell["id"] for cell in released.cells][1:4] == ["f", "f-test", "why"]
    assert len({cell["id"] for cell in released.cells}) == len(OWN_CELLS)
    assert released.cells[3].source == "Why?\n\nYOUR ANSWER HERE"
    # The ids are those with which a submission is graded.
    source_nb = cells.read_source(root / "source" / "own" / "own.ipynb")
    assert [cell["id"] for cell in source_nb.cells] == [cell["id"] for cell in released.cells]


def test_a_text_with_a_byte_order_mark_is_built_as_without(tmp_path: Path) -> None:
    text = f"---\njupytext:\n  text_representation:\n    format_name: myst\n---\n\n{TEXT}"
    plain, marked = open_course(tmp_path / "a", text), open_course(tmp_path / "b", f"\ufeff{text}")
    path = Path("source", LESSON, NOTEBOOK)
    assert (marked / path).read_bytes() == (plain / path).read_bytes()
    assert "jupytext" not in (plain / path).read_text(encoding="utf-8")


def test_the_stubs_of_nbgrader_are_known() -> None:
    stock = ClearSolutions()
    assert set(stock.code_stub.values()) == set(student_text.NBGRADER_STUBS)
    assert stock.text_stub == student_text.TEXT_STUB
