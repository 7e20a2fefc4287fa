"""Fetch an assignment with the student's variants of its question pools.

It is also remembered as it was released: the base of later updates.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from nbgrader.exchange.default import ExchangeFetchAssignment

from course import atomic_write
from course.handout import digest, keep_release
from course.quiz.personalize import personalize, student_name


class FetchAssignment(ExchangeFetchAssignment):  # type: ignore[misc]  # nbgrader's are untyped
    """``nbgrader fetch_assignment``, with a copy of each notebook in ``.released``.

    With nbgrader's own command, JupyterLab shows the student's variants when a notebook is opened.

    Example:
        ``c.ExchangeFactory.fetch_assignment = "course.server.fetch.FetchAssignment"``
    """

    def copy_files(self) -> None:
        """Copy the assignment into the student's folder."""
        super().copy_files()
        folder, work = Path(self.dest_path), Path(self.assignment_dir)
        for release in sorted(Path(self.src_path).glob("*.ipynb")):
            own = folder / release.name
            try:
                if own.is_file() and digest(own) == digest(release):  # not the student's own work
                    keep_release(work, f"{folder.name}/{release.name}", release)
                    _personalize(own)
            except OSError as error:  # then an update can't tell edits from corrections
                self.log.warning("Can't keep a copy of %s: %s", release.name, error)


def _personalize(path: Path) -> None:
    """Let a notebook show the student's variants, in any editor."""
    with suppress(AttributeError, KeyError, TypeError, ValueError):  # not a notebook
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if personalize(notebook, student_name()):
            text = json.dumps(notebook, indent=1, ensure_ascii=False)
            atomic_write.write_text(path, f"{text}\n")
