"""Fetch an assignment, and remember it as it was released: the base of later updates."""

from __future__ import annotations

from pathlib import Path

from nbgrader.exchange.default import ExchangeFetchAssignment

from course.handout import digest, keep_release


class FetchAssignment(ExchangeFetchAssignment):  # type: ignore[misc]  # nbgrader's are untyped
    """``nbgrader fetch_assignment``, with a copy of each notebook in ``.released``.

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
            except OSError as error:  # then an update can't tell edits from corrections
                self.log.warning("Can't keep a copy of %s: %s", release.name, error)
