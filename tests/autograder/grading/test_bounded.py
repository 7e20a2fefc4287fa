"""A submission that exceeds a limit is left to a person, and the next one is graded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder import cells
from autograder.grading import bounded
from tests.autograder import lessons

SOURCE = lessons.source_notebook()


def test_a_step_that_exceeds_a_limit_costs_one_submission(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nb = lessons.submitted_notebook()
    path = tmp_path / "small.ipynb"
    path.write_text(json.dumps({**nb, "more": "x" * 30_000_000}))
    with monkeypatch.context() as patch:
        patch.setattr(bounded, "MEGABYTES", 1)
        merged = bounded.merge_submission(SOURCE, path, [path.name], [])
    assert cells.undecided(merged).endswith("needed more than 1 MB of memory.")
    assert not cells.unreadable(merged)
    merged = bounded.merge_submission(SOURCE, path, [path.name], [])
    assert not cells.undecided(merged)


def test_a_failed_step_leaves_every_question_to_a_person() -> None:
    reason = "Reading the notebook took more than 60 s."
    graded = bounded.left_to_a_person(SOURCE, reason)
    assert {score.name for score in graded.scores} == set(cells.graded_cells(SOURCE))
    assert {(score.points, score.reason) for score in graded.scores} == {(None, reason)}
