"""Data and HTML filter for the feedback page's template."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any, Final

import nh3
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from autograder import cells
from autograder.feedback import questions
from autograder.grading.scoring import NOT_IMPLEMENTED
from course import quiz

TEMPLATES: Final = Path(__file__).with_name("templates")
MAX_TITLE_CHARS: Final = 120  # two lines on a laptop
_STYLE: Final = Path(__file__).with_name("style.css")
_ALLOWED_TAGS: Final = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "br", "hr", "pre", "span", "div", "blockquote"),
    *("table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "ol", "ul", "li"),
    *("img", "sup", "sub", "del", "details", "summary", "figure", "figcaption", "a"),
    *("abbr", "acronym", "b", "code", "em", "i", "strong"),
}
_ALLOWED_ATTRIBUTES: Final = {
    "*": {"id", "class", "title", "lang", "dir"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
}
_OTHER_TAG: Final = re.compile(
    rf"<(?!/?(?:{'|'.join(sorted(_ALLOWED_TAGS))})(?=[\s/>])|!--)", re.IGNORECASE
)
_HREF: Final = re.compile(r"https?://|mailto:", re.IGNORECASE)
_IMAGE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]*")


def sanitize_html(html: str, id_prefix: str = "") -> str:
    """Escape or remove scripts, event handlers, styles, unsafe links, and what would be loaded.

    Example:
        >>> sanitize_html("<p onclick='steal()'>a<script>b</script><img src='https://x.y/z'></p>")
        '<p>a&lt;script&gt;b&lt;/script&gt;<img></p>'

    Pictures must be part of the page: loading one acts with the reader's cookies, and tells
    another host who reads the page.

    Args:
        html: Any text.
        id_prefix: Put before each id and before the targets of links within the text, to keep them
            apart from the ids of the page.
    """

    def filter_attribute(tag: str, name: str, value: str) -> str | None:
        """Return an attribute's value, or None to remove the attribute."""
        if name == "id":
            return id_prefix + value
        if name == "href":
            value = value.strip()
            if value.startswith("#"):
                return f"#{id_prefix}{value[1:]}"
            return value if _HREF.match(value) else None
        if name == "src":
            return value if tag == "img" and _IMAGE.fullmatch(value) else None
        return value

    return nh3.clean(
        _OTHER_TAG.sub("&lt;", html),
        tags=_ALLOWED_TAGS,
        clean_content_tags=set(),
        attributes=_ALLOWED_ATTRIBUTES,
        attribute_filter=filter_attribute,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,  # the page has a referrer policy
    )


def prepare_page(nb: NotebookNode, source: NotebookNode, *, reveal: bool) -> dict[str, Any]:
    """Turn a graded notebook into what the page shows, in place.

    Args:
        nb: The graded notebook; its ``nbgrader.score`` is None where manual grading is pending.
        source: The instructor's notebook, for the questions' original text.
        reveal: Whether to show keys and explanations.

    Returns:
        The data that the template reads as ``resources.feedback``.
    """
    keys = {cells.grade_id(cell): cell.source for cell in source.cells if cells.is_quiz(cell)}
    graded = []
    for cell in nb.cells:
        name, record = cells.grade_id(cell), cells.score_record(cell) or {}
        if name in keys:
            title = _title(quiz.parse(keys[name]).prompt)
            cells.set_course(cell, title=title, open=not record.get("chosen"))
            cell["source"] = questions.question_markdown(keys[name], record, reveal=reveal)
        elif cells.is_test(cell):
            is_open = record.get("reason") == NOT_IMPLEMENTED
            cells.set_course(cell, title=f"Test: {name}", open=is_open)
        else:
            cells.set_course(cell, title=f"Answer: {name}")
        if cells.is_graded(cell):
            graded.append(cell)
    headings = [re.match(r"# (.+)", cell.source) for cell in source.cells]
    return {
        "title": next((match[1] for match in headings if match), "your notebook"),
        "cells": graded,
        "pending": sum(map(cells.awaits_grading, graded)),
        "notes": list(filter(None, [cells.unreadable(nb), cells.undecided(nb), *cells.notes(nb)])),
        "style": _STYLE.read_text(encoding="utf-8"),
        "highlighting": _highlighting(),
    }


def _highlighting() -> str:
    """Return the CSS for highlighted code, light and dark."""
    light = HtmlFormatter(style="default").get_style_defs(".highlight")
    dark = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


def _title(prompt: str) -> str:
    """Shorten a question's first paragraph to a plain-text title."""
    text = re.sub(r"[*_`#]", "", prompt.strip().partition("\n\n")[0])
    text = re.sub(r"\$([^$\\]*)\$", r"\1", text)  # drop the dollar signs of simple formulas
    return textwrap.shorten(text, MAX_TITLE_CHARS, placeholder=" …") or "Question"
