"""The gate: only what is meant for students leaves.

The gate holds a list of what may leave, not of what may not; anything else stops the
release and is named, with its file and its cell. It stands in two places:

- ``Gate`` is the last step of ``nbgrader generate_assignment``;
- ``ReleaseAssignment`` is what ``nbgrader release_assignment`` and the release button of
  formgrader call, so a release that is old or was edited by hand does not leave either.

Besides its notebooks, a lesson may hand out the files that a ``for-students.txt`` beside
them in ``source/`` names, one a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import nbformat
from nbformat import NotebookNode
from nbformat.v4.rwbase import rejoin_lines
from nbgrader.exchange.default import ExchangeReleaseAssignment
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.publish import answer_leaks
from autograder.publish.cell_roles import AuthoringError
from autograder.publish.expected_release import check_notebook

FILES: Final = "for-students.txt"
KINDS: Final = {".csv", ".gif", ".jpg", ".png", ".svg", ".txt"}  # of files that a lesson may add
_REBUILD: Final = "python -m autograder build"


class ReleaseError(AuthoringError):
    """Something is about to leave that is not meant for students."""


def check_folder(release: Path, source: Path) -> list[str]:
    """Say what in a released folder is not meant for students.

    Args:
        release: An assignment's folder in ``release/``.
        source: The same assignment's folder in ``source/``.

    Returns:
        One sentence for each finding, which names the file; none if all is well.
    """
    notebooks = {path.name: path for path in sorted(source.glob("*.ipynb"))}
    if not notebooks:
        return [f"{release.name} can't be checked: there is no notebook in {source}"]
    reasons = _strays(release, source)
    for name, path in notebooks.items():
        made = release / name
        if not made.is_file():
            reasons.append(f"{name} is missing; run `{_REBUILD}`")
        elif not made.is_symlink():
            reasons += [f"{name}: {reason}" for reason in _file(made, _read(path))]
    return reasons


def require(release: Path, source: Path) -> None:
    """Let an assignment's folder out, or say why not.

    Args:
        release: An assignment's folder in ``release/``.
        source: The same assignment's folder in ``source/``.

    Raises:
        ReleaseError: Something in the folder is not meant for students; all findings are named.
    """
    reasons = check_folder(release, source)
    if reasons:
        raise ReleaseError(_message(release.name, reasons))


class Gate(NbGraderPreprocessor):
    """The last step of ``nbgrader generate_assignment``: lets a notebook out, or stops."""

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Check one notebook, and the files that nbgrader put beside it.

        Raises:
            ReleaseError: Something is not meant for students; nbgrader then removes the folder.
        """
        where = resources["nbgrader"]
        source, release = _folders(self.parent.parent.coursedir, where["assignment"])
        name = f"{where['notebook']}.ipynb"
        reasons = [f"{name}: {reason}" for reason in check_notebook(nb, _read(source / name))]
        if release.exists():  # with the files that are not notebooks already in it
            reasons += _strays(release, source)
        if reasons:
            raise ReleaseError(_message(where["assignment"], reasons))
        return nb, resources


class ReleaseAssignment(ExchangeReleaseAssignment):
    """What ``nbgrader release_assignment`` and formgrader's button call."""

    def init_src(self) -> None:
        """Find the folder in ``release/`` and check it before anything is copied.

        Raises:
            ExchangeError: Something in it is not meant for students. What an earlier release
                put into the exchange stays as it is.
        """
        super().init_src()
        source, release = _folders(self.coursedir, self.coursedir.assignment_id)
        reasons = check_folder(release, source)
        if reasons:
            self.fail(_message(self.coursedir.assignment_id, reasons))


def _message(name: str, reasons: list[str]) -> str:
    lines = "".join(f"\n- {reason}" for reason in reasons)
    return f"{name} is not released, for it is not just what students get:{lines}"


def _folders(coursedir: Any, assignment: str) -> tuple[Path, Path]:
    """The assignment's folders in ``source/`` and ``release/``."""
    source, release = (
        Path(coursedir.format_path(room, ".", assignment))
        for room in (coursedir.source_directory, coursedir.release_directory)
    )
    return source, release


def _strays(release: Path, source: Path) -> list[str]:
    """Say which files and folders may not leave; the notebooks' content is not looked at."""
    listed = source / FILES
    words = listed.read_text(encoding="utf-8").splitlines() if listed.is_file() else []
    added = [word.strip() for word in words if word.strip()]
    unfit = [name for name in added if Path(name).suffix.lower() not in KINDS or name == FILES]
    reasons = [
        f"{FILES} names {name!r}; only {', '.join(sorted(KINDS))} files leave with a lesson"
        for name in unfit
    ]
    allowed = {path.name for path in source.glob("*.ipynb")} | (set(added) - set(unfit))
    folders = {parent.as_posix() for name in allowed for parent in Path(name).parents}
    kept = [
        secret for path in source.glob("*.ipynb") for secret in answer_leaks.secrets(_read(path))
    ]
    if release.is_symlink():
        reasons.append(f"{release.name!r} is a link to another folder")
    for path in sorted(release.rglob("*")):
        name = path.relative_to(release).as_posix()
        if path.is_symlink():
            reasons.append(f"{name!r} is a link to another file")
        elif path.is_dir():
            if name not in folders:
                reasons.append(f"{name!r} is a folder that no lesson names")
        elif name not in allowed or not path.is_file():
            reasons.append(f"{name!r} is neither a notebook of the lesson nor named in {FILES}")
        elif path.suffix != ".ipynb":
            reasons += _added(path, source / name, name, kept)
    return reasons


def _added(made: Path, original: Path, name: str, kept: list[answer_leaks.Secret]) -> Iterator[str]:
    content = made.read_bytes()
    if not original.is_file() or original.read_bytes() != content:
        yield f"{name!r} is not the file of that name in source/"
    for leak in answer_leaks.leaks(content.decode(errors="ignore"), kept):
        yield f"{name!r} {leak}"


def _read(path: Path) -> NotebookNode:
    return NotebookNode(nbformat.read(path, as_version=nbformat.NO_CONVERT))


def _file(made: Path, source: NotebookNode) -> list[str]:
    """Check a released notebook in its file."""
    try:
        text = made.read_text(encoding="utf-8")
        released = rejoin_lines(nbformat.from_dict(json.loads(text)))
        reasons = check_notebook(released, source)
        if not reasons:
            written = nbformat.writes(released, version=nbformat.NO_CONVERT)
            if text.rstrip("\n") != written.rstrip("\n"):
                # A name that stands twice in JSON, for one, is read once and leaves twice.
                reasons.append("the file holds more than the notebook, or is written another way")
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        return [f"it can't be read as a notebook ({type(error).__name__}: {error})"]
    return reasons
