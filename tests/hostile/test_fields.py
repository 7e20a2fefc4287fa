"""Answers in fields that try to stop the grader, to score without an answer, or to show code."""

from __future__ import annotations

import copy
import json
import time

import pytest

from autograder.feedback.questions import question_markdown
from autograder.grading import merge, scoring, submission
from autograder.publish import build
from course.quiz import fields, kinds
from course.quiz.safe_pattern import SafePattern
from tests.kinds import KEYS, RIGHT

TEXT = "# Fields\n\n" + "\n".join(
    f'+++ {{"quiz": "q-{name}", "kind": "{name}", "points": 2}}\n\n{key}'
    for name, key in KEYS.items()
)
SOURCE = build.notebook_from_text(TEXT)
MAX_SECONDS = 2.0
BOMBS = {
    "open fields": "[[" * 500_000,
    "closed fields": "[[x]]" * 200_000,
    "brackets": "[[" + "[a]" * 300_000,
    "quotes": "[[x]]\n" + "> [[y]] z\n" * 100_000,
    "fences": "```\n" * 300_000,
    "digits": "[[" + "1" * 290 + "e" + "9" * 9 + "]]",
    "groups": "[[" + "1,234," * 48 + "]]",
    "letters": "[[" + "sigmoid" * 40 + "]]",
    "one line": "[[ ]] " + "word " * 200_000,
}


def score(name: str, *copies: str) -> scoring.CellScore:
    """Grade a submission with these copies of one question's cell."""
    source_cell = next(cell for cell in SOURCE.cells if cell.id == f"q-{name}")
    metadata = {"nbgrader": source_cell.metadata.nbgrader}
    cells = [
        {"cell_type": "markdown", "id": f"c{number}", "metadata": metadata, "source": text}
        for number, text in enumerate(copies)
    ]
    content = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    merged = merge.merge_submission(SOURCE, submission.parse(content.encode()))
    cell = next(cell for cell in merged.cells if cell.id == f"q-{name}")
    return scoring.score(source_cell, cell, None)


def filled(name: str, *values: str) -> str:
    return fields.fill(kinds.named(name).bare(KEYS[name]), values)


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", ["number", "text", "match"])
def test_a_bomb_is_read_in_a_moment_and_scores_nothing(name: str, bomb: str) -> None:
    start = time.process_time()
    result = score(name, BOMBS[bomb])
    result = score(name, filled(name).replace("[[ ]]", BOMBS[bomb])) if result.points else result
    assert time.process_time() - start < MAX_SECONDS
    assert not result.points


def test_no_pattern_blows_up() -> None:
    start = time.process_time()
    for pattern in ("(a+)+b", "(a|a)*b", "(a*)*b", "(a|aa)+b", "(.*a){10}b", "a?" * 60 + "a" * 60):
        SafePattern(pattern).fullmatch("a" * 300)
    assert time.process_time() - start < MAX_SECONDS


@pytest.mark.parametrize("name", sorted(KEYS))
def test_right_answers_score_and_copies_that_differ_do_not(name: str) -> None:
    right = filled(name, *RIGHT[name])
    assert score(name, right).points == 2
    assert score(name, right, right).points == 2
    assert score(name, filled(name)).points == 0
    doubled = score(name, right, filled(name, *["9"] * len(RIGHT[name])))
    assert doubled.points is None


@pytest.mark.parametrize("name", sorted(KEYS))
def test_all_answers_at_once_do_not_score(name: str) -> None:
    values = [f"{value} | {value}" for value in RIGHT[name]]
    assert not score(name, filled(name, *values)).points
    right = filled(name, *RIGHT[name])
    assert score(name, right + "\n\n" + right).points is None
    assert score(name, "Some [[26.1]] other [[784]] question").points is None


def test_metadata_of_a_student_does_not_change_the_kind() -> None:
    source_cell = next(cell for cell in SOURCE.cells if cell.id == "q-number")
    forged = copy.deepcopy(dict(source_cell))
    forged["source"] = "- [x] 26.1\n- [ ] no"
    forged["metadata"]["course"] = {"quiz": {"kind": "choice", "multiple": True}}
    content = json.dumps({"cells": [forged], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    merged = merge.merge_submission(SOURCE, submission.parse(content.encode()))
    cell = next(cell for cell in merged.cells if cell.id == "q-number")
    assert scoring.score(source_cell, cell, None).points is None


def test_typed_markup_is_shown_as_text() -> None:
    evil = "<script>alert(1)</script> *x* `y` [z](javascript:1) $q$"
    result = score("text", filled("text", evil))
    assert result.points == 0
    shown = question_markdown(KEYS["text"], result.to_json(), reveal=True, kind="text")
    assert "<script>" not in shown
    assert "](javascript" not in shown
    assert "correct: " in shown
