"""A few words: ``[[sigmoid | logistic]]``.

``[["ReLU"]]`` requires exactly this spelling; ``[[/leaky.*/]]`` is a pattern.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from course.quiz.fields import MAX_VALUE_CHARS, Field
from course.quiz.kinds.fields import FieldKind, Judgement
from course.quiz.kinds.number import ALTERNATIVE
from course.quiz.safe_pattern import SafePattern
from course.quiz.text import normalized

_ARTICLES: Final = ("the ", "a ", "an ")


@lru_cache(maxsize=256)
def _pattern(text: str) -> SafePattern:
    return SafePattern(text)


def accepts(value: str, alternative: str) -> bool:
    r"""Return whether an answer is right by one alternative of a key.

    Example:
        >>> accepts("The  Encoder.", "encoder"), accepts("RELU", '"ReLU"')
        (True, False)
        >>> accepts("auto-encoders", r"/auto-?encoders?/")
        True
    """
    if _is_quoted(alternative, '"'):
        return value.strip() == alternative[1:-1].strip()
    plain = normalized(value[:MAX_VALUE_CHARS])
    if _is_quoted(alternative, "/"):
        pattern = _pattern(alternative[1:-1])
        return pattern.fullmatch(plain) or pattern.fullmatch(_without_article(plain))
    wanted = normalized(alternative)
    return plain == wanted or _without_article(plain) == _without_article(wanted)


def check_alternatives(key: str) -> None:
    """Raise a ValueError if an alternative of a key can't be used."""
    if _is_quoted(ALTERNATIVE.split(key)[0], "/"):
        raise ValueError(f"the key {key!r} begins with a pattern; write the usual answer first")
    for alternative in ALTERNATIVE.split(key):
        if _is_quoted(alternative, "/"):
            _pattern(alternative[1:-1])
        elif not normalized(alternative.strip('"')):
            raise ValueError(f"the key {key!r} has an empty alternative")
        elif "|" in alternative:
            raise ValueError(f"the key {key!r} has a | without spaces; write 'one | other'")


def shown_text(key: str) -> str:
    """Return the first alternative of a key."""
    first = ALTERNATIVE.split(key)[0]
    return first[1:-1] if _is_quoted(first, '"') else first


def judge_text(value: str, key: Field) -> Judgement:
    """Judge a text by the alternatives of a key."""
    return any(accepts(value, text) for text in ALTERNATIVE.split(key.value)), ""


def _is_quoted(text: str, mark: str) -> bool:
    return len(text) > 2 and text.startswith(mark) and text.endswith(mark)


def _without_article(text: str) -> str:
    return next((text[len(word) :] for word in _ARTICLES if text.startswith(word)), text)


class Text(FieldKind):
    """One field with a few words."""

    name = "text"
    max_fields = 1

    def judge(self, value: str, key: Field, _question: str) -> Judgement:
        """Judge the words."""
        return judge_text(value, key)

    def shown_key(self, key: Field) -> str:
        """Return the first alternative."""
        return shown_text(key.value)

    def check_fields(self, keys: Sequence[Field], _source: str) -> None:
        """Require alternatives that can be used."""
        check_alternatives(keys[0].value)
