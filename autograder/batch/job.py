"""Grade one submission without a gradebook: plain data in, plain data out.

A job holds paths, and the worker reads the files there. So all workers, on one machine or on
a cluster, must see the course folder under the same path.
"""

from __future__ import annotations

import dataclasses
import json
import platform
import shutil
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder import cells, untrusted_folders
from autograder.batch import fingerprint, inputs
from autograder.batch.inputs import GradingInputs
from autograder.batch.result import JobResult
from autograder.grading import bounded, grade_notebook
from autograder.grading.settings import GradingSettings
from autograder.sandbox import bounded_worker, forkserver_client, temp_dirs
from autograder.sandbox.bounded_worker import BoundedError
from autograder.sandbox.forkserver_client import ServerAddress
from autograder.sandbox.worker_process import begin_step


class WorkerMismatchError(RuntimeError):
    """A worker doesn't see the course folder, or runs another version of the grader."""


class SubmissionChangedError(RuntimeError):
    """The submission is no longer the one that the run saw."""


@dataclass(frozen=True)
class Job:
    """One submission to grade."""

    assignment: str
    student: str
    source: Path  # the instructor's folder of the assignment
    submitted: Path  # the student's
    ignore: tuple[str, ...]  # patterns of file names that are never copied
    settings: GradingSettings

    def version(self) -> str:
        """Return a hash of the programs that grade this assignment here: grader and kernels."""
        return fingerprint.with_kernels(fingerprint.current(), inputs.kernel_modules(self.source))

    def inputs(self, version: str) -> GradingInputs:
        """Return hashes of everything that decides about the result of this grader version."""
        # Neither threads nor fork servers change the result.
        settings = dataclasses.asdict(dataclasses.replace(self.settings, threads=0, warm=True))
        lesson, keys, tests = inputs.read_lesson(self.source, self.ignore)
        return GradingInputs(
            program=version,
            settings=inputs.hash_text(json.dumps(settings, sort_keys=True)),
            lesson=lesson,
            submission=inputs.read_submission(self.submitted),
            keys=keys,
            tests=tests,
        )

    def cache_key(self, version: str) -> str:
        """Return a hash of everything that decides about the result of this grader version."""
        return self.inputs(version).key

    def notebooks(self) -> list[Path]:
        """Return the instructor's notebooks."""
        return sorted(self.source.glob("*.ipynb"))


def grade_to_json(job: Job, version: str, key: str) -> str:
    """Grade one submission in a worker; return the `JobResult` as JSON.

    Version and key are the job's version and cache key as the run computed them.

    Raises:
        WorkerMismatchError: This worker sees no such assignment, or runs another version.
        SubmissionChangedError: The submission is gone or changed meanwhile.
    """
    host = platform.node() or "this machine"
    if not job.notebooks():
        raise WorkerMismatchError(
            f"A worker on {host} sees no notebook in {job.source}. All workers must see the course"
            " folder under the same path."
        )
    if job.version() != version:
        raise WorkerMismatchError(
            f"A worker on {host} has another version of the course, the grader, their libraries or"
            " the notebook's kernel. Install the same version on all workers and restart them."
        )
    _check_unchanged(job, version, key)
    text = _grade_in_worker(job)
    _check_unchanged(job, version, key)
    return text


def _check_unchanged(job: Job, version: str, key: str) -> None:
    if not job.submitted.is_dir() or job.cache_key(version) != key:
        raise SubmissionChangedError("The submission or assignment changed while it was graded.")


def _grade_in_worker(job: Job) -> str:
    """Grade one submission in a process with limits; return the `JobResult` as JSON.

    Raises:
        UnprotectedError: This machine can't sandbox students' code.
    """
    start = time.monotonic()
    start_fork_servers(job)
    paths = {"source": str(job.source), "submitted": str(job.submitted)}
    data = {"job": dataclasses.asdict(job) | paths, "warm": forkserver_client.servers_memory()}
    try:
        return bounded_worker.run_bounded(
            grade_from_json, data, seconds=bounded.STEP_SECONDS, megabytes=bounded.MEGABYTES
        )
    except BoundedError as error:
        return JobResult(
            notebooks={
                path.stem: bounded.left_to_a_person(cells.read_source(path), str(error))
                for path in job.notebooks()
            },
            seconds=time.monotonic() - start,
            kernel=0,
            worker=0,
            warm=0,
            disturbed=error.cause == "crash",
        ).model_dump_json()


def grade_from_json(data: dict[str, Any]) -> str:
    """As `grade`, in a worker process."""
    values = data["job"]
    values |= {"source": Path(values["source"]), "submitted": Path(values["submitted"])}
    values |= {"ignore": tuple(values["ignore"])}
    job = Job(**values | {"settings": GradingSettings.from_json(values["settings"])})
    return grade(job).model_copy(update={"warm": data["warm"]}).model_dump_json()


def grade(job: Job) -> JobResult:
    """Grade one submission in this process."""
    start = time.monotonic()
    results, settings = {}, job.settings
    begin_step("copying the files", bounded.STEP_SECONDS)
    with temp_dirs.temp_dir("grading") as folder:
        patterns = (*job.ignore, "*.ipynb")
        for origin, names in (
            (job.submitted, untrusted_folders.list_copied(job.submitted, patterns).paths),
            (job.source, untrusted_folders.walk(job.source, patterns)),  # overwrites the student's
        ):
            _copy_files(origin, names, folder)
        notebook_names = [path.name for path in job.notebooks()]
        student = None if settings.any_variant else job.student
        for path in job.notebooks():
            source_nb = cells.read_source(path)
            cells.set_stubs(source_nb, settings.stubs)
            merged = bounded.read_and_merge(
                source_nb, job.submitted / path.name, notebook_names, job.ignore, student
            )
            results[path.stem] = grade_notebook.grade(merged, source_nb, folder, settings)
    return JobResult(
        notebooks=results,
        seconds=time.monotonic() - start,
        kernel=max((result.peak for result in results.values()), default=0),
        worker=_peak_memory(),
        warm=forkserver_client.servers_memory(),
        disturbed=any(result.disturbed for result in results.values()),
    )


def _peak_memory() -> int:
    """Return the peak memory of this process in bytes; 0 on Windows."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)  # bytes on macOS, KiB on Linux


def start_fork_servers(job: Job) -> list[ServerAddress]:
    """Start the fork servers that a job needs; return their addresses for the workers.

    Raises:
        UnprotectedError: This machine can't sandbox students' code.
    """
    bounded_worker.start_server(__name__)
    for path in job.notebooks():
        bounded.prepare(cells.read_source(path), job.settings)
    return forkserver_client.server_addresses()


def _copy_files(origin: Path, names: Iterable[Path], folder: Path) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin / name, folder / name)
