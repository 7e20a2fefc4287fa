"""``python -m autograder person NAME``: export or erase what the course holds about one student.

`docs/privacy.md` lists what is kept where.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import zipfile
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from autograder import audit_log
from autograder.nbgrader_plugins import person
from autograder.nbgrader_plugins.course_config import read_config
from autograder.nbgrader_plugins.course_paths import CourseError, CoursePaths
from autograder.reports.check_record import CheckRecord
from autograder.student_names import printable, why_invalid
from autograder.untrusted_folders import open_regular_file
from course import atomic_write

MAX_FILE_BYTES: Final = 256 * 2**20
_EXPLANATION: Final = """\
What this course holds about {student}.

gradebook.json   name, e-mail address, every score and comment
checks.json      each use of the Check button, each confirmed submission
The other folders are the files that were submitted, and the feedback pages.

Not in here: the graded notebooks, which also hold the instructor's tests and answer keys (their
points and comments are in gradebook.json); backups; and the files in the person's own home folder.
"""
_KEPT: Final = (
    "backups made so far: they are whole archives; delete them when your retention period ends",
    "the account, home folder and class list of a hub, which only its administrator can remove",
    "grades that you exported, and files that you copied elsewhere",
    "the audit log, .grading/audit.jsonl: who extended or changed whose points, and when",
)


class PersonalData:
    """What the course holds about one student.

    Raises:
        CourseError: The name can't be a student's, or the course can't be read.
    """

    def __init__(self, root: Path, student: str) -> None:
        if problem := why_invalid(student):
            raise CourseError(problem)
        config = read_config(root)
        self.student, self.root = student, root.resolve()
        self.db_url = CoursePaths.from_config(config, "").db_url
        self.folders = person.PersonalFolders(config, student)
        self.record = CheckRecord(config=config)
        self.entries = person.read_entries(self.db_url, student)
        self.checks = self.record.rows_of(student)

    @property
    def is_empty(self) -> bool:
        """Return whether the course knows nothing about this name."""
        folders = self.folders
        files = (*folders.shareable, *folders.internal, *folders.released_pages())
        return not (self.entries or any(self.checks.values()) or files)

    def export(self, target: Path) -> list[str]:
        """Write a ZIP file that only its owner can read; return what was left out, as sentences."""
        left_out: list[str] = []
        with atomic_write.replacing(target) as temporary:
            temporary.chmod(0o600)
            with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("README.txt", _EXPLANATION.format(student=self.student))
                for name, entries in (("gradebook", self.entries), ("checks", self.checks)):
                    text = json.dumps(entries, indent=1, ensure_ascii=False)
                    archive.writestr(f"{name}.json", text.encode("utf-8", "replace"))
                for folder in self.folders.shareable:
                    for path in _files(folder):
                        try:
                            content = _read(path)
                        except OSError as error:
                            left_out.append(f"{printable(str(path))}: {error.strerror or error}")
                            continue
                        name = f"{_kind(folder)}/{folder.name}/{path.relative_to(folder)}"
                        archive.writestr(name.encode("utf-8", "replace").decode(), content)
        return left_out

    def erase(self) -> list[str]:
        """Erase everything; return what could not be erased, as sentences."""
        problems = []
        folders = self.folders
        for path in (*folders.released_pages(), *folders.shareable, *folders.internal):
            try:
                _remove(path)
            except OSError as error:
                reason = error.strerror or error
                problems.append(f"{printable(str(path))}: {reason}; as root: rm -r that folder")
        person.remove_entries(self.db_url, self.student)
        self.record.erase(self.student)
        for folder in {path.parent for path in (*folders.shareable, *folders.internal)}:
            if folder.name == self.student and not any(folder.iterdir()):
                folder.rmdir()
        audit_log.record(self.root, "erase", person=pseudonym(self.student), left=len(problems))
        return problems

    def describe(self) -> Iterator[str]:
        """Yield what there is, one line for each place."""
        if self.entries:
            count = len(self.entries["submissions"])
            yield f"the gradebook: the student and {count} submissions with scores and comments"
        for table, rows in self.checks.items():
            if rows:
                yield f"the Check record: {len(rows)} rows in the table {table}"
        folders = self.folders
        for path in (*folders.shareable, *folders.internal, *folders.released_pages()):
            yield printable(str(path))


def pseudonym(student: str) -> str:
    """Return what the audit log calls a person who was erased: anyone who knows the id can check.

    Example:
        >>> pseudonym("ada")
        'sha256:fdee430d40bd57de'
    """
    return f"sha256:{hashlib.sha256(student.encode()).hexdigest()[:16]}"


def main(options: Namespace) -> int:
    """Run the command; return its exit status."""
    try:
        data = PersonalData(options.root, options.name)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    if data.is_empty:
        print(f"The course holds nothing about {options.name}.", file=sys.stderr)
        return 1
    if options.action == "export":
        target = options.to or Path(f"{options.name}.zip")
        problems = data.export(target)
        print(f"Everything about {options.name} is in {target}.")
    elif options.dry_run:
        print(f"Would erase about {options.name}:", *data.describe(), sep="\n  ")
        problems = []
    else:
        print(f"Erasing about {options.name}:", *data.describe(), sep="\n  ")
        problems = data.erase()
    if options.action == "erase":
        print("Kept:", *_KEPT, sep="\n  ")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _kind(folder: Path) -> str:
    """Return the folder of the archive for a folder of the course."""
    return "exchange" if folder.parent.name == "inbound" else folder.parent.parent.name


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, without following a link."""
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            yield Path(parent, name)


def _read(path: Path) -> bytes:
    """Read a file.

    Raises:
        OSError: It isn't a regular file, is too large, or can't be read.
    """
    with open_regular_file(path) as file:
        if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
            raise OSError(f"larger than {MAX_FILE_BYTES / 2**20:.0f} MB")
        return file.read(MAX_FILE_BYTES)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
