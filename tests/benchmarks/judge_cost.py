"""What the judge's own process costs: the same lesson graded with it and without it.

Run it with ``python -m tests.benchmarks.judge_cost``. Each lesson, with the solutions in it, is
run in turns: tests in the judge's process as always, and tests in the student's kernel as other
graders do. The table has the fastest run of each kind, since disturbances only ever add.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from unittest import mock

import nbformat
from nbformat import NotebookNode

from autograder.judge import frame, process
from autograder.kernels.budget import Budget
from autograder.kernels.session import Session

ROOT = Path(__file__).resolve().parents[2]


def seconds(nb: NotebookNode, *, judged: bool) -> float:
    """Run a lesson once, every test in the judge's process or in the student's kernel."""
    lesson = frame.lesson(nb)
    with tempfile.TemporaryDirectory(prefix="cost-") as folder:
        session = Session(Path(folder), allow_unprotected=True)
        budget = Budget(cell=300, notebook=900)
        where = frame.is_test if judged else lambda _: False
        with mock.patch.object(process, "is_test", where):
            began = time.perf_counter()
            outcomes = process.run(nb, session, budget, lesson)
            took = time.perf_counter() - began
    assert all(getattr(outcome, "status", "") == "ran" for outcome in outcomes.values())
    return took


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", default=["02-curse-of-dimensionality"])
    parser.add_argument("--rounds", type=int, default=5)
    told = parser.parse_args()
    print(f"{'lesson':28} {'tests':>5} {'with judge':>11} {'without':>9} {'added':>8} {'ratio':>6}")
    for name in told.lessons:
        (path,) = (ROOT / "source" / name).glob("*.ipynb")
        nb = NotebookNode(nbformat.read(path, as_version=4))
        tests = sum(map(frame.is_test, nb.cells))
        runs = [(seconds(nb, judged=True), seconds(nb, judged=False)) for _ in range(told.rounds)]
        judged, alone = (min(kind) for kind in zip(*runs, strict=True))
        print(
            f"{name:28} {tests:5} {judged:9.2f} s {alone:7.2f} s {judged - alone:6.2f} s"
            f" {judged / alone:6.3f}"
        )


if __name__ == "__main__":
    main()
