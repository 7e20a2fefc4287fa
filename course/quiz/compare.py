"""Holding an answer against its key.

Options are recognised by their text, so their order does not matter. Text that
was edited by accident is matched to the nearest option when no other comes near;
anything less sure is left to a person.
"""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass

from course.quiz.text import Question

_NEAR = 0.85  # at least this share of the letters must agree ...
_APART = 0.08  # ... and the next best option must be this much further away
_LONGEST = 2_000  # letters; comparing costs their square, and no option is that long
_MOST_EDITED = 20  # ticked lines that are compared letter by letter; the rest is in doubt
_MOST_DOUBTS = 3  # a person looks in any case


@dataclass(frozen=True)
class Comparison:
    """What an answer says, option by option of the key.

    Attributes:
        wanted: Indices of the options that are right, in the key's order.
        chosen: Indices of the options that the student ticked.
        count: How many options the key has.
        doubts: Reasons why a person should look; empty if the answer is clear.
    """

    wanted: frozenset[int]
    chosen: frozenset[int]
    count: int
    doubts: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether the ticks are exactly the key's."""
        return not self.doubts and self.chosen == self.wanted

    @property
    def blank(self) -> bool:
        """Whether nothing is ticked."""
        return not self.chosen and not self.doubts


def _nearest(text: str, names: list[str]) -> int | None:
    """Return the index of the one name that the text can only have come from, if there is one."""
    if len(text) > _LONGEST:
        return None
    ratios = sorted(
        ((difflib.SequenceMatcher(None, text, name).ratio(), i) for i, name in enumerate(names)),
        reverse=True,
    )
    best, index = ratios[0]
    second = ratios[1][0] if len(ratios) > 1 else 0.0
    return index if best >= _NEAR and best - second >= _APART else None


def compare(answer: Question, key: Question) -> Comparison:
    r"""Hold an answer against the key.

    Example:
        >>> from course.quiz import parse
        >>> key = parse("Even?\n- [ ] one\n- [x] two")
        >>> sorted(compare(parse("Even?\n- [x] two\n- [ ] one"), key).chosen)
        [1]

    Args:
        answer: The student's copy of the question.
        key: The question as it stands in ``source/``.

    Returns:
        Which options are wanted and chosen. A ticked line that is none of the
        options, or one option written twice with different boxes, is a doubt.

    Raises:
        ValueError: The key has no options, or two that cannot be told apart.
    """
    names = [option.name for option in key.options]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if not names or twice:
        raise ValueError(
            f"the key needs options that differ, but {twice[0]!r} stands twice"
            if twice
            else "the key has no options: a question is a list of lines like '- [ ] text'"
        )
    doubts: list[str] = []
    marks: dict[int, set[bool]] = {}
    edited = 0
    for option in answer.options:
        index = names.index(option.name) if option.name in names else None
        if index is None and option.ticked and edited < _MOST_EDITED:
            edited += 1
            index = _nearest(option.name, names)
        if index is not None:
            marks.setdefault(index, set()).add(option.ticked)
        elif option.ticked and len(doubts) < _MOST_DOUBTS:
            doubts.append(f"The ticked line “{_short(option.text)}” is none of the options.")
    for index, boxes in sorted(marks.items()):
        if len(boxes) > 1:
            doubts.append(
                f"The option “{_short(key.options[index].text)}” stands there twice, "
                "once ticked and once not."
            )
    return Comparison(
        wanted=frozenset(i for i, option in enumerate(key.options) if option.ticked),
        chosen=frozenset(i for i, boxes in marks.items() if boxes == {True}),
        count=len(names),
        doubts=tuple(doubts),
    )


def _short(text: str, limit: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
