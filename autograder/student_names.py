"""Names that students choose: which of them can be a student's id, and how to show the others.

Anyone who can write to the exchange can name folders there. nbgrader uses such a name as a pattern
for files, in regular expressions and in commands, and a terminal obeys escape sequences in it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, Final

MAX_CHARS: Final = 128  # what nbgrader's gradebook stores

_PUNCTUATION: Final = "_.,@'%+&()-"
# Also as wide characters, which spreadsheets read in East Asian languages.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_NUMBER: Final = re.compile(r"-\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII)
_CATEGORIES: Final = frozenset("LMN")  # letters, marks, numbers


def why_invalid(name: str) -> str:
    """Return why a name can't be a student's id; empty if it can.

    Example:
        >>> why_invalid("o'neil@uni.example"), why_invalid("李小龙")
        ('', '')
        >>> why_invalid("a*")
        "'a*' can't be a student's id: '*' is not a letter, a digit or one of _.,@'%+&()-"
    """
    for character in name:
        is_letter = unicodedata.category(character)[0] in _CATEGORIES
        if not is_letter and character not in f" {_PUNCTUATION}":
            problem = f"{character!a} is not a letter, a digit or one of {_PUNCTUATION}"
            return _invalid(name, problem)
    if not name or not (name[0].isalnum() or name[0] == "_") or name != name.rstrip():
        return _invalid(name, "it must start with a letter or digit and not end with a space")
    if len(name) > MAX_CHARS:
        return _invalid(name, f"it has more than {MAX_CHARS} characters")
    return ""


def printable(text: str) -> str:
    r"""Escape everything that a terminal, a log or a table would not show as it is.

    Example:
        >>> printable("ada\x1b[2J\n李")
        'ada\\x1b[2J\\n李'
    """
    if text.isprintable():
        return text
    return "".join(
        character if _is_visible(character) else character.encode("unicode_escape").decode()
        for character in text
    )


def _is_visible(character: str) -> bool:
    """Return whether a character shows as itself; spaces and joiners of letters do."""
    return (
        character.isprintable()
        or unicodedata.category(character) == "Zs"
        or character in {"\u200c", "\u200d"}
    )


def _invalid(name: str, reason: str) -> str:
    shown = name if len(name) <= MAX_CHARS else f"{name[:MAX_CHARS]}…"
    return f"'{printable(shown)}' can't be a student's id: {reason}"


def csv_text(value: Any) -> str:
    """Format a value so that no spreadsheet takes a student's name for a formula.

    Example:
        >>> csv_text("-2+3"), csv_text("-2.5"), csv_text(-2.5)
        ("'-2+3", '-2.5', '-2.5')
    """
    text = "" if value is None else printable(str(value))
    is_formula = text.startswith(_FORMULA_STARTS) and not _NUMBER.fullmatch(text)
    return f"'{text}" if is_formula else text
