"""One submission to be graded, as plain data, and grading it without a gradebook.

A task says where things lie; whoever works on it reads them there. So the folder of the course
must be seen under the same path by all workers, on one machine or on a cluster.
"""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import json
import platform
import shutil
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder import cells
from autograder.batch import fingerprint
from autograder.grading import execute, grade_notebook, merge, submission
from autograder.grading.settings import GradingSettings
from autograder.sandbox import forkserver_client, temp_dirs
from autograder.sandbox.forkserver_client import ServerAddress


class WorkerMismatchError(RuntimeError):
    """A worker does not see the run's course, or has another program; none may work like that."""


class SubmissionChangedError(RuntimeError):
    """A submission is no longer what the run saw."""


@dataclass(frozen=True)
class Job:
    """One submission.

    Attributes:
        assignment: The assignment's name.
        student: Who handed it in.
        source: The instructor's folder of the assignment.
        submitted: The student's folder.
        ignore: Names of files that are not handed on, as nbgrader's patterns.
        settings: How to grade.
    """

    assignment: str
    student: str
    source: Path
    submitted: Path
    ignore: tuple[str, ...]
    settings: GradingSettings

    def key(self, version: str) -> str:
        """Return a hash of all that decides about the result.

        Args:
            version: The hash of the program; see `program`.
        """
        same = dataclasses.replace(self.settings, threads=0, warm=True)  # the result is the same
        settings = dataclasses.asdict(same)
        parts = [version, json.dumps(settings, sort_keys=True), *_hashes(self.source)]
        return hashlib.sha256("\n".join([*parts, *_hashes(self.submitted)]).encode()).hexdigest()

    def notebooks(self) -> list[Path]:
        """Return the instructor's notebooks."""
        return sorted(self.source.glob("*.ipynb"))


def grade_to_json(task: Job, version: str, key: str) -> str:
    """Grade one submission for a run; return what `work` does, as the text of a JSON object.

    Args:
        task: The submission.
        version: The run's own program.
        key: The task's key, as the run sees it.

    Raises:
        StrangeWorkerError: This worker sees no such assignment, or has another program.
        ChangedError: The submission is not there, or is another one by now.
    """
    here = platform.node() or "this machine"
    if not task.notebooks():
        raise WorkerMismatchError(
            f"A worker on {here} sees no notebook in {task.source}. All workers must see the"
            " course's folder, under the same path."
        )
    if fingerprint.mine() != version:
        raise WorkerMismatchError(
            f"A worker on {here} has another version of the course, of the grader or of their"
            " libraries. Give all workers the same, and start them again."
        )
    for done in (False, True):
        if not task.submitted.is_dir() or task.key(version) != key:
            raise SubmissionChangedError(
                "The submission or the assignment changed while it was graded."
            )
        if not done:
            result = grade(task)
    return json.dumps(result)


def grade(task: Job) -> dict[str, Any]:
    """Grade one submission; return plain data.

    Returns:
        ``notebooks``, each as `grading.Graded` in JSON; ``seconds`` that it took; in bytes of
        memory, ``kernel``: what a kernel held at most; ``worker``: what this process has held;
        ``warm``: what the warm processes that it has started hold.
    """
    began = time.monotonic()
    found, kernel = {}, 0
    with temp_dirs.temp_dir("grading") as folder:
        for origin in (task.submitted, task.source):  # the instructor's files win
            _copy(origin, folder, task.ignore)
        for path in task.notebooks():
            instructors = NotebookNode(nbformat.read(path, as_version=4))
            read = submission.read(task.submitted / path.name, cells.grade_ids(instructors))
            text = nbformat.writes(merge.fit(instructors, read), indent=None)
            fitted = nbformat.reads(text, as_version=4)
            graded = grade_notebook.grade(NotebookNode(fitted), instructors, folder, task.settings)
            found[path.stem] = graded.to_json()
            kernel = max(kernel, graded.peak)
    return {
        "notebooks": found,
        "seconds": time.monotonic() - began,
        "kernel": kernel,
        "worker": held(),
        "warm": forkserver_client.held(),
    }


def held() -> int:
    """Return the bytes of memory that this process has held at most."""
    try:
        import resource
    except ImportError:
        return 0
    # Linux counts in KiB, macOS in bytes.
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024)


def warm_up(task: Job) -> list[ServerAddress]:
    """Start the warm processes that a task like this needs; return what workers must know."""
    for path in task.notebooks():
        execute.warm_up(NotebookNode(nbformat.read(path, as_version=4)), task.settings)
    return forkserver_client.offers()


def _files(folder: Path) -> Iterator[Path]:
    """Yield a folder's plain files; links, and what lies behind them, are nobody's work."""
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.is_file():
            yield path


def _hashes(folder: Path) -> Iterable[str]:
    for path in _files(folder):
        name = str(path.relative_to(folder)).encode(errors="surrogateescape").hex()
        with path.open("rb") as file:
            yield f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}"


def _copy(origin: Path, folder: Path, ignore: tuple[str, ...]) -> None:
    for path in _files(origin):
        inside = path.relative_to(origin)
        patterns = (*ignore, "*.ipynb")
        if any(fnmatch.fnmatch(part, each) for part in inside.parts for each in patterns):
            continue
        target = folder / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
