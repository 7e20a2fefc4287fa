r"""Parse and write the fields of a question: places in its text where an answer is typed.

A field is a pair of double brackets. In ``source/`` it holds the key, and the quoted lines below
are its explanation; in the release it is empty, and in a student's copy it holds the answer::

    The code has [[30]] numbers.

    > Encoder in, decoder out.
    > [[784]] That is the size of the image.

A quoted line that starts with a field explains why that answer is wrong. Neither key nor
explanation leaves ``source/``. `course/labextension/static/fields.js` reads fields in the browser;
``tests/browser/test_fields.py`` keeps the two in agreement.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from course.quiz.boxes import INVISIBLE
from course.quiz.text import fenced_lines, normalized, split_lines

MAX_CHARS: Final = 200_000  # of a cell; the rest isn't read
MAX_FIELDS: Final = 100
MAX_LABEL_CHARS: Final = 500  # read before and after a field
MAX_VALUE_CHARS: Final = 300
EMPTY: Final = "[[ ]]"

# A value holds no double bracket, so the search takes linear time.
_FIELD: Final = re.compile(r"\[\[((?:[^\[\]\n]|\[(?!\[)|\](?!\]))*+)\]\](?!\()")
_QUOTE: Final = re.compile(r"^[ \t]*>[ \t]?(.*)$")
_NOTHING: Final = re.compile(rf"[\s_.…{INVISIBLE}]*")
_SPACE: Final = re.compile(r"\s+")


@dataclass(frozen=True)
class Field:
    """A place for an answer.

    Attributes:
        value: What it holds, without space around it; empty if nothing does.
        before: The text before it on its line; of a long line, only what is next to it.
        after: The text after it.
        explanation: The quoted lines below it, up to the next field.
        remarks: Wrong answers that the author foresaw, each with what is wrong about it.
    """

    value: str
    before: str = ""
    after: str = ""
    explanation: str = ""
    remarks: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        """The text around it, which tells it from others, regardless of layout."""
        return normalized(f"{self.before}…{self.after}")


def parse(source: str) -> tuple[Field, ...]:
    r"""Return the fields of a question, or of an answer to it.

    Example:
        >>> [field.value for field in parse("From [[784]] to [[ ]]\n> Why.\n> [[3]] Too few.")]
        ['784', '']
        >>> parse("[[30]]\n\n> Why.\n> [[3]] Too few.")[0].remarks
        (('3', 'Too few.'),)
    """
    fields: list[Field] = []
    quoted: list[str] = []
    for line, is_fenced in _lines(source):
        quote = _QUOTE.match(line)
        if quote and fields and not is_fenced:
            quoted.append(quote[1].rstrip())
            continue
        left = MAX_FIELDS - len(fields)
        found = [] if is_fenced else list(itertools.islice(_FIELD.finditer(line), left))
        if found and fields:
            fields[-1] = _explained(fields[-1], quoted)
            quoted = []
        fields += [
            Field(
                cleaned(match[1]),
                _FIELD.sub(EMPTY, line[max(0, match.start() - MAX_LABEL_CHARS) : match.start()]),
                _FIELD.sub(EMPTY, line[match.end() : match.end() + MAX_LABEL_CHARS]),
            )
            for match in found
        ]
    if fields:
        fields[-1] = _explained(fields[-1], quoted)
    return tuple(fields)


def cleaned(value: str) -> str:
    r"""Return a value on one line, without space around it; empty if nobody sees anything in it.

    Example:
        >>> [cleaned(value) for value in (" 30 ", "____", "\u200b", "one  two")]
        ['30', '', '', 'one two']
    """
    if _NOTHING.fullmatch(value):
        return ""
    return _SPACE.sub(" ", value).strip()


def fill(source: str, values: Sequence[str]) -> str:
    r"""Return the source with these values in its fields; further fields stay as they are.

    Example:
        >>> fill("From [[784]] to [[ ]].", ["", "30 [x]"])
        'From [[ ]] to [[30 ［x］]].'
    """
    remaining = iter(values)

    def write(match: re.Match[str]) -> str:
        value = next(remaining, None)
        if value is None:
            return match[0]
        # Brackets in a value could end the field; wide ones are compared like others.
        text = cleaned(value.replace("[", "［").replace("]", "］"))[:MAX_VALUE_CHARS]
        return f"[[{text}]]" if text else EMPTY

    lines, has_field = [], False
    for line, is_fenced in _lines(source):
        is_explanation = has_field and _QUOTE.match(line)
        if not is_fenced and not is_explanation and _FIELD.search(line):
            has_field = True
            lines.append(_FIELD.sub(write, line))
        else:
            lines.append(line)
    return ("\r\n" if "\r\n" in source else "\n").join(lines)


def bare(source: str) -> str:
    r"""Return the student's version of a question: fields without values, no explanations.

    Example:
        >>> bare("The code has [[30]] numbers.\n\n> Why.\n")
        'The code has [[ ]] numbers.\n'

    The result doesn't depend on the key or the explanations.
    """
    lines: list[str] = []
    has_field = False
    for line, is_fenced in _lines(source):
        if not is_fenced and has_field and _QUOTE.match(line):
            if lines and not lines[-1].strip():
                lines.pop()  # the empty line above an explanation
            continue
        if not is_fenced and _FIELD.search(line):
            has_field = True
            lines.append(_FIELD.sub(EMPTY, line))
        else:
            lines.append(line)
    return "\n".join(lines)


def emptied(source: str) -> str:
    r"""Return a question with empty fields; all else, explanations too, stays as it is.

    Example:
        >>> emptied("From [[784]]\n> Why.")
        'From [[ ]]\n> Why.'
    """
    return "\n".join(
        line if is_fenced else _FIELD.sub(EMPTY, line) for line, is_fenced in _lines(source)
    )


def skeleton(source: str) -> str:
    r"""Return a question on one line without values, to compare copies.

    Example:
        >>> skeleton("From  [[784]]\nto [[]].")
        'From [[ ]] to [[ ]].'
    """
    return _SPACE.sub(" ", unicodedata.normalize("NFC", emptied(source))).strip()


def without_fields(line: str, replacement: str = " ") -> str:
    """Return a line with each field replaced."""
    return _FIELD.sub(lambda _: replacement, line)


def _lines(source: str) -> Iterator[tuple[str, bool]]:
    """Yield each line, and whether it belongs to fenced code."""
    lines = split_lines(source[:MAX_CHARS])
    return zip(lines, fenced_lines(lines), strict=True)


def _explained(field: Field, quoted: list[str]) -> Field:
    explanation: list[str] = []
    remarks: list[tuple[str, str]] = []
    for line in quoted:
        match = _FIELD.match(line)
        if match:
            remarks.append((cleaned(match[1]), line[match.end() :].strip()))
        elif remarks and line.strip():
            value, text = remarks[-1]
            remarks[-1] = (value, f"{text}\n{line}")
        else:
            explanation.append(line)
    text = "\n".join(explanation).strip()
    return Field(field.value, field.before, field.after, text, tuple(remarks))
