"""What the benchmark of training has measured on MNIST, as it wrote it down.

Example:
    >>> rows()[0].method, rows()[0].numbers
    ('mean image', 0)

The record is written by ``python -m benchmarks.training`` in the course's repository, and
never by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NamedTuple

RECORD: Final = Path(__file__).resolve().parents[1] / "assets" / "training.json"


class MeasuredRun(NamedTuple):
    """A method and how well it does.

    Attributes:
        method: Its name.
        numbers: Numbers in its code.
        error: Squared error summed over the 784 pixels, mean over MNIST's 10,000 test images.
        seconds: How long it trained; None where a paper does not say.
        neighbours: Share of test codes, 0 to 1, that their five nearest neighbours among training
            codes name right; None where there is no code at hand.
    """

    method: str
    numbers: int
    error: float
    seconds: float | None
    neighbours: float | None


def record() -> dict[str, Any]:
    """Return all that was written down: ``"methods"``, ``"changes"`` and how they were measured."""
    read: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
    return read


def rows() -> list[MeasuredRun]:
    """Return the methods, the simplest first."""
    return [MeasuredRun(**row) for row in record()["methods"]["rows"]]


def table() -> str:
    """Return the methods as lines of text, to be printed.

    Example:
        >>> print(table().splitlines()[0])
        on MNIST                                numbers  error  seconds    5-NN
    """
    lines = [f"{'on MNIST':<40}{'numbers':>7}{'error':>7}{'seconds':>9}{'5-NN':>8}"]
    for row in rows():
        seconds = "–" if row.seconds is None else f"{row.seconds:.0f}"
        named = "–" if row.neighbours is None else f"{row.neighbours:.1%}"
        lines.append(f"{row.method:<40}{row.numbers:>7}{row.error:>7.2f}{seconds:>9}{named:>8}")
    return "\n".join(lines)
