"""Answers to question pools that try to stop the grader or to choose their own variant."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from autograder.grading import merge, pools, scoring, submission
from autograder.publish import build
from course.quiz import pool
from course.quiz.personalize import personalize
from tests.pools import LESSON, released, solved, student_with

SOURCE = build.notebook_from_text(LESSON)
MAX_SECONDS = 2.0
ADA = student_with("ratio", 1)
BOMBS = {
    "all variants a thousand times": "\n\n".join(map(str, released("ratio"))) * 1000,
    "own variant a thousand times": solved("ratio", 1) * 1000,
    "fields": "[[x]]" * 200_000,
    "prompts": "**An image of 1024 numbers gets a code of 64.** " * 20_000,
    "separators": "***\n" * 300_000,
    "tables": "| a |\n|---|\n" + "| 1 |\n" * 200_000,
}


def score(name: str, *copies: str, student: str = ADA) -> scoring.CellScore:
    """Grade a submission with these copies of one pool's cell."""
    source_cell = next(cell for cell in SOURCE.cells if cell.id == name)
    metadata = {"nbgrader": source_cell.metadata.nbgrader}
    cells = [
        {"cell_type": "markdown", "id": f"c{number}", "metadata": metadata, "source": text}
        for number, text in enumerate(copies)
    ]
    content = json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    merged = merge.merge_submission(SOURCE, submission.parse(content.encode()), student)
    cell = next(cell for cell in merged.cells if cell.id == name)
    return scoring.score(source_cell, cell, None)


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("name", ["ratio", "half"])
def test_a_bomb_is_read_in_a_moment_and_scores_nothing(name: str, bomb: str) -> None:
    start = time.process_time()
    result = score(name, BOMBS[bomb], *[BOMBS[bomb][:5000]] * 20)
    assert time.process_time() - start < MAX_SECONDS
    assert not result.points


@pytest.mark.parametrize("name", ["ratio", "half"])
def test_the_texts_of_two_variants_never_score_together(name: str) -> None:
    index = pool.draw(name, ADA, 3)
    own, other = solved(name, index), solved(name, (index + 1) % 3)
    assert score(name, own).points
    assert score(name, own, other).points is None
    assert score(name, f"{own}\n\n{other}").points is None
    assert score(name, f"{other}\n\n{own}").points is None
    assert score(name, other).reason == pools.FOREIGN


def test_an_own_prompt_above_another_variants_answer_does_not_score() -> None:
    prompt = released("ratio")[1].partition("[[")[0]
    assert not score("ratio", f"{prompt}[[26.1]] times smaller.").points
    assert not score("half", released("half")[0].partition("- [")[0] + "- [x] both").points


def test_a_forged_list_of_variants_leaves_a_notebook_as_it_is() -> None:
    huge: dict[str, Any] = {
        "cells": [{"cell_type": "markdown", "metadata": {"nbgrader": 1}, "source": None}] * 1000,
        "metadata": {
            "course": {
                "questions": [
                    {
                        "metadata": {"nbgrader": {"grade_id": "ratio"}},
                        "source": "x",
                        "variants": [f"{n}" * 1000 for n in range(100_000)],
                    }
                ]
                * 100
            }
        },
    }
    start = time.process_time()
    assert not personalize(huge, "ada")
    assert time.process_time() - start < MAX_SECONDS
