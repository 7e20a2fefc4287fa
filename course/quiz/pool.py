r"""Question pools: several variants of a question under one name, of which each student has one.

In ``source/``, a pool is one cell. Its variants are separated by a line ``***``, or the cell begins
with a table of values, each row of which makes a variant of the text below it::

    | size | code | ratio |
    |-----:|-----:|------:|
    |  784 |   30 |  26.1 |
    | 1024 |   64 |    16 |

    **An image of {{size}} numbers gets a code of {{code}}. How many times smaller is it?**

    [[{{ratio}}]]

The release shows the first variant, and keeps all of them, without keys, in the notebook's
metadata. `personalize` puts the student's own in its place; ``course/labextension/static/pool.js``
does the same when a notebook is opened. Which one that is depends on the names of the question and
the student alone, so the grader works it out by itself and believes nothing that a notebook says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from course.quiz.text import fenced_lines, split_lines, without_layout

if TYPE_CHECKING:
    from course.quiz.kinds.base import Kind

SEPARATOR: Final = "***"
MAX_VARIANTS: Final = 50
MAX_VALUE_CHARS: Final = 200  # in the table of values
MAX_READ_CHARS: Final = 20_000  # of a student's cell; the longest question has 2,000
_WORD: Final = 0xFFFFFFFF
_ROW: Final = re.compile(r"\s*\|(.*)\|\s*")
_CELL_END: Final = re.compile(r"(?<!\\)\|")
_RULE: Final = re.compile(r"\s*:?-+:?\s*")
_COLUMN: Final = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER: Final = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_OTHER_SEPARATOR: Final = re.compile(r"\s*(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})")


def split(source: str) -> tuple[str, ...]:
    r"""Return the variants of a pool as they are in ``source/``, with their keys.

    Example:
        >>> split("Even?\n\n[[2]]\n\n***\n\nOdd?\n\n[[3]]")
        ('Even?\n\n[[2]]', 'Odd?\n\n[[3]]')
        >>> split("| n | twice |\n|---|---|\n| 1 | 2 |\n| 3 | 6 |\n\nTwice {{n}}? [[{{twice}}]]")
        ('Twice 1? [[2]]', 'Twice 3? [[6]]')

    Raises:
        ValueError: There are fewer than two variants or too many, or the table isn't one.
    """
    lines = split_lines(source.strip())
    if _ROW.fullmatch(lines[0]):
        variants = list(_from_table(lines))
    else:
        variants = ["\n".join(part).strip() for part in _parts(lines)]
    if not 2 <= len(variants) <= MAX_VARIANTS:
        raise ValueError(
            f"a pool has 2 to {MAX_VARIANTS} variants, got {len(variants)}; separate them by a line"
            f" {SEPARATOR}, or begin with a table of values"
        )
    if empty := [number for number, text in enumerate(variants, 1) if not text]:
        raise ValueError(f"variant {empty[0]} of the pool is empty; remove a line {SEPARATOR}")
    return tuple(variants)


def _parts(lines: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for line, is_fenced in zip(lines, fenced_lines(lines), strict=True):
        if not is_fenced and line.rstrip() == SEPARATOR:
            yield part
            part = []
        elif not is_fenced and _OTHER_SEPARATOR.fullmatch(line):
            raise ValueError(f"{line.strip()!r} separates no variants; write a line {SEPARATOR}")
        else:
            part.append(line)
    yield part


def _from_table(lines: list[str]) -> Iterator[str]:
    """Yield the text below a table with the values of each row."""
    end = next((n for n, line in enumerate(lines) if not _ROW.fullmatch(line)), len(lines))
    columns, *others = map(_table_cells, lines[:end])
    rule, rows = (others or [[]])[0], others[1:]
    template = "\n".join(lines[end:]).strip()
    if not columns or not all(map(_COLUMN.fullmatch, columns)) or len(set(columns)) < len(columns):
        raise ValueError(
            "the first row of a pool's table names its columns, each once, with a-z, 0-9 and _; got"
            f" {', '.join(columns)}"
        )
    if len(rule) != len(columns) or not all(map(_RULE.fullmatch, rule)):
        raise ValueError("the second row of a pool's table must be |---| for each column")
    if len(rows) > MAX_VARIANTS:
        raise ValueError(f"the pool's table has {len(rows)} rows; at most {MAX_VARIANTS} are read")
    used = set(_PLACEHOLDER.findall(template))
    if unknown := sorted(used - set(columns)):
        raise ValueError(f"{{{{{unknown[0]}}}}} is no column of the table: {', '.join(columns)}")
    if unused := [name for name in columns if name not in used]:
        raise ValueError(f"the text doesn't use {{{{{unused[0]}}}}}; remove the column or use it")
    for row in rows:
        if len(row) != len(columns) or any(len(value) > MAX_VALUE_CHARS for value in row):
            raise ValueError(
                f"a row of the pool's table needs {len(columns)} values of at most"
                f" {MAX_VALUE_CHARS} characters; got {' | '.join(row)[:80]!r}"
            )
        values = dict(zip(columns, row, strict=True))
        yield _PLACEHOLDER.sub(lambda match, values=values: values[match[1]], template)  # type: ignore[misc]


def _table_cells(line: str) -> list[str]:
    match = _ROW.fullmatch(line)
    inner = match[1] if match else ""
    return [cell.replace("\\|", "|").strip() for cell in _CELL_END.split(inner)]


def draw(question: str, student: str, count: int) -> int:
    """Return which variant of a question a student has, from 0; the first one without a name.

    Example:
        >>> [draw("dice", student, 3) for student in ("ada", "ben", "cleo", "")]
        [1, 2, 1, 0]

    Nothing secret goes into it: ``pool.js`` must come to the same result on the student's machine.
    """
    if not student:
        return 0
    state = 0x811C9DC5  # FNV-1a of the names, and a step of mulberry32
    for byte in f"{student} {question}".encode(errors="replace"):
        state = (state ^ byte) * 0x01000193 & _WORD
    state = state + 0x6D2B79F5 & _WORD
    mixed = (state ^ state >> 15) * (1 | state) & _WORD
    mixed = (mixed + ((mixed ^ mixed >> 7) * (61 | mixed) & _WORD) & _WORD) ^ mixed
    return (mixed ^ mixed >> 14) * count >> 32


def variants_of(question: Mapping[str, Any]) -> list[str]:
    """Return the variants of a released question, from the notebook's metadata; empty without any.

    Students can edit them; what isn't a list of texts counts as none.
    """
    found = question.get("variants")
    if not isinstance(found, list) or not 2 <= len(found) <= MAX_VARIANTS:
        return []
    return found if all(isinstance(text, str) for text in found) else []


def find(kind: Kind, text: str, variants: Sequence[str]) -> list[int]:
    r"""Return the variants that a student's cell is a copy of, answered or not.

    Example:
        >>> from course.quiz import kinds
        >>> released = ["Even?\n- [ ] one\n- [ ] two", "Odd?\n- [ ] one\n- [ ] two"]
        >>> find(kinds.named("choice"), "Odd?\n- [x] one\n- [ ] two", released)
        [1]

    Args:
        kind: The question's kind.
        text: The cell.
        variants: The variants as they were released.
    """
    if len(text) > MAX_READ_CHARS:
        return []
    plain = without_layout(kind.bare(text))
    return [
        index
        for index, variant in enumerate(variants)
        if kind.is_intact(text, variant) or without_layout(variant) in plain
    ]
