"""Estimate the cores, memory and minutes for a class from the measurements of one run.

A submission keeps one core busy: its worker, test runner and kernel wait for each other. One
process writes all results, which limits the speed with many cores and takes a share of few.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder.sandbox.limits import GB, MB

TABLE_CORES: Final = (2, 8, 32, 128, 512)
BUSY_CORE_SPEED: Final = 0.85  # of an idle machine's, measured with lessons on two cores
CORES_PER_MACHINE: Final = 32  # of a cluster; each machine loads the libraries once


class CapacityError(ValueError):
    """The report has no usable measurements; the message says how to get some."""


@dataclass(frozen=True)
class JobCosts:
    """What a run measured."""

    start_seconds: float  # before the first submission, imports included
    job_seconds: float  # of one core, per submission
    write_seconds: float  # of the writer, per submission
    job_bytes: int  # per submission that is graded at the same time
    base_bytes: int = 0  # that each machine needs besides, for the libraries
    busy: bool = False  # were all cores busy, so that job_seconds needs no correction?

    @classmethod
    def read(cls, path: Path) -> JobCosts:
        """Read a report written by ``grade --report FILE``.

        Raises:
            CapacityError: The file isn't such a report, or nothing was graded in that run.
        """
        try:
            costs = cls.from_totals(json.loads(path.read_bytes())["total"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CapacityError(
                f"{path} isn't a grading report: {error!r}. Create one with:"
                " python -m autograder grade NAME --report FILE"
            ) from error
        if costs.job_seconds <= 0:
            raise CapacityError(
                f"{path} has no measurements: all results of that run were cached."
                " Use the report of a run that graded something."
            )
        return costs

    @classmethod
    def from_totals(cls, totals: dict[str, Any]) -> JobCosts:
        """Return the costs in the totals of a run; see `report.summarize`."""
        return cls(
            float(totals["start_seconds"]),
            float(totals["each_seconds"]),
            float(totals["write_seconds"]),
            int(totals["job_mb"]) * MB,
            int(totals["base_mb"]) * MB,
            int(totals["jobs"]) > 1,
        )

    @property
    def core_seconds(self) -> float:
        """Seconds of a core per submission when all are busy, its share of writing included."""
        if self.busy:
            return self.job_seconds
        return (self.job_seconds + self.write_seconds) / BUSY_CORE_SPEED


def estimate_minutes(costs: JobCosts, students: int, cores: int) -> float:
    """Return how many minutes a class takes with one submission per core.

    Example:
        >>> costs = JobCosts(10, job_seconds=0.5, write_seconds=0.02, job_bytes=0)
        >>> round(estimate_minutes(costs, students=5000, cores=8), 1)
        6.5
    """
    grading = students * costs.core_seconds / cores
    return (costs.start_seconds + max(grading, students * costs.write_seconds)) / 60


def estimate_memory(costs: JobCosts, cores: int) -> int:
    """Return the memory in bytes for a number of cores, `CORES_PER_MACHINE` per machine.

    Example:
        >>> estimate_memory(JobCosts(10, 0.5, 0.02, job_bytes=3, base_bytes=100), cores=64)
        392
    """
    return math.ceil(cores / CORES_PER_MACHINE) * costs.base_bytes + cores * costs.job_bytes


def cores_needed(costs: JobCosts, students: int, minutes: float) -> int | None:
    """Return how many cores finish a class in time; None if the writer alone takes too long.

    Example:
        >>> costs = JobCosts(10, job_seconds=0.5, write_seconds=0.02, job_bytes=0)
        >>> cores_needed(costs, students=5000, minutes=30)
        2
    """
    seconds = minutes * 60 - costs.start_seconds
    if seconds <= 0 or students * costs.write_seconds > seconds:
        return None
    return max(1, math.ceil(students * costs.core_seconds / seconds))


def format_table(costs: JobCosts, class_sizes: tuple[int, ...]) -> str:
    """Return the duration and memory for some numbers of cores, in Markdown."""
    headings = " | ".join(f"{students:,} students" for students in class_sizes)
    lines = [f"| cores | memory, GB | {headings} |", "|---:|---:|" + "---:|" * len(class_sizes)]
    for cores in TABLE_CORES:
        memory = estimate_memory(costs, cores) / GB
        cells = [_duration(estimate_minutes(costs, students, cores)) for students in class_sizes]
        lines.append(f"| {cores} | {memory:.{0 if memory >= 10 else 1}f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _duration(minutes: float) -> str:
    if minutes < 1:
        return f"{60 * minutes:.0f} s"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"
