"""The questions of a lesson, with keys and feedback, as data for an LMS's question bank."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import cells
from course import quiz

_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class BankQuestion:
    """One question.

    Attributes:
        name: Its name in the gradebook, which is unique in the course's lesson.
        prompt: In Markdown.
        options: With keys and explanations, in Markdown.
        points: What it is worth.
        multiple: True if several options may be right.
        each_option: True if each option counts, else all or nothing.
    """

    name: str
    prompt: str
    options: tuple[quiz.Option, ...]
    points: float
    multiple: bool
    each_option: bool

    @property
    def identifier(self) -> str:
        """The name as an identifier of XML.

        Example:
            >>> BankQuestion("1 a", "", (), 1, False, False).identifier
            'q-1-a'
        """
        return f"q-{_NAME.sub('-', self.name)}"

    @property
    def right(self) -> list[int]:
        """The positions of the right options."""
        return [index for index, option in enumerate(self.options) if option.ticked]


def read_questions(source: Path) -> Iterator[BankQuestion]:
    """Yield the graded questions of the notebooks in a folder of ``source/``, in order.

    Only those with options to tick: questions with fields stay in the notebooks.
    """
    for path in sorted(source.glob("*.ipynb")):
        for cell in cells.read_source(path).cells:
            if cells.is_quiz(cell) and cells.question_kind(cell) == cells.DEFAULT_KIND:
                question = quiz.parse(cell.source)
                yield BankQuestion(
                    cells.grade_id(cell),
                    question.prompt,
                    question.options,
                    float(cells.max_points(cell)),
                    multiple=cells.allows_multiple(cell),
                    each_option=cells.credit_rule(cell) == "each-option",
                )
