"""Several fields in one text, each with a number or a few words."""

from __future__ import annotations

from collections.abc import Sequence

from course.quiz.fields import Field
from course.quiz.kinds.fields import FieldKind, Judgement
from course.quiz.kinds.number import ALTERNATIVE, judge_number, read_key, shown_number
from course.quiz.kinds.text import check_alternatives, judge_text, shown_text


def is_number(key: str) -> bool:
    """Return whether a key is a number, not words.

    Example:
        >>> is_number("784 ± 1"), is_number("30 | thirty")
        (True, False)
    """
    try:
        return bool([read_key(text) for text in ALTERNATIVE.split(key)])
    except ValueError:
        return False


class Blanks(FieldKind):
    """A cloze text."""

    name = "blanks"
    max_fields = 12

    def judge(self, value: str, key: Field, _question: str) -> Judgement:
        """Judge a number or words, whatever the key is."""
        return judge_number(value, key) if is_number(key.value) else judge_text(value, key)

    def shown_key(self, key: Field) -> str:
        """Return the first alternative."""
        return shown_number(key.value) if is_number(key.value) else shown_text(key.value)

    def check_fields(self, keys: Sequence[Field], _source: str) -> None:
        """Require alternatives that can be used."""
        if len(keys) < 2:
            raise ValueError('one field only; use "kind": "number" or "text", or add a field')
        for key in keys:
            if not is_number(key.value):
                check_alternatives(key.value)
