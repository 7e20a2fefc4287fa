"""The page ``grading.md``, made of what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from autograder.batch import capacity
from autograder.batch.capacity import JobCosts
from autograder.sandbox.limits import MB
from benchmarks.grading import classes, goals, steps
from benchmarks.grading.contenders import CONTENDERS
from benchmarks.grading.measured import ONE, STOCK, TWO, Measured

TABLE: Final = Path(__file__).parent.with_suffix(".md")
_HEAD: Final = """# How fast graders are

Measured by `python -m benchmarks.grading`; do not edit. {machine}.

The same notebooks with the same answers, graded by turns in one run: a lesson
(`02-curse-of-dimensionality`), the lab (`05-autoencoder-lab`), questions alone, and the lesson once
more with nothing but its questions graded, on the data that the course brings along. Three students
in four have solved all; the fourth has left one exercise as it was handed out, or a question
without a tick. In the last class each has one answer wrong: there this course, too, makes sure
before it takes a point away, and runs more of the notebook for it. Stock nbgrader runs every cell
even if questions alone are graded, and leaves those to a person; otter-grader has none. After each
run of this course's every student's points are held against what the answers are worth, cell by
cell, in the report, in the gradebook and in the graded notebooks. "A further one" is what each
submission after the first costs. Memory is the most that all processes held together, what they
share counted once. Seconds depend on the machine; the ratios do so less.

## Goals

"""

_STEPS: Final = """

## Where the rest of the time goes

One submission after another in one process, on the short way, the writer left out. All but the
last line is work of several processes that wait for each other: the grader, Bubblewrap, the kernel,
the judge. So one job keeps a little more than one core busy, with the writer beside it, and a
second job on two cores makes the whole less than twice as fast.
"""

_FACULTY: Final = """

## What a faculty needs

Made of the figures above by the planner (`python -m autograder plan FILE`). All cores beyond these
two are reckoned, not measured: a cluster of that size was not at hand. One process writes the
gradebook, so no number of cores makes a class faster than that. Memory is for machines of
{cores} cores each, with the libraries loaded once on each.
"""


def write(found: Measured) -> None:
    """Write the page.

    Args:
        found: What has been measured so far.
    """
    text = _HEAD.format(machine=found.machine) + goals.table(found)
    if found.start:
        text += f"\n\n`python -m autograder grade --help` takes {found.start:.2f} s."
    measured = [kind for kind in classes.KINDS if found.sizes(kind, TWO)]
    text += "\n" + "\n".join(_table(found, kind) for kind in measured)
    if found.steps:
        tables = [steps.table(kind, each) for kind, each in found.steps.items()]
        text += _STEPS + "\n" + "\n\n".join(tables)
    TABLE.write_text(text + _faculty(found) + "\n", encoding="utf-8")


def _table(found: Measured, kind: str) -> str:
    lines = [f"\n## {kind.capitalize()}\n"]
    lines += ["| grader | submissions | seconds | a further one, s | of stock | a minute"]
    lines[-1] += " | CPU seconds, each | memory, MB |"
    lines += ["|---|---:|---:|---:|---:|---:|---:|---:|"]
    stock = found.further(kind, STOCK)
    for one in CONTENDERS:
        for size in found.sizes(kind, one.name):
            cost, each = found.cost(kind, one.name, size), found.further(kind, one.name, size)
            words = [one.name, str(size), f"{cost.seconds:.1f}"]
            words += ["" if each is None else f"{each:.2f}" if each >= 0.1 else f"{each:.3f}"]
            words += ["" if not each or not stock or one.name == STOCK else _part(each / stock)]
            words += [f"{60 * size / cost.seconds:.0f}"]
            words += ["" if cost.cpu is None else f"{cost.cpu / size:.2f}"]
            words += [f"{cost.memory / MB:.0f}"]
            lines.append(f"| {' | '.join(words)} |")
    return "\n".join(lines)


def _part(share: float) -> str:
    return f"1/{1 / share:.0f}" if share < 0.7 else f"{share:.1f}"


def _faculty(found: Measured) -> str:
    """What the planner makes of the largest runs, and whether it was right about them."""
    parts = [_FACULTY.format(cores=capacity.CORES_PER_MACHINE)]
    for kind in ("lesson", "lab"):
        sizes = {*found.sizes(kind, ONE)} & {*found.sizes(kind, TWO)} - {1}
        if not sizes:
            continue  # not measured yet
        size = max(sizes)
        one, two = (found.cost(kind, grader, size) for grader in (ONE, TWO))
        costs = JobCosts.from_totals(one.total)
        seconds, memory = (
            60 * capacity.estimate_minutes(costs, size, 2),
            capacity.estimate_memory(costs, 2),
        )
        begins = two.seconds - two.total["seconds"]  # before a run looks at its clock
        off = (seconds + begins) / two.seconds - 1
        parts.append(
            f"\n{kind.capitalize()}: {costs.job_seconds:.2f} s of a core each,"
            f" {costs.write_seconds:.3f} s to write. From the run with 1 job the planner says"
            f" {seconds + begins:.0f} s and {memory / MB:.0f} MB for {size} with 2 jobs;"
            f" the command took {two.seconds:.0f} s ({off:+.0%}) and {two.memory / MB:.0f} MB.\n"
        )
        parts.append(capacity.format_table(costs, (300, 5_000, 50_000)))
    return "\n".join(parts)
