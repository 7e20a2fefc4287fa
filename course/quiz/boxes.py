r"""Recognize the boxes and ticks of a task list, in the ways people and programs write them.

`course/labextension/static/boxes.js` does the same in the browser; the cases in
``tests/browser/task_list_cases.json`` keep the two in agreement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# Soft hyphens, joiners, marks of direction, variation selectors: nobody sees them.
INVISIBLE: Final = (
    r"\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    r"\ufe00-\ufe0f\ufeff"
)
_BLANK: Final = rf"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000{INVISIBLE}]"
_BULLET: Final = r"\\?[-*+•‣◦⁃∙·●‐‑‒–—−－]|\d{1,3}\\?[.)．）]"
_OPEN: Final = r"\\?[\[［【〔⟦]"
_CLOSE: Final = r"\\?[\]］】〕⟧]"
_LETTERS: Final = "xXхХχΧⅹⅩｘＸҳҲⲭⲬ𝐱𝐗𝑥𝑋𝒙𝑿𝓍𝒳𝔁𝓧𝔵𝔛𝕩𝕏𝖝𝖃𝗑𝖷𝘅𝗫𝘹𝘟𝙭𝙓𝚡𝚇☒🗷"  # in all alphabets
_CHECKS: Final = "✓✔☑✅🗸🗹√"
_CROSSES: Final = "×✕✖✗✘❌❎⨯☓╳🗙🗴🗶"
_KINDS: Final = (
    dict.fromkeys(_LETTERS, "letter")
    | dict.fromkeys(_CHECKS, "check")
    | dict.fromkeys(_CROSSES, "cross")
)
_DRAWN_TICKS: Final = "☑☒✅✓✔✗✘❌❎🗹🗷"  # need no brackets
_DRAWN: Final = f"☐⬜▢◻{_DRAWN_TICKS}"

_BOX: Final = re.compile(
    rf"""^(?P<indent>{_BLANK}*)(?P<bullet>{_BULLET}){_BLANK}*
        (?:{_OPEN}(?:{_BLANK}*(?P<tick>[{_LETTERS}{_CHECKS}{_CROSSES}]))?{_BLANK}*{_CLOSE}
          |(?P<drawn>[{_DRAWN}])[{INVISIBLE}]*)
        (?P<gap>[ \t]*)(?!\()(?P<text>.*)$""",
    re.VERBOSE,
)
_CODE: Final = re.compile(r"`[^`]*`|\$[^$]*\$")
_AT_START: Final = re.compile(
    rf"""^(?:{_BLANK}|>)*(?P<bullet>(?:{_BULLET}|[A-Za-z][.)]){_BLANK}*)?
        {_OPEN}(?P<inside>[^\[\]]{{0,3}}){_CLOSE}(?![(\[:])""",
    re.VERBOSE,
)
_ANYWHERE: Final = re.compile(
    rf"""(?<![\]!]){_OPEN}{_BLANK}{{0,4}}(?:[{_LETTERS}{_CHECKS}{_CROSSES}]{_BLANK}{{0,4}})?{_CLOSE}
        (?![(\[:]) | [{_DRAWN}] | <(?:input|li)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_TICK_ANYWHERE: Final = re.compile(
    rf"""(?<![\]!]){_OPEN}{_BLANK}{{0,4}}[{_LETTERS}{_CHECKS}{_CROSSES}]{_BLANK}{{0,4}}{_CLOSE}
        (?![(\[:]) | [{_DRAWN_TICKS}] | <input\b[^>]{{0,200}}\bchecked""",
    re.VERBOSE | re.IGNORECASE,
)
_NOTHING: Final = re.compile(f"{_BLANK}*")
_MAX_LINE_CHARS: Final = 10_000  # searched for misplaced boxes; a question's lines are shorter


@dataclass(frozen=True)
class TickBox:
    """A line that starts with a box.

    Attributes:
        indent: What precedes the bullet.
        bullet: The dash, star or number.
        kind: ``letter``, ``check`` or ``cross``, by what is in the box; empty for an empty box.
        gap: The space after the box.
        text: The rest of the line.
    """

    indent: str
    bullet: str
    kind: str
    gap: str
    text: str


def read_box(line: str) -> TickBox | None:
    """Return the box that a line starts with, if there is one.

    Example:
        >>> read_box("* [✓] yes").kind, read_box("- [ ] no").kind, read_box("- plain")
        ('check', '', None)
    """
    match = _BOX.match(line)
    if match is None:
        return None
    kind = _KINDS.get(match["tick"] or match["drawn"] or "", "")
    return TickBox(match["indent"], match["bullet"], kind, match["gap"], match["text"])


def has_stray_box(text: str, *, at_start: bool = True) -> bool:
    """Return whether a text has something like a box, ticked or not, where none is read.

    Example:
        >>> [has_stray_box(text) for text in ("[ ] no bullet", "- [*] a star", "the last one [x]")]
        [True, True, True]
        >>> [has_stray_box(text) for text in ("[a link](x)", "$[x]$ and `[ ]`", "as in [3]")]
        [False, False, False]

    Args:
        text: A line that isn't an option, or an option without its box.
        at_start: Whether the text starts a line, where nearly everything in brackets is a box.
    """
    text = _CODE.sub("·", text[:_MAX_LINE_CHARS])
    return bool((at_start and _mark_at_start(text) is not None) or _ANYWHERE.search(text))


def has_stray_tick(text: str, *, at_start: bool = True) -> bool:
    """Return whether a text has something like a ticked box where none is read.

    Example:
        >>> [has_stray_tick(text) for text in ("[ ] no bullet", "- [*] a star", "late [x]")]
        [False, True, True]

    Args:
        text: As for `has_stray_box`.
        at_start: As above.
    """
    text = _CODE.sub("·", text[:_MAX_LINE_CHARS])
    mark = _mark_at_start(text) if at_start else None
    return bool((mark and not _NOTHING.fullmatch(mark)) or _TICK_ANYWHERE.search(text))


def _mark_at_start(text: str) -> str | None:
    """Return what is in the brackets that a line starts with; None for a number in the text."""
    start = _AT_START.match(text)
    if start is None or (not start["bullet"] and start["inside"].strip().isdecimal()):
        return None
    return start["inside"]
