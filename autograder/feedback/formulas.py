r"""TeX formulas as MathML, which browsers draw by themselves: no script, no font, no other host.

Example:
    >>> to_mathml("x_1 < 2")
    '<math display="inline"><mrow><msub><mi>x</mi><mn>1</mn></msub><mo>&lt;</mo><mn>2</mn>...
    >>> to_mathml(r"\def\x{\x\x}\x")
    '<code>\\def\\x{\\x\\x}\\x</code>'
"""

from __future__ import annotations

import html
import re
from typing import Final
from xml.etree import ElementTree as ET

MAX_CHARS: Final = 2000  # the longest formula of a lesson has 120
# Macros grow without limit; the rest adds links, ids and styles.
_REFUSED: Final = re.compile(
    r"\\(?:(?:re|provide)?newcommand|(?:e|g|x)?def|let|href|class|cssId|style|require)(?![A-Za-z])"
)
_TAGS: Final = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts"),
    *("none", "mtable", "mtr", "mtd", "mpadded", "mphantom", "menclose"),
}
_ATTRIBUTES: Final = {
    *("display", "mathvariant", "stretchy", "fence", "separator", "form", "accent", "accentunder"),
    *("movablelimits", "largeop", "symmetric", "lspace", "rspace", "minsize", "maxsize", "width"),
    *("height", "depth", "linethickness", "columnalign", "rowspacing", "columnspacing"),
    *("displaystyle", "scriptlevel", "notation", "columnlines", "rowlines"),
}
_VALUE: Final = re.compile(r"[A-Za-z0-9 .%+-]{0,100}")


def to_mathml(tex: str, *, display: bool = False) -> str:
    """Return safe HTML for a formula: MathML, or the TeX itself if it can't be converted."""
    if len(tex) <= MAX_CHARS and not _REFUSED.search(tex):
        from latex2mathml.converter import Converter

        try:
            math = Converter(display="block" if display else "inline").convert_to_element(tex)
            _restrict(math)
            return ET.tostring(math, encoding="unicode")
        except Exception:  # noqa: BLE001, S110  (students write formulas, and converting may raise anything)
            pass
    return f"<code>{html.escape(tex)}</code>"


def _restrict(element: ET.Element) -> None:
    """Keep only harmless elements and attributes, in place.

    Raises:
        ValueError: There is an unknown element.
    """
    if element.tag not in _TAGS:
        raise ValueError(f"unexpected element {element.tag!r}")
    element.attrib = {
        name: value
        for name, value in element.attrib.items()
        if name in _ATTRIBUTES and _VALUE.fullmatch(value)
    }
    # The converter writes some characters as references.
    element.text = html.unescape(element.text) if element.text else None
    for child in element:
        _restrict(child)
