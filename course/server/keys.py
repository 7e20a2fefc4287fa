"""Find keys of questions and help with exercises in the instructor's notebooks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from traitlets import Unicode
from traitlets.config import LoggingConfigurable

from course import quiz
from course.quiz import cells, fields, kinds, pool
from course.quiz.personalize import student_name

HANDOUT_MARKER = ".handed-out.json"  # `python -m course lab` writes it into the learner's folder


@dataclass(frozen=True)
class Key:
    """A question as it is in ``source/``.

    Attributes:
        assignment: The assignment's folder, such as ``01-intro``.
        question: The question with its key and its explanations.
        multiple: True if several options may be right.
        kind: The name of the question's kind.
        variants: Of a pool, all its questions; ``question`` is the one that the learner has.
        is_foreign: True if the answer is about another variant.
    """

    assignment: str
    question: quiz.Question
    multiple: bool
    kind: str = cells.DEFAULT_KIND
    variants: tuple[quiz.Question, ...] = ()
    is_foreign: bool = False


@dataclass(frozen=True)
class Exercise:
    """Help with an exercise, from ``source/``.

    Attributes:
        assignment: The assignment's folder, such as ``01-intro``.
        hints: From the idea to nearly the line, in Markdown.
        solution: The worked solution, in Python.
    """

    assignment: str
    hints: tuple[str, ...]
    solution: str


class UnknownQuestionError(LookupError):
    """No assignment has this question, or several have it and nothing tells them apart."""


class AnswerKeys(LoggingConfigurable):
    """The keys in the instructor's notebooks, if this server can read any.

    Example:
        >>> keys = AnswerKeys(source="/home/jane/course/source")
        >>> keys.available  # no such folder: a student's server has none
        False
    """

    source = Unicode(
        help="The folder of the instructor's notebooks. If empty: `source` in the server's root "
        "folder, or next to the folder that `python -m course lab` has created."
    ).tag(config=True)

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._cache: dict[Path, tuple[tuple[int, int, int], list[dict[str, Any]]]] = {}

    @property
    def folder(self) -> Path | None:
        """The folder of the instructor's notebooks, or None."""
        if self.source:
            folders = [Path(self.source).expanduser()]
        else:
            root = Path(getattr(self.parent, "root_dir", "") or ".")
            folders = [root / "source"]
            if (root / HANDOUT_MARKER).is_file():
                folders.append(root.resolve().parent / "source")
        return next((folder.resolve() for folder in folders if any(notebooks_of(folder))), None)

    @property
    def available(self) -> bool:
        """True if answers can be checked here."""
        return self.folder is not None

    def find(self, path: str, name: str, answer: quiz.Question, student: str = "") -> Key:
        """Return the key of the question with this name, its ``grade_id``.

        The notebook's path on the server, such as ``01-intro/intro.ipynb``, tells questions of the
        same name apart; if the notebook has been moved, the student's copy of the question does.
        Of a pool, it is the key of the student's variant; without a student, of the variant that
        was answered.

        Raises:
            UnknownQuestionError: No question matches, or several do.
        """
        keys = [
            key for key in self._named(name) if kinds.named(key.kind).has_place(key.question.source)
        ]
        same_folder = [key for key in keys if key.assignment in PurePosixPath(path).parent.parts]
        keys = same_folder or keys
        if len(keys) > 1:
            names = {option.name for option in answer.options}
            labels = {field.label for field in fields.parse(answer.source)}
            same_text = [
                key
                for key in keys
                for question in (key.variants or (key.question,))
                if names & {option.name for option in question.options}
                or labels & {field.label for field in fields.parse(question.source)}
            ]
            keys = list(dict.fromkeys(same_text)) or keys
        if not keys:
            raise UnknownQuestionError(f"no assignment has a question “{name[:80]}”")
        if len(keys) > 1:
            folders = ", ".join(key.assignment for key in keys)
            raise UnknownQuestionError(
                f"several assignments have a question “{name[:80]}” ({folders}); "
                "move the notebook back to its assignment's folder"
            )
        return _with_variant(keys[0], name, answer.source, student)

    def exercises(self, path: str) -> dict[str, Exercise]:
        """Return the exercises with hints in a notebook's assignment, by their ``grade_id``.

        If the notebook has been moved out of its assignment's folder: those of all assignments.
        """
        found = [
            (cells.grade_id(cell), Exercise(assignment, tuple(hints), _solution(cell)))
            for assignment, cell in self._all_cells()
            if (hints := cells.hints(cell))
        ]
        parts = PurePosixPath(path).parent.parts
        same_folder = [(name, exercise) for name, exercise in found if exercise.assignment in parts]
        return dict(same_folder or found)

    def _named(self, name: str) -> Iterator[Key]:
        for assignment, cell in self._all_cells():
            if cells.is_quiz(cell) and cells.grade_id(cell) == name:
                source, is_pool = cells.source(cell), cells.is_pool(cell)
                variants = tuple(map(quiz.parse, pool.split(source))) if is_pool else ()
                question = variants[0] if variants else quiz.parse(source)
                multiple, kind = cells.allows_multiple(cell), cells.question_kind(cell)
                yield Key(assignment, question, multiple, kind, variants)

    def _all_cells(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each cell of the instructor's notebooks with its assignment."""
        folder = self.folder
        for notebook in notebooks_of(folder) if folder else ():
            try:
                for cell in self._cells(notebook):
                    cells.source(cell)  # raises unless it is text
                    yield notebook.parent.name, cell
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                self.log.warning("Can't read keys from %s: %r", notebook, error)

    def _cells(self, notebook: Path) -> list[dict[str, Any]]:
        """Return a notebook's cells, from the cache unless the file has changed."""
        status = notebook.stat()
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        cached = self._cache.get(notebook)
        if cached is None or cached[0] != version:
            document = json.loads(notebook.read_text(encoding="utf-8"))
            cached = self._cache[notebook] = (version, document["cells"])
        return cached[1]


def _with_variant(key: Key, name: str, answer: str, student: str) -> Key:
    """Return the key with the variant of a pool that the answer is compared with."""
    if not key.variants:
        return key
    kind = kinds.named(key.kind)
    found = pool.find(kind, answer, [kind.bare(variant.source) for variant in key.variants])
    index = pool.draw(name, student or student_name(), len(key.variants))
    if len(found) == 1 and not student:
        index = found[0]
    is_foreign = bool(found) and found != [index]
    return replace(key, question=key.variants[index], is_foreign=is_foreign)


def _solution(cell: dict[str, Any]) -> str:
    """Return an exercise's code with its solution, without nbgrader's marks."""
    return re.sub(r"(?m)^[ \t]*#+ *(?:BEGIN|END) SOLUTION\n?", "", cells.source(cell)).strip()


def notebooks_of(folder: Path, assignment: str = "*") -> Iterator[Path]:
    """Yield the notebooks of all assignments in a folder, or of one.

    Hidden ones, links that lead elsewhere, and what is not a file are skipped.
    """
    root = folder.resolve()
    for path in sorted(folder.glob(f"{assignment}/*.ipynb")):
        hidden = path.name.startswith(".") or path.parent.name.startswith(".")
        if not hidden and path.resolve().is_relative_to(root) and path.is_file():
            yield path
