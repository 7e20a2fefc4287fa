"""A new lesson has one cell of each role; blank it earns nothing, solved everything."""

from __future__ import annotations

import json
import re
from pathlib import Path

import nbformat
import pytest

from autograder import cells
from autograder.__main__ import main
from autograder.grading import bounded
from autograder.grading.grade_notebook import GradedNotebook
from autograder.grading.settings import GradingSettings
from autograder.publish import build, new_lesson
from autograder.publish.cell_roles import AuthoringError
from course import quiz
from tests.autograder.runs import needs_sandbox
from tests.autograder.small import open_course

NAME = "07-my-lesson"
ROLES = ("quiz", "prediction", "exercise", "test", "manual", "locked", "demonstration")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = open_course(tmp_path_factory.mktemp("new") / "course")
    assert main(["new", NAME, "--root", str(root)]) == 0
    return root


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.NotebookNode(nbformat.read(path, as_version=4))


def test_it_has_every_role_and_no_other_lesson_is_built(course: Path) -> None:
    text = (course / "source" / NAME / "my-lesson.md").read_text(encoding="utf-8")
    for role in ROLES:
        assert re.search(rf'(?m)^(\+\+\+ {{"{role}": |:?{role}: )', text), role
    assert [path.name for path in (course / "release").iterdir()] == [NAME]
    released = (course / "release" / NAME / "my-lesson.ipynb").read_text(encoding="utf-8")
    for secret in (
        "len(values)",
        "[2, 3, 7]) == 4",
        "far from all",
        "huge",
        "Divide the one",
        "[x]",
    ):
        assert secret in text
        assert secret not in released


@pytest.mark.parametrize(
    "name", ["my-lesson", "7-x", "07-My", "07-", "07-a/../b", NAME, "01-small"]
)
def test_a_bad_or_taken_name_says_what_to_do(
    course: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", name, "--root", str(course)]) == 1
    message = capsys.readouterr().err
    assert "such as 07-my-lesson" in message or "choose another name or edit it" in message


def graded(course: Path, folder: Path, solved: bool) -> GradedNotebook:
    source = read(course / "source" / NAME / "my-lesson.ipynb")
    nb = read(course / "release" / NAME / "my-lesson.ipynb")
    answers = {cell["id"]: cell for cell in source.cells if cells.is_answer(cell)}
    for cell in nb.cells if solved else ():
        if original := answers.get(cell["id"]):
            is_quiz = cells.is_quiz(original)
            ticked = {n for n, one in enumerate(quiz.parse(original.source).options) if one.ticked}
            lines = original.source.splitlines()
            text = "\n".join(line for line in lines if "### " not in line)
            cell.source = quiz.mark(cell.source, ticked) if is_quiz else text
    path = folder / "my-lesson.ipynb"
    path.write_text(json.dumps(nb), encoding="utf-8")
    merged = bounded.merge_submission(source, path, [path.name], [])
    return bounded.grade(merged, source, folder, GradingSettings())


@pytest.mark.parametrize(
    ("solved", "points"),
    [
        (False, {"which-one": 0, "which-ones": 0, "mean-test": 0, "why": 0}),
        (True, {"which-one": 1, "which-ones": 2, "mean-test": 2, "why": None}),
    ],
)
@pytest.mark.slow
@needs_sandbox
def test_blank_it_earns_nothing_and_solved_everything(
    course: Path, tmp_path: Path, solved: bool, points: dict[str, float | None]
) -> None:
    scores = graded(course, tmp_path, solved).scores
    assert {score.name: score.points for score in scores} == points


def test_a_build_never_overwrites_a_notebook_that_an_instructor_wrote(tmp_path: Path) -> None:
    root = open_course(tmp_path / "course")
    own = root / "source" / "ps1" / "problem.ipynb"
    own.parent.mkdir()
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    nbformat.write(nb, own)
    before = own.read_bytes()
    assert build.build_source(root) == []
    assert own.read_bytes() == before
    own.with_suffix(".md").write_text("Notes for myself.", encoding="utf-8")
    with pytest.raises(AuthoringError, match=r"problem\.ipynb wasn't built from problem\.md"):
        build.build_source(root)
    assert own.read_bytes() == before
    built = root / "source" / "01-small" / "small.ipynb"
    edited = built.read_text(encoding="utf-8").replace("base = 1", "base = 2")
    built.write_text(edited, encoding="utf-8")
    assert build.build_source(root, ["01-small"]) == [built]  # a built one is built again


def test_the_template_fits_any_number() -> None:
    text = new_lesson.TEMPLATE.format(title="Any", number=12)
    assert "#exercise-12-1" in text
    assert build.notebook_from_text(text).cells
