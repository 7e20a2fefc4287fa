"""What a run tells: a line for each submission, a sum at the end, and the same for programs."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from autograder.batch.report_line import ReportLine
from autograder.sandbox.limits import MB
from course import atomic_write

_MEMORY: Final = ("kernel", "worker", "warm")


def format_line(line: ReportLine) -> str:
    """Return one line for a person.

    Example:
        >>> words(Line("ada", "graded", 7, 8, 2.5))
        'ada                  graded        7 of 8    2.5 s'
    """
    points = "" if line.score is None else f"{line.score:g} of {line.maximum:g}"
    took = "as before" if line.unchanged else f"{line.seconds:.1f} s"
    return f"{line.student:20} {line.status:12} {points:>8} {took:>8}  {line.reason}".rstrip()


@dataclasses.dataclass(frozen=True)
class RunCosts:
    """What a run has spent beside the work of its workers.

    Attributes:
        starting: Seconds before the first submission.
        writing: Seconds that writing new results down took.
        base: Bytes of memory that this machine held before the first submission.
        fullest: Bytes of memory that it was seen to hold at most; 0 if nobody looked.
    """

    starting: float = 0.0
    writing: float = 0.0
    base: int = 0
    fullest: int = 0


def summarize(
    lines: Iterable[ReportLine], seconds: float, jobs: int, spent: RunCosts
) -> dict[str, Any]:
    """Return the sums of a run as plain data.

    Args:
        lines: What became of each submission.
        seconds: How long the run took.
        jobs: How many were graded at once.
        spent: What else it took.
    """
    lines = list(lines)
    new = [line for line in lines if line.seconds > 0]
    most = {name: max((getattr(line, name) for line in lines), default=0) for name in _MEMORY}
    # Workers of this machine are seen from outside; those of a cluster tell by themselves.
    base, job = spent.base + most["warm"], most["worker"] + most["kernel"]
    if spent.fullest > spent.base and not most["warm"]:
        job = max(most["kernel"], (spent.fullest - spent.base) // jobs)
    return {
        "submissions": len(lines),
        **dict(sorted(Counter(line.status for line in lines).items())),
        "unchanged": sum(line.unchanged for line in lines),
        "seconds": round(seconds, 2),
        "per_minute": round(60 * len(new) / seconds, 1) if seconds else 0.0,
        "jobs": jobs,
        "start_seconds": round(spent.starting, 2),
        "each_seconds": round(sum(line.seconds for line in new) / max(1, len(new)), 4),
        "write_seconds": round(spent.writing / max(1, len(new)), 4),
        "worker_mb": most["worker"] // MB,
        "kernel_mb": most["kernel"] // MB,
        "base_mb": base // MB,
        "job_mb": job // MB,
        "fullest_mb": spent.fullest // MB,
    }


def format_summary(sums: dict[str, Any]) -> str:
    """Return the last lines for a person."""
    kinds = ", ".join(
        f"{sums[kind]} {kind}" for kind in ("graded", "needs review", "failed") if kind in sums
    )
    return (
        f"{sums['submissions']} submissions: {kinds or 'none'}; {sums['unchanged']} as before. "
        f"{sums['seconds']:.0f} s with {sums['jobs']} at once, {sums['per_minute']:g} a minute; "
        f"a worker held up to {sums['worker_mb']} MB, a kernel {sums['kernel_mb']} MB of its own;"
        f" all together {sums['fullest_mb']} MB on this machine."
    )


def write(path: Path, lines: list[ReportLine], sums: dict[str, Any]) -> None:
    """Write the report as JSON."""
    data = {"total": sums, "submissions": [dataclasses.asdict(line) for line in lines]}
    atomic_write.write_text(path, json.dumps(data, indent=1) + "\n")
