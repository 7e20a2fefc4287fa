"""Grades as files, written to the audit log as they leave the course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import audit_log
from autograder.lms import cli as lms
from autograder.lms.grade_files import FORMATS
from autograder.nbgrader_plugins import export
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError

CSV: Final = "csv"
NAMES: Final = {
    CSV: "CSV with all details",
    "canvas": "Canvas",
    "moodle": "Moodle",
    "blackboard": "Blackboard",
    "ilias": "ILIAS",
}
MAX_TEMPLATE_BYTES: Final = 10_000_000


@dataclass(frozen=True)
class ExportedFile:
    """A file for the browser to save."""

    name: str
    content: bytes


def make_file(
    root: Path, names: Sequence[str], kind: str, template: bytes | None, by: str
) -> ExportedFile:
    """Return the grades of some assignments, or of all, and log it.

    Args:
        root: The course folder.
        names: The assignments; all if empty.
        kind: A key of `NAMES`.
        template: The LMS's own export, to be filled.
        by: Who wants it.

    Raises:
        CourseError: The gradebook can't be used, or there is no such kind of file.
        GradeFileError: The template can't be filled.
    """
    config = read_config(root)
    if kind == CSV:
        content = export.read_grades(config, names).to_csv().encode()
    elif kind in FORMATS:
        if template is not None and len(template) > MAX_TEMPLATE_BYTES:
            raise CourseError(f"The file has more than {MAX_TEMPLATE_BYTES:,} bytes.")
        content = lms.make_grades(config, names, kind, template).content
    else:
        raise CourseError(f"{kind!a} isn't a kind of file. Choose from {', '.join(NAMES)}.")
    audit_log.record(root, "export", by, format=kind, assignments=", ".join(names) or "all")
    return ExportedFile(f"{'-'.join(names) or 'grades'}-{kind}.csv", content)
