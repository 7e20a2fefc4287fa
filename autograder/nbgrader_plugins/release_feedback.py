"""``nbgrader release_feedback``: give each student the feedback pages, one student at a time.

A page is released under a name that only its student can compute, from a secret that was submitted
with the work. Students own that file, and it may be missing, damaged or somebody else's.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from nbgrader.exchange.default import ExchangeReleaseFeedback
from nbgrader.utils import notebook_hash

from autograder.nbgrader_plugins.course_paths import CoursePaths
from autograder.nbgrader_plugins.feedback import SECRET, is_regular_file, page_names
from autograder.untrusted_folders import open_regular_file

MAX_SECRET_BYTES: Final = 1000  # nbgrader's secrets have 128


class ReleaseFeedback(ExchangeReleaseFeedback):
    """``nbgrader release_feedback`` that releases what it can and names what it can't.

    Example:
        ``c.ExchangeFactory.release_feedback = release_feedback.ReleaseFeedback``
    """

    def copy_files(self) -> None:
        """Release the pages of each student.

        Raises:
            ExchangeError: Some pages were not released; all others were.
        """
        chosen = self.coursedir.student_id or "*"
        excluded = set(self.coursedir.student_id_exclude.split(","))
        paths = CoursePaths(self.coursedir, self.coursedir.assignment_id)
        folders = {
            student: folder
            for student, folder in sorted(paths.feedback().items())
            if student not in excluded and (student == chosen or fnmatchcase(student, chosen))
        }
        failures = 0
        released: set[str] = set()
        for student, folder in folders.items():
            try:
                self._release(student, folder, paths.autograded(student), released)
            except (OSError, ValueError) as error:
                failures += 1
                self.log.error(  # noqa: TRY400  (no traceback needed)
                    "The feedback for %s was not released: %s", ascii(student), error
                )
        if failures:
            self.fail(
                f"{failures} of {len(folders)} students did not get their feedback; see above."
                " All others did."
            )

    def _release(self, student: str, folder: Path, graded: Path, released: set[str]) -> None:
        """Release the pages of one student.

        Raises:
            ValueError: Gives the reason why a page can't be released.
            OSError: A file can't be read or written.
        """
        pages = [folder / name for name in page_names(graded) if is_regular_file(folder / name)]
        secret = read_secret(folder / SECRET)
        for page in pages:
            name = f"{notebook_hash(secret=secret, notebook_id=page.stem)}.html"
            if name in released:
                raise ValueError(f"{SECRET} is the same as another student's")
            temp_path = Path(self.dest_path, f".{name}.new")
            temp_path.write_bytes(page.read_bytes())
            temp_path.chmod(0o664 if self.coursedir.groupshared else 0o644)
            temp_path.replace(Path(self.dest_path, name))
            released.add(name)
            self.log.info("Released %s for %s as %s", page.name, ascii(student), name)


def read_secret(path: Path) -> str:
    """Return a submission's secret.

    Raises:
        ValueError: There is none, or it isn't one of nbgrader's; gives the reason.
    """
    hint = "if it wasn't submitted through nbgrader, send the page to the student yourself"
    try:
        with open_regular_file(path) as file:
            content = file.read(MAX_SECRET_BYTES + 1)
    except FileNotFoundError as error:
        raise ValueError(f"the submission has no {path.name}; {hint}") from error
    except OSError as error:
        reason = error.strerror or error
        raise ValueError(f"{path.name} can't be read ({reason}); {hint}") from error
    if not content.strip() or len(content) > MAX_SECRET_BYTES:
        raise ValueError(f"{path.name} must have 1 to {MAX_SECRET_BYTES:,} bytes; {hint}")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} is not text in UTF-8; {hint}") from error
