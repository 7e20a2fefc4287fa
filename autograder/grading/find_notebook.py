"""Find the student's notebook among the files of a submission.

Browsers, tools and habits rename notebooks, copy them and put them into folders. A file that is
clearly the lesson's notebook is read wherever it is. Between several a person decides, and if
there is none, the reason lists what was submitted instead.
"""

from __future__ import annotations

import contextlib
import mimetypes
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

from nbformat import NotebookNode

from autograder.grading import file_kind, match_cells, submission
from autograder.grading.scoring import one_line
from autograder.grading.submission import Submission

MAX_DEPTH: Final = 3  # folders around a notebook
MAX_FILES: Final = 2_000
MAX_CANDIDATES: Final = 20  # files that are parsed
MAX_LISTED: Final = 5  # files that a message names
MAX_NAME_CHARS: Final = 80

_IGNORED_FOLDERS: Final = frozenset({"__MACOSX", "__pycache__", "node_modules", "site-packages"})
_IGNORED_FILES: Final = frozenset(
    {"timestamp.txt", "submission_secret.txt", "desktop.ini", "Thumbs.db"}
)
_TYPES: Final = mimetypes.MimeTypes()  # the built-in table, the same on every machine


def read(path: Path, source_nb: NotebookNode, other_notebooks: Iterable[str] = ()) -> Submission:
    """Read a student's notebook, even if it was renamed or is in a folder.

    Args:
        path: The expected file.
        source_nb: The instructor's notebook.
        other_notebooks: The file names of the assignment's other notebooks.
    """
    folder, expected = path.parent, Path(path.name)
    excluded = {name for name in other_notebooks if name != path.name}
    files = [file for file in islice(_files(folder), MAX_FILES) if file.name not in excluded]
    named = [file for file in files if file != expected and ".ipynb" in file.name.lower()]
    found = _lesson_notebooks(folder, named, source_nb)
    if path.is_file() and not path.is_symlink():
        main = submission.read_file(path)
        if main.unreadable and found:
            return Submission(undecided=f"{main.unreadable} But {_names(found)} can be read.")
        return _unless_copies_have_more(main, expected, found, source_nb)
    if not found:
        unnamed = [file for file in files if _may_hold_json(file, path.name)]
        found = _lesson_notebooks(folder, unnamed, source_nb)
    same_name = [file for file in found if file.name.lower() == path.name.lower()]
    choices = same_name if len(same_name) == 1 else list(found)
    missing = f"The submission has no notebook “{path.name}”"
    if not choices:
        return Submission(unreadable=f"{missing}. {_describe_files(folder, files, path.name)}")
    if len(choices) > 1:
        return Submission(undecided=f"{missing}, but several that could be it: {_names(choices)}.")
    file = choices[0]
    note = f"The notebook is named {_names([file])} instead of “{path.name}”."
    main = found.pop(file)
    main = replace(main, notes=(note, *main.notes), file=submission.clean_text(str(file)))
    return _unless_copies_have_more(main, file, found, source_nb)


def _unless_copies_have_more(
    main: Submission, file: Path, copies: dict[Path, Submission], source_nb: NotebookNode
) -> Submission:
    """Return the main notebook, or why a person must choose: a copy answers what it leaves open."""
    fuller = [
        copy for copy in copies if match_cells.has_more_answers(source_nb, copies[copy], main)
    ]
    if not fuller:
        return main
    return Submission(
        undecided=f"{_names(fuller)} {'has' if len(fuller) == 1 else 'have'} answers that"
        f" {_names([file])} lacks. A person will decide which one counts. To decide yourself,"
        " submit again with one notebook only."
    )


def _lesson_notebooks(
    folder: Path, files: Iterable[Path], source_nb: NotebookNode
) -> dict[Path, Submission]:
    """Read the files that are copies of the lesson's notebook."""
    found, bytes_left = {}, submission.MAX_BYTES
    for file in islice(files, MAX_CANDIDATES):
        with contextlib.suppress(OSError):
            size = (folder / file).stat().st_size
            if size > bytes_left:
                continue
            bytes_left -= size
        parsed = submission.read_file(folder / file)
        if match_cells.is_of_lesson(source_nb, parsed):
            found[file] = parsed
    return found


def _files(folder: Path) -> Iterator[Path]:
    """Yield the regular files that may matter, relative to the folder, the outermost first."""
    folders = [Path()]
    for parent in folders:  # grows during the loop
        try:
            with os.scandir(folder / parent) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in listed:
            if entry.name.startswith("."):  # checkpoints, and what macOS and editors leave behind
                continue
            if entry.is_dir(follow_symlinks=False):
                if len(parent.parts) < MAX_DEPTH and entry.name not in _IGNORED_FOLDERS:
                    folders.append(parent / entry.name)
            elif entry.is_file(follow_symlinks=False) and entry.name not in _IGNORED_FILES:
                yield parent / entry.name


def _may_hold_json(file: Path, expected: str) -> bool:
    """Return whether a file beside the expected one may be a notebook, by its name's ending."""
    kind, encoding = _TYPES.guess_type(file.name)
    if encoding or len(file.parts) > 1 or ".ipynb" in file.name.lower():
        return False
    if kind == "text/plain":  # any other text may be of the kind, but isn't meant as the notebook
        return Path(expected).stem.lower() in file.name.lower()
    return kind in {None, "application/json"}


def _describe_files(folder: Path, files: list[Path], expected: str) -> str:
    """Say what was submitted instead of the notebook."""
    if not files:
        return "The folder is empty."
    described = []
    for file in files[:MAX_LISTED]:
        kind = file_kind.of_file(folder / file)
        if not kind and file.suffix.lower() == ".ipynb":
            is_damaged = submission.read_file(folder / file).unreadable
            kind = "damaged" if is_damaged else "not this lesson's notebook"
        described.append(f"{_names([file])}{f' ({kind})' if kind else ''}")
    if len(files) > MAX_LISTED:
        described.append(f"{len(files) - MAX_LISTED:,} more")
    return f"It has {', '.join(described)}. Submit “{expected}” itself."


def _names(files: Iterable[Path]) -> str:
    names = (one_line(submission.clean_text(str(file))) for file in files)
    return ", ".join(f"“{name[:MAX_NAME_CHARS]}”" for name in names)
