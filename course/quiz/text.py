r"""Parse and write questions in Markdown.

A question is some text followed by a task list::

    **What is an encoder for?**

    - [ ] It sorts the images.
      > It knows nothing about their order.
    - [x] It turns an image into a code.

``[x]`` ticks an option. The quoted lines under an option are its explanation; they and the key's
ticks stay in ``source/``. The parser is lenient: it accepts ``*``, ``+``, ``1.`` for the dash,
``[X]``, ``[x ]``, ``[✓]`` for the tick, ``[]`` for the empty box, any indentation and any line
ending.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

_BOX = re.compile(
    r"""^(?P<indent>[ \t]*)(?P<bullet>[-*+•]|\d{1,3}[.)])[ \t]*
        (?:\[(?:[ \t\u00a0]*(?P<tick>[xX✓✔☑☒×✗]))?[ \t\u00a0]*\]|(?P<drawn>[☐☑☒]))
        (?P<space>[ \t]*)(?!\()(?P<text>.*)$""",
    re.VERBOSE,
)
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})")
_QUOTE = re.compile(r"^[ \t]*>[ \t]?(.*)$")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Option:
    """An answer option."""

    text: str  # as written, without box and explanation
    ticked: bool
    explanation: str = ""  # the feedback on this option; empty in a student's copy

    @property
    def name(self) -> str:
        r"""The text that identifies the option, regardless of case, spacing and emphasis.

        Example:
            >>> Option("An  *Autoencoder*,\n deep.", ticked=False).name
            'an autoencoder, deep'
        """
        return normalized(self.text)


@dataclass(frozen=True)
class Question:
    """A prompt and its options, in their written order."""

    prompt: str
    options: tuple[Option, ...]

    @property
    def ticked(self) -> tuple[Option, ...]:
        """The ticked options."""
        return tuple(option for option in self.options if option.ticked)


def normalized(text: str) -> str:
    """Return the text in the form used for comparison, without differences in typography."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = text.replace("\u2019", "'").replace("\u2018", "'")
    text = text.replace("\u201c", '"').replace("\u201d", '"').replace("\u2013", "-")
    text = re.sub(r"(?<!\\)(\*\*|__|\*|`)", "", text)
    return _SPACE.sub(" ", text).strip().rstrip(".;, ")


def _lines(source: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", source)


def _boxes(lines: list[str]) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield the lines with a box, except in fenced code."""
    fence = ""
    for number, line in enumerate(lines):
        opened = _FENCE.match(line)
        if opened and not fence:
            fence = opened.group(1)
        elif opened and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        elif not fence and (box := _BOX.match(line)):
            yield number, box


def parse(source: str) -> Question:
    r"""Read a question, or an answer to it, from the Markdown of its cell.

    Example:
        >>> question = parse("Pick.\n* [X] one\n* [ ] two")
        >>> [option.text for option in question.ticked]
        ['one']

    A question without any box has no options, for example if a student deleted them.
    """
    lines = _lines(source)
    boxes = list(_boxes(lines))
    if not boxes:
        return Question(source.strip(), ())
    options = []
    ends = [number for number, _ in boxes[1:]] + [len(lines)]
    for (start, box), end in zip(boxes, ends, strict=True):
        text, explanation = [box["text"].strip()], []
        outer = len(box["indent"].expandtabs(4))
        for line in lines[start + 1 : end]:
            indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
            if quoted := _QUOTE.match(line):
                explanation.append(quoted.group(1).rstrip())
            elif line.strip() and indent <= outer:
                break  # text after the list
            elif line.strip():
                text.append(line.strip())
        ticked = bool(box["tick"]) or box["drawn"] in {"☑", "☒"}
        options.append(Option("\n".join(text).strip(), ticked, "\n".join(explanation).strip()))
    return Question("\n".join(lines[: boxes[0][0]]).strip(), tuple(options))


def mark(source: str, ticked: AbstractSet[int]) -> str:
    r"""Return the source with exactly these options ticked.

    Example:
        >>> mark("Pick.\n* [X] one\n* [ ] two", {1})
        'Pick.\n* [ ] one\n* [x] two'

    Everything except the boxes stays unchanged.

    Raises:
        ValueError: An index is out of range.
    """
    ending = "\r\n" if "\r\n" in source else "\n"
    lines = _lines(source)
    boxes = list(_boxes(lines))
    invalid = sorted(index for index in ticked if not 0 <= index < len(boxes))
    if invalid:
        raise ValueError(f"ticked must be between 0 and {len(boxes) - 1}, got {invalid}")
    for index, (number, box) in enumerate(boxes):
        tick = "[x]" if index in ticked else "[ ]"
        space = box["space"] or " "
        lines[number] = f"{box['indent']}{box['bullet']} {tick}{space}{box['text']}"
    return ending.join(lines)


def bare(source: str) -> str:
    r"""Return the student's version of a question, without ticks and explanations.

    Example:
        >>> bare("Pick.\n\n- [x] one\n  > Because.\n- [ ] two\n")
        'Pick.\n\n- [ ] one\n- [ ] two\n'

    The result doesn't depend on the key or the explanations: two questions that differ only in
    these become the same text.
    """
    lines = _lines(source)
    boxes = [number for number, _ in _boxes(lines)]
    if not boxes:
        return "\n".join(lines)
    student_lines = lines[: boxes[0]]
    for start, end in zip(boxes, [*boxes[1:], len(lines)], strict=True):
        student_lines += [line for line in lines[start:end] if not _QUOTE.match(line)]
    return mark("\n".join(student_lines), frozenset())
