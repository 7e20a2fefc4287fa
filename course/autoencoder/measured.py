"""The results of the training benchmark on MNIST.

Example:
    >>> rows()[0].method, rows()[0].numbers
    ('mean image', 0)

``python -m benchmarks.training`` in the course's repository writes the results; don't edit them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

RECORD: Final = Path(__file__).resolve().parents[1] / "assets" / "training.json"


class MeasuredRun(NamedTuple):
    """A method and its results.

    Attributes:
        method: Its name.
        numbers: Numbers per code.
        error: Squared error summed over the 784 pixels, mean over MNIST's 10,000 test images.
        seconds: Training time; None if a paper doesn't report it.
        neighbours: Accuracy, 0 to 1, of 5-nearest-neighbor classification of the test codes; None
            if the codes aren't available.
    """

    method: str
    numbers: int
    error: float
    seconds: float | None
    neighbours: float | None


def record() -> dict[str, Any]:
    """Return all results: ``"methods"``, ``"changes"``, and how they were measured."""
    results: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return results


def rows() -> list[MeasuredRun]:
    """Return the methods, simplest first."""
    return [MeasuredRun(**row) for row in record()["methods"]["rows"]]


def table() -> str:
    """Return the methods as a table to print.

    Example:
        >>> print(table().splitlines()[0])
        on MNIST                                numbers  error  seconds    5-NN
    """
    lines = [f"{'on MNIST':<40}{'numbers':>7}{'error':>7}{'seconds':>9}{'5-NN':>8}"]
    for row in rows():
        seconds = "–" if row.seconds is None else f"{row.seconds:.0f}"
        accuracy = "–" if row.neighbours is None else f"{row.neighbours:.1%}"
        lines.append(f"{row.method:<40}{row.numbers:>7}{row.error:>7.2f}{seconds:>9}{accuracy:>8}")
    return "\n".join(lines)
