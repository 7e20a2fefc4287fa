"""Generate the page ``benchmarks/grading.md`` from the measurements."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from autograder.batch import capacity
from autograder.batch.capacity import JobCosts
from autograder.sandbox.limits import MB
from benchmarks.grading import classes, goals, steps
from benchmarks.grading.graders import GRADERS
from benchmarks.grading.measurements import ONE_JOB, STOCK, TWO_JOBS, Measurements

PAGE: Final = Path(__file__).parent.with_suffix(".md")
_HEAD: Final = """# How fast graders are

Measured by `python -m benchmarks.grading`; do not edit. {machine}.

The graders take turns on the same notebooks and answers: a lesson (`02-curse-of-dimensionality`),
the lab (`05-autoencoder-lab`), questions alone, and the lesson with only its questions graded, all
on the built-in data. Three students in four have solved everything; the fourth has left one
exercise untouched or one question unanswered. In the last class every submission has one wrong
answer: this course then reruns more of the notebook before it takes a point away. Stock nbgrader
runs every cell even if only questions are graded, and leaves those to a person; otter-grader has
none. After each run of this course, everybody's points are compared with what the answers deserve,
cell by cell, in the report, the gradebook and the graded notebooks. "Additional" is the cost of
each submission after the first. Memory is the peak of all processes together, with shared memory
counted once. Seconds depend on the machine; the ratios depend on it less.

## Goals

"""

_STEPS: Final = """

## Where the rest of the time goes

One submission after another in one process, with unneeded cells skipped and without writing the
gradebook. In all but the last step, several processes wait for each other: the grader, Bubblewrap,
the kernel, the test runner. So one job keeps a little more than one core busy, gradebook included,
and a second job on two cores is less than twice as fast.
"""

_CAPACITY: Final = """

## What a large class needs

Estimated from the measurements above by `python -m autograder plan FILE`. Everything beyond two
cores is calculated, not measured. One process writes the gradebook, which limits the speed with
many cores. Memory is for machines of {cores} cores, each of which loads the libraries once.
"""


_HEADINGS: Final = (
    *("grader", "submissions", "seconds", "additional, s", "of stock", "per minute"),
    *("CPU, s each", "memory, MB"),
)


def write(measurements: Measurements) -> None:
    """Write the page."""
    text = _HEAD.format(machine=measurements.machine) + goals.format_table(measurements)
    if measurements.start:
        text += f"\n\n`python -m autograder grade` takes {measurements.start:.2f} s to load."
    measured = [kind for kind in classes.KINDS if measurements.sizes(kind, TWO_JOBS)]
    text += "\n" + "\n".join(_format_class(measurements, kind) for kind in measured)
    if measurements.steps:
        tables = [steps.format_table(kind, times) for kind, times in measurements.steps.items()]
        text += _STEPS + "\n" + "\n\n".join(tables)
    PAGE.write_text(text + _format_capacity(measurements) + "\n", encoding="utf-8")


def _format_class(measurements: Measurements, kind: str) -> str:
    lines = [f"\n## {kind.capitalize()}\n", f"| {' | '.join(_HEADINGS)} |"]
    lines += ["|---|---:|---:|---:|---:|---:|---:|---:|"]
    stock = measurements.additional_seconds(kind, STOCK)
    for grader in (grader.name for grader in GRADERS):
        for size in measurements.sizes(kind, grader):
            cost = measurements.cost(kind, grader, size)
            seconds = measurements.additional_seconds(kind, grader, size)
            if seconds is not None and seconds <= 0:
                seconds = None  # less than runs of one submission differ
            row = [grader, str(size), f"{cost.seconds:.1f}"]
            row += ["" if seconds is None else f"{seconds:.{2 if seconds >= 0.1 else 3}f}"]
            row += ["" if not seconds or not stock or grader == STOCK else _ratio(seconds / stock)]
            row += [f"{60 * size / cost.seconds:.0f}"]
            row += ["" if cost.cpu is None else f"{cost.cpu / size:.2f}"]
            row += [f"{cost.memory / MB:.0f}"]
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def _ratio(ratio: float) -> str:
    return f"1/{1 / ratio:.0f}" if ratio < 0.7 else f"{ratio:.1f}"


def _format_capacity(measurements: Measurements) -> str:
    """Return the estimates from the largest runs, and how good they are for those runs."""
    parts = [_CAPACITY.format(cores=capacity.CORES_PER_MACHINE)]
    for kind in ("lesson", "lab"):
        sizes = {*measurements.sizes(kind, ONE_JOB)} & {*measurements.sizes(kind, TWO_JOBS)} - {1}
        if not sizes:
            continue
        size = max(sizes)
        one = measurements.cost(kind, ONE_JOB, size)
        two = measurements.cost(kind, TWO_JOBS, size)
        costs = JobCosts.from_totals(one.totals)
        load_seconds = two.seconds - two.totals["seconds"]  # before the run takes its own time
        seconds = 60 * capacity.estimate_minutes(costs, size, 2) + load_seconds
        memory = capacity.estimate_memory(costs, 2)
        parts.append(
            f"\n{kind.capitalize()}: {costs.job_seconds:.2f} s of a core per submission,"
            f" {costs.write_seconds:.3f} s to write it. From the run with 1 job, the estimate for"
            f" {size} submissions with 2 jobs is {seconds:.0f} s and {memory / MB:.0f} MB; the"
            f" command took {two.seconds:.0f} s ({seconds / two.seconds - 1:+.0%}) and"
            f" {two.memory / MB:.0f} MB.\n"
        )
        parts.append(capacity.format_table(costs, (300, 5_000, 50_000)))
    return "\n".join(parts)
