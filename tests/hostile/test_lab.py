"""Lesson 5 gives points for networks only: not for objects that claim to be one.

The submissions are in ``corpus/lab``, in the format of `tests.hostile.corpus`; the line ``===
reason`` is a regular expression for the message.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import pytest
from nbformat.v4 import new_code_cell

from autograder.kernels.kernel import CellOutcome, Kernel
from autograder.sandbox import host_support
from autograder.test_runner import forkserver
from autograder.test_runner.broker import Broker
from tests.hostile.corpus import FOLDER, Entry, read
from tests.source.lesson import Lesson

LESSON = Lesson("05-autoencoder-lab", {})
ENTRIES = {path.stem: read(path) for path in sorted((FOLDER / "lab").glob("*.txt"))}
MISSING = host_support.missing_features()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("test-runner"),
    pytest.mark.skipif(bool(MISSING), reason=" ".join(MISSING)),
]
SETUP = """
import numpy as np
from course.autoencoder import backend
tf, keras = backend.tensorflow()
"""


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kernel, Broker]]:
    tests = [cell.source for name, cell in LESSON.cells.items() if name.endswith("-test")]
    server = forkserver.shared_fork_server(tests)
    folder = tmp_path_factory.mktemp("submission")
    with Kernel(folder) as kernel, Broker([SETUP], server) as broker:
        yield kernel, broker


def run(kernel: Kernel, source: str) -> None:
    outcome = kernel.run_cell(new_code_cell(textwrap.dedent(source)), 120)
    assert outcome.status == "ran", outcome


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_the_points_are_fair(judge: tuple[Kernel, Broker], entry: Entry) -> None:
    kernel, broker = judge
    solutions = [LESSON.cells[name].source for name in ("scale", "build-autoencoder")]
    run(kernel, "\n".join([SETUP, *solutions]))
    reasons = [words for _, words, _ in entry.sections if words.startswith("reason ")]
    for mark, _, body in entry.sections:
        if mark == "---":
            run(kernel, body)
    for test, points in entry.fair.items():
        outcome = broker.run_test(LESSON.cells[test].source, kernel, 60)
        assert isinstance(outcome, CellOutcome), outcome
        full = LESSON.cells[test].metadata.nbgrader.points
        assert (full if outcome.status == "ran" else 0) == points, outcome
        for reason in reasons:
            assert re.search(reason.removeprefix("reason "), outcome.message), outcome


def test_every_kind_of_attack_is_there() -> None:
    assert len([entry for entry in ENTRIES.values() if not any(entry.fair.values())]) >= 10
