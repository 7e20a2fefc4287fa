"""Read, merge and grade a notebook in a worker process with limits on time and memory.

If a step exceeds a limit or fails, all of the notebook's questions are left to a person, with the
reason. Other submissions notice nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode

from autograder import untrusted_folders
from autograder.grading import execute, find_notebook, grade_notebook, merge, pools, run_cells
from autograder.grading.grade_notebook import GradedNotebook
from autograder.grading.settings import GradingSettings
from autograder.grading.submission import Submission
from autograder.sandbox import bounded_worker, host_support
from autograder.sandbox.bounded_worker import BoundedError
from autograder.sandbox.worker_process import begin_step

STEP_SECONDS: Final = 60.0  # of processor time; a step takes a tenth of a second
MEGABYTES: Final = 1500  # half of it for what a kernel sends; see `sandbox.memory_guard`


def merge_submission(
    source_nb: NotebookNode,
    path: Path,
    names: list[str],
    ignore: list[str],
    student: str | None = "",
) -> NotebookNode:
    """Return the instructor's notebook with the answers in a submission.

    The arguments are those of `read_and_merge`.
    """
    source = nbformat.writes(source_nb, indent=None)
    data = {"source": source, "path": str(path), "names": names, "ignore": ignore}
    data |= {"student": student}
    try:
        text = bounded_worker.run_bounded(_merge, data, seconds=STEP_SECONDS, megabytes=MEGABYTES)
    except BoundedError as error:
        return merge.merge_submission(source_nb, Submission(undecided=str(error)), student)
    return NotebookNode(nbformat.reads(text, as_version=4))


def grade(
    nb: NotebookNode, source_nb: NotebookNode, folder: Path, settings: GradingSettings
) -> GradedNotebook:
    """Run a merged notebook and score its cells; see `grade_notebook.grade`."""
    prepare(source_nb, settings)
    data = {
        "nb": nbformat.writes(nb, indent=None),
        "source": nbformat.writes(source_nb, indent=None),
        "folder": str(folder),
        "settings": dataclasses.asdict(settings),
    }
    try:
        text = bounded_worker.run_bounded(_grade, data, seconds=STEP_SECONDS, megabytes=MEGABYTES)
    except BoundedError as error:
        return left_to_a_person(source_nb, str(error))
    return GradedNotebook.model_validate_json(text)


def prepare(source_nb: NotebookNode, settings: GradingSettings) -> None:
    """Start what workers share: the fork servers for the notebook's kernels and test runners.

    Raises:
        UnprotectedError: This machine can't sandbox students' code.
    """
    if run_cells.needs_kernel(source_nb):
        host_support.choose_protection(settings.allow_unprotected)
        execute.warm_up(source_nb, settings)


def left_to_a_person(source_nb: NotebookNode, reason: str) -> GradedNotebook:
    """Return a result without anything of the student's, in which every question needs review."""
    merged = merge.merge_submission(source_nb, Submission(undecided=reason))
    return grade_notebook.grade(merged, source_nb, Path(), GradingSettings())


def read_and_merge(
    source_nb: NotebookNode,
    path: Path,
    names: Iterable[str],
    ignore: Iterable[str],
    student: str | None = "",
) -> NotebookNode:
    """Return the instructor's notebook with the answers in a submission, in this process.

    Args:
        source_nb: The instructor's notebook.
        path: The expected file.
        names: The file names of all the assignment's notebooks.
        ignore: Patterns of file names that are never copied.
        student: Whose submission it is, for the variants of pools; None to take those submitted.
    """
    begin_step("reading the notebook", STEP_SECONDS)
    submitted = find_notebook.read(path, pools.for_student(source_nb, student or ""), names)
    if left_out := untrusted_folders.list_copied(path.parent, [*ignore, "*.ipynb"]).left_out:
        submitted = dataclasses.replace(submitted, notes=(*submitted.notes, left_out))
    begin_step("merging the notebook", STEP_SECONDS)
    text = nbformat.writes(merge.merge_submission(source_nb, submitted, student), indent=None)
    return NotebookNode(nbformat.reads(text, as_version=4))


def _merge(data: dict[str, Any]) -> str:
    source_nb = NotebookNode(nbformat.reads(data["source"], as_version=4))
    path, further = Path(data["path"]), (data["names"], data["ignore"], data["student"])
    merged = read_and_merge(source_nb, path, *further)
    return str(nbformat.writes(merged, indent=None))


def _grade(data: dict[str, Any]) -> str:
    nb, source_nb = (
        NotebookNode(nbformat.reads(data[name], as_version=4)) for name in ("nb", "source")
    )
    settings = GradingSettings.from_json(data["settings"])
    graded = grade_notebook.grade(nb, source_nb, Path(data["folder"]), settings)
    return graded.model_dump_json()
