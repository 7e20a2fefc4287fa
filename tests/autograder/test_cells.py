"""The roles of cells, read from metadata that may be incomplete or malformed."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import cells
from tests.autograder import lessons

MALFORMED: list[Any] = [
    {},
    {"metadata": None},
    {"metadata": []},
    {"metadata": {}},
    {"metadata": {"nbgrader": None, "course": None}},
    {"metadata": {"nbgrader": "quiz", "course": ["quiz"]}},
    {"metadata": {"nbgrader": {"grade_id": 7, "points": "many"}, "course": {"seconds": "long"}}},
]


def by_id(name: str) -> NotebookNode:
    return NotebookNode(lessons.cell(lessons.source_notebook(), name))


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("single", {"is_quiz", "is_answer", "is_graded", "is_managed"}),
        ("double", {"is_answer", "is_managed"}),
        ("double-test", {"is_test", "is_graded", "is_locked", "is_managed"}),
    ],
)
def test_each_cell_of_a_lesson_has_its_roles(name: str, roles: set[str]) -> None:
    questions = {name for name in dir(cells) if name.startswith("is_")}
    assert {role for role in questions if getattr(cells, role)(by_id(name))} == roles


def test_question_settings_and_points_are_those_of_the_author() -> None:
    several = by_id("several")
    assert cells.allows_multiple(several)
    assert cells.credit_rule(several) == "each-option"
    assert cells.max_points(several) == 2
    assert not cells.allows_multiple(by_id("single"))
    assert cells.credit_rule(by_id("single")) == "all-or-nothing"


@pytest.mark.parametrize("metadata", MALFORMED)
def test_malformed_metadata_means_no_role(metadata: dict[str, Any]) -> None:
    cell = {"cell_type": "code", "source": "text", **metadata}
    questions = {name for name in dir(cells) if name.startswith("is_")} - {"is_managed"}
    assert not any(getattr(cells, name)(cell) for name in questions)
    assert cells.grade_id(cell) == ""
    assert cells.max_points(cell) == 0
    assert cells.time_limit_s(cell) is None
    assert cells.notes(cell) == []
    assert cells.copies(cell) == ["text"]
    assert cells.score_record(cell) is None
    assert cells.unreadable(cell) == cells.submitted_file(cell) == ""


def test_time_limits_and_demonstrations_must_have_the_right_type() -> None:
    cell = new_code_cell("train()")
    cells.set_course(cell, seconds=True, demonstration=1)
    assert cells.time_limit_s(cell) is None
    assert not cells.is_demonstration(cell)
    cells.set_course(cell, seconds=90, demonstration=True)
    assert cells.time_limit_s(cell) == 90
    assert cells.is_demonstration(cell)


def test_writing_an_entry_keeps_the_others() -> None:
    cell = by_id("several")
    cells.set_course(cell, notes=["Copied."])
    cells.set_score_record(cell, {"points": 1.0})
    cells.set_nbgrader(cell, score=None)
    assert cells.notes(cell) == ["Copied."]
    assert cells.score_record(cell) == {"points": 1.0}
    assert cells.credit_rule(cell) == "each-option"
    assert cells.grade_id(cell) == "several"
    assert cells.gradebook_score(cell) == (None, 2, False)


def test_setting_nothing_adds_no_metadata() -> None:
    cell = new_markdown_cell("Some text.")
    cells.set_course(cell)
    assert cell.metadata == {}


def test_facts_about_a_submission_replace_older_ones() -> None:
    nb = new_notebook()
    nb.metadata["course"] = {"notes": ["old"], "file": "other.ipynb"}
    cells.set_submission_facts(nb, notes=["new"], unreadable="too large", file="")
    assert nb.metadata["course"] == {"notes": ["new"], "unreadable": "too large"}


def test_a_lesson_lists_its_graded_cells_names_and_own_code() -> None:
    source = lessons.source_notebook()
    assert list(cells.graded_cells(source)) == ["single", "several", "double-test", "half-test"]
    assert cells.grade_ids(source) == {*cells.graded_cells(source), "double", "half"}
    assert cells.lesson_code(source) == ["base = 1"]
