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
from autograder.sandbox import launch
from autograder.test_runner.broker import BrokenTest
from tests.autograder import lessons
from tests.autograder.small import LESSON, open_course
from tests.hostile import batch
from tests.hostile.corpus import NAMES

FRAME = lessons.source_notebook()
GRADED = graded_cells(FRAME)
MAXIMUM = 8.0
EXAMPLES = 1000
IN_ONE_RUN = 30
MISSING = launch.missing_features()

Outcomes = dict[str, CellOutcome | BrokenTest | None]
Change = Callable[[dict[str, Any]], object]


def score(
    fitted: NotebookNode, outcomes: Outcomes, unreadable: str
) -> dict[str, scoring.CellScore]:
    """Score a merged notebook as the grader does."""
    return {
        name: scoring.score(GRADED[name], cell, outcomes.get(cell["id"]), unreadable)
        for cell in fitted.cells
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
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["source", "cell_type", "id", "metadata", "outputs", "input"])
MARKS = st.sampled_from(["grade_id", "points", "schema_version", "locked", "grade", "solution"])
PLACES = st.integers(0, 30)


def pick(nb: dict[str, Any], place: int) -> dict[str, Any]:
    """Return one of the cells, or an empty one if no cell is left."""
    found: dict[str, Any] = nb["cells"][place % len(nb["cells"])] if nb["cells"] else {}
    return found


@st.composite
def changes(draw: st.DrawFn) -> Change:
    """Return a random change of a notebook's cells."""
    here, there, what = draw(PLACES), draw(PLACES), draw(PLAIN)
    key, mark, words = draw(FIELDS), draw(MARKS), draw(WORDS)

    def mark_cell(nb: dict[str, Any]) -> None:
        metadata = pick(nb, here).get("metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict):
            metadata["nbgrader"][mark] = what

    def split(nb: dict[str, Any]) -> None:
        cell = pick(nb, here)
        if isinstance(source := cell.get("source"), str):
            half = len(source) // 2
            cell["source"] = source[:half]
            nb["cells"].insert(here, json.loads(json.dumps(cell)) | {"source": source[half:]})

    def add_words(nb: dict[str, Any]) -> None:
        cell = pick(nb, here)
        if isinstance(source := cell.get("source"), str):
            at = there % (len(source) + 1)
            cell["source"] = source[:at] + words + source[at:]

    choices: list[Change] = [
        lambda nb: nb["cells"].remove(pick(nb, here)) if nb["cells"] else None,
        lambda nb: nb["cells"].insert(there, json.loads(json.dumps(pick(nb, here)))),
        lambda nb: nb["cells"].insert(0, nb["cells"].pop()) if nb["cells"] else None,
        lambda nb: pick(nb, here).update({key: what}),
        lambda nb: pick(nb, here).pop(key, None),
        lambda nb: nb["cells"].insert(here, what),
        mark_cell,
        split,
        add_words,
    ]
    chosen: Change = draw(st.sampled_from(choices))
    return chosen


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Return the bytes of a mutilated notebook."""
    nb = lessons.submitted_notebook()
    for change in draw(st.lists(changes(), min_size=1, max_size=6)):
        nb["cells"] = [cell for cell in nb["cells"] if isinstance(cell, dict)]
        change(nb)
    if draw(st.integers(0, 9)) == 0:
        nb[draw(st.sampled_from(["cells", "metadata", "nbformat"]))] = draw(PLAIN)
    content = json.dumps(nb).encode()
    if draw(st.integers(0, 4)) == 0:
        at = draw(st.integers(0, len(content)))
        content = content[:at] + draw(st.binary(max_size=8)) + content[at + draw(PLACES) :]
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


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(files(), st.lists(OUTCOMES, min_size=5, max_size=5))
def test_every_question_has_a_score_or_a_reason(
    content: bytes, ended: list[CellOutcome | BrokenTest | None]
) -> None:
    read = submission.parse(content)
    fitted = merge.merge_submission(FRAME, read)
    code = [cell["id"] for cell in fitted.cells if cell.cell_type == "code"]
    outcomes: Outcomes = {identity: ended[at % len(ended)] for at, identity in enumerate(code)}
    verdicts = score(fitted, outcomes, read.unreadable)

    assert set(verdicts) == set(GRADED)
    assert sum(verdict.maximum for verdict in verdicts.values()) == MAXIMUM
    for verdict in verdicts.values():
        assert verdict.points is None or 0 <= verdict.points <= verdict.maximum
        assert (verdict.reason == "") == (verdict.points == verdict.maximum)

    texts = comments.student_comments(fitted, verdicts, outcomes)
    assert set(texts) == {"single", "several", "double", "half"}
    outputs.sanitize_notebook(fitted)
    comments.write_scores(fitted, verdicts, outcomes)
    nbformat.validate(fitted)
    assert json.loads(nbformat.writes(fitted))["cells"]


def mutilated(count: int) -> list[bytes]:
    """Return some mutilated notebooks, the same ones each time."""
    found: dict[bytes, None] = {}

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
        found[content] = None

    collect()
    return list(found)[-count:]  # the first ones are the simplest


@pytest.mark.slow
@pytest.mark.xdist_group("hostile")
@pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING))
def test_nbgrader_grades_a_class_of_mutilated_notebooks(tmp_path: Path) -> None:
    course = open_course(tmp_path / "course", lessons.TEXT)
    code, output = batch.nbgrader(course, "generate_assignment", LESSON)
    assert code == 0, output
    students = [f"student-{number:02}" for number in range(IN_ONE_RUN)]
    for student, content in zip(students, mutilated(IN_ONE_RUN), strict=True):
        (folder := course / "submitted" / student / LESSON).mkdir(parents=True)
        (folder / "small.ipynb").write_bytes(content)
    code, output = batch.nbgrader(course, "autograde", LESSON)
    assert code == 0, output[-5000:]
    assert "Traceback" not in output
    assert batch.marked() == []
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
DYING: dict[str, dict[str, float]] = {
    "base": {"double-test": 2, "half-test": 0},  # half's test needs `base`
    "double": {"double-test": 0, "half-test": 3},
    "double-test": {"double-test": 2, "half-test": 3},  # the instructor's test is run
    "half": {"double-test": 2, "half-test": 0},
    "half-test": {"double-test": 2, "half-test": 3},
}


@pytest.mark.slow
@pytest.mark.xdist_group("hostile")
@pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING))
def test_killing_the_kernel_at_any_cell_costs_only_that_cell(tmp_path: Path) -> None:
    earned: dict[str, dict[str, float | None]] = {}
    for name in DYING:
        nb = lessons.submitted_notebook()
        lessons.cell(nb, NAMES.get(name, name))["source"] += EXIT
        fitted = merge.merge_submission(FRAME, lessons.read(nb))
        budget = TimeBudget(cell_seconds=20, notebook_seconds=120)
        outcomes = run_cells.run(fitted, Kernel(tmp_path), budget, lesson_code(FRAME))
        verdicts = score(fitted, outcomes, "")
        assert sum(verdict.maximum for verdict in verdicts.values()) == MAXIMUM
        assert verdicts["single"].points == 1
        assert verdicts["several"].points == 2
        earned[name] = {test: verdicts[test].points for test in ("double-test", "half-test")}
    assert earned == DYING


def names_used(cell: NotebookNode) -> tuple[set[str], set[str]]:
    """Return the names that a cell binds, and those that it needs from elsewhere."""
    try:
        top = symtable.symtable(cell.source, "<cell>", "exec")
    except SyntaxError:
        return set(), set()
    sets = {
        each.get_name() for each in top.get_symbols() if each.is_assigned() or each.is_imported()
    }
    reads: set[str] = set()
    tables = [top]
    for table in tables:  # it grows while we go through it
        tables += table.get_children()
        reads |= {
            each.get_name()
            for each in table.get_symbols()
            if each.is_referenced() and (each.is_global() or table is top)
        }
    return sets, reads - sets


def cells_behind(test: NotebookNode, cells: list[NotebookNode]) -> set[str]:
    """Return the earlier cells that a test depends on, directly or not."""
    found: set[str] = set()
    wanted = names_used(test)[1]
    for cell in reversed(cells[: cells.index(test)]):
        sets, reads = names_used(cell)
        if sets & wanted and not is_test(cell):
            found.add(cell["id"])
            wanted |= reads
    return found


@pytest.mark.slow
@pytest.mark.xdist_group("hostile")
@pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING))
def test_killing_a_lessons_kernel_costs_only_the_tests_behind_that_cell(
    tmp_path: Path,
) -> None:
    (path,) = (Path(launch.__file__).parents[2] / "source" / "01-intro").glob("*.ipynb")
    source_nb = NotebookNode(nbformat.read(path, as_version=4))
    cells = [cell for cell in source_nb.cells if cell.cell_type == "code"]
    tests = {cell["id"]: cells_behind(cell, cells) for cell in cells if is_test(cell)}
    lost = {}
    for killer in cells:
        nb = json.loads(nbformat.writes(source_nb))
        cell = lessons.cell(nb, killer["id"])
        cell["source"] = "".join(cell["source"]) + EXIT
        fitted = merge.merge_submission(source_nb, lessons.read(nb))
        graded = grade_notebook.grade(fitted, source_nb, tmp_path, GradingSettings(shortcut=False))
        assert graded.faults == {}
        missed = {each.name for each in graded.scores if each.points != each.maximum}
        lost[killer["id"]] = missed.intersection(tests)
    assert lost == {
        killer["id"]: {test for test, cells in tests.items() if killer["id"] in cells}
        for killer in cells
    }
    assert any(lost.values())
