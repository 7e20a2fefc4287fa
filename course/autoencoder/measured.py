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
        cross_entropy: Of the same copies, in nats, summed and averaged likewise; None where copies
            leave [0, 1], or a paper doesn't report it.
    """

    method: str
    numbers: int
    error: float
    seconds: float | None
    neighbours: float | None
    cross_entropy: float | None = None


def record() -> dict[str, Any]:
    """Return all results: ``"methods"``, ``"forms"``, ``"changes"``, and how they were measured."""
    results: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return results


def rows() -> list[MeasuredRun]:
    """Return the methods, simplest first, then other forms of autoencoder."""
    results = record()
    forms = results["forms"]["rows"][1:]  # the first is the course's recipe, for comparison
    return [MeasuredRun(**row) for row in (*results["methods"]["rows"], *forms)]


def table() -> Table:
    """Return the methods as a table.

    Example:
        >>> str(table()).splitlines()[1].split()
        ['mean', 'image', '0', '52.90', '205.8', '0', '–']
    """
    head = ["on MNIST", "numbers", "error", "cross-entropy", "seconds", "5-NN"]
    return Table(head, [cells(row) for row in rows()])


def cells(row: MeasuredRun) -> list[str]:
    """Return a row of a table, formatted.

    Example:
        >>> cells(MeasuredRun("a paper", 30, 3.0, None, None))
        ['a paper', '30', '3.00', '–', '–', '–']
    """

    def shown(value: float | None, form: str) -> str:
        return "–" if value is None else format(value, form)

    return [
        row.method,
        str(row.numbers),
        f"{row.error:.2f}",
        shown(row.cross_entropy, ".1f"),
        shown(row.seconds, ".0f"),
        shown(row.neighbours, ".1%"),
    ]
