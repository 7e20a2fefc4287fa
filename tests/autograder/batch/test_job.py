"""Kernels forked from a warm process give the same scores as cold ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest

from autograder.batch.job import Job, grade
from autograder.cells import is_answer
from autograder.grading.scoring import CellScore
from autograder.grading.settings import GradingSettings
from autograder.grading.skip import dependencies
from autograder.publish import build
from tests.autograder.small import COURSE

pytestmark = pytest.mark.slow  # without Bubblewrap, it tests the skipping only
LAB = "05-autoencoder-lab"  # its training takes a minute; the tests of every lesson cover it
# The rest takes minutes, and `test_every_lesson` covers most of it with cold kernels.
IN_MAKE_TEST = {
    ("03-pca-comparison", "solved"),
    ("04-architecture", "solved"),
    ("04-architecture", "wrong"),
}
SUBMISSIONS = [
    pytest.param(
        *(name, kind),
        id=f"{name} {kind}",
        marks=[
            pytest.mark.xdist_group(f"{name} {kind}"),
            *[pytest.mark.long] * ((name, kind) not in IN_MAKE_TEST),
        ],
    )
    for name in build.assignment_names(COURSE)
    for kind in ("solved", "untouched", "wrong")
    if name != LAB or kind == "untouched"
]


def submit(name: str, kind: str, folder: Path) -> None:
    """Write the instructor's solution, the release, or a solution with wrong code."""
    origin = "release" if kind == "untouched" else "source"
    (path,) = (COURSE / origin / name).glob("*.ipynb")
    nb = nbformat.read(path, as_version=4)
    if kind == "wrong":
        for cell in nb.cells:
            if cell.cell_type == "code" and is_answer(cell):
                cell.source = cell.source.replace("return ", "return 2 * ", 1)
    nbformat.write(nb, folder / path.name)


def scores(
    name: str, kind: str, source: Path, submitted: Path, *, is_warm: bool
) -> list[CellScore]:
    settings = GradingSettings(allow_unprotected=True, threads=1, warm=is_warm)
    job = Job(name, kind, source, submitted, ("*.md",), settings)
    (result,) = grade(job).notebooks.values()
    if kind != "wrong":
        assert dependencies.SKIPPED[:20] in result.notebook  # some cells were skipped
    return result.scores


@pytest.mark.parametrize(("name", "kind"), SUBMISSIONS)
def test_warm_and_cold_kernels_agree(
    name: str, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COURSE_DATA", raising=False)
    source, submitted = tmp_path / "source", tmp_path / "submitted"
    shutil.copytree(COURSE / "source" / name, source)
    submitted.mkdir()
    submit(name, kind, submitted)
    warm = scores(name, kind, source, submitted, is_warm=True)
    points = [score.points for score in warm]
    assert points
    assert None not in points
    assert (points == [score.maximum for score in warm]) is (kind == "solved")
    assert any(points) is (kind != "untouched")
    if kind != "solved":  # `test_every_lesson` runs the solution in a cold kernel
        assert warm == scores(name, kind, source, submitted, is_warm=False)
