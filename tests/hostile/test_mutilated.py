"""Randomly mutilated notebooks, and kernels killed at every cell: every question gets a score."""

from __future__ import annotations

import csv
import json
import symtable
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from nbformat import NotebookNode

from autograder.cells import grade_id, graded_cells, is_test, lesson_code
from autograder.grading import comments, grade_notebook, merge, run_cells, scoring, submission
from autograder.grading.sanitize import outputs
from autograder.grading.settings import GradingSettings
from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.kernels.time_budget import TimeBudget
from autograder.sandbox import host_support, launch
from autograder.test_runner.broker import BrokenTest
from tests.autograder import lessons
from tests.autograder.small import LESSON, open_course
from tests.hostile import batch
from tests.hostile.corpus import NAMES

SOURCE = lessons.source_notebook()
GRADED = graded_cells(SOURCE)
MAXIMUM = 8.0
EXAMPLES = 1000
CLASS_SIZE = 30
MISSING = host_support.missing_features()

Outcomes = dict[str, CellOutcome | BrokenTest | None]
Change = Callable[[dict[str, Any]], object]


def score(
    merged: NotebookNode, outcomes: Outcomes, unreadable: str
) -> dict[str, scoring.CellScore]:
    """Score a merged notebook as the grader does."""
    return {
        name: scoring.score(GRADED[name], cell, outcomes.get(cell["id"]), unreadable)
        for cell in merged.cells
        if (name := grade_id(cell)) in GRADED
    }


WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            *("single", "double", "double-test", "half-test", "- [x] red", "- [x]", "[", "\x00"),
            *("code", "markdown", "raw", "heading", "\ud800", "```", "    - [x] blue\n> - [x] red"),
            "- [x] the first of them\n- [ ] the second of them",
            "- [x] the second of them\n\t- [X] the second of them",
        ]
    ),
)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["source", "cell_type", "id", "metadata", "outputs", "input"])
NBGRADER_KEYS = st.sampled_from(
    ["grade_id", "points", "schema_version", "locked", "grade", "solution"]
)
INDEXES = st.integers(0, 30)


def pick(nb: dict[str, Any], index: int) -> dict[str, Any]:
    """Return one of the cells, or an empty one if no cell is left."""
    cell: dict[str, Any] = nb["cells"][index % len(nb["cells"])] if nb["cells"] else {}
    return cell


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Return a random change of a notebook's cells."""
    index, other_index, value = draw(INDEXES), draw(INDEXES), draw(JSON_VALUES)
    field, nbgrader_key, words = draw(FIELDS), draw(NBGRADER_KEYS), draw(WORDS)

    def change_nbgrader_metadata(nb: dict[str, Any]) -> None:
        metadata = pick(nb, index).get("metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict):
            metadata["nbgrader"][nbgrader_key] = value

    def split(nb: dict[str, Any]) -> None:
        cell = pick(nb, index)
        if isinstance(source := cell.get("source"), str):
            half = len(source) // 2
            cell["source"] = source[:half]
            nb["cells"].insert(index, json.loads(json.dumps(cell)) | {"source": source[half:]})

    def add_words(nb: dict[str, Any]) -> None:
        cell = pick(nb, index)
        if isinstance(source := cell.get("source"), str):
            at = other_index % (len(source) + 1)
            cell["source"] = source[:at] + words + source[at:]

    choices: list[Change] = [
        lambda nb: nb["cells"].remove(pick(nb, index)) if nb["cells"] else None,
        lambda nb: nb["cells"].insert(other_index, json.loads(json.dumps(pick(nb, index)))),
        lambda nb: nb["cells"].insert(0, nb["cells"].pop()) if nb["cells"] else None,
        lambda nb: pick(nb, index).update({field: value}),
        lambda nb: pick(nb, index).pop(field, None),
        lambda nb: nb["cells"].insert(index, value),
        change_nbgrader_metadata,
        split,
        add_words,
    ]
    change: Change = draw(st.sampled_from(choices))
    return change


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return the bytes of a mutilated notebook."""
    nb = lessons.submitted_notebook()
    for change in draw(st.lists(changes(), min_size=1, max_size=6)):
        nb["cells"] = [cell for cell in nb["cells"] if isinstance(cell, dict)]
        change(nb)
    if draw(st.integers(0, 9)) == 0:
        nb[draw(st.sampled_from(["cells", "metadata", "nbformat"]))] = draw(JSON_VALUES)
    content = json.dumps(nb).encode()
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(max_size=8)) + content[at + draw(INDEXES) :]
    if draw(st.integers(0, 9)) == 0:
        content = content[: draw(st.integers(0, len(content)))]
    return content


OUTCOMES = st.sampled_from(
    [
        None,
        CellOutcome("ran"),
        CellOutcome("raised", "AssertionError", "no"),
        CellOutcome("raised", "\x1b[31m", "\x00<script>"),
        CellOutcome("timed out", message="4 s"),
        CellOutcome("died"),
        BrokenTest("the machine"),
    ]
)


@pytest.mark.long
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(files(), st.lists(OUTCOMES, min_size=5, max_size=5))
def test_every_question_has_a_score_or_a_reason(
    content: bytes, drawn_outcomes: list[CellOutcome | BrokenTest | None]
) -> None:
    submitted = submission.parse(content)
    merged = merge.merge_submission(SOURCE, submitted)
    code = [cell["id"] for cell in merged.cells if cell.cell_type == "code"]
    outcomes: Outcomes = {
        cell_id: drawn_outcomes[at % len(drawn_outcomes)] for at, cell_id in enumerate(code)
    }
    scores = score(merged, outcomes, submitted.unreadable)

    assert set(scores) == set(GRADED)
    assert sum(cell_score.maximum for cell_score in scores.values()) == MAXIMUM
    for cell_score in scores.values():
        assert cell_score.points is None or 0 <= cell_score.points <= cell_score.maximum
        assert (cell_score.reason == "") == (cell_score.points == cell_score.maximum)

    texts = comments.student_comments(merged, scores, outcomes)
    assert set(texts) == {"single", "several", "double", "half"}
    outputs.sanitize_notebook(merged)
    comments.write_scores(merged, scores, outcomes)
    nbformat.validate(merged)
    assert json.loads(nbformat.writes(merged))["cells"]


def mutilated(count: int) -> list[bytes]:
    """Return some mutilated notebooks, the same ones each time."""
    contents: dict[bytes, None] = {}

    @settings(
        max_examples=4 * count,
        phases=[Phase.generate],
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(files())
    def collect(content: bytes) -> None:
        contents[content] = None

    collect()
    return list(contents)[-count:]  # the first ones are the simplest


@pytest.mark.long
@pytest.mark.xdist_group("hostile")
@pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING))
def test_nbgrader_grades_a_class_of_mutilated_notebooks(tmp_path: Path) -> None:
    course = open_course(tmp_path / "course", lessons.TEXT)
    code, output = batch.nbgrader(course, "generate_assignment", LESSON)
    assert code == 0, output
    students = [f"student-{number:02}" for number in range(CLASS_SIZE)]
    for student, content in zip(students, mutilated(CLASS_SIZE), strict=True):
        (folder := course / "submitted" / student / LESSON).mkdir(parents=True)
        (folder / "small.ipynb").write_bytes(content)
    code, output = batch.nbgrader(course, "autograde", LESSON)
    assert code == 0, output[-5000:]
    assert "Traceback" not in output
    assert batch.surviving_commands() == []
    code, output = batch.nbgrader(course, "export")
    assert code == 0, output[-5000:]
    with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert set(rows) == set(students)
    for row in rows.values():
        assert float(row["max_score"]) == MAXIMUM
        if row["status"] == "graded":
            assert 0 <= float(row["score"]) <= MAXIMUM
        else:
            assert (row["score"], bool(row["reason"])) == ("", True)
    assert {row["status"] for row in rows.values()} >= {"graded", "not graded"}


EXIT = "\nimport os\nos._exit(0)"
POINTS_AFTER_EXIT: dict[str, dict[str, float]] = {
    "base": {"double-test": 2, "half-test": 0},  # half needs `base`
    "double": {"double-test": 0, "half-test": 3},
    "double-test": {"double-test": 2, "half-test": 3},  # the instructor's test is run
    "half": {"double-test": 2, "half-test": 0},
    "half-test": {"double-test": 2, "half-test": 3},
}


@pytest.mark.long
@pytest.mark.xdist_group("hostile")
@pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING))
def test_killing_the_kernel_at_any_cell_costs_only_that_cell(tmp_path: Path) -> None:
    earned: dict[str, dict[str, float | None]] = {}
    for name in POINTS_AFTER_EXIT:
        nb = lessons.submitted_notebook()
        lessons.cell(nb, NAMES.get(name, name))["source"] += EXIT
        merged = merge.merge_submission(SOURCE, lessons.read(nb))
        budget = TimeBudget(cell_seconds=20, notebook_seconds=120)
        outcomes = run_cells.run(merged, Kernel(tmp_path), budget, lesson_code(SOURCE))
        scores = score(merged, outcomes, "")
        assert sum(cell_score.maximum for cell_score in scores.values()) == MAXIMUM
        assert scores["single"].points == 1
        assert scores["several"].points == 2
        earned[name] = {test: scores[test].points for test in ("double-test", "half-test")}
    assert earned == POINTS_AFTER_EXIT


def names_used(cell: NotebookNode) -> tuple[set[str], set[str]]:
    """Return the names that a cell binds, and those that it needs from elsewhere."""
    try:
        top = symtable.symtable(cell.source, "<cell>", "exec")
    except SyntaxError:
        return set(), set()
    binds = {
        symbol.get_name()
        for symbol in top.get_symbols()
        if symbol.is_assigned() or symbol.is_imported()
    }
    reads: set[str] = set()
    tables = [top]
    for table in tables:  # grows during the loop
        tables += table.get_children()
        reads |= {
            symbol.get_name()
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (symbol.is_global() or table is top)
        }
    return binds, reads - binds


def dependencies_of(test: NotebookNode, cells: list[NotebookNode]) -> set[str]:
    """Return the earlier cells that a test depends on, directly or not."""
    cell_ids: set[str] = set()
    needed = names_used(test)[1]
    for cell in reversed(cells[: cells.index(test)]):
        binds, reads = names_used(cell)
        if binds & needed and not is_test(cell):
            cell_ids.add(cell["id"])
            needed |= reads
    return cell_ids


@pytest.mark.long
@pytest.mark.xdist_group("hostile")
@pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING))
def test_killing_the_kernel_costs_only_the_tests_that_depend_on_the_cell(
    tmp_path: Path,
) -> None:
    (path,) = (Path(launch.__file__).parents[2] / "source" / "01-intro").glob("*.ipynb")
    source_nb = NotebookNode(nbformat.read(path, as_version=4))
    cells = [cell for cell in source_nb.cells if cell.cell_type == "code"]
    tests = {cell["id"]: dependencies_of(cell, cells) for cell in cells if is_test(cell)}
    lost = {}
    for exiting in cells:
        nb = json.loads(nbformat.writes(source_nb))
        cell = lessons.cell(nb, exiting["id"])
        cell["source"] = "".join(cell["source"]) + EXIT
        merged = merge.merge_submission(source_nb, lessons.read(nb))
        graded = grade_notebook.grade(merged, source_nb, tmp_path, GradingSettings(shortcut=False))
        assert graded.faults == {}
        missed = {score.name for score in graded.scores if score.points != score.maximum}
        lost[exiting["id"]] = missed.intersection(tests)
    assert lost == {
        exiting["id"]: {test for test, cells in tests.items() if exiting["id"] in cells}
        for exiting in cells
    }
    assert any(lost.values())
