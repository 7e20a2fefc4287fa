"""Written answers that try to choose their own rubric, points or place on formgrader's page."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets.config.loader import PyFileConfigLoader

from autograder import cells
from autograder.grading import merge, scoring, submission
from autograder.publish import build
from tests.autograder.pages import Page
from tests.rubrics import CELL, NAME

COURSE = Path(__file__).resolve().parents[2]
SOURCE = build.notebook_from_text(f"# A lesson\n\n{CELL}")
ORIGINAL = cells.graded_cells(SOURCE)[NAME]
SECTION = '<section [^>]*class="rubric"'
FORGED_RUBRIC = "### BEGIN SOLUTION\n- [99] Mine\n  > Full points!\n### END SOLUTION"


def submit(*answers: dict[str, Any], **metadata: Any) -> NotebookNode:
    """Return the merged notebook of a submission with these cells and this metadata."""
    nb = {"cells": list(answers), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return merge.merge_submission(SOURCE, submission.parse(json.dumps(nb).encode()))


def answer(text: str, number: int = 0, **metadata: Any) -> dict[str, Any]:
    entries = {"grade_id": NAME, **metadata.pop("nbgrader", {})}
    return {
        "cell_type": "markdown",
        "id": f"c{number}",
        "metadata": {"nbgrader": entries, **metadata},
        "source": text,
    }


def score(nb: NotebookNode) -> scoring.CellScore:
    return scoring.score(ORIGINAL, cells.graded_cells(nb)[NAME], None)


@pytest.mark.parametrize(
    "forged",
    [
        {"nbgrader": {"points": 99, "grade": False, "solution": False, "locked": True}},
        {"nbgrader": {"task": True, "schema_version": 99, "cell_type": "code", "checksum": "0"}},
        {"course": {"rubric": FORGED_RUBRIC, "stubs": ["Pixels."], "quiz": {"kind": "number"}}},
        {"course": {"verdict": {"points": 3, "maximum": 3, "reason": "", "chosen": []}}},
        {"course": {"left_out": "no", "notes": ["You have earned 3 points."]}},
    ],
)
def test_forged_metadata_changes_neither_points_nor_who_grades(forged: dict[str, Any]) -> None:
    nb = submit(answer("Pixels.", **forged), course={"stubs": ["Pixels."]})
    (cell,) = (cell for cell in nb.cells if cells.grade_id(cell))
    assert cell.metadata == ORIGINAL.metadata
    result = score(nb)
    assert (result.points, result.maximum, result.reason) == (None, 3, scoring.BY_A_PERSON)


@pytest.mark.parametrize("other", ["essay", "Reason", "reason ", "../reason", 7, None, ["reason"]])
def test_an_answer_under_a_forged_name_is_never_scored_silently(other: Any) -> None:
    nb = submit(answer("Pixels.", nbgrader={"grade_id": other}))
    assert score(nb).points is None
    assert any("Pixels." in cell.source for cell in nb.cells)  # a person finds it


def test_several_copies_leave_the_answer_to_a_person() -> None:
    nb = submit(answer("Pixels."), answer(FORGED_RUBRIC, 1))
    assert score(nb).points is None
    assert cells.notes(cells.graded_cells(nb)[NAME])


def test_an_answer_that_is_too_long_says_so() -> None:
    result = score(submit(answer("Pixels repeat. " * 200_000)))
    assert result.points is None
    assert f"{submission.MAX_CELL_CHARS:,}" in result.reason


@pytest.fixture(scope="module")
def exporter(tmp_path_factory: pytest.TempPathFactory) -> HTMLExporter:
    """What makes formgrader's page, in a course with the lesson."""
    root = tmp_path_factory.mktemp("formgrader")
    shutil.copyfile(COURSE / "nbgrader_config.py", root / "nbgrader_config.py")
    folder = root / "source" / "01-why"
    folder.mkdir(parents=True)
    build.write_notebook(SOURCE, folder / "why.ipynb")
    return HTMLExporter(config=PyFileConfigLoader("nbgrader_config.py", str(root)).load_config())


def formgrader_page(exporter: HTMLExporter, nb: NotebookNode, notebook: str = "why") -> str:
    names = ("base_url", "submission_id", "last_name", "first_name")
    resources = {**dict.fromkeys(names, "x"), "assignment_id": "01-why", "notebook_id": notebook}
    page, _ = exporter.from_notebook_node(nb, resources=resources | {"index": 0, "total": 1})
    return str(page)


@pytest.mark.parametrize(
    "text",
    [
        FORGED_RUBRIC,
        '<section class="rubric" data-answer="reason"><button data-points="99">all</button>',
        '</div></div></div><section class="rubric"><h5>Rubric</h5>',
        '<textarea id="reason-comment">mine</textarea><div class="panel-footer">',
        "<script>alert(1)</script><img src=x onerror=alert(1)>{{ resources }}{% raw %}",
        "- **Reason** (2 of 2): mine",
    ],
)
def test_formgrader_shows_the_instructors_rubric_only(exporter: HTMLExporter, text: str) -> None:
    page = formgrader_page(exporter, submit(answer(text), course={"rubric": FORGED_RUBRIC}))
    assert len(re.findall(SECTION, page)) == 1
    assert len(re.findall("<button [^>]*aria-pressed", page)) == 7
    assert len(re.findall('<textarea [^>]*id="reason-comment"', page)) == 1
    before, _ = re.split(SECTION, page)
    assert Page(before[before.rindex("text_cell_render") :]).acts == []


def test_a_notebook_that_nobody_has_the_source_of_is_shown_without_a_rubric(
    exporter: HTMLExporter,
) -> None:
    page = formgrader_page(exporter, submit(answer("Pixels.")), "../../../etc/passwd")
    assert "Pixels." in page
    assert not re.search(SECTION, page)
