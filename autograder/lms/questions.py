"""The questions of a lesson, with keys and feedback, as data for an LMS's question bank."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import cells
from course import quiz
from course.quiz import fields, kinds, pool
from course.quiz.kinds.number import ALTERNATIVE, read_key
from course.quiz.text import split_lines

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
        each_option: True if each option or field counts, else all or nothing.
        kind: The name of its kind; see `course.quiz.kinds`.
        source: Its text in ``source/``; of a pool, that of one variant.
        pool: The name of the pool that it is a variant of, or an empty string.
    """

    name: str
    prompt: str
    options: tuple[quiz.Option, ...]
    points: float
    multiple: bool
    each_option: bool
    kind: str = cells.DEFAULT_KIND
    source: str = ""
    pool: str = ""

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

    Each variant of a pool is a question.
    """
    for path in sorted(source.glob("*.ipynb")):
        for cell in cells.read_source(path).cells:
            if not cells.is_quiz(cell):
                continue
            is_pool, name = cells.is_pool(cell), cells.grade_id(cell)
            kind = kinds.named(cells.question_kind(cell))
            variants = pool.split(cell.source) if is_pool else (cell.source,)
            for number, text in enumerate(variants, 1):
                is_choice = kind.name == cells.DEFAULT_KIND
                yield BankQuestion(
                    f"{name}-{number}" if is_pool else name,
                    prompt_of(kind, text),
                    quiz.parse(text).options if is_choice else (),
                    float(cells.max_points(cell)),
                    multiple=cells.allows_multiple(cell),
                    each_option=cells.credit_rule(cell) != cells.DEFAULT_CREDIT_RULE,
                    kind=kind.name,
                    source=text,
                    pool=name if is_pool else "",
                )


def prompt_of(kind: kinds.Kind, source: str) -> str:
    """Return the text above the options, or above the list of items."""
    if kind.name not in {"order", "match"}:
        return kind.prompt(source)
    lines = split_lines(fields.bare(source))
    end = next(number for number, line in enumerate(lines) if fields.EMPTY in line)
    return "\n".join(lines[:end]).strip()


def number_alternatives(key: str) -> list[tuple[float, float, str]]:
    """Return value, tolerance and unit of each alternative; empty if it isn't a number.

    Example:
        >>> number_alternatives("2.5 ± 0.1 MB | 2500 ± 100 kB")
        [(2.5, 0.1, 'MB'), (2500.0, 100.0, 'kB')]
        >>> number_alternatives("decoder")
        []
    """
    try:
        return [read_key(text) for text in ALTERNATIVE.split(key)]
    except ValueError:
        return []


def text_alternatives(key: str) -> tuple[list[str], bool]:
    """Return the alternatives of a text, and whether all require exactly their spelling.

    Patterns are left out: no LMS knows them.

    Example:
        >>> text_alternatives('logistic | /sigm.*/ | "S"')
        (['logistic', 'S'], False)
    """
    parts = [part for part in ALTERNATIVE.split(key) if not (part[:1] == part[-1:] == "/")]
    is_quoted = [len(part) > 2 and part[0] == part[-1] == '"' for part in parts]
    texts = [part[1:-1] if quoted else part for part, quoted in zip(parts, is_quoted, strict=True)]
    return texts, all(is_quoted)
