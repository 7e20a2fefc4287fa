"""``python -m autograder grade NAME``: the run, as an instructor starts it."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

import autograder.batch.fast_imports  # noqa: F401  (before all that loads jsonschema)
from autograder.batch import dask, executors, report
from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseError, CourseFolder
from autograder.batch.dask import ClusterError
from autograder.batch.job import WorkerMismatchError
from autograder.batch.report_line import ReportLine, StoppedError
from autograder.batch.result_cache import RunInProgressError
from autograder.sandbox import temp_dirs
from autograder.sandbox.launch import UnprotectedError
from autograder.sandbox.memory_use import PeakMemory

SETTLED, NEEDS_SOMEBODY, WRONG, INTERRUPTED = 0, 1, 2, 130
SLIPS = (CourseError, ClusterError, RunInProgressError, UnprotectedError, WorkerMismatchError)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("name", metavar="NAME", help="the assignment")
    parser.add_argument("--jobs", type=int, default=executors.cores(), help="how many at once")
    others = parser.add_mutually_exclusive_group()
    others.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster that does the work")
    others.add_argument(
        "--gateway",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="a Dask Gateway that makes a cluster for --jobs at once; the one configured, if none",
    )
    parser.add_argument(
        "--only", choices=["failed"], help="try once more what failed or needs a person's look"
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report as JSON")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="the course's folder")


def main(told: argparse.Namespace) -> int:
    """Grade everybody; return 0 if nothing needs a person, 1 if something does."""
    if told.jobs < 1:
        return _wrong(f"--jobs {told.jobs}: one is the least.")
    if told.report and not _writable(told.report):
        return _wrong(f"--report {told.report}: no file can be written there.")
    try:
        here = told.scheduler is None and told.gateway is None
        threads = executors.threads(told.jobs) if here else 0  # a cluster's are its own
        course = CourseFolder.open(told.root, told.name, threads)
        temp_dirs.remove_stale()
        with _staff(told) as staff:
            return _grade(told, BatchRun(course, staff, _tell), staff)
    except SLIPS as error:
        return _wrong(str(error))


def _grade(told: argparse.Namespace, run: BatchRun, staff: executors.WorkerPool) -> int:
    lines: list[ReportLine] = []
    began, code, why = time.monotonic(), SETTLED, ""
    with run.alone(), PeakMemory(os.getpid()) as memory:
        run.look()
        with tqdm(total=run.waiting(), unit="submission", desc=told.name) as bar:
            try:
                for line in run.grade(only_failed=told.only == "failed"):
                    lines.append(line)
                    bar.total = max(bar.total, len(lines))
                    bar.update()
                    bar.write(report.format_line(line), file=sys.stdout)
            except KeyboardInterrupt:
                code, why = INTERRUPTED, "Stopped. The same command goes on from here."
                executors.send_home()
            except StoppedError as error:
                code = NEEDS_SOMEBODY
                why = f"{error} What is graded is kept: the same command goes on from here."
    spent = report.RunCosts(run.starting, run.writing, run.base, memory.bytes)
    sums = report.summarize(lines, time.monotonic() - began, max(1, staff.jobs()), spent)
    if told.report:
        report.write(told.report, lines, sums)
    print(report.format_summary(sums))
    if why:
        print(why, file=sys.stderr)
        return code
    return SETTLED if all(line.settled for line in lines) else NEEDS_SOMEBODY


@contextlib.contextmanager
def _staff(told: argparse.Namespace) -> Iterator[executors.WorkerPool]:
    if told.scheduler is not None:
        staff = dask.running(told.scheduler, _tell)
    elif told.gateway is not None:
        staff = dask.gateway(told.gateway, told.jobs, _tell)
    else:
        staff = executors.local_pool(told.jobs)
    try:
        yield staff
    finally:
        staff.part()


def _tell(said: str) -> None:
    """Say something meanwhile, without spoiling the bar."""
    tqdm.write(said, file=sys.stderr)


def _writable(path: Path) -> bool:
    """Whether a file can be written, or written anew, beside others in its folder."""
    return not path.is_dir() and os.access(path.parent, os.W_OK | os.X_OK)


def _wrong(reason: str) -> int:
    print(reason, file=sys.stderr)
    return WRONG
