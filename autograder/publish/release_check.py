"""Check that a release holds only what students may see.

The check is an allow-list: the lesson's notebooks, exactly as `expected_release` works them out,
and the files that an optional ``for-students.txt`` next to them in ``source/`` lists, one per
line. Anything else is reported with its file and cell. An assignment of which no notebook was built
from text needs no list: all its files are for students, as nbgrader has it, if they hold no answer.
``autograder.nbgrader_plugins.release`` runs the check whenever an assignment is generated or
released.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode
from nbformat.v4.rwbase import rejoin_lines

from autograder import cells
from autograder.publish import answer_leaks
from autograder.publish.cell_roles import AuthoringError
from autograder.publish.expected_release import Checksum, check_notebook
from autograder.student_text import COURSE_STUBS, Stubs

EXTRA_FILES_LIST: Final = "for-students.txt"
EXTRA_FILE_TYPES: Final = {".csv", ".gif", ".html", ".jpg", ".png", ".svg", ".txt"}
_TAG: Final = re.compile(r"<[^<>]*>")
_REBUILD: Final = "run: python -m autograder build"


class ReleaseError(AuthoringError):
    """A release holds something that students must not see; the message lists all problems."""

    def __init__(self, assignment: str, problems: list[str]) -> None:
        lines = "".join(f"\n- {problem}" for problem in problems)
        super().__init__(f"{assignment} can't be released:{lines}")


def check_folder(
    release: Path, source: Path, checksum: Checksum, stubs: Stubs = COURSE_STUBS
) -> list[str]:
    """Check an assignment's release, its notebooks and all other files.

    Args:
        release: The assignment's folder in ``release/``.
        source: The assignment's folder in ``source/``.
        checksum: nbgrader's `compute_checksum`.
        stubs: What takes the place of solutions.

    Returns:
        One phrase for each problem, which names the file; empty if there are none.
    """
    notebooks = sorted(source.glob("*.ipynb"))
    if not notebooks:
        return [f"there is no notebook in {source} to compare it with; {_REBUILD}"]
    problems = check_files(release, source)
    for path in notebooks:
        released = release / path.name
        if not released.is_file():
            problems.append(f"{path.name} is missing; {_REBUILD}")
        elif not released.is_symlink():
            notebook_problems = _check_notebook_file(released, path, checksum, stubs)
            problems += [f"{path.name}: {problem}" for problem in notebook_problems]
    return problems


def check_files(release: Path, source: Path) -> list[str]:
    """Check which files and folders are in a release; the notebooks' content isn't checked."""
    notebooks = list(source.glob("*.ipynb"))
    listed, problems = _listed_files(source)
    if not any(map(is_built, notebooks)):
        own = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
        listed |= own - {EXTRA_FILES_LIST}
    allowed = listed | {path.name for path in notebooks}
    folders = {parent.as_posix() for name in allowed for parent in Path(name).parents}
    secrets = [
        secret for path in notebooks for secret in answer_leaks.find_secrets(read_notebook(path))
    ]
    if release.is_symlink():
        problems.append(f"{release.name!r} is a symbolic link; replace it by a folder")
    for path in sorted(release.rglob("*")):
        name = path.relative_to(release).as_posix()
        if path.is_symlink():
            problems.append(f"{name!r} is a symbolic link; replace it by a file")
        elif path.is_dir():
            if name not in folders:
                problems.append(f"{name!r} is an unexpected folder; remove it")
        elif name not in allowed or not path.is_file():
            problems.append(
                f"{name!r} is neither a notebook of the lesson nor listed in {EXTRA_FILES_LIST};"
                " remove it or list it"
            )
        elif path.suffix != ".ipynb":
            problems += _check_extra_file(path, source / name, name, secrets)
    return problems


def _listed_files(source: Path) -> tuple[set[str], list[str]]:
    """Return the files that ``for-students.txt`` lists, and what is wrong with the list."""
    file_list = source / EXTRA_FILES_LIST
    lines = file_list.read_text(encoding="utf-8").splitlines() if file_list.is_file() else []
    names = set(filter(None, map(str.strip, lines)))
    allowed = {
        name
        for name in names
        if Path(name).suffix.lower() in EXTRA_FILE_TYPES and name != EXTRA_FILES_LIST
    }
    types = ", ".join(sorted(EXTRA_FILE_TYPES))
    return allowed, [
        f"{EXTRA_FILES_LIST} lists {name!r}, but only {types} files can be released"
        for name in sorted(names - allowed)
    ]


def is_built(notebook: Path) -> bool:
    """Return whether an instructor's notebook was built from text, which lies beside it."""
    return notebook.with_suffix(".md").is_file()


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook without converting its format; cells without an id get one."""
    nb = NotebookNode(nbformat.read(path, as_version=nbformat.NO_CONVERT))
    cells.add_ids(nb)
    return nb


def _check_extra_file(
    released: Path, original: Path, name: str, secrets: list[answer_leaks.Secret]
) -> Iterator[str]:
    content = released.read_bytes()
    if not original.is_file() or original.read_bytes() != content:
        yield f"{name!r} differs from the file in source/; copy it again"
    text = content.decode(errors="ignore")
    without_tags = _TAG.sub("", text)  # a page may put them anywhere in an answer
    leaks = [
        leak for view in (text, without_tags) for leak in answer_leaks.find_leaks(view, secrets)
    ]
    yield from (f"{name!r} {leak}" for leak in dict.fromkeys(leaks))


def _check_notebook_file(path: Path, source: Path, checksum: Checksum, stubs: Stubs) -> list[str]:
    source_nb = read_notebook(source)
    try:
        text = path.read_text(encoding="utf-8")
        released = rejoin_lines(nbformat.from_dict(json.loads(text)))
        built = is_built(source)
        problems = check_notebook(released, source_nb, checksum, is_built=built, stubs=stubs)
        canonical = nbformat.writes(released, version=nbformat.NO_CONVERT)
        if not problems and text.rstrip("\n") != canonical.rstrip("\n"):
            # For example, a duplicate JSON key is parsed once but published twice.
            problems.append("the file holds more than the parsed notebook, or other formatting")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        return [f"not a valid notebook ({type(error).__name__}: {error})"]
    return problems
