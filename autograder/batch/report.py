"""What a run reports: a line per submission, a summary, and the same as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder.batch.result import JobResult
from autograder.sandbox.limits import MB
from course import atomic_write

_MEMORY_FIELDS: Final = ("kernel", "worker", "warm")


class RunStoppedError(RuntimeError):
    """The run can't continue, and why; what is graded is kept, and the next run continues."""


@dataclass(frozen=True)
class ReportLine:
    """The outcome of one submission.

    Attributes:
        status: ``graded``, ``needs review``, ``not graded`` (unreadable) or ``failed``.
        score: Points so far; None if nothing was graded.
        maximum: The most points the submission could earn.
        seconds: How long grading took; 0 if the result is from an earlier run.
        reason: Why a person must look at it, or why it failed.
        unchanged: True if the result is from an earlier run.
        kernel: Peak memory of its kernel in bytes; 0 if it needed none.
        worker: Peak memory of the worker process in bytes.
        warm: Memory of the worker's own fork servers in bytes.
    """

    student: str
    status: str
    score: float | None = None
    maximum: float | None = None
    seconds: float = 0.0
    reason: str = ""
    unchanged: bool = False
    kernel: int = 0
    worker: int = 0
    warm: int = 0

    @classmethod
    def from_result(cls, student: str, result: JobResult, *, unchanged: bool) -> ReportLine:
        """Return the line for a result, `unchanged` if that is from an earlier run."""
        scores = [score for notebook in result.notebooks.values() for score in notebook.scores]
        cells_by_reason: dict[str, list[str]] = defaultdict(list)
        for score in scores:
            if score.points is None:
                cells_by_reason[score.reason].append(score.name)
        reasons = [f"{', '.join(names)}: {reason}" for reason, names in cells_by_reason.items()]
        is_readable = any(not notebook.unreadable for notebook in result.notebooks.values())
        status = "needs review" if reasons else "graded"
        measured = () if unchanged else ("seconds", *_MEMORY_FIELDS)
        return cls(
            student,
            status if is_readable else "not graded",
            sum(score.points or 0 for score in scores) if is_readable else None,
            sum(score.maximum for score in scores),
            reason=" ".join(reasons),
            unchanged=unchanged,
            **{name: getattr(result, name) for name in measured},
        )

    @property
    def settled(self) -> bool:
        """True if nobody needs to look at the submission."""
        return self.status == "graded"

    def __str__(self) -> str:
        """Return the line as the terminal shows it.

        Example:
            >>> print(ReportLine("ada", "graded", 7, 8, seconds=2.5))
            ada                  graded         7 of 8     2.5 s
        """
        points = "" if self.score is None else f"{self.score:g} of {self.maximum:g}"
        duration = "unchanged" if self.unchanged else f"{self.seconds:.1f} s"
        line = f"{self.student:20} {self.status:12} {points:>8} {duration:>9}  {self.reason}"
        return line.rstrip()


@dataclass(frozen=True)
class RunCosts:
    """What a run spent besides grading, and what it could not enforce."""

    start_seconds: float = 0.0  # before the first submission was graded
    write_seconds: float = 0.0  # on new results
    base_bytes: int = 0  # memory of this machine before the first submission
    peak_bytes: int = 0  # of this machine; 0 if not measured
    weaknesses: tuple[str, ...] = ()  # what was not enforced for students' code


def summarize(
    lines: Iterable[ReportLine], seconds: float, jobs: int, costs: RunCosts
) -> dict[str, Any]:
    """Return the totals of a run with so many parallel jobs, as the JSON report stores them."""
    lines = list(lines)
    new = [line for line in lines if line.seconds > 0]
    peaks = {
        name: max((getattr(line, name) for line in lines), default=0) for name in _MEMORY_FIELDS
    }
    # Local workers are measured from outside; those of a cluster report their own memory.
    base, job = costs.base_bytes + peaks["warm"], peaks["worker"] + peaks["kernel"]
    if costs.peak_bytes > costs.base_bytes and not peaks["warm"]:
        job = max(peaks["kernel"], (costs.peak_bytes - costs.base_bytes) // jobs)
    return {
        "submissions": len(lines),
        **dict(sorted(Counter(line.status for line in lines).items())),
        "unchanged": sum(line.unchanged for line in lines),
        "seconds": round(seconds, 2),
        "per_minute": round(60 * len(new) / seconds, 1) if seconds else 0.0,
        "jobs": jobs,
        "start_seconds": round(costs.start_seconds, 2),
        "each_seconds": round(sum(line.seconds for line in new) / max(1, len(new)), 4),
        "write_seconds": round(costs.write_seconds / max(1, len(new)), 4),
        "worker_mb": peaks["worker"] // MB,
        "kernel_mb": peaks["kernel"] // MB,
        "base_mb": base // MB,
        "job_mb": job // MB,
        "fullest_mb": costs.peak_bytes // MB,
        "not_enforced": list(costs.weaknesses),
    }


def format_summary(totals: dict[str, Any]) -> str:
    """Return the totals as the terminal shows them."""
    known = ("graded", "needs review", "not graded", "failed")
    statuses = [status for status in known if status in totals]
    counts = ", ".join(f"{totals[status]} {status}" for status in statuses)
    return (
        f"{totals['submissions']:,} submissions: {counts or 'none graded'};"
        f" {totals['unchanged']} unchanged.\n"
        f"{totals['seconds']:.0f} s with {totals['jobs']} parallel jobs,"
        f" {totals['per_minute']:g} submissions per minute.\n"
        f"Peak memory: {totals['worker_mb']} MB per worker, {totals['kernel_mb']} MB per kernel,"
        f" {totals['fullest_mb']} MB in total on this machine."
        + "".join(f"\nNot enforced: {weakness}" for weakness in totals["not_enforced"])
    )


def write_report(path: Path, lines: Iterable[ReportLine], totals: dict[str, Any]) -> None:
    """Write the report as JSON."""
    data = {"total": totals, "submissions": [dataclasses.asdict(line) for line in lines]}
    atomic_write.write_text(path, json.dumps(data, indent=1) + "\n")
