"""The rubric of a written answer: criteria with their levels, and comments to reuse.

It ends the solution of a Markdown cell, so nbgrader itself removes it from a release:

    ### BEGIN SOLUTION
    Neighboring pixels depend on each other.

    - Reason
      - [2] names the redundancy
        > Exactly: pixels repeat.
      - [1] says only that images can be compressed
    - [1] Example

    > Write whole sentences, please.
    ### END SOLUTION

A box holds points. A criterion has levels, or points that are earned or not. Quoted lines are
comments for the student: below a level, one that comes with it; below a criterion without levels,
one that comes with 0 points; at the end, comments on anything, a paragraph each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from nbformat import NotebookNode

from autograder.student_text import SOLUTION, classified_lines

SHOWN_HEADING: Final = "**How it is graded**"
BEGIN: Final = "### BEGIN SOLUTION"
_BOX: Final = re.compile(r"- \[(\d{1,3}(?:\.\d{1,2})?)\] +(\S.*)")
_BULLET: Final = re.compile(r"- +(?!\[)(\S.*)")
_QUOTE: Final = re.compile(r"( *)>(.*)")
_NEAR_BOX: Final = re.compile(
    r"\s*(?:[-*+•–]|\d+[.)])?\s*[\[({]\s*\d+(?:[.,]\d+)?[^\])}(\n]*[\])}]"
)
_NEAR_BOX_IN_LIST: Final = re.compile(r"\s*[-*+•–]\s*\[\s*\d+(?:[.,]\d+)?[^\](\n]*\](?!\()")
_OTHER_BOX: Final = re.compile(r"- \[[^\]\n]*\](?!\()")
_BOLD: Final = re.compile(r"\*\*(.*?):?\*\*")


class RubricError(ValueError):
    """A rubric is invalid; the message says what is wrong and how to fix it."""


@dataclass
class Level:
    """One level of a criterion.

    Attributes:
        points: What it earns.
        text: What it means, in Markdown; empty if the criterion says it all.
        comment: For the student, in Markdown; empty if there is none.
    """

    points: float
    text: str = ""
    comment: str = ""


@dataclass
class Criterion:
    """A criterion and its levels, from most points to 0.

    Attributes:
        title: What it asks for, in Markdown.
        levels: At least two.
        other: A list item below it that isn't a level, while the rubric is being read.
    """

    title: str
    levels: list[Level] = field(default_factory=list)
    other: str = ""

    @property
    def maximum(self) -> float:
        """The points of the best level."""
        return max(level.points for level in self.levels)

    @property
    def start(self) -> str:
        """The start of the criterion's line in a comment, whatever the level."""
        return f"- **{self.title}** ("

    def level_start(self, level: Level) -> str:
        """Return the start of a level's line in a comment."""
        return f"{self.start}{level.points:g} of {self.maximum:g})"

    def line(self, level: Level) -> str:
        """Return the line of a comment that says which level was reached, in Markdown.

        Example:
            >>> reason = Criterion("Reason", [Level(2, "names it", "Exactly!"), Level(0)])
            >>> [reason.line(level) for level in reason.levels]
            ['- **Reason** (2 of 2): names it. Exactly!', '- **Reason** (0 of 2)']
        """
        texts = [level.text and _sentence(level.text), level.comment]
        return ": ".join(filter(None, [self.level_start(level), " ".join(filter(None, texts))]))


@dataclass
class Rubric:
    """The criteria of a written answer, and comments on anything."""

    criteria: list[Criterion] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    @property
    def maximum(self) -> float:
        """The points of all criteria."""
        return sum(criterion.maximum for criterion in self.criteria)

    def texts(self) -> Iterator[str]:
        """Yield each text that students must not see, unless the cell shows it."""
        for criterion in self.criteria:
            yield criterion.title
            for level in criterion.levels:
                yield level.text
                yield level.comment
        yield from self.comments

    def shown(self) -> str:
        """Return what students see if the author shows the rubric: everything but comments."""
        lines = [SHOWN_HEADING, ""]
        for criterion in self.criteria:
            if any(level.text for level in criterion.levels):
                lines.append(f"- {criterion.title}")
                lines += [
                    f"  - {count_points(level.points)}{level.text and ': '}{level.text}"
                    for level in criterion.levels
                ]
            else:
                lines.append(f"- {criterion.title}: {count_points(criterion.maximum)}")
        return "\n".join(lines)


def count_points(number: float) -> str:
    """Return a number of points with its unit.

    Example:
        >>> count_points(1), count_points(0.5)
        ('1 point', '0.5 points')
    """
    return f"{number:g} {'point' if number == 1 else 'points'}"


def read(cell: NotebookNode) -> Rubric | None:
    r"""Return the rubric in an instructor's cell; None if it has none or an invalid one.

    Example:
        >>> text = "Why?\n\n### BEGIN SOLUTION\n- [2] Reason\n### END SOLUTION"
        >>> read(NotebookNode(cell_type="markdown", source=text)).maximum
        2.0
    """
    if cell["cell_type"] != "markdown" or not looks_like_rubric(cell["source"]):
        return None
    try:
        return parse(cell["source"])
    except RubricError:
        return None


def show(source: str) -> str:
    """Return a cell's text with the criteria of its rubric above the solution."""
    before, begin, after = source.partition(BEGIN)
    return f"{before.rstrip()}\n\n{parse(source).shown()}\n\n{begin}{after}"


def looks_like_rubric(source: str) -> bool:
    """Return whether a solution has a list item with points in a box."""
    return any(_NEAR_BOX_IN_LIST.match(line) for line in _solution(source))


def parse(source: str) -> Rubric:
    """Return the rubric in the solution of a cell.

    Raises:
        RubricError: There is none, or it is invalid.
    """
    rubric = Rubric()
    for part in _parts(_solution(source)):
        _add(rubric, part)
    while rubric.criteria and not rubric.criteria[0].levels:
        del rubric.criteria[0]  # a list in the instructor's own answer
    if not rubric.criteria:
        raise RubricError(
            f"the rubric has no criterion; write '- [2] text' between {BEGIN} and END SOLUTION"
        )
    for criterion in rubric.criteria:
        _complete(criterion)
    titles = [criterion.title for criterion in rubric.criteria]
    for title in titles:
        if titles.count(title) > 1:
            raise RubricError(f"the rubric has two criteria {title!r}; rename one")
    return rubric


@dataclass
class _Part:
    """A list item, a paragraph of a quotation, or a line of text."""

    kind: Literal["item", "quote", "text"]
    is_nested: bool
    text: str


def _solution(source: str) -> list[str]:
    lines = [line for kind, line in classified_lines(source) if kind == SOLUTION]
    return [line for line in lines if not line.lstrip("# ").startswith(("BEGIN ", "END "))]


def _parts(lines: list[str]) -> Iterator[_Part]:
    """Yield the parts of a solution, each on one line; indented lines continue a list item."""
    part: _Part | None = None
    for line in [*lines, ""]:
        quote = _QUOTE.match(line)
        kind: Literal["item", "quote", "text"] = "text"
        if quote or line.lstrip().startswith("- "):
            kind = "quote" if quote else "item"
        text = (quote[2] if quote else line).strip()
        is_nested = line.startswith(" ")
        continues_quote = kind == "quote" and part is not None and part.kind == "quote"
        continues_item = kind == "text" and part is not None and part.kind == "item" and is_nested
        if part and text and (continues_quote or continues_item):
            part.text += f" {text}"
            continue
        if part:
            yield part
        part = _Part(kind, is_nested, text) if text else None


def _add(rubric: Rubric, part: _Part) -> None:
    """Add a part of a solution to the rubric."""
    criterion = rubric.criteria[-1] if rubric.criteria else None
    box, bullet = _BOX.fullmatch(part.text), _BULLET.fullmatch(part.text)
    if part.kind == "quote":
        _add_comment(rubric, part, criterion.levels if criterion else [])
    elif box and part.is_nested:
        if criterion is None:
            raise RubricError(f"{part.text!r} has no criterion above it; write '- text' there")
        criterion.levels.append(Level(float(box[1]), box[2]))
    elif box:
        levels = [Level(float(box[1])), Level(0)]
        rubric.criteria.append(Criterion(_title(box[2]), levels))
    elif _is_near_box(part, is_in_rubric=criterion is not None):
        raise RubricError(f"{part.text!r} isn't a criterion or level; write '- [2] text'")
    elif bullet and part.is_nested and criterion:
        criterion.other = part.text
    elif bullet and not part.is_nested:
        rubric.criteria.append(Criterion(_title(bullet[1])))
    elif criterion and criterion.levels:
        raise RubricError(
            f"{part.text!r} isn't part of the rubric; move it above the rubric, indent it, or start"
            " it with '- [2]' or '>'"
        )


def _add_comment(rubric: Rubric, part: _Part, levels: list[Level]) -> None:
    if part.is_nested and not levels:
        raise RubricError(f"the comment {part.text!r} has no level above it; move it")
    if part.is_nested:
        levels[-1].comment = " ".join(filter(None, [levels[-1].comment, part.text]))
    elif levels:  # else it belongs to the instructor's own answer
        rubric.comments.append(part.text)


def _is_near_box(part: _Part, *, is_in_rubric: bool) -> bool:
    pattern = _NEAR_BOX if part.kind == "item" or is_in_rubric else _NEAR_BOX_IN_LIST
    return bool(pattern.match(part.text) or _OTHER_BOX.match(part.text))


def _complete(criterion: Criterion) -> None:
    """Check a criterion's levels, sort them, and add the one with 0 points if it is missing."""
    values = [level.points for level in criterion.levels]
    if criterion.other:
        raise RubricError(f"{criterion.other!r} isn't a level; write '- [2] text'")
    if not values:
        raise RubricError(
            f"the criterion {criterion.title!r} has no levels; write '  - [2] text' below it, or"
            f" '- [2] {criterion.title}'"
        )
    if len(set(values)) < len(values):
        raise RubricError(f"two levels of {criterion.title!r} have the same points; change one")
    if min(values) > 0:
        criterion.levels.append(Level(0))
    criterion.levels.sort(key=lambda level: -level.points)


def _title(text: str) -> str:
    text = text.strip().removesuffix(":")
    bold = _BOLD.fullmatch(text)
    return bold[1] if bold else text


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
