"""How many cores and minutes a class takes, from what a run has measured.

A submission is graded by a worker, a judge and a kernel that wait for each other, so it keeps
one core busy. Results are written by one process, one after another: however many cores there
are, it does not go faster than that; where there are few, it needs a part of them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder.sandbox.limits import GB, MB

CORES: Final = (2, 8, 32, 128, 512)
SHARED: Final = 0.85  # what is left of a core when all are busy, measured with lessons on two
MACHINE: Final = 32  # cores of one machine of a cluster; each loads the libraries once


class CapacityError(ValueError):
    """There is nothing to plan from; the message says what would be right."""


@dataclass(frozen=True)
class Costs:
    """What a run has measured.

    Attributes:
        start: Seconds before the first submission, libraries loaded.
        each: Seconds of one core for each submission.
        write: Seconds of the one writer for each submission.
        job: Bytes of memory for each submission that is graded at the same time.
        base: Bytes of memory that each machine needs beyond that, for the libraries.
        busy: Whether all cores were busy when this was measured, so that `each` is what a
            submission takes then.
    """

    start: float
    each: float
    write: float
    job: int
    base: int = 0
    busy: bool = False

    @classmethod
    def read(cls, path: Path) -> Costs:
        """Read a report that ``grade --report FILE`` wrote.

        Raises:
            PlanError: It is none, or nothing was graded in it.
        """
        try:
            found = cls.of(json.loads(path.read_bytes())["total"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CapacityError(
                f"{path} is no report of a run: {error!r}. One is written by:"
                " python -m autograder grade NAME --report FILE"
            ) from error
        if found.each <= 0:
            raise CapacityError(
                f"{path}: nothing was graded anew in that run, so nothing was measured."
            )
        return found

    @classmethod
    def of(cls, total: dict[str, Any]) -> Costs:
        """Return what the sums of a run say; see `report.total`."""
        return cls(
            float(total["start_seconds"]),
            float(total["each_seconds"]),
            float(total["write_seconds"]),
            int(total["job_mb"]) * MB,
            int(total["base_mb"]) * MB,
            int(total["jobs"]) > 1,
        )


def minutes(costs: Costs, students: int, cores: int) -> float:
    """Return how many minutes a class takes.

    Example:
        >>> round(minutes(Costs(10, each=0.5, write=0.02, job=0), students=5000, cores=8), 1)
        6.5

    Args:
        costs: What was measured.
        students: How many hand in.
        cores: How many are graded at once.
    """
    working = students * _each(costs) / cores
    return (costs.start + max(working, students * costs.write)) / 60


def memory(costs: Costs, cores: int) -> int:
    """Return the bytes of memory that so many cores need.

    Example:
        >>> memory(Costs(10, each=0.5, write=0.02, job=3, base=100), cores=64)
        392

    Args:
        costs: What was measured.
        cores: How many are graded at once, on machines of `MACHINE` cores.
    """
    return math.ceil(cores / MACHINE) * costs.base + cores * costs.job


def cores(costs: Costs, students: int, within: float) -> int | None:
    """Return how many cores a class needs to be done in time; None if no number is enough.

    Example:
        >>> cores(Costs(10, each=0.5, write=0.02, job=0), students=5000, within=30)
        2

    Args:
        costs: What was measured.
        students: How many hand in.
        within: Minutes.
    """
    left = within * 60 - costs.start
    if left <= 0 or students * costs.write > left:
        return None
    return max(1, math.ceil(students * _each(costs) / left))


def _each(costs: Costs) -> float:
    """Seconds of a core for each submission when all are busy, its part of the writer's with it."""
    return costs.each if costs.busy else (costs.each + costs.write) / SHARED


def table(costs: Costs, students: tuple[int, ...]) -> str:
    """Return minutes and memory for some numbers of cores, in Markdown."""
    lines = [
        "| cores | memory, GB | " + " | ".join(f"{each:,} students" for each in students) + " |"
    ]
    lines += ["|---:|---:|" + "---:|" * len(students)]
    for number in CORES:
        times = [f"{_time(minutes(costs, each, number))}" for each in students]
        size = memory(costs, number) / GB
        lines.append(f"| {number} | {size:.{0 if size >= 10 else 1}f} | {' | '.join(times)} |")
    return "\n".join(lines)


def _time(found: float) -> str:
    if found < 1:
        return f"{60 * found:.0f} s"
    return f"{found:.0f} min" if found < 120 else f"{found / 60:.1f} h"
