"""The whole loop with nbgrader's own commands: every score right, every loss explained."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from tests.classroom.loop import Classroom, Result, autograde, teach
from tests.classroom.students import CLASS

pytestmark = [pytest.mark.classroom, pytest.mark.slow, pytest.mark.xdist_group("classroom")]

NAMES = [student.name for student in CLASS]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("class") / "room"


@pytest.fixture(scope="module")
def results(root: Path) -> dict[str, Result]:
    return {result.student.name: result for result in teach(root)}


def graded(root: Path, student: str) -> dict[str, object]:
    (path,) = (root / "course" / "autograded" / student / "01-intro").glob("*.ipynb")
    notebook: dict[str, object] = json.loads(path.read_bytes())
    return notebook


def verdicts(root: Path, student: str) -> dict[str, float | None]:
    cells = graded(root, student)["cells"]
    assert isinstance(cells, list)
    return {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["course"]["verdict"]["points"]
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }


def test_the_class_is_large_enough() -> None:
    assert len(set(NAMES)) >= 14


@pytest.mark.parametrize("name", NAMES)
def test_the_score_is_fair(results: dict[str, Result], name: str) -> None:
    result = results[name]
    assert (result.obtained, result.row["status"]) == (result.expected, result.student.status)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "quin"])
def test_every_cell_is_scored_as_it_should(
    results: dict[str, Result], root: Path, name: str
) -> None:
    assert verdicts(root, name) == results[name].fair


def test_what_was_not_graded_is_never_zero(results: dict[str, Result]) -> None:
    for result in results.values():
        if result.student.status == "graded":
            assert float(result.row["score"]) == result.expected
            assert result.row["reason"] == ""
        else:
            assert result.row["score"] == ""
            assert result.row["reason"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "quin"])
def test_every_student_can_fetch_feedback(results: dict[str, Result], name: str) -> None:
    (feedback,) = results[name].feedback.values()
    assert "<title>Feedback: " in feedback


def test_every_loss_is_explained(results: dict[str, Result]) -> None:
    for name, words in {
        "ben": "The code is still to be written.",
        "cleo": "That is not the right answer.",
        "fay": "SyntaxError",
        "ivan": " s and was stopped.",
        "jo": "It ended the Python process",
        "kim": "This cell is missing in the submission.",
        "lea": "more than once, with different answers",
        "max": "This test was edited in the submission",
        "nora": "instead of",
        "omar": "breaks off or is damaged",
        "pia": "2 options are ticked, but only one can be right.",
    }.items():
        (feedback,) = results[name].feedback.values()
        assert words in feedback, name


def test_a_script_is_shown_as_text(results: dict[str, Result], root: Path) -> None:
    (feedback,) = results["gus"].feedback.values()
    assert "alert(1)" in feedback
    assert not re.search(r"<script[^>]*>\s*alert", feedback)
    assert "&lt;script&gt;" in feedback
    assert "<script" not in json.dumps(
        [cell for cell in graded(root, "gus")["cells"] if cell["cell_type"] == "markdown"]  # type: ignore[attr-defined]  # plain JSON
    )


def test_hidden_tests_and_keys_stay_hidden(results: dict[str, Result], root: Path) -> None:
    (path,) = (root / "course" / "source" / "01-intro").glob("*.ipynb")
    source = path.read_text(encoding="utf-8")
    shown = (root / "course" / "release" / "01-intro" / path.name).read_text(encoding="utf-8")
    hidden = re.findall(r"BEGIN HIDDEN TESTS\\n\",\n(.*?)### END HIDDEN", source, re.DOTALL)
    assert hidden
    lines = [
        line.strip()
        for block in hidden
        for line in json.loads(f"[{block.rsplit(',', 1)[0]}]")
        if len(line.strip()) > 15 and json.dumps(line.strip())[1:-1] not in shown
    ]
    assert lines
    for result in results.values():
        for feedback in result.feedback.values():
            plain = html.unescape(re.sub(r"<[^>]+>", "", feedback))
            assert "HIDDEN TESTS" not in plain
            for line in lines:
                assert line not in plain


def test_grading_again_changes_nothing(results: dict[str, Result], root: Path) -> None:
    before = {name: verdicts(root, name) for name in results if name != "quin"}
    said = autograde(Classroom(root), "01-intro")
    assert "Skipping existing assignment" in said
    assert {name: verdicts(root, name) for name in before} == before
