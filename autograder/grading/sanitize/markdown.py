r"""A student's Markdown, made safe to look at: it can be read, and it can't act.

Formgrader shows it with the instructor's rights, and turns it into HTML without looking. So HTML
becomes text here, links lead only where links may, and formulas can't act either. How much is kept
is bounded, too: some Markdown takes the square of its length to render.

Example:
    >>> sanitize("<b>no</b>, [no](javascript:alert(1)), [yes](https://jupyter.org)")
    '&lt;b>no&lt;/b>, [no]\\(javascript:alert(1)), [yes](https://jupyter.org)'
"""

from __future__ import annotations

import html
import re
from typing import Final

MAX_CELL_CHARS: Final = 20_000  # letters of a cell; a lesson's longest has 2,600
MAX_NOTEBOOK_CHARS: Final = 200_000  # of a student's cells; a lesson has 30,000
TRUNCATED: Final = "[More is not kept.]"
SCHEMES: Final = frozenset({"http", "https", "mailto"})

_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY: Final = re.compile(r"&(?=#|[A-Za-z0-9]+;)")
# Where a link's target begins: after "](", or after "]:" where it is defined for later. Between
# the two there may be new lines, and the marks that quote them.
_TARGET: Final = re.compile(r"\](?=[(:][\s>]*<?([^\n]{0,300}))")
_PLAIN: Final = re.compile(r"(?:https?://|mailto:|[\w./#-]*[)\s>])")
# What MathJax makes links of, or lets pages be styled or programs be loaded with.
_ACTING: Final = re.compile(r"\\(?=(?:href|mmlToken|require|style|class|cssId|data)(?![A-Za-z]))")
_BEGIN: Final = re.compile(r"\\begin\{([a-z]*\*?)\}")


def sanitize(source: str) -> str:
    """Return Markdown that shows nearly the same and does nothing.

    Args:
        source: What a student wrote.
    """
    if len(source) > MAX_CELL_CHARS:
        source = f"{source[:MAX_CELL_CHARS]}\n\n{TRUNCATED}"
    source = _TARGET.sub(lambda found: "]" if _leads(found[1]) else "]\\", source)
    source = _ACTING.sub(r"\\ ", source)
    source = _begun(source)
    return _TAG.sub("&lt;", _ENTITY.sub("&amp;", source))


def _leads(target: str) -> bool:
    """Whether a browser goes where a link may lead, if anywhere at all."""
    if _PLAIN.match(target):
        return True
    if len(target) == 300:  # what is in front of so long a target may hide what it is
        return False
    for _ in range(3):  # what is rendered is read once as Markdown and once as HTML
        target = html.unescape(target)
    target = re.sub(r"[\x00-\x20\x7f-\xa0\\<>]", "", target)  # browsers pass over some of them
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", target)
    return scheme is None or scheme[1].lower() in SCHEMES


def _begun(source: str) -> str:
    r"""Take the meaning from each \begin that nothing ends: for each, all the rest is searched."""
    ends = {name: source.rfind(f"\\end{{{name}}}") for name in set(_BEGIN.findall(source))}
    return _BEGIN.sub(
        lambda found: found[0] if found.start() < ends[found[1]] else f"\\ {found[0][1:]}", source
    )
