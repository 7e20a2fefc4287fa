"""What a run tells of each submission, and why it may end before its end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class StoppedError(RuntimeError):
    """The run can't go on, and why; what is graded is kept, and the next run goes on from there."""


@dataclass(frozen=True)
class ReportLine:
    """What became of one submission.

    Attributes:
        student: Whose it is.
        status: ``graded``, ``needs review`` or ``failed``.
        score: Its points so far; None if nothing was graded.
        maximum: What it could have earned.
        seconds: How long grading took; 0 if nothing had changed.
        reason: Why a person must look, or why it failed.
        unchanged: Whether the result is that of an earlier run.
        kernel: Bytes of memory that its kernel held at most; 0 if there was none.
        worker: Bytes of memory that the process which graded it has held.
        warm: Bytes of memory that the worker's own warm processes hold.
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

    @property
    def settled(self) -> bool:
        """Whether nobody needs to look at it."""
        return self.status == "graded"


def report_line(student: str, result: dict[str, Any], *, unchanged: bool) -> ReportLine:
    """Return the line for a result.

    Args:
        student: Whose it is.
        result: What `task.work` returned.
        unchanged: Whether it was there before.
    """
    verdicts = [
        verdict for notebook in result["notebooks"].values() for verdict in notebook["verdicts"]
    ]
    unsettled = [verdict for verdict in verdicts if verdict["points"] is None]
    reasons = dict.fromkeys(f"{verdict['name']}: {verdict['reason']}" for verdict in unsettled)
    spent = {} if unchanged else {name: result[name] for name in ("seconds", *_MEMORY)}
    return ReportLine(
        student,
        "needs review" if unsettled else "graded",
        sum(verdict["points"] or 0 for verdict in verdicts),
        sum(verdict["maximum"] for verdict in verdicts),
        reason=" ".join(reasons),
        unchanged=unchanged,
        **spent,
    )


_MEMORY = ("kernel", "worker", "warm")
