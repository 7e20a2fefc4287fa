"""What a run tells: a line for each submission, a sum at the end, and the same for programs."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograder.kernels.limits import MB
from autograder.run.crowd import Line


def words(line: Line) -> str:
    """Return one line for a person.

    Example:
        >>> words(Line("ada", "graded", 7, 8, 2.5))
        'ada                  graded        7 of 8    2.5 s'
    """
    points = "" if line.score is None else f"{line.score:g} of {line.maximum:g}"
    took = "as before" if line.unchanged else f"{line.seconds:.1f} s"
    return f"{line.student:20} {line.status:12} {points:>8} {took:>8}  {line.reason}".rstrip()


def total(
    lines: Iterable[Line], seconds: float, jobs: int, starting: float = 0.0, writing: float = 0.0
) -> dict[str, Any]:
    """Return the sums of a run as plain data.

    Args:
        lines: What became of each submission.
        seconds: How long the run took.
        jobs: How many were graded at once.
        starting: Seconds before the first.
        writing: Seconds that writing results down took.
    """
    lines = list(lines)
    new = [line for line in lines if not line.unchanged and line.status != "failed"]
    return {
        "submissions": len(lines),
        **dict(sorted(Counter(line.status for line in lines).items())),
        "unchanged": sum(line.unchanged for line in lines),
        "seconds": round(seconds, 2),
        "per_minute": round(60 * len(new) / seconds, 1) if seconds else 0.0,
        "jobs": jobs,
        "start_seconds": round(starting, 2),
        "each_seconds": round(sum(line.seconds for line in new) / max(1, len(new)), 4),
        "write_seconds": round(writing / max(1, len(new)), 4),
        "worker_mb": max((line.worker for line in lines), default=0) // MB,
        "kernel_mb": max((line.kernel for line in lines), default=0) // MB,
    }


def closing(sums: dict[str, Any]) -> str:
    """Return the last lines for a person."""
    kinds = ", ".join(
        f"{sums[kind]} {kind}" for kind in ("graded", "needs review", "failed") if kind in sums
    )
    return (
        f"{sums['submissions']} submissions: {kinds or 'none'}; {sums['unchanged']} as before. "
        f"{sums['seconds']:.0f} s with {sums['jobs']} at once, {sums['per_minute']:g} a minute; "
        f"a worker held up to {sums['worker_mb']} MB, a kernel {sums['kernel_mb']} MB of its own."
    )


def write(path: Path, lines: list[Line], sums: dict[str, Any]) -> None:
    """Write all of it as JSON, wholly or not at all."""
    data = {"total": sums, "submissions": [dataclasses.asdict(line) for line in lines]}
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    beside.replace(path)
