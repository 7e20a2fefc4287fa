"""Warm or cold, a notebook of the course gets the same verdicts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.batch.job import Job, grade
from autograder.cells import is_answer
from autograder.grading.settings import GradingSettings
from autograder.publish import build
from tests.autograder.runs import slow
from tests.autograder.small import COURSE

pytestmark = slow
LAB = "05-autoencoder-lab"  # its training takes a minute cold: the tests of every lesson run it
HANDED_IN = [
    (name, kind)
    for name in build.assignments(COURSE)
    for kind in ("solved", "as handed out", "wrong")
    if name != LAB or kind == "as handed out"
]


def hand_in(name: str, kind: str, folder: Path) -> None:
    """Write a submission: the instructor's own, the release, or one whose code is wrong."""
    room = "release" if kind == "as handed out" else "source"
    (path,) = (COURSE / room / name).glob("*.ipynb")
    nb = nbformat.read(path, as_version=4)
    if kind == "wrong":
        for cell in nb.cells:
            if cell.cell_type == "code" and is_answer(cell):
                cell.source = cell.source.replace("return ", "return 2 * ", 1)
    nbformat.write(nb, folder / path.name)


def verdicts(task: Job) -> list[dict[str, Any]]:
    found = grade(task)["notebooks"]
    return [verdict for each in found.values() for verdict in each["verdicts"]]


@pytest.mark.parametrize(("name", "kind"), HANDED_IN, ids=[" ".join(each) for each in HANDED_IN])
def test_warm_and_cold_agree(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    source, submitted = tmp_path / "source", tmp_path / "submitted"
    shutil.copytree(COURSE / "source" / name, source)
    submitted.mkdir()
    hand_in(name, kind, submitted)
    found = [
        verdicts(
            Job(name, "ada", source, submitted, ("*.md",), GradingSettings(threads=1, warm=warm))
        )
        for warm in (True, False)
    ]
    assert found[0] == found[1]
    points = [verdict["points"] for verdict in found[0]]
    most = [verdict["maximum"] for verdict in found[0]]
    assert points
    assert None not in points
    assert (points == most) is (kind == "solved")
