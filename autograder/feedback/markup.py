"""Markdown and code as safe HTML, for the feedback page and for formgrader.

Students choose no highlighting: some of Pygments' lexers take minutes for a page of text. Formulas
become MathML, so no page loads anything.
"""

from __future__ import annotations

import functools
import html
import re
import secrets
from typing import Any, Final

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import JsonLexer, PythonLexer
from pygments.token import Comment, Whitespace

from autograder.feedback.formulas import to_mathml
from autograder.feedback.page import sanitize_html

MAX_CHARS: Final = 100_000  # of a cell; a lesson's longest has 2,600
MAX_HIGHLIGHTED_CHARS: Final = 20_000
MAX_CACHED_CHARS: Final = 5000  # a lesson's longest text has 3,000
TRUNCATED: Final = "[The rest was cut off.]"

_CHECKBOXES: Final = {
    '<input class="task-list-item-checkbox" type="checkbox" disabled/>': "☐ ",
    '<input class="task-list-item-checkbox" type="checkbox" disabled checked/>': "☑ ",
}

_NO_ALT: Final = re.compile(r"<img(?![^>]* alt=)")


class _CodeLexer(PythonLexer):
    """Python with IPython's commands."""

    tokens = {  # noqa: RUF012  (as in Pygments)
        **PythonLexer.tokens,
        "root": [
            (r"[ \t]*\n", Whitespace),  # else Pygments looks at many empty lines again and again
            (r"^[ \t]*[%!?][^\n]*", Comment.Preproc),
            *PythonLexer.tokens["root"],
        ],
    }


_LEXERS: Final = {
    **dict.fromkeys(("python", "python3", "py", "ipython", "ipython3"), _CodeLexer),
    "json": JsonLexer,
}


def highlight_code(source: str, language: str = "python", metadata: object = None) -> str:  # noqa: ARG001  (nbconvert passes it)
    r"""Return code as HTML, highlighted if it isn't too long.

    Example:
        >>> highlight_code("x = 1")
        '<div class="highlight"><pre><span></span><span class="n">x</span>...
        >>> highlight_code("a < b", language="xpp")
        '<div class="highlight"><pre>a &lt; b\n</pre></div>\n'
    """
    source = truncate(source)
    lexer = _LEXERS.get(language)
    if lexer is None or len(source) > MAX_HIGHLIGHTED_CHARS:
        return f'<div class="highlight"><pre>{html.escape(source)}\n</pre></div>\n'
    highlighted: str = highlight(source or " ", lexer(stripnl=False), HtmlFormatter())
    return highlighted


def render_markdown(source: str, heading_offset: int = 0) -> str:
    r"""Return Markdown as safe HTML.

    Example:
        >>> render_markdown("*see* [this](javascript:alert(1)) ![it](https://x.y/z.png)")
        '<p><em>see</em> <a>this</a> it</p>\n'

    Args:
        source: Any text.
        heading_offset: Added to the level of each heading, to fit them into a page's own.
    """
    if len(source) <= MAX_CACHED_CHARS:
        return _render_cached(source, heading_offset)
    return _render(source, heading_offset)


def _render(source: str, heading_offset: int) -> str:
    renderer = _Renderer(heading_offset)
    page = MarkdownWithMath(renderer=renderer).render(truncate(source))
    for box, sign in _CHECKBOXES.items():
        page = page.replace(box, sign)
    page = _NO_ALT.sub('<img alt="an image without a description"', sanitize_html(page, "text-"))
    return renderer.with_formulas(page)


_render_cached: Final = functools.lru_cache(maxsize=512)(_render)  # most text is the instructor's


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, but with `highlight_code`, and with formulas left for later.

    A formula becomes an element with a secret class, which nobody can forge, because sanitizing
    MathML together with HTML is error-prone.
    """

    def __init__(self, heading_offset: int) -> None:
        super().__init__(escape=False)
        self._heading_offset = heading_offset
        self._mark = f"formula-{secrets.token_hex(8)}"

    def with_formulas(self, page: str) -> str:
        """Return a page with MathML in place of its formulas."""
        return re.sub(
            rf'<code class="{self._mark}-(inline|block)">([^<]*)</code>',
            lambda match: to_mathml(html.unescape(match[2]), display=match[1] == "block"),
            page,
        )

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """Return a heading at a level of the page."""
        return super().heading(text, min(level + self._heading_offset, 6), **attributes)

    def _formula(self, tex: str, display: str) -> str:
        return f'<code class="{self._mark}-{display}">{html.escape(tex)}</code>'

    def inline_math(self, body: str) -> str:
        """Mark a formula in a line."""
        return self._formula(body, "inline")

    def block_math(self, body: str) -> str:
        """Mark a formula of its own line."""
        return self._formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        r"""Mark a ``\\begin{name}``."""
        return self._formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def block_code(self, code: str, info: str | None = None) -> str:
        """Highlight fenced code in a few languages."""
        return highlight_code(code, ((info or "").split() or [""])[0])

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """Return an image, or its description if `sanitize_html` would remove the image."""
        return super().image(text, url, title) if url.startswith("data:image/") else text


def truncate(source: str) -> str:
    """Return the beginning of a long text, with a note."""
    return source if len(source) <= MAX_CHARS else f"{source[:MAX_CHARS]}\n{TRUNCATED}"


# For nbconvert's templates. The feedback page's fails if these are missing.
FILTERS: Final[dict[str, Any]] = {
    "markdown2html": render_markdown,
    "safe_markdown": render_markdown,
    "highlight_code": highlight_code,
}
