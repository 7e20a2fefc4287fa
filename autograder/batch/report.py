"""What a run reports: a line per submission, a summary, and the same as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder.batch.result import JobResult
from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission
from autograder.nbgrader_plugins.review import review_reasons
from autograder.sandbox.limits import MB
from autograder.student_names import printable
from course import atomic_write

_MEMORY_FIELDS: Final = ("kernel", "worker", "warm")


class RunStoppedError(RuntimeError):
    """The run can't continue, and why; what is graded is kept, and the next run continues."""


@dataclass(frozen=True)
class ReportLine:
    """The outcome of one submission, as the export has it.

    Attributes:
        status: ``graded``, ``needs review``, ``not graded`` (unreadable) or ``failed``.
        score: Points so far, with what a person gave, less the late penalty; None if nothing was
            graded.
        maximum: The most points the submission could earn.
        seconds: How long grading took; 0 if the result is from an earlier run.
        reason: Why a person must look at it, or why it failed.
        unchanged: True if the result is from an earlier run.
        kernel: Peak memory of its kernel in bytes; 0 if it needed none.
        worker: Peak memory of the worker process in bytes.
        warm: Memory of the worker's own fork servers in bytes.
        before: The score in the gradebook before this run; None if there was none.
        penalty: The late penalty.
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
    before: float | None = None
    penalty: float = 0.0

    @classmethod
    def from_result(
        cls,
        student: str,
        result: JobResult,
        stored: StoredSubmission,
        before: StoredSubmission | None,
        *,
        unchanged: bool,
    ) -> ReportLine:
        """Return the line for a result, `unchanged` if that is from an earlier run.

        Args:
            student: The student's id.
            result: The result of grading.
            stored: What the gradebook holds now.
            before: What it held before.
            unchanged: Whether the result is from an earlier run.
        """
        scores = [score for notebook in result.notebooks.values() for score in notebook.scores]
        is_readable = any(not notebook.unreadable for notebook in result.notebooks.values())
        is_graded = is_readable or stored.needs_review - stored.by_hand != stored.points.keys()
        status = "needs review" if stored.needs_review else "graded"
        measured = () if unchanged else ("seconds", *_MEMORY_FIELDS)
        return cls(
            student,
            status if is_graded else "not graded",
            stored.score if is_graded else None,
            sum(score.maximum for score in scores),
            reason=review_reasons(
                {cell for _, cell in stored.needs_review},
                {cell for _, cell in stored.by_hand},
                {score.name: score.reason for score in scores if score.points is None},
            ),
            unchanged=unchanged,
            **{name: getattr(result, name) for name in measured},
            before=before.score if before else None,
            penalty=stored.penalty,
        )

    @property
    def settled(self) -> bool:
        """True if nobody needs to look at the submission."""
        return self.status == "graded"

    @property
    def changed(self) -> bool:
        """True if the gradebook had another score before this run."""
        return None not in {self.before, self.score} and self.before != self.score

    def __str__(self) -> str:
        """Return the line as the terminal shows it.

        Example:
            >>> print(ReportLine("ada", "graded", 7, 8, seconds=2.5, before=6))
            ada                  graded         7 of 8     2.5 s  Was 6.
        """
        points = "" if self.score is None else f"{self.score:g} of {self.maximum:g}"
        duration = "unchanged" if self.unchanged else f"{self.seconds:.1f} s"
        notes = [f"Was {self.before:g}."] if self.changed else []
        notes += [f"Late: {self.penalty:g} off."] if self.penalty else []
        text = " ".join([*notes, self.reason])
        line = f"{self.student:20} {self.status:12} {points:>8} {duration:>9}  {text}"
        return printable(line.rstrip())


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


def format_changes(lines: Iterable[ReportLine]) -> str:
    """Return whose score changed, from what to what; empty if nobody's did.

    Example:
        >>> print(format_changes([ReportLine("ada", "graded", 7, 8, before=6)]))
        1 score changed:
          ada: 6 -> 7 of 8
    """
    changed = sorted((line for line in lines if line.changed), key=lambda line: line.student)
    if not changed:
        return ""
    rows = [
        f"  {printable(line.student)}: {line.before:g} -> {line.score:g} of {line.maximum:g}"
        + ("" if line.settled else f" ({line.status})")
        for line in changed
    ]
    heading = "1 score changed:" if len(rows) == 1 else f"{len(rows):,} scores changed:"
    return "\n".join([heading, *rows])


def write_report(path: Path, lines: Iterable[ReportLine], totals: dict[str, Any]) -> None:
    """Write the report as JSON."""
    data = {"total": totals, "submissions": [dataclasses.asdict(line) for line in lines]}
    atomic_write.write_text(path, json.dumps(data, indent=1) + "\n")
