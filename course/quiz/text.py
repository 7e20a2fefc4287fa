r"""Parse and write questions in Markdown.

A question is some text followed by a task list::

    **What is an encoder for?**

    - [ ] It sorts the images.
      > It knows nothing about their order.
    - [x] It turns an image into a code.

``[x]`` ticks an option. The quoted lines under an option are its explanation; they and the key's
ticks stay in ``source/``. The parser is lenient: it accepts ``*``, ``+``, ``1.`` for the dash, an x
of any alphabet or a check mark for the tick, brackets of any width, and any line ending. Authors
must be exact; see ``autograder.publish.near_misses``.
"""

from __future__ import annotations

import html
import itertools
import re
import unicodedata
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from course.quiz.boxes import INVISIBLE, TickBox, has_stray_tick, read_box

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})")
_QUOTE = re.compile(r"^[ \t]*>[ \t]?(.*)$")
_BULLET = re.compile(r"^[ \t]*[-*+][ \t]+")
_ESCAPE = re.compile(r"\\([^\w\s])")
_SPACE = re.compile(r"\s+")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_EMPHASIS = re.compile(r"(?<!\\)(\*\*|__|\*|`)")
_VERBATIM = re.compile(r"(`[^`]*`|\$[^$]*\$)")  # code and formulas
_PLAIN_PUNCTUATION = str.maketrans("\u2018\u2019\u201c\u201d\u2013", "''\"\"-")
MAX_CHARS = 2_000_000  # of a cell; the rest isn't read
MAX_NAME_CHARS = 4_000  # of an option; some characters become eighteen when they are normalized
_MAX_STRAY_TICKS = 20


@dataclass(frozen=True)
class Option:
    """An answer option."""

    text: str  # as written, without box and explanation
    ticked: bool
    explanation: str = ""  # the feedback on this option; empty in a student's copy
    crossed: bool = False  # ticked with a cross

    @property
    def name(self) -> str:
        r"""The text that identifies the option, regardless of case, spacing and emphasis.

        Example:
            >>> Option("An  *Autoencoder*,\n deep.", ticked=False).name
            'an autoencoder, deep'
        """
        return normalized(self.text[:MAX_NAME_CHARS])

    @property
    def exact_name(self) -> str:
        """The name with its case, powers and signs, which may tell two options apart.

        Example:
            >>> [Option(text, ticked=False).exact_name for text in ("*One*.", "$X$", "x²")]
            ['One', '$X$', 'x²']
        """
        text = _INVISIBLE.sub("", unicodedata.normalize("NFC", self.text[:MAX_NAME_CHARS]))
        parts = _VERBATIM.split(text.translate(_PLAIN_PUNCTUATION))
        parts[::2] = [_EMPHASIS.sub("", part) for part in parts[::2]]
        parts[1::2] = [part.strip("`") for part in parts[1::2]]
        return _SPACE.sub(" ", "".join(parts)).strip().rstrip(".;, ")


@dataclass(frozen=True)
class Question:
    """A prompt and its options, in their written order."""

    prompt: str
    options: tuple[Option, ...]
    source: str = field(default="", compare=False, repr=False)
    mixed: bool = False  # has marks of several kinds, and it isn't clear which of them are ticks
    stray_ticks: tuple[str, ...] = ()  # lines with something like a tick that can't be read

    @property
    def ticked(self) -> tuple[Option, ...]:
        """The ticked options."""
        return tuple(option for option in self.options if option.ticked)


def normalized(text: str) -> str:
    """Return the text in the form used for comparison, without differences in typography."""
    text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold()
    text = _EMPHASIS.sub("", text.translate(_PLAIN_PUNCTUATION))
    return _SPACE.sub(" ", text).strip().rstrip(".;, ")


def without_layout(source: str) -> str:
    r"""Return a question on one line, without boxes and without what programs change on saving.

    Example:
        >>> without_layout("Which  one?\n\n* [x] it\\'s _this_\n")
        "Which one? it's *this*"
    """
    boxes = map(read_box, lines := split_lines(source))
    texts = [
        box.text if box else _BULLET.sub("", line) for box, line in zip(boxes, lines, strict=True)
    ]
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", html.unescape(" ".join(texts))))
    text = _ESCAPE.sub(r"\1", text.translate(_PLAIN_PUNCTUATION)).replace("_", "*")
    return _SPACE.sub(" ", text).strip()


def split_lines(source: str) -> list[str]:
    """Return the lines of a cell's source, whatever ends them."""
    return re.split(r"\r\n|\r|\n", source)


def fenced_lines(lines: list[str]) -> Iterator[bool]:
    """Yield for each line whether it belongs to fenced code."""
    fence = ""
    for line in lines:
        opened = _FENCE.match(line)
        yield bool(opened or fence)
        if opened and not fence:
            fence = opened.group(1)
        elif opened and line.strip().startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""


def _boxes(lines: list[str]) -> Iterator[tuple[int, TickBox]]:
    """Yield the lines with a box, except in fenced code."""
    for number, (line, is_fenced) in enumerate(zip(lines, fenced_lines(lines), strict=True)):
        if not is_fenced and (box := read_box(line)):
            yield number, box


def _are_mixed(kinds: list[str]) -> bool:
    """Return whether marks of several kinds leave open which of them are ticks.

    Crosses beside one check mark mean no. Crosses beside several check marks or an x, or an x in
    each box without a check mark, may mean yes or no.
    """
    has_check, has_letter = "check" in kinds, "letter" in kinds
    if "cross" in kinds and (has_letter or kinds.count("check") > 1):
        return True
    return has_check and has_letter and "" not in kinds


def parse(source: str) -> Question:
    r"""Read a question, or an answer to it, from the Markdown of its cell.

    Example:
        >>> question = parse("Pick.\n* [X] one\n* [ ] two")
        >>> [option.text for option in question.ticked]
        ['one']

    A question without any box has no options, for example if a student deleted them.
    """
    lines = split_lines(source[:MAX_CHARS])
    boxes = list(_boxes(lines))
    kinds = [box.kind for _, box in boxes]
    tick_kinds = {"letter", "check"} if "check" in kinds else {"letter", "cross"}
    options = []
    ends = [*(number for number, _ in boxes), len(lines)][1:]
    for (start, box), end in zip(boxes, ends, strict=True):
        text, explanation = [box.text.strip()], []
        outer = len(box.indent.expandtabs(4))
        for line in lines[start + 1 : end]:
            indent = len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())
            if quoted := _QUOTE.match(line):
                explanation.append(quoted.group(1).rstrip())
            elif line.strip() and indent <= outer:
                break  # text after the list
            elif line.strip():
                text.append(line.strip())
        option = Option(
            "\n".join(text).strip(),
            ticked=box.kind in tick_kinds,
            explanation="\n".join(explanation).strip(),
            crossed=box.kind == "cross",
        )
        options.append(option)
    return Question(
        "\n".join(lines[: boxes[0][0]] if boxes else lines).strip(),
        tuple(options),
        source,
        mixed=_are_mixed(kinds),
        stray_ticks=_stray_ticks(lines, dict(boxes)),
    )


def _stray_ticks(lines: list[str], boxes: dict[int, TickBox]) -> tuple[str, ...]:
    stray = (
        line.strip()
        for number, line in enumerate(lines)
        if (
            has_stray_tick(boxes[number].text, at_start=False)
            if number in boxes
            else has_stray_tick(line)
        )
    )
    return tuple(itertools.islice(stray, _MAX_STRAY_TICKS))


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
    lines = split_lines(source)
    boxes = list(_boxes(lines))
    invalid = sorted(index for index in ticked if not 0 <= index < len(boxes))
    if invalid:
        raise ValueError(f"ticked must be between 0 and {len(boxes) - 1}, got {invalid}")
    for index, (number, box) in enumerate(boxes):
        tick = "[x]" if index in ticked else "[ ]"
        lines[number] = f"{box.indent}{box.bullet} {tick}{box.gap or ' '}{box.text}"
    return ending.join(lines)


def bare(source: str) -> str:
    r"""Return the student's version of a question, without ticks and explanations.

    Example:
        >>> bare("Pick.\n\n- [x] one\n  > Because.\n- [ ] two\n")
        'Pick.\n\n- [ ] one\n- [ ] two\n'

    The result doesn't depend on the key or the explanations: two questions that differ only in
    these become the same text.
    """
    lines = split_lines(source)
    boxes = [number for number, _ in _boxes(lines)]
    if not boxes:
        return "\n".join(lines)
    student_lines = lines[: boxes[0]]
    for start, end in zip(boxes, [*boxes[1:], len(lines)], strict=True):
        student_lines += [line for line in lines[start:end] if not _QUOTE.match(line)]
    return mark("\n".join(student_lines), frozenset())
