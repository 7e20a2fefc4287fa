"""The page about nbgrader's samples counts what differs without a reason."""

from __future__ import annotations

import pytest

from benchmarks import nbgrader_samples
from benchmarks.nbgrader_samples import BLANK, SOLVED, Outcome

EQUAL = {SOLVED: "2 of 2", BLANK: "0 of 2"}


def test_each_sample_is_a_notebook_that_comes_with_nbgrader() -> None:
    found = nbgrader_samples.samples()
    assert {"guide-ps1", "guide-ps1_autotest", "apps-submitted-changed"} <= found.keys()
    assert all(path.is_file() for paths in found.values() for path in paths)


def test_a_difference_needs_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbgrader_samples, "REASONS", {("b", SOLVED): "Stock counts stderr."})
    page = nbgrader_samples.table(
        {
            "a": (Outcome(released=True, points=EQUAL), Outcome(released=True, points=EQUAL)),
            "b": (
                Outcome(released=True, points=EQUAL | {SOLVED: "0 of 2"}),
                Outcome(released=True, points=EQUAL),
            ),
            "c": (Outcome(released=True, points=EQUAL), Outcome(released=False)),
            "d": (Outcome(released=False), Outcome(released=False)),
        }
    )
    assert "releases 3 of the 4 assignments" in page
    assert "release 2 of these. 2 differences are unexplained." in page
    assert "| b | solved | 0 of 2 | 2 of 2 | Stock counts stderr. |" in page
    assert "| c | blank | 0 of 2 | not released |  |" in page
    assert "| d |" not in page
