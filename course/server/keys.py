"""Finding the key of a question: only in the instructor's notebooks, only in assignment folders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from traitlets import Unicode
from traitlets.config import LoggingConfigurable

from course import quiz
from course.quiz import cells

HANDED_OUT = ".handed-out.json"  # lies in a folder that `python -m course lab` has filled


@dataclass(frozen=True)
class Key:
    """A question as it stands in ``source/``.

    Attributes:
        assignment: The folder that it comes from, such as ``01-intro``.
        question: The question with its key and its explanations.
        multiple: Whether several options may be right.
    """

    assignment: str
    question: quiz.Question
    multiple: bool


class UnknownQuestionError(LookupError):
    """No assignment has this question, or several have it and nothing tells them apart."""


class AnswerKeys(LoggingConfigurable):
    """The keys that lie beside the course, if there are any.

    Example:
        >>> keys = AnswerKeys(source="/home/jane/course/source")
        >>> keys.at_hand  # no such folder: a class's student has none
        False
    """

    source = Unicode(
        help="The folder of the instructor's notebooks. If empty: `source` in the server's own "
        "folder, or beside the folder that `python -m course lab` has filled."
    ).tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._read: dict[Path, tuple[tuple[int, int, int], list[dict[str, Any]]]] = {}

    @property
    def folder(self) -> Path | None:
        """The folder that holds the instructor's notebooks, or None."""
        if self.source:
            places = [Path(self.source).expanduser()]
        else:
            root = Path(getattr(self.parent, "root_dir", "") or ".")
            places = [root / "source"]
            if (root / HANDED_OUT).is_file():
                places.append(root.resolve().parent / "source")
        return next((place.resolve() for place in places if any(_notebooks(place))), None)

    @property
    def at_hand(self) -> bool:
        """Whether answers can be checked here."""
        return self.folder is not None

    def find(self, path: str, name: str, answer: quiz.Question) -> Key:
        """Return the key of a question.

        Args:
            path: The notebook's place on the server, such as ``01-intro/intro.ipynb``.
                A notebook may have been moved: then the question's name and text decide.
            name: The question's name, its ``grade_id``.
            answer: The student's copy of the question.

        Raises:
            UnknownQuestionError: There is no such question, or it can't be told which is meant.
        """
        found = [key for key in self._named(name) if key.question.options]
        here = [key for key in found if key.assignment in PurePosixPath(path).parent.parts]
        found = here or found
        if len(found) > 1:
            names = {option.name for option in answer.options}
            same = [key for key in found if names & {o.name for o in key.question.options}]
            found = same or found
        if not found:
            raise UnknownQuestionError(f"no assignment has a question “{name[:80]}”")
        if len(found) > 1:
            folders = ", ".join(key.assignment for key in found)
            raise UnknownQuestionError(
                f"“{name[:80]}” stands in {folders}; keep the notebook in its assignment's folder"
            )
        return found[0]

    def _named(self, name: str) -> Iterator[Key]:
        folder = self.folder
        for notebook in _notebooks(folder) if folder else ():
            try:
                for cell in self._cells(notebook):
                    key = _key(notebook.parent.name, name, cell)
                    if key:
                        yield key
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                self.log.warning("%s is no notebook with keys: %s", notebook, error)

    def _cells(self, notebook: Path) -> list[dict[str, Any]]:
        """Return a notebook's cells; it is read again only when it has changed."""
        status = notebook.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._read.get(notebook)
        if known is None or known[0] != stamp:
            document = json.loads(notebook.read_text(encoding="utf-8"))
            known = self._read[notebook] = (stamp, document["cells"])
        return known[1]


def _notebooks(source: Path) -> Iterator[Path]:
    """Yield the notebooks of the assignments, and nothing that a link leads to from elsewhere."""
    inside = source.resolve()
    for path in sorted(source.glob("*/*.ipynb")):
        hidden = path.name.startswith(".") or path.parent.name.startswith(".")
        if not hidden and path.resolve().is_relative_to(inside) and path.is_file():
            yield path


def _key(assignment: str, name: str, cell: dict[str, Any]) -> Key | None:
    if not cells.is_quiz(cell) or cells.grade_id(cell) != name:
        return None
    return Key(assignment, quiz.parse(cells.source(cell)), cells.allows_multiple(cell))
