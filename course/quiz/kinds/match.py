"""Match items with choices: ``- [[B]] PCA``, and below ``A. one choice``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from course.quiz import fields
from course.quiz.fields import Field
from course.quiz.kinds.fields import FieldKind, Judgement
from course.quiz.kinds.order import check_items, item_answer
from course.quiz.text import normalized, split_lines

_CHOICE: Final = re.compile(r"\s*(?:[-*+]\s+)?(?:\*\*)?([A-Z])[.)](?:\*\*)?\s+(\S.*)")
_LETTER: Final = re.compile(r"\(?([a-z])[.):]?")
_MAX_LINE_CHARS: Final = 2_000


def read_choices(source: str) -> dict[str, str]:
    r"""Return the text of each choice by its letter.

    Example:
        >>> read_choices("- [[ ]] PCA\n\n- A. linear\n- B. not linear")
        {'A': 'linear', 'B': 'not linear'}
    """
    lines = (line[:_MAX_LINE_CHARS] for line in split_lines(source[: fields.MAX_CHARS]))
    matches = [match for line in lines if (match := _CHOICE.fullmatch(line))]
    return {match[1]: match[2].strip() for match in matches}


class Match(FieldKind):
    """A list whose items get the letters of choices; a choice may fit several items, or none."""

    name = "match"
    max_fields = 10

    def judge(self, value: str, key: Field, question: str) -> Judgement:
        """Judge the choice for one item: a letter, or the text of the choice."""
        letter = _LETTER.fullmatch(value.casefold().strip())
        chosen = letter[1].upper() if letter else ""
        choices = read_choices(question)
        if chosen not in choices:
            texts = [own for own, text in choices.items() if normalized(text) == normalized(value)]
            if len(texts) != 1:
                return None, f"“{value[:40]}” is none of the choices."
            chosen = texts[0]
        return chosen == key.value, ""

    def shown_answer(self, value: str, key: Field) -> str:
        """Return the letter with its item."""
        return item_answer(value, key)

    def check_fields(self, keys: Sequence[Field], source: str) -> None:
        """Require choices from A on, and another order of the keys than A, B, C."""
        check_items(keys)
        letters = list(read_choices(source))
        if letters != [chr(ord("A") + index) for index in range(len(letters))] or len(letters) < 2:
            raise ValueError(
                "write two choices or more as '- A. text', '- B. text' below the items; got"
                f" {', '.join(letters) or 'none'}"
            )
        values = [key.value for key in keys]
        if unknown := [value for value in values if value not in letters]:
            raise ValueError(f"the key {unknown[0]!r} is none of {', '.join(letters)}")
        if values == letters[: len(values)]:
            raise ValueError("the choices are written in the order of the items; mix them")
