"""The page about nbgrader's samples counts what differs without a reason."""

from __future__ import annotations

import re
from importlib.metadata import version

import pytest

from benchmarks import nbgrader_samples
from benchmarks.nbgrader_samples import BLANK, OURS, REASONS, SOLVED, STOCK, Outcome

EQUAL = {SOLVED: "2 of 2", BLANK: "0 of 2"}
SAME = Outcome(released=True, points=EQUAL)


def test_each_sample_is_a_notebook_that_comes_with_nbgrader() -> None:
    samples = nbgrader_samples.samples()
    assert {"guide-ps1", "guide-ps1_autotest", "apps-submitted-changed"} <= samples.keys()
    assert all(path.is_file() for paths in samples.values() for path in paths)


def test_the_page_compares_every_sample_that_stock_releases_and_explains_each_difference() -> None:
    page = nbgrader_samples.FILE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \| (.+?) \| (.*?) ?\|$", page, re.MULTILINE)[1:]
    names = {name for name, *_ in rows}
    assert names < nbgrader_samples.samples().keys()
    assert f"Stock nbgrader {version('nbgrader')} releases {len(names)} of the" in page
    assert f"release {len(names)} of these. 0 differences are unexplained." in page
    assert len(rows) == len(names) * 2
    for name, student, stock, ours, reason in rows:
        expected = REASONS[name, student] if stock != ours else ""
        assert reason == expected, (name, student)


def test_a_difference_needs_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nbgrader_samples, "REASONS", {("b", SOLVED): "Stock counts stderr."})
    page = nbgrader_samples.table(
        {
            "a": {STOCK: SAME, OURS: SAME},
            "b": {STOCK: Outcome(released=True, points=EQUAL | {SOLVED: "0 of 2"}), OURS: SAME},
            "c": {STOCK: SAME, OURS: Outcome(released=False)},
            "d": {STOCK: Outcome(released=False)},
        }
    )
    assert "releases 3 of the 4 assignments" in page
    assert "release 2 of these. 2 differences are unexplained." in page
    assert "| b | solved | 0 of 2 | 2 of 2 | Stock counts stderr. |" in page
    assert "| c | blank | 0 of 2 | not released |  |" in page
    assert "| d |" not in page
