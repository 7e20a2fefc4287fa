r"""Make a student's Markdown harmless but readable.

Formgrader renders it with the instructor's rights, without sanitizing it. So HTML becomes text,
links keep harmless targets only, and formulas lose the commands that can act. The length is
limited, too: rendering some Markdown takes the square of its length.

Example:
    >>> sanitize("<b>no</b>, [no](javascript:alert(1)), [yes](https://jupyter.org)")
    '&lt;b>no&lt;/b>, [no]\\(javascript:alert(1)), [yes](https://jupyter.org)'
"""

from __future__ import annotations

import html
import re
from typing import Final

MAX_CELL_CHARS: Final = 20_000  # a lesson's longest cell has 2,600
MAX_NOTEBOOK_CHARS: Final = 200_000  # of a student's cells; a whole lesson has 30,000
TRUNCATED: Final = "[The rest was cut off.]"
SCHEMES: Final = frozenset({"http", "https", "mailto"})

_MAX_TARGET_CHARS: Final = 300
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY: Final = re.compile(r"&(?=#|[A-Za-z0-9]+;)")
# The beginning of a link's target: after "](", or after "]:" in a reference definition. There may
# be newlines and quote marks between the two.
_TARGET: Final = re.compile(rf"\](?=[(:][\s>]*<?([^\n]{{0,{_MAX_TARGET_CHARS}}}))")
_PLAIN_TARGET: Final = re.compile(r"(?:https?://|mailto:|[\w#-]*[)\s>])")
# Formgrader serves a submission's other files, which may be pages with scripts.
_ACTIVE_PATH: Final = re.compile(
    r"/|.*(?:\.\./|%[0-9a-f]{2}|\.(?:[xs]?html?|xht|svgz?|x[ms]lt?|mht)(?!\w))", re.IGNORECASE
)
# A picture that is part of the text. The second bracket is a group.
_PICTURE: Final = r"\[[\w .,:-]*(\])\(data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+\)"
_OWN_PICTURE: Final = re.compile(f"!{_PICTURE}")
_OTHER_PICTURE: Final = re.compile(rf"!(?=\[)(?!{_PICTURE})")
# Fenced code in another language, maybe in a list or a quotation.
_OTHER_FENCE: Final = re.compile(
    r"^([ \t>*+.):\d-]*(?:`{3,}|~{3,})[ \t]*)(?=[^\s`~])(?!(?:python3?|py|json|text)[ \t]*$)",
    re.MULTILINE,
)
# MathJax commands that make links, style the page or load extensions.
_ACTING: Final = re.compile(r"\\(?=(?:href|mmlToken|require|style|class|cssId|data)(?![A-Za-z]))")
_BEGIN: Final = re.compile(r"\\begin\{([a-z]*\*?)\}")


def sanitize(source: str) -> str:
    """Return Markdown that looks nearly the same and can't act."""
    source = re.sub(r"\r\n?", "\n", source)  # a renderer would do it later
    if len(source) > MAX_CELL_CHARS:
        source = f"{source[:MAX_CELL_CHARS]}\n\n{TRUNCATED}"
    pictures = {match.start(1) for match in _OWN_PICTURE.finditer(source)}
    source = _TARGET.sub(
        lambda match: "]" if match.start() in pictures or _is_harmless(match[1]) else "]\\", source
    )
    source = _OTHER_PICTURE.sub("! ", source)
    source = _OTHER_FENCE.sub(r"\1text ", source)
    source = _ACTING.sub(r"\\ ", source)
    source = _break_unclosed_environments(source)
    return _TAG.sub("&lt;", _ENTITY.sub("&amp;", source))


def _is_harmless(target: str) -> bool:
    """Return whether a link's target has an allowed scheme, or is an inactive file."""
    if _PLAIN_TARGET.match(target):
        return True
    if len(target) == _MAX_TARGET_CHARS:  # the scheme may come later
        return False
    for _ in range(3):  # Markdown and HTML each unescape once
        target = html.unescape(target)
    target = re.sub(r"[\x00-\x20\x7f-\xa0\\<>]", "", target)  # browsers ignore some of these
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", target)
    if scheme is None:
        return not _ACTIVE_PATH.match(target)
    # Without slashes, a browser takes the rest as a path.
    return re.match(r"https?://|mailto:", target, re.IGNORECASE) is not None


def _break_unclosed_environments(source: str) -> str:
    r"""Disable each \begin without an \end: the renderer searches all the rest for each of them."""
    ends = {name: source.rfind(f"\\end{{{name}}}") for name in set(_BEGIN.findall(source))}
    return _BEGIN.sub(
        lambda match: match[0] if match.start() < ends[match[1]] else f"\\ {match[0][1:]}", source
    )
