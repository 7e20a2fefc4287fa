"""Compare an answer with its key.

Options are matched by their text, so their order doesn't matter. Text that was edited by accident
is matched to the most similar option if no other is close; everything less certain is left to
manual grading.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass

from course.quiz.text import Question

_MIN_SIMILARITY = 0.85
_MIN_LEAD = 0.08  # over the next most similar option
_MAX_CHARS = 2_000  # comparing takes quadratic time, and no option is this long
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
    if len(text) > _MAX_CHARS:
        return None
    ratios = sorted(
        ((difflib.SequenceMatcher(None, text, name).ratio(), i) for i, name in enumerate(names)),
        reverse=True,
    )
    best, index = ratios[0]
    second = ratios[1][0] if len(ratios) > 1 else 0.0
    return index if best >= _MIN_SIMILARITY and best - second >= _MIN_LEAD else None


def compare(answer: Question, key: Question) -> Comparison:
    r"""Compare a student's answer with the key from ``source/``.

    Example:
        >>> from course.quiz import parse
        >>> key = parse("Even?\n- [ ] one\n- [x] two")
        >>> sorted(compare(parse("Even?\n- [x] two\n- [ ] one"), key).chosen)
        [1]

    A ticked line that matches no option, or an option that occurs both ticked and unticked, is a
    doubt.

    Raises:
        ValueError: The key has no options, or two with the same text.
    """
    names = [option.name for option in key.options]
    duplicates = [name for name, count in Counter(names).items() if count > 1]
    if not names:
        raise ValueError("the key has no options; write them as lines like '- [ ] text'")
    if duplicates:
        raise ValueError(f"the key has two options with the same text, {duplicates[0]!r}")
    doubts: list[str] = []
    marks: dict[int, set[bool]] = {}
    fuzzy_matches = 0
    for option in answer.options:
        index = names.index(option.name) if option.name in names else None
        if index is None and option.ticked and fuzzy_matches < _MAX_FUZZY_MATCHES:
            fuzzy_matches += 1
            index = _most_similar(option.name, names)
        if index is not None:
            marks.setdefault(index, set()).add(option.ticked)
        elif option.ticked and len(doubts) < _MAX_DOUBTS:
            doubts.append(f"The ticked line “{_shorten(option.text)}” matches none of the options.")
    for index, boxes in sorted(marks.items()):
        if len(boxes) > 1:
            doubts.append(
                f"The option “{_shorten(key.options[index].text)}” occurs both ticked and unticked."
            )
    return Comparison(
        wanted=frozenset(i for i, option in enumerate(key.options) if option.ticked),
        chosen=frozenset(i for i, boxes in marks.items() if boxes == {True}),
        count=len(names),
        doubts=tuple(doubts),
    )


def _shorten(text: str, max_chars: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= max_chars else line[: max_chars - 1] + "…"
