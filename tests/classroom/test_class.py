"""The whole loop with nbgrader's own commands: fair scores, and every lost point explained."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from autograder.grading import merge, scoring
from tests.classroom.loop import Classroom, Result, run_class
from tests.classroom.students import CLASS

pytestmark = [pytest.mark.classroom, pytest.mark.long, pytest.mark.xdist_group("classroom")]

NAMES = [student.name for student in CLASS]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("class") / "classroom"


@pytest.fixture(scope="module")
def results(root: Path) -> dict[str, Result]:
    return {result.student.name: result for result in run_class(root)}


def graded_notebook(root: Path, student: str) -> dict[str, object]:
    (path,) = (root / "course" / "autograded" / student / "01-intro").glob("*.ipynb")
    notebook: dict[str, object] = json.loads(path.read_bytes())
    return notebook


def actual_points(root: Path, student: str) -> dict[str, float | None]:
    cells = graded_notebook(root, student)["cells"]
    assert isinstance(cells, list)
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["course"]["verdict"]["points"]
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }


def test_the_class_is_large_enough() -> None:
    assert len(set(NAMES)) >= 14


@pytest.mark.parametrize("name", NAMES)
def test_score_and_status_are_as_expected(results: dict[str, Result], name: str) -> None:
    result = results[name]
    actual = (result.actual_score, result.row["status"])
    assert actual == (result.expected_score, result.student.status)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "quin"])
def test_every_cell_gets_the_expected_points(
    results: dict[str, Result], root: Path, name: str
) -> None:
    assert actual_points(root, name) == results[name].expected


def test_ungraded_submissions_have_a_reason_and_no_score(results: dict[str, Result]) -> None:
    for result in results.values():
        if result.student.status == "graded":
            assert float(result.row["score"]) == result.expected_score
            assert result.row["reason"] == ""
        else:
            assert result.row["score"] == ""
            assert result.row["reason"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "quin"])
def test_every_student_can_fetch_feedback(results: dict[str, Result], name: str) -> None:
    (feedback,) = results[name].feedback.values()
    assert "<title>Feedback: " in feedback


def test_lost_points_are_explained(results: dict[str, Result]) -> None:
    for name, text in {
        "ben": scoring.NOT_IMPLEMENTED,
        "cleo": "That is not the right answer.",
        "fay": "SyntaxError",
        "ivan": " s and was stopped.",
        "jo": "It ended the Python process",
        "kim": merge.MISSING_CELL,
        "lea": "more than once, with different answers",
        "max": merge.EDITED_TEST,
        "nora": "instead of",
        "omar": "is cut off or damaged",
        "pia": "2 options are ticked, but only one can be right.",
    }.items():
        (feedback,) = results[name].feedback.values()
        assert text in feedback, name


def test_a_script_is_shown_as_text(results: dict[str, Result], root: Path) -> None:
    (feedback,) = results["gus"].feedback.values()
    assert "alert(1)" in feedback
    assert not re.search(r"<script[^>]*>\s*alert", feedback)
    assert "&lt;script&gt;" in feedback
    assert "<script" not in json.dumps(
        [cell for cell in graded_notebook(root, "gus")["cells"] if cell["cell_type"] == "markdown"]  # type: ignore[attr-defined]  # plain JSON
    )


def test_hidden_tests_and_keys_stay_hidden(results: dict[str, Result], root: Path) -> None:
    (path,) = (root / "course" / "source" / "01-intro").glob("*.ipynb")
    source = path.read_text(encoding="utf-8")
    released = (root / "course" / "release" / "01-intro" / path.name).read_text(encoding="utf-8")
    hidden = re.findall(r"BEGIN HIDDEN TESTS\\n\",\n(.*?)### END HIDDEN", source, re.DOTALL)
    assert hidden
    lines = [
        line.strip()
        for block in hidden
        for line in json.loads(f"[{block.rsplit(',', 1)[0]}]")
        if len(line.strip()) > 15 and json.dumps(line.strip())[1:-1] not in released
    ]
    assert lines
    for result in results.values():
        for feedback in result.feedback.values():
            text = html.unescape(re.sub(r"<[^>]+>", "", feedback))
            assert "HIDDEN TESTS" not in text
            for line in lines:
                assert line not in text


def test_autograding_again_changes_nothing(results: dict[str, Result], root: Path) -> None:
    before = {name: actual_points(root, name) for name in results if name != "quin"}
    log = Classroom(root).autograde("01-intro")
    assert "Skipping existing assignment" in log
    assert {name: actual_points(root, name) for name in before} == before
