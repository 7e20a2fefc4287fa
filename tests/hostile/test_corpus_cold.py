"""Grade the corpus with kernels and test runners started cold, running every cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.sandbox import host_support
from tests.hostile import batch
from tests.hostile.batch import CORPUS, FULL, NEIGHBORS

MISSING = host_support.missing_features()
pytestmark = [
    pytest.mark.long,
    pytest.mark.xdist_group("hostile-cold"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]
COLD = """
c.Grade.warm = False
c.Grade.shortcut = False
"""


def test_warm_and_cold_give_the_same_scores(tmp_path: Path) -> None:
    graded = batch.grade(tmp_path / "course", COLD)
    scores = {name: graded.points(name) for name in (*CORPUS, *NEIGHBORS)}
    fair = {name: entry.fair for name, entry in CORPUS.items()} | dict.fromkeys(NEIGHBORS, FULL)
    assert scores == fair
    assert graded.survivors == []
