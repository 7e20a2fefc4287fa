r"""Shorten a lesson's text for a slide: the first words of each paragraph, and all that stands out.

Example:
    >>> shorten("Copying is easy if there is room: just pass every number on. So we leave little.")
    'Copying is easy if there is room: just pass every number on. So we leave little.'
    >>> shorten(f"One sentence is {'long, ' * 20}and enough. Another one. The squares add up to:")
    'One sentence is long, ... and enough. The squares add up to:'

Nothing is rewritten. The whole text goes into the speaker's notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

END_OF_BOX: Final = "</details>"
MAX_CHARS: Final = 140  # a second sentence is added if both together are shorter
_END: Final = re.compile(r'(?<=[.!?])["”*_)]*\s+(?=["“*_(\[$`A-Z])')
_DETAILS: Final = re.compile(r"<details><summary>(.+?)</summary>|</details>")
_ANCHOR: Final = re.compile(r'<a id="[\w-]+"></a>')
_ITEM: Final = re.compile(r"(?m)^(?=(?:[-*+]|\d+\.) )")
_MARKER: Final = re.compile(r"(?:[-*+]|\d+\.) ")
_BOLD: Final = re.compile(r"\*\*[^*]+\*\*[.:]?")
_LEFT_OUT: Final = re.compile(r"The figure shows:|\*\*(?:Next|Back|Further):\*\*")
_OBJECTIVE: Final = re.compile(r"(?m)^\| (.+?) \| .*\|$")
_FIELD: Final = re.compile(r"\[\[ *\]\]")


def blocks(text: str) -> Iterator[str]:
    r"""Yield the paragraphs, lists, tables, formulas and headings of a text.

    Folded boxes are unfolded: their summary becomes a heading.

    Example:
        >>> list(blocks('<details><summary>More: why</summary>\n\nBecause.\n\n</details>'))
        ['#### More: why', 'Because.', '</details>']
    """
    text = _DETAILS.sub(lambda box: f"\n\n{f'#### {box[1]}' if box[1] else END_OF_BOX}\n\n", text)
    for block in re.split(r"\n\s*\n", _ANCHOR.sub("", text)):
        if block.strip():
            yield _FIELD.sub("\\_\\_\\_\\_\\_", block.strip("\n"))


def shorten(block: str) -> str:
    """Return what a slide shows of a block; an empty text if it shows nothing."""
    if _LEFT_OUT.match(block):
        return ""
    if block.startswith("| objective |"):
        return "\n".join(f"- {row}" for row in _OBJECTIVE.findall(block)[1:])
    if block.startswith(("|", "$$")):
        return block
    if block.startswith(">"):
        inner = re.sub(r"(?m)^> ?", "", block)
        parts = [_paragraph(part) for part in re.split(r"\n\s*\n", inner)]
        return "\n>\n".join(f"> {part}" for part in parts)
    if _MARKER.match(block):
        return "\n".join(map(_item, filter(str.strip, _ITEM.split(block))))
    return _paragraph(block)


def _item(item: str) -> str:
    marker = _MARKER.match(item)
    start = marker[0] if marker else ""
    return start + _paragraph(item.removeprefix(start))


def _paragraph(text: str) -> str:
    """Return the first sentences, and the last one if it introduces what follows."""
    text = " ".join(text.split())
    ends = [match.end() for match in _END.finditer(text)]
    cuts = [end for end in [*ends, len(text)] if _is_whole(text[:end])] or [len(text)]
    shown = cuts[0]
    for cut in cuts[1:]:
        if cut > MAX_CHARS and not _BOLD.fullmatch(text[:shown].strip()):
            break
        shown = cut
    first, rest = text[:shown].strip(), text[shown:]
    if not rest.endswith(":"):
        return first
    last = [0, *(match.end() for match in _END.finditer(rest)), len(rest)]
    return f"{first} {rest[last[-2] :]}"


def _is_whole(text: str) -> bool:
    """Return whether no formula, link, emphasis or quotation is cut in two."""
    pairs = text.count("(") == text.count(")") and text.count("[") == text.count("]")
    return pairs and not any(text.count(sign) % 2 for sign in ("$", "`", '"', "*"))
