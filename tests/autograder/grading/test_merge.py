"""Merging a submission into the instructor's notebook."""

from __future__ import annotations

import copy
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder import cells
from autograder.grading import merge
from tests.autograder.lessons import cell, read, source_notebook, submitted_notebook

SOURCE = source_notebook()


def merged(nb: dict[str, Any]) -> NotebookNode:
    return merge.merge_submission(SOURCE, read(nb))


def by_id(nb: NotebookNode, name: str) -> NotebookNode:
    return NotebookNode(cell(nb, name))


def notes(nb: NotebookNode, name: str) -> list[str]:
    return cells.notes(by_id(nb, name))


def test_answers_come_from_the_student_and_tests_from_the_instructor() -> None:
    nb = submitted_notebook()
    cell(nb, "double")["source"] = "double = 5"
    cell(nb, "double-test")["source"] = "assert True"
    result = merged(nb)
    assert by_id(result, "double").source == "double = 5"
    assert "double(-3)" in by_id(result, "double-test").source
    assert notes(result, "double-test") == [merge.EDITED_TEST]
    assert notes(result, "half-test") == []


def test_metadata_comes_from_the_instructor_only() -> None:
    nb = submitted_notebook()
    nbgrader = cell(nb, "double-test")["metadata"]["nbgrader"]
    nbgrader.update(points=100, schema_version=4, locked=False, solution=True, grade=False)
    cell(nb, "single")["metadata"]["course"] = {
        "quiz": {"multiple": True},
        "verdict": {"points": 9},
    }
    nb["metadata"]["course"] = {"unreadable": ""}
    result = merged(nb)
    for original in SOURCE.cells:
        metadata = by_id(result, original["id"]).metadata
        assert metadata.get("nbgrader") == original.metadata.get("nbgrader")
        assert metadata.get("course", {}).get("quiz") == original.metadata.get("course", {}).get(
            "quiz"
        )
        assert "verdict" not in metadata.get("course", {})


def test_a_deleted_answer_is_noted_and_a_deleted_test_restored() -> None:
    nb = submitted_notebook()
    nb["cells"] = [
        other for other in nb["cells"] if other["id"] not in {"single", "half", "half-test"}
    ]
    result = merged(nb)
    assert notes(result, "single") == notes(result, "half") == [merge.MISSING_CELL]
    assert "[x]" not in by_id(result, "single").source
    assert by_id(result, "half").source == ""
    assert "half(1)" in by_id(result, "half-test").source


def test_both_halves_of_a_split_exercise_run() -> None:
    nb = submitted_notebook()
    index = nb["cells"].index(cell(nb, "double"))
    second = copy.deepcopy(nb["cells"][index]) | {"id": "new"}
    second["source"] = "more = 2"
    nb["cells"].insert(index + 1, second)
    result = merged(nb)
    order = [other["id"] for other in result.cells]
    index = order.index("double")
    assert result.cells[index + 1].source == "more = 2"
    assert order[index + 2] == "double-test"
    assert notes(result, "double") == ["The submission has 2 copies of this cell."]


def test_added_cells_keep_their_place_and_lose_their_metadata() -> None:
    nb = submitted_notebook()
    helper = {
        "cell_type": "code",
        "id": "mine",
        "metadata": {"nbgrader": {"grade_id": "nobody", "points": 50, "grade": True}},
        "source": "import math",
        "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}],
    }
    nb["cells"].insert(nb["cells"].index(cell(nb, "double")), helper)
    nb["cells"].insert(0, {**copy.deepcopy(helper), "id": "first"})
    result = merged(nb)
    assert result.cells[0].source == "import math"
    added = result.cells[[other["id"] for other in result.cells].index("double") - 1]
    assert (added.source, added.metadata, added.outputs) == ("import math", {}, [])


def test_only_the_first_of_too_many_added_cells_are_kept() -> None:
    nb = submitted_notebook()
    more: list[dict[str, Any]] = [
        {"cell_type": kind, "id": f"more-{number}", "metadata": {}, "source": f"{number}"}
        for number in range(10_000)
        for kind in ("markdown", "code")
    ]
    nb["cells"] = [*more, *nb["cells"]]
    result = merged(nb)
    added = [other for other in result.cells if other["id"].startswith("extra-")]
    assert len(added) == merge.MAX_ADDED_CELLS
    assert added[0].source == added[1].source == "0"
    assert by_id(result, "double").source == cell(nb, "double")["source"]
    assert result.metadata["course"]["notes"] == [
        "The submission has 20,000 added cells; only the first 1,000 are kept."
    ]
    nbformat.validate(result)


def test_quizzes_without_metadata_are_matched_by_their_options() -> None:
    nb = submitted_notebook()
    for other in nb["cells"]:
        other["metadata"] = {}
        other["id"] = f"other-{other['id']}"[:60]
    result = merged(nb)
    assert "- [x] the second of them" in by_id(result, "single").source
    assert "- [x] red" in by_id(result, "several").source


def test_a_changed_cell_type_is_restored() -> None:
    nb = submitted_notebook()
    cell(nb, "double")["cell_type"] = "markdown"
    cell(nb, "single")["cell_type"] = "raw"
    result = merged(nb)
    assert by_id(result, "double").cell_type == "code"
    assert by_id(result, "single").cell_type == "markdown"
    assert "[x]" in by_id(result, "single").source


def test_a_submitted_setup_cell_is_used() -> None:
    nb = submitted_notebook()
    setup = next(other for other in nb["cells"] if other["source"] == "base = 1")
    setup["source"] = "base = 1  # mine"
    assert "# mine" in [other.source[-6:] for other in merged(nb).cells]
    nb["cells"].remove(setup)
    assert "base = 1" in [other.source for other in merged(nb).cells]


def test_an_unreadable_submission_keeps_every_question() -> None:
    result = merge.merge_submission(SOURCE, read({"no": "notebook"}))
    assert [other["id"] for other in result.cells] == [other["id"] for other in SOURCE.cells]
    assert "no list of cells" in result.metadata["course"]["unreadable"]
    assert notes(result, "single") == []


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "copy", "move", "retype", "strip", "rename", "forge"]),
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    max_size=12,
)


@pytest.mark.slow
@given(ACTIONS)
def test_mutilation_never_changes_questions_or_maximum(
    actions: list[tuple[str, int, int]],
) -> None:
    nb = submitted_notebook()
    cells = nb["cells"]
    for action, first, second in actions:
        if not cells:
            break
        at, to = first % len(cells), second % len(cells)
        if action == "delete":
            del cells[at]
        elif action == "copy":
            cells.insert(to, copy.deepcopy(cells[at]))
        elif action == "move":
            cells.insert(to, cells.pop(at))
        elif action == "retype":
            cells[at]["cell_type"] = ["code", "raw", "markdown", "heading"][second % 4]
        elif action == "strip":
            cells[at]["metadata"] = None
        elif action == "rename":
            cells[at]["metadata"] = {"nbgrader": {"grade_id": cells[to]["id"]}}
        else:
            cells[at]["metadata"] = {"nbgrader": {"grade_id": ["x"], "points": -5, "grade": True}}
    result = merged(nb)
    graded = {
        other.metadata["nbgrader"]["grade_id"]: other.metadata["nbgrader"]["points"]
        for other in result.cells
        if other.metadata.get("nbgrader", {}).get("grade")
    }
    assert graded == {"single": 1, "several": 2, "double-test": 2, "half-test": 3}
    cell_ids = [other["id"] for other in result.cells]
    assert len(cell_ids) == len(set(cell_ids))
