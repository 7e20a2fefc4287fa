"""What a run reports: a line per submission, a summary, and the same as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from autograder.batch.changes import changed_cells, differs
from autograder.batch.result import JobResult
from autograder.nbgrader_plugins.gradebook_reader import StoredSubmission
from autograder.nbgrader_plugins.review import review_reasons
from autograder.sandbox.limits import MB
from autograder.score_history import Change
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
        cells: The points of each cell that changed, before and after, by name.
        causes: Why the score changed.
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
    cells: dict[str, Change] = field(default_factory=dict)
    causes: tuple[str, ...] = ()

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
            cells={cell: change for (_, cell), change in changed_cells(before, stored).items()},
        )

    @property
    def settled(self) -> bool:
        """True if nobody needs to look at the submission."""
        return self.status == "graded"

    @property
    def changed(self) -> bool:
        """True if the gradebook had other points before this run."""
        return self.before is not None and (bool(self.cells) or self._differs())

    @property
    def lost_points(self) -> bool:
        """True if the gradebook had more points before this run."""
        return self.before is not None and self._differs() and self.before > (self.score or 0.0)

    def _differs(self) -> bool:
        return differs(self.before or 0.0, self.score or 0.0)  # both 0 while nothing is readable

    def __str__(self) -> str:
        """Return the line as the terminal shows it.

        Example:
            >>> print(ReportLine("ada", "graded", 7, 8, seconds=2.5, before=6))
            ada                  graded         7 of 8     2.5 s  Was 6.
        """
        points = "" if self.score is None else f"{self.score:g} of {self.maximum:g}"
        duration = "unchanged" if self.unchanged else f"{self.seconds:.1f} s"
        if self.unchanged and self.changed:
            duration = "not rerun"
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


def format_changes(lines: Iterable[ReportLine], *, dry_run: bool = False) -> str:
    """Return whose points changed, from what to what and why; empty if nobody's did.

    Example:
        >>> line = ReportLine(
        ...     *("ada", "graded", 7, 8), before=6, cells={"dice": (0, 1)}, causes=("it was late",)
        ... )
        >>> print(format_changes([line]))
        1 score changed, 0 to fewer points:
          ada: 6 -> 7 of 8 (dice 0 -> 1); it was late
    """
    changed = sorted((line for line in lines if line.changed), key=lambda line: line.student)
    if not changed:
        return "No score would change." if dry_run else ""
    lower = sum(line.lost_points for line in changed)
    scores = "1 score" if len(changed) == 1 else f"{len(changed):,} scores"
    heading = f"{scores} {'would change' if dry_run else 'changed'}, {lower:,} to fewer points:"
    return "\n".join([heading, *map(_format_change, changed)])


def _format_change(line: ReportLine) -> str:
    def points(value: float | None) -> str:
        return "no points yet" if value is None else f"{round(value, 2):g}"

    cells = ", ".join(f"{name} {points(a)} -> {points(b)}" for name, (a, b) in line.cells.items())
    text = (
        f"  {line.student}: {points(line.before)} -> {points(line.score)} of {line.maximum:g}"
        + (f" ({cells})" if cells else "")
        + ("" if line.settled else f", {line.status}")
        + (f"; {', '.join(line.causes)}" if line.causes else "")
    )
    return printable(text)


def write_report(path: Path, lines: Iterable[ReportLine], totals: dict[str, Any]) -> None:
    """Write the report as JSON."""
    data = {"total": totals, "submissions": [dataclasses.asdict(line) for line in lines]}
    atomic_write.write_text(path, json.dumps(data, indent=1) + "\n")
