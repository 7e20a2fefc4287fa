"""Compare an answer with its key.

Options are matched by their text, so their order doesn't matter. Text that was edited by accident
is matched to the most similar option if no other is close; everything less certain is left to
manual grading.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from course.quiz.text import (
    MAX_CHARS,
    MAX_NAME_CHARS,
    Option,
    Question,
    bare,
    normalized,
    split_lines,
    without_layout,
)

# Besides letters and numbers, in an answer such as "My answer: B and C".
_FILLERS = frozenset(
    ["my", "the", "answer", "answers", "solution", "option", "options", "is", "are", "and", "or"]
)
_LETTER = re.compile(r"[a-h]|\d{1,2}")
_MIN_SIMILARITY = 0.85
_MIN_LEAD = 0.08  # over the next most similar option
_MAX_OPTION_CHARS = 2_000  # comparing takes quadratic time, and no option is this long
_MAX_FUZZY_MATCHES = 20  # per answer
_MAX_DOUBTS = 3  # one is enough for manual grading


@dataclass(frozen=True)
class Comparison:
    """The result of comparing an answer with its key; options are indices into the key."""

    wanted: frozenset[int]
    chosen: frozenset[int]
    count: int  # of the key's options
    doubts: tuple[str, ...] = ()  # reasons for manual grading

    @property
    def right(self) -> bool:
        """True if exactly the correct options are ticked."""
        return not self.doubts and self.chosen == self.wanted

    @property
    def blank(self) -> bool:
        """True if nothing is ticked."""
        return not self.chosen and not self.doubts


def _most_similar(text: str, names: list[str]) -> int | None:
    """Return the index of the one name that is clearly most similar to the text, if any."""
    if len(text) > _MAX_OPTION_CHARS:
        return None
    ratios = sorted(
        ((difflib.SequenceMatcher(None, text, name).ratio(), i) for i, name in enumerate(names)),
        reverse=True,
    )
    best, index = ratios[0]
    second = ratios[1][0] if len(ratios) > 1 else 0.0
    return index if best >= _MIN_SIMILARITY and best - second >= _MIN_LEAD else None


def compare(answer: Question, key: Question, *, is_part: bool = False) -> Comparison:
    r"""Compare a student's answer with the key from ``source/``.

    Example:
        >>> from course.quiz import parse
        >>> key = parse("Even?\n- [ ] one\n- [x] two")
        >>> sorted(compare(parse("Even?\n- [x] two\n- [ ] one"), key).chosen)
        [1]
        >>> compare(parse("Even?\n- [ ] one\n- [ ] two\n\nIt is two."), key).doubts
        ('No option is ticked, but the question was changed: “It is two.”',)

    A ticked line that matches no option, an option that occurs both ticked and unticked, a mark
    that can't be read, and a written answer are doubts.

    Args:
        answer: The student's copy of the question.
        key: The question in ``source/``.
        is_part: Whether the student has split the question, and this is only one part of it.

    Raises:
        ValueError: The key has no options, or two with the same text.
    """
    options = _OptionIndex(key)
    doubts: list[str] = []
    marks: dict[int, set[bool]] = {}
    for option in answer.options:
        index = options.find(option)
        if index is not None:
            marks.setdefault(index, set()).add(option.ticked)
        elif option.ticked and len(doubts) < _MAX_DOUBTS:
            doubts.append(f"The ticked line “{_shorten(option.text)}” matches none of the options.")
    for index, boxes in sorted(marks.items()):
        if len(boxes) > 1:
            doubts.append(
                f"The option “{_shorten(key.options[index].text)}” occurs both ticked and unticked."
            )
    if len(answer.source) > MAX_CHARS:
        doubts.append(f"The cell is too long to be read: {len(answer.source):,} characters.")
    if answer.mixed:
        doubts.append("Different marks are used, so it isn't clear which of them are ticks.")
    stray = [line for line in answer.stray_ticks if line not in key.stray_ticks]
    if stray:
        doubts.append(f"The mark in “{_shorten(stray[0])}” can't be read.")
    chosen = frozenset(i for i, boxes in marks.items() if boxes == {True})
    if not chosen and not doubts:
        problem = "No option is ticked"
        change = explain_change(answer.source, bare(key.source), problem, is_part=is_part)
        doubts += [change] if change else []
    return Comparison(
        wanted=frozenset(i for i, option in enumerate(key.options) if option.ticked),
        chosen=chosen,
        count=len(key.options),
        doubts=tuple(doubts),
    )


def is_in_words(text: str, question: Question) -> bool:
    r"""Return whether a text, such as the cell below a question, may be a written answer to it.

    Example:
        >>> from course.quiz import parse
        >>> question = parse("Even?\n- [ ] one\n- [ ] two")
        >>> [is_in_words(text, question) for text in ("It is two.", "Answer: B", "Is this hard?")]
        [True, True, False]
    """
    plain = normalized(text[:_MAX_OPTION_CHARS])
    words = [word for word in re.findall(r"[^\W_]+", plain) if word not in _FILLERS]
    if words and all(map(_LETTER.fullmatch, words)):
        return True
    return any(
        re.search(rf"(?<!\w){re.escape(option.name)}(?!\w)", plain)
        for option in question.options
        if len(option.name) > 1
    )


class _OptionIndex:
    """Finds the option of a key that a line of an answer means."""

    def __init__(self, key: Question) -> None:
        if not key.options:
            raise ValueError("the key has no options; write them as lines like '- [ ] text'")
        self._exact_names: dict[str, int] = {}
        self._names: dict[str, int | None] = {}  # None if only exact names tell two options apart
        for index, option in enumerate(key.options):
            if (other := self._exact_names.setdefault(option.exact_name, index)) != index:
                raise ValueError(
                    f"the options {key.options[other].text!r} and {option.text!r} are the same"
                    " except for spacing, emphasis or final punctuation; change one of them"
                )
            self._names[option.name] = None if option.name in self._names else index
        self._all_names = [option.name for option in key.options]
        self._known: dict[str, int | None] = {}
        self._fuzzy_matches = 0

    def find(self, option: Option) -> int | None:
        """Return the index of the option in the key; None if it is none of them, or several."""
        text = option.text[:MAX_NAME_CHARS]
        if text not in self._known:
            exact = self._exact_names.get(option.exact_name)
            self._known[text] = self._names.get(option.name) if exact is None else exact
        index = self._known[text]
        if index is None and option.ticked and self._fuzzy_matches < _MAX_FUZZY_MATCHES:
            self._fuzzy_matches += 1
            index = _most_similar(option.name, self._all_names)
        return index


def explain_change(source: str, released: str, problem: str, *, is_part: bool) -> str:
    """Say how a copy without an answer differs from the released question; empty if it doesn't."""
    limit = 2 * len(released) + _MAX_OPTION_CHARS
    own, expected = without_layout(source[:limit]), without_layout(released)
    is_blank = not own or own == expected or (is_part and own in expected)
    if is_blank and len(source) <= limit:
        return ""
    known = {without_layout(line) for line in split_lines(released)}
    for line in split_lines(source[:limit]):
        if (text := without_layout(line)) and text not in known:
            return f"{problem}, but the question was changed: “{_shorten(line)}”"
    return f"{problem}, but the question was changed."


def _shorten(text: str, max_chars: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= max_chars else line[: max_chars - 1] + "…"
