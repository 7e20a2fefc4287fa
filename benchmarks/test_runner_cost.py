"""What the judge's own process costs: the same lesson graded with it and without it.

Run it with ``python -m benchmarks.test_runner_cost`` on a machine that has nothing else to do; the
table goes to ``test_runner_cost.md``. Each lesson, with the solutions in it, is run in turns:
tests in the judge's process as always, and in the student's kernel as other graders do. Such runs
differ from each other by more than the judge takes, so it is also timed by itself: from the start
of its process to its end, without what the student's kernel did meanwhile.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from unittest import mock

import nbformat
from nbformat import NotebookNode
from tqdm import tqdm

from autograder import cells
from autograder.grading import run_cells
from autograder.kernels.jupyter_internals import InputHandler
from autograder.kernels.kernel import Kernel
from autograder.kernels.time_budget import TimeBudget
from autograder.test_runner.broker import Broker

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = Path(__file__).with_name("test_runner_cost.md")
LESSONS: Final = ["01-intro", "02-curse-of-dimensionality"]
_HEAD: Final = """# What the judge costs

Made by `python -m benchmarks.test_runner_cost`; do not edit. Seconds, the median of {rounds}
rounds: {machine}. Kernels and judges are started cold.

- **with**, **without**: a whole lesson, tests in the judge's process or in the student's kernel.
- **judge**: what the judge takes by itself, its start included, while the kernel has nothing to do;
  in brackets the middle half of the rounds.

| lesson | tests | with | without | judge |
|---|---|---|---|---|
"""


@dataclass
class Clock:
    """Seconds that a grader waited for the judge.

    Attributes:
        judge: Those in which no student's code ran.
    """

    judge: float = 0.0
    _answering: float = field(default=0.0, init=False)
    _kernel: float = field(default=0.0, init=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time every judge that is started while this lasts."""
        enter, hold, converse, leave = (
            Broker.__enter__,
            Broker.run_test,
            Kernel.run_interactive,
            Broker.__exit__,
        )

        def timed(action: Any) -> Any:
            def wrapper(*arguments: Any) -> Any:
                began, self._kernel = time.perf_counter(), 0.0
                try:
                    return action(*arguments)
                finally:
                    self.judge += time.perf_counter() - began - self._kernel

            return wrapper

        def talk(session: Kernel, code: str, seconds: float, reply: InputHandler) -> Any:
            def answer(text: str) -> str:
                began = time.perf_counter()
                try:
                    return reply(text)
                finally:
                    self._answering += time.perf_counter() - began

            began, self._answering = time.perf_counter(), 0.0
            try:
                return converse(session, code, seconds, answer)
            finally:
                self._kernel += time.perf_counter() - began - self._answering

        with (
            mock.patch.object(Broker, "__enter__", timed(enter)),
            mock.patch.object(Broker, "run_test", timed(hold)),
            mock.patch.object(Broker, "__exit__", timed(leave)),
            mock.patch.object(Kernel, "run_interactive", talk),
        ):
            yield


def seconds(nb: NotebookNode, *, judged: bool) -> tuple[float, float]:
    """Run a lesson once, its tests in the judge's process or in the student's kernel.

    Returns:
        How long it took, and how long the judge took by itself.
    """
    lesson = cells.lesson_code(nb)
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="cost-") as folder:
        session = Kernel(Path(folder), allow_unprotected=True)
        budget = TimeBudget(cell_seconds=300, notebook_seconds=900)
        where = cells.is_test if judged else lambda _: False
        with mock.patch.object(run_cells, "is_test", where), clock.running():
            began = time.perf_counter()
            outcomes = run_cells.run(nb, session, budget, lesson)
            took = time.perf_counter() - began
    assert all(getattr(outcome, "status", "") == "ran" for outcome in outcomes.values())
    return took, clock.judge


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", default=LESSONS)
    parser.add_argument("--rounds", type=int, default=20)
    told = parser.parse_args()
    rows = []
    for name in told.lessons:
        (path,) = (ROOT / "source" / name).glob("*.ipynb")
        nb = NotebookNode(nbformat.read(path, as_version=4))
        tests = sum(map(cells.is_test, nb.cells))
        judged, alone, judge = [], [], []
        for _ in tqdm(range(told.rounds), name):
            took, own = seconds(nb, judged=True)
            judged.append(took)
            judge.append(own)
            alone.append(seconds(nb, judged=False)[0])
        low, middle, high = statistics.quantiles(judge, n=4)
        whole = " | ".join(f"{statistics.median(each):.2f}" for each in (judged, alone))
        rows.append(f"| {name} | {tests} | {whole} | {middle:.3f} ({low:.3f} to {high:.3f}) |")
    machine = f"Python {platform.python_version()} on {os.cpu_count()} cores"
    head = _HEAD.format(rounds=told.rounds, machine=f"{machine} ({platform.machine()})")
    FILE.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    print(FILE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
