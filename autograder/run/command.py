"""``python -m autograder grade NAME``: the run, as an instructor starts it."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tqdm import tqdm

import autograder.run.lean  # noqa: F401  (before all that loads jsonschema)
from autograder.kernels.isolation import UnprotectedError
from autograder.run import report, workers
from autograder.run.course import Course, CourseError
from autograder.run.crowd import Line, Run

SETTLED, NEEDS_SOMEBODY, WRONG, INTERRUPTED = 0, 1, 2, 130


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("name", metavar="NAME", help="the assignment")
    parser.add_argument("--jobs", type=int, default=workers.cores(), help="how many at once")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster that does the work")
    parser.add_argument(
        "--only", choices=["failed"], help="try once more what failed or needs a person's look"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report as JSON")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")


def main(told: argparse.Namespace) -> int:
    """Grade everybody; return 0 if nothing needs a person, 1 if something does."""
    if told.jobs < 1:
        return _wrong(f"--jobs {told.jobs}: one is the least.")
    try:
        staff = workers.cluster(told.scheduler) if told.scheduler else workers.pool(told.jobs)
    except OSError as error:
        return _wrong(f"--scheduler {told.scheduler}: {error}")
    try:
        course = Course.open(told.root, told.name, workers.threads(staff.jobs))
        return _grade(told, course, staff)
    except (CourseError, UnprotectedError) as error:
        return _wrong(str(error))
    finally:
        staff.part()


def _grade(told: argparse.Namespace, course: Course, staff: workers.Workers) -> int:
    lines: list[Line] = []
    began, stopped = time.monotonic(), False
    run = Run(course, staff)
    with tqdm(total=run.waiting(), unit="submission", desc=told.name) as bar:
        try:
            for line in run.grade(only_failed=told.only == "failed"):
                lines.append(line)
                bar.total = max(bar.total, len(lines))
                bar.update()
                bar.write(report.words(line), file=sys.stdout)
        except KeyboardInterrupt:
            stopped = True
            workers.send_home()
    seconds = time.monotonic() - began
    sums = report.total(lines, seconds, staff.jobs, run.starting, run.writing)
    if told.report:
        report.write(told.report, lines, sums)
    print(report.closing(sums))  # noqa: T201  (what was asked for)
    if stopped:
        print("Stopped. The same command goes on from here.", file=sys.stderr)  # noqa: T201  (as above)
        return INTERRUPTED
    return SETTLED if all(line.settled for line in lines) else NEEDS_SOMEBODY


def _wrong(reason: str) -> int:
    print(reason, file=sys.stderr)  # noqa: T201  (what to mend)
    return WRONG
