"""``python -m autograder grade NAME``: grade a class from the command line."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import signal
import sys
import time
from pathlib import Path

from tqdm import tqdm

import autograder.batch.fast_imports  # noqa: F401  (before anything that imports jsonschema)
from autograder import audit_log
from autograder.batch import dask, executors, late_penalties, report
from autograder.batch.batch import BatchRun
from autograder.batch.course_folder import CourseFolder
from autograder.batch.dask import ClusterError
from autograder.batch.executors import WorkerPool
from autograder.batch.job import WorkerMismatchError
from autograder.batch.report import ReportLine, RunStoppedError
from autograder.batch.result_cache import RunInProgressError
from autograder.nbgrader_plugins.course_paths import CourseError
from autograder.sandbox import temp_dirs
from autograder.sandbox.memory_guard import PeakMemory
from autograder.sandbox.protection import WEAKNESSES, UnprotectedError

SUCCESS, NEEDS_ATTENTION, USAGE_ERROR, LOST_POINTS, INTERRUPTED = 0, 1, 2, 3, 130


def main(options: argparse.Namespace) -> int:
    """Grade an assignment; return the exit status that ``grade --help`` explains."""
    jobs = executors.available_cores() if options.jobs is None else options.jobs
    if jobs < 1:
        return _fail(f"--jobs must be at least 1 (got {jobs}).")
    if options.report and not _is_writable(options.report):
        return _fail(f"Can't write --report {options.report}.")
    is_local = options.scheduler is None and options.gateway is None
    if options.dry_run and not is_local:
        return _fail("--dry-run grades copies on this machine. Leave out --scheduler or --gateway.")
    if options.json:  # for a program, which may have been started with Ctrl+C switched off
        signal.signal(signal.SIGINT, signal.default_int_handler)
    threads = executors.threads_per_job(jobs) if is_local else 0  # workers of a cluster decide
    try:
        course = CourseFolder.open(options.root, options.name, threads)
        temp_dirs.remove_stale()
        with contextlib.closing(_open_pool(options, jobs)) as pool:
            run = BatchRun(course, pool, _notify, by=options.by, dry_run=options.dry_run)
            return _grade(options, run, pool)
    except (
        *(CourseError, ClusterError, RunInProgressError),
        *(UnprotectedError, WorkerMismatchError),
    ) as error:
        return _fail(str(error))


def _grade(options: argparse.Namespace, run: BatchRun, pool: WorkerPool) -> int:
    lines: list[ReportLine] = []
    start, code, message = time.monotonic(), SUCCESS, ""
    with run.cache.lock(read_only=options.dry_run), PeakMemory(os.getpid()) as peak:
        run.read_gradebook()
        total = len(run.course.paths.students())
        with tqdm(total=total, unit="submission", desc=options.name, disable=options.json) as bar:
            try:
                for line in run.grade(
                    only_failed=options.only == "failed", force=bool(options.force)
                ):
                    lines.append(line)
                    total = bar.total = max(total, len(lines))
                    bar.update()
                    text = _to_json(line, len(lines), total) if options.json else str(line)
                    bar.write(text, file=sys.stdout)
                    sys.stdout.flush()
            except KeyboardInterrupt:
                code, message = INTERRUPTED, "Interrupted. Run the same command to continue."
                executors.terminate_workers()
            except RunStoppedError as error:
                code = NEEDS_ATTENTION
                message = f"{error} Results so far are kept; run the same command to continue."
    scheduler = run.scheduler
    costs = report.RunCosts(
        *(scheduler.start_seconds, run.write_seconds, scheduler.base_bytes, peak.bytes),
        tuple(WEAKNESSES[weakness] for weakness in run.weaknesses),
    )
    totals = report.summarize(lines, time.monotonic() - start, max(1, pool.size()), costs)
    if options.report:
        report.write_report(options.report, lines, totals)
    if not options.dry_run:
        _record(run.course, lines, options.by, is_complete=not message)
    changes = "" if options.json else report.format_changes(lines, dry_run=options.dry_run)
    if changes:
        print(changes)
    if not options.dry_run and not message:
        _update_others(run.course)
    print(report.format_summary(totals))
    if message:
        print(message, file=sys.stderr)
        return code
    if any(line.lost_points for line in lines):
        return LOST_POINTS
    return SUCCESS if all(line.settled for line in lines) else NEEDS_ATTENTION


def _update_others(course: CourseFolder) -> None:
    """Compute the penalties of other assignments again, which share the students' late days."""
    names = late_penalties.others(course.config, course.assignment)
    try:
        changed = late_penalties.recompute(course.root, course.config, names, notify=_notify)
    except RunStoppedError as error:
        print(f"{error} Then run: python -m autograder deadlines", file=sys.stderr)
        return
    for name, lines in changed.items():
        print(f"In {name}, {report.format_changes(lines)}")


def _to_json(line: ReportLine, done: int, total: int) -> str:
    submission = dataclasses.asdict(line) | {"changed": line.changed, "lost": line.lost_points}
    return json.dumps({"done": done, "of": total, "submission": submission})


def _record(course: CourseFolder, lines: list[ReportLine], by: str, *, is_complete: bool) -> None:
    """Write the run to the audit log."""
    audit_log.record(
        course.root,
        "grade",
        by,
        assignment=course.assignment,
        submissions=len(lines),
        changed=sum(line.changed for line in lines),
        lower=sum(line.lost_points for line in lines),
        complete=is_complete,
    )


def _open_pool(options: argparse.Namespace, jobs: int) -> WorkerPool:
    if options.scheduler is not None:
        return dask.connect(options.scheduler, _notify)
    if options.gateway is not None:
        return dask.start_cluster(options.gateway, jobs, _notify)
    return executors.local_pool(jobs)


def _notify(message: str) -> None:
    """Print a message without garbling the progress bar."""
    tqdm.write(message, file=sys.stderr)


def _is_writable(path: Path) -> bool:
    return not path.is_dir() and os.access(path.parent, os.W_OK | os.X_OK)


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return USAGE_ERROR
