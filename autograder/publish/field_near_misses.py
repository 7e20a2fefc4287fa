"""Find what an author wrote nearly as a field or its explanation, so that students would see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from autograder.publish.folding import at, fold
from course.quiz import fields
from course.quiz.text import fenced_lines, split_lines

_FOR_PEOPLE: Final = re.compile("[⟦⟧〚〛【】〔〕⁅⁆]")  # brackets that look like double ones
_INTERVAL: Final = r"(?!-?[\d.]+, -?[\d.]+\])"  # such as [0, 1]
_BRACKETS: Final = re.compile(rf"(?<!\])\[{_INTERVAL}[^\[\]]*\](?![(\[:])|\[\s?\[|\]\s?\]")
_CODE_FIELD: Final = re.compile(r"`[^`]*\[\[[^`]*`|\$[^$]*\[\[[^$]*\$")
_QUOTE: Final = re.compile(r"[ \t]*>")
_QUOTE_LIKE: Final = re.compile(r"\s*(?:[>›»❯⟩〉》≻⊳▷▶►➤˃ᐳ]|<blockquote)", re.IGNORECASE)
_REGION: Final = re.compile(r"\$[^$]*\$|`[^`]*`")


def field_problems(source: str) -> Iterator[str]:
    r"""Yield a phrase for each line of a question with fields that is only nearly right.

    Example:
        >>> list(field_problems("It is [ [30]].\n\n> Why."))
        ["line 1, 'It is [ [30]].': not a field; write [[key]], and other brackets as code"]
        >>> list(field_problems("It is [[30]].\n\n> Why."))
        []
    """
    lines = split_lines(source)
    if [*fenced_lines([*lines, ""])][-1]:
        yield "the fenced code has no end; close it with the characters that open it"
    has_field, was_quote = False, False
    for number, (line, is_fenced) in enumerate(zip(lines, fenced_lines(lines), strict=True), 1):
        if is_fenced:
            if "[[" in fold(line):
                yield f"{at(number, line)}: a field in code isn't read; move it out of the code"
            continue
        is_quote = bool(_QUOTE.match(line))
        if not (is_quote and has_field) and (problem := _line_problem(line)):
            yield f"{at(number, line)}: {problem}"
        if was_quote and has_field and line.strip() and not is_quote:
            yield (
                f"{at(number, line)}: students see this; start the line with '>' to explain the"
                " answer, or leave a line free above it"
            )
        has_field = has_field or bool(fields.parse(line))
        was_quote = is_quote


def _line_problem(line: str) -> str:
    if _CODE_FIELD.search(line):
        return "a field in code or in a formula can't be filled in; move it out"
    rest = fold(_REGION.sub(" ", fields.without_fields(line)))
    if _FOR_PEOPLE.search(rest) or _BRACKETS.search(rest):
        return "not a field; write [[key]], and other brackets as code"
    if _QUOTE_LIKE.match(rest) and not _QUOTE.match(line):
        return "not an explanation; start the line with '>'"
    return ""
