"""Rubrics: read from the lesson's text, kept out of the release, and recognized in comments."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from nbgrader.utils import compute_checksum

from autograder import cells, rubric
from autograder.batch import inputs
from autograder.grading import merge, scoring
from autograder.nbgrader_plugins.release import build_release
from autograder.publish import answer_leaks, build
from autograder.publish.cell_roles import AuthoringError
from autograder.publish.expected_release import check_notebook
from tests.autograder.lessons import read
from tests.rubrics import CELL, LINES, NAME, QUESTION, RUBRIC, SHOWN

COURSE = Path(__file__).resolve().parents[2]
SOURCE = build.notebook_from_text(f"# A lesson\n\n{CELL}")
CELL_IN_SOURCE = cells.graded_cells(SOURCE)[NAME]
STUB = "YOUR ANSWER HERE"


def test_a_rubric_is_read_from_the_text() -> None:
    found = rubric.parse(CELL_IN_SOURCE.source)
    lines = {
        (criterion.title, level.points): criterion.line(level)
        for criterion in found.criteria
        for level in criterion.levels
    }
    assert lines == LINES
    assert found.comments == [
        "Please write whole sentences. They are easier to read.",
        "A nice picture of your own!",
    ]
    assert cells.max_points(CELL_IN_SOURCE) == found.maximum == 3


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"rubric": "hidden"', '"points": 4, "rubric": "hidden"', "worth 3, but points is 4"),
        (', "rubric": "hidden"', "", 'add "rubric": "hidden" or "shown"'),
        ('"hidden"', '"secret"', "rubric must be one of hidden, shown; got 'secret'"),
        ("  - [1] says", "  - [one] says", "isn't a criterion or level"),
        ("  - [1] says", "  - says", "isn't a level"),
        ("  - [1] says", "  - (1) says", "'- (1) says only that images can be compressed' isn't"),
        ("- [1] Example", "* [1] Example", "isn't a criterion or level; write '- [2] text'"),
        ("- [1] Example", "- [1 point] Example", "isn't a criterion or level"),
        ("- [1] Example", "- Example", "the comment 'A white background"),
        (
            "- [1] Example\n  > A white background would be an example.",
            "- Example",
            "has no levels",
        ),
        ("- [1] Example", "- [1] **Reason**", "two criteria 'Reason'; rename one"),
        ("  - [1] says", "  - [2] says", "two levels of 'Reason' have the same points"),
        ("- [1] Example", "- [0] Example", "two levels of 'Example' have the same points"),
        ("    neighboring pixels", "neighboring pixels", "'neighboring pixels' isn't part of"),
        ("- **Reason:**\n", "", "no criterion above it"),
        (RUBRIC, "Pixels repeat.", "the rubric has no criterion"),
    ],
)
def test_a_rubric_that_is_only_nearly_right_stops_the_build(
    old: str, new: str, message: str
) -> None:
    text = CELL.replace(old, new)
    assert text != CELL
    if old == "- **Reason:**\n":
        text = text.replace("- It says so in\n- two sentences.\n", "")
    with pytest.raises(AuthoringError, match=re.escape(message)):
        build.notebook_from_text(text)


def test_a_solution_without_boxes_has_no_rubric() -> None:
    text = CELL.replace(RUBRIC, "- pixels repeat\n- [see](#there)").replace(
        ', "rubric": "hidden"', ""
    )
    assert rubric.read(cells.graded_cells(build.notebook_from_text(text))[NAME]) is None


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function that builds a lesson's release and returns the notebook's text."""
    root = tmp_path_factory.mktemp("rubrics")
    shutil.copyfile(COURSE / "nbgrader_config.py", root / "nbgrader_config.py")
    path = root / "source" / "01-why" / "why.md"
    path.parent.mkdir(parents=True)

    def build_and_read(text: str) -> str:
        path.write_text(f"# A lesson\n\n{text}", encoding="utf-8")
        build.build_source(root)
        build_release(root)
        return (root / "release" / "01-why" / "why.ipynb").read_text(encoding="utf-8")

    return build_and_read


def released_cell(release: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        cell for cell in json.loads(release)["cells"] if cell["id"] == NAME
    )
    return found


def test_another_rubric_leaves_the_release_byte_identical(release: Callable[[str], str]) -> None:
    before = release(CELL)
    assert "".join(released_cell(before)["source"]) == f"{QUESTION}\n\n{STUB}"
    other = CELL.replace(RUBRIC, "- Other\n  - [3] all\n    > Right!\n\n> Something else.")
    assert other != CELL
    assert release(other) == before


def test_the_author_may_show_the_criteria_but_never_the_comments(
    release: Callable[[str], str],
) -> None:
    shown = CELL.replace("hidden", "shown")
    before = release(shown)
    assert "".join(released_cell(before)["source"]) == SHOWN
    for comment in ("pixels repeat", "white background", "whole sentences", "nice picture"):
        assert comment in shown
        assert comment not in before
    other = re.sub(r"(?m)^( *>) .*", r"\1 Another comment.", shown)
    assert other != shown
    assert release(other) == before


@pytest.mark.parametrize("text", [*filter(None, rubric.parse(CELL_IN_SOURCE.source).texts())])
def test_a_rubric_in_another_cell_is_found(text: str) -> None:
    """Shorter texts may occur anywhere."""
    nb = build.notebook_from_text(f"# A lesson\n\n{text}\n\n+++\n\n{CELL}")
    leaks = [
        problem for problem in check_notebook(nb, nb, compute_checksum) if "a rubric" in problem
    ]
    is_long = len(answer_leaks.Secret("", text, "").pattern) >= answer_leaks.MIN_SECRET_CHARS
    assert any(repr(text) in leak for leak in leaks) == is_long


def test_a_rubric_may_change_while_people_grade_by_it(tmp_path: Path) -> None:
    """Else the next run would ask for another look at every answer."""

    def lesson_hash(text: str) -> str:
        build.write_notebook(
            build.notebook_from_text(f"# A lesson\n\n{text}"), tmp_path / "a.ipynb"
        )
        return inputs.read_lesson(tmp_path)[0]

    before = lesson_hash(CELL)
    assert lesson_hash(CELL.replace("> A nice", "> Come by.\n\n> A nice")) == before
    assert lesson_hash(CELL.replace("- [1] Example", "- [2] Example")) != before
    assert lesson_hash(CELL.replace("Write two sentences", "Write a sentence")) != before
    assert lesson_hash(CELL.replace("hidden", "shown")) != before


def score(text: str, **metadata: Any) -> scoring.CellScore:
    cell = {"cell_type": "markdown", "id": NAME, "source": text}
    nb = {"cells": [cell | {"metadata": {"nbgrader": {"grade_id": NAME, **metadata}}}]}
    merged = merge.merge_submission(SOURCE, read(nb | {"nbformat": 4, "nbformat_minor": 5}))
    return scoring.score(CELL_IN_SOURCE, cells.graded_cells(merged)[NAME], None)


@pytest.mark.parametrize(
    "text", [f"{QUESTION}\n\n{STUB}", f"{QUESTION}\n\n", QUESTION, f"\n{STUB} \n", "", " \n"]
)
def test_an_answer_in_which_nothing_was_written_is_not_answered(text: str) -> None:
    result = score(text)
    assert (result.points, result.reason) == (0, scoring.NOT_ANSWERED)


@pytest.mark.parametrize("text", ["Pixels.", f"{QUESTION}\n\nPixels.", QUESTION[:20], f"{STUB}!"])
def test_any_other_answer_waits_for_a_person(text: str) -> None:
    result = score(text)
    assert (result.points, result.reason) == (None, scoring.BY_A_PERSON)
