"""What the separate test runner costs: the same lesson graded with it and without it.

Run it with ``python -m benchmarks.test_runner_cost`` on an otherwise idle machine; the table goes
to ``test_runner_cost.md``. Each lesson, with its solutions, is run alternately with its tests in
the test runner, as always, and in the student's kernel, as other graders do. Such runs differ from
each other by more than the test runner takes, so that is also timed alone: from its start to its
end, without the time in the student's kernel.
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
_HEAD: Final = """# What the test runner costs

Made by `python -m benchmarks.test_runner_cost`; do not edit. Seconds, the median of {rounds}
rounds: {machine}. Kernels and test runners are started cold.

- **with**, **without**: a whole lesson, tests in the test runner or in the student's kernel.
- **test runner**: what the test runner takes alone, its start included, while the kernel is idle;
  in brackets the middle half of the rounds.

| lesson | tests | with | without | test runner |
|---|---|---|---|---|
"""


@dataclass
class Clock:
    """Seconds that a grader waited for the test runner.

    Attributes:
        runner_s: Those in which no student's code ran.
    """

    runner_s: float = 0.0
    _respond_s: float = field(default=0.0, init=False)
    _kernel_s: float = field(default=0.0, init=False)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time every test runner that is started meanwhile."""
        run_interactive = Kernel.run_interactive

        def timed(method: Any) -> Any:
            def wrapper(*arguments: Any) -> Any:
                start, self._kernel_s = time.perf_counter(), 0.0
                try:
                    return method(*arguments)
                finally:
                    self.runner_s += time.perf_counter() - start - self._kernel_s

            return wrapper

        def timed_run(kernel: Kernel, code: str, seconds: float, respond: InputHandler) -> Any:
            def timed_respond(text: str) -> str:
                start = time.perf_counter()
                try:
                    return respond(text)
                finally:
                    self._respond_s += time.perf_counter() - start

            start, self._respond_s = time.perf_counter(), 0.0
            try:
                return run_interactive(kernel, code, seconds, timed_respond)
            finally:
                self._kernel_s += time.perf_counter() - start - self._respond_s

        with (
            mock.patch.object(Broker, "__enter__", timed(Broker.__enter__)),
            mock.patch.object(Broker, "run_test", timed(Broker.run_test)),
            mock.patch.object(Broker, "__exit__", timed(Broker.__exit__)),
            mock.patch.object(Kernel, "run_interactive", timed_run),
        ):
            yield


def measure_lesson(nb: NotebookNode, *, with_runner: bool) -> tuple[float, float]:
    """Run a lesson once, its tests in the test runner or in the student's kernel.

    Returns:
        Seconds in total, and in the test runner alone.
    """
    lesson = cells.lesson_code(nb)
    clock = Clock()
    with tempfile.TemporaryDirectory(prefix="cost-") as folder:
        kernel = Kernel(Path(folder), allow_unprotected=True)
        budget = TimeBudget(cell_seconds=300, notebook_seconds=900)
        is_test = cells.is_test if with_runner else lambda _: False
        with mock.patch.object(run_cells, "is_test", is_test), clock.running():
            start = time.perf_counter()
            outcomes = run_cells.run(nb, kernel, budget, lesson)
            total_s = time.perf_counter() - start
    assert all(getattr(outcome, "status", "") == "ran" for outcome in outcomes.values())
    return total_s, clock.runner_s


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", default=LESSONS)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    rows = []
    for name in options.lessons:
        (path,) = (ROOT / "source" / name).glob("*.ipynb")
        nb = NotebookNode(nbformat.read(path, as_version=4))
        tests = sum(map(cells.is_test, nb.cells))
        with_s, without_s, runner_s = [], [], []
        for _ in tqdm(range(options.rounds), name):
            total, runner = measure_lesson(nb, with_runner=True)
            with_s.append(total)
            runner_s.append(runner)
            without_s.append(measure_lesson(nb, with_runner=False)[0])
        low, middle, high = statistics.quantiles(runner_s, n=4)
        medians = f"{statistics.median(with_s):.2f} | {statistics.median(without_s):.2f}"
        rows.append(f"| {name} | {tests} | {medians} | {middle:.3f} ({low:.3f} to {high:.3f}) |")
    machine = f"Python {platform.python_version()} on {os.cpu_count()} cores"
    head = _HEAD.format(rounds=options.rounds, machine=f"{machine} ({platform.machine()})")
    FILE.write_text(head + "\n".join(rows) + "\n", encoding="utf-8")
    print(FILE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
