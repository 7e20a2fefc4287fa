"""Where the time of one submission goes, step by step; part of the table."""

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
PLACE: Final = "Bubblewrap makes a place, and the fork enters it"
START: Final = "IPython starts in it and answers"  # PLACE is a part of that call
STEPS: Final[tuple[tuple[str, Any, str], ...]] = (
    (PLACE, SandboxEntry, "enter"),
    (START, Kernel, "_start"),
    ("the student's cells run", Kernel, "run"),
    ("the tests run in the judge, and ask the kernel", Broker, "run_test"),
    ("the kernel and its place end", Kernel, "_end"),
)


def steps(kind: str, rounds: int = ROUNDS) -> dict[str, float]:
    """Return the seconds that each step of a submission takes, the mean of some.

    Args:
        kind: One of `classes.KINDS`.
        rounds: How many submissions; two more come first, to warm up.
    """
    with tempfile.TemporaryDirectory(prefix="steps-") as name:
        place = Path(name)
        made = classes.load(kind, place / "built")
        made.hand_in(place / "submitted", 1)
        (place / "source").mkdir()
        nbformat.write(made.instructors, place / "source" / made.notebook)
        (submitted,) = (place / "submitted").glob(f"*/{made.name}")
        task = Job(made.name, "s", place / "source", submitted, (), GradingSettings(threads=1))
        start_fork_servers(task)
        for _ in range(2):
            grade(task)
        with _measured() as spent:
            began = time.perf_counter()
            for _ in range(rounds):
                grade(task)
            whole = (time.perf_counter() - began) / rounds
    found = {step: spent[step] / rounds for step, *_ in STEPS}
    rest = "reading, fitting and writing the notebook, and all else"
    return {**found, rest: whole - sum(found.values())}


@contextlib.contextmanager
def _measured() -> Iterator[dict[str, float]]:
    """While this lasts, note how long each step takes; what is inside another counts there."""
    spent: dict[str, float] = defaultdict(float)
    inside: list[str] = []

    def watched(step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*given: Any, **named: Any) -> Any:
            if inside and step != PLACE:
                return function(*given, **named)
            inside.append(step)
            began = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                inside.pop()
                seconds = time.perf_counter() - began
                spent[step] += seconds
                if inside:
                    spent[inside[-1]] -= seconds

        return wrapper

    with contextlib.ExitStack() as stack:
        for step, owner, name in STEPS:
            function = getattr(owner, name)
            stack.callback(setattr, owner, name, function)
            setattr(owner, name, watched(step, function))
        yield spent


def table(kind: str, found: dict[str, float]) -> str:
    """Return the steps of a submission as a table, in Markdown.

    Args:
        kind: One of `classes.KINDS`.
        found: From `steps`.
    """
    lines = [f"| step of a {kind} | ms |", "|---|---:|"]
    lines += [f"| {step} | {1000 * seconds:.0f} |" for step, seconds in found.items()]
    return "\n".join([*lines, f"| **together** | **{1000 * sum(found.values()):.0f}** |"])


if __name__ == "__main__":
    print(table("lesson", steps("lesson")))
