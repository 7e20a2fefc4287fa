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

from course.tables import Table

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


def table() -> Table:
    """Return the methods as a table.

    Example:
        >>> str(table()).splitlines()[1].split()
        ['mean', 'image', '0', '52.90', '0', '–']
    """
    lines = []
    for row in rows():
        seconds = "–" if row.seconds is None else f"{row.seconds:.0f}"
        accuracy = "–" if row.neighbours is None else f"{row.neighbours:.1%}"
        lines.append([row.method, row.numbers, f"{row.error:.2f}", seconds, accuracy])
    return Table(["on MNIST", "numbers", "error", "seconds", "5-NN"], lines)
