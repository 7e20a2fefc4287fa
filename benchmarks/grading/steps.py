"""How long each step of grading a submission takes."""

from __future__ import annotations

import contextlib
import functools
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import nbformat

from autograder.batch.job import Job, grade, start_fork_servers
from autograder.grading.settings import GradingSettings
from autograder.kernels.kernel import Kernel
from autograder.sandbox.fork_into import SandboxEntry
from autograder.test_runner.broker import Broker
from benchmarks.grading import classes

ROUNDS: Final = 20
SANDBOX: Final = "create the sandbox and fork into it"
STEPS: Final[tuple[tuple[str, type, Callable[..., Any]], ...]] = (
    (SANDBOX, SandboxEntry, SandboxEntry.enter),  # called by the next step
    ("start IPython", Kernel, Kernel._start),
    ("run the student's cells", Kernel, Kernel.run_cell),
    ("run the tests in the test runner", Broker, Broker.run_test),
    ("end the kernel and its sandbox", Kernel, Kernel._stop),
)
REST: Final = "read, merge and write the notebook, and all else"


def measure_steps(kind: str, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the mean seconds of each step.

    Args:
        kind: One of `classes.KINDS`.
        rounds: Number of submissions, after two to warm up.
    """
    with tempfile.TemporaryDirectory(prefix="steps-") as name:
        folder = Path(name)
        assignment = classes.load(kind, folder / "built")
        assignment.submit(folder / "submitted", 1)
        source = folder / "source"
        source.mkdir()
        nbformat.write(assignment.instructor_nb, source / assignment.notebook)
        (submitted,) = (folder / "submitted").glob(f"*/{assignment.name}")
        job = Job(assignment.name, "s", source, submitted, (), GradingSettings(threads=1))
        start_fork_servers(job)
        for _ in range(2):
            grade(job)
        with _timed_steps() as seconds:
            start = time.perf_counter()
            for _ in range(rounds):
                grade(job)
            total = (time.perf_counter() - start) / rounds
    steps = {step: seconds[step] / rounds for step, *_ in STEPS}
    return {**steps, REST: total - sum(steps.values())}


@contextlib.contextmanager
def _timed_steps() -> Iterator[dict[str, float]]:
    """Time each step meanwhile; calls nested in another step count for that one only."""
    seconds: dict[str, float] = defaultdict(float)
    active: list[str] = []

    def timed(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if active and step != SANDBOX:
                return function(*args, **kwargs)
            active.append(step)
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                active.pop()
                duration = time.perf_counter() - start
                seconds[step] += duration
                if active:
                    seconds[active[-1]] -= duration

        return wrapper

    with contextlib.ExitStack() as stack:
        for step, owner, function in STEPS:
            stack.callback(setattr, owner, function.__name__, function)
            setattr(owner, function.__name__, timed(step, function))
        yield seconds


def format_table(kind: str, steps: dict[str, float]) -> str:
    """Return the steps as a Markdown table.

    Args:
        kind: One of `classes.KINDS`.
        steps: Seconds, from `measure_steps`.
    """
    lines = [f"| step ({kind}) | ms |", "|---|---:|"]
    lines += [f"| {step} | {1000 * seconds:.0f} |" for step, seconds in steps.items()]
    return "\n".join([*lines, f"| **total** | **{1000 * sum(steps.values()):.0f}** |"])


if __name__ == "__main__":
    print(format_table("lesson", measure_steps("lesson")))
