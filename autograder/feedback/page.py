"""Data and HTML filter for the feedback page's template."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any, Final

import bleach
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from autograder import cells
from autograder.feedback import questions
from autograder.grading.scoring import NOT_IMPLEMENTED
from course import quiz

TEMPLATES: Final = Path(__file__).with_name("templates")
MAX_TITLE_CHARS: Final = 120  # two lines on a laptop
_STYLE: Final = Path(__file__).with_name("style.css")
_ALLOWED_TAGS: Final = bleach.ALLOWED_TAGS | {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "br", "hr", "pre", "span", "div"),
    *("table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"),
    *("img", "sup", "sub", "del", "details", "summary", "figure", "figcaption"),
}


def sanitize_html(html: str) -> str:
    """Escape or remove scripts, event handlers, styles and unsafe links.

    Example:
        >>> sanitize_html("<p onclick='steal()'>a<script>b</script></p>")
        '<p>a&lt;script&gt;b&lt;/script&gt;</p>'
    """
    return bleach.clean(
        html,
        tags=_ALLOWED_TAGS,
        attributes=_is_allowed_attribute,
        protocols={"http", "https", "mailto", "data"},
    )


def _is_allowed_attribute(tag: str, name: str, value: str) -> bool:
    if name in {"id", "class", "title", "lang", "dir"}:
        return True
    if name == "href":
        return tag == "a" and not value.lower().lstrip().startswith("data")
    if name == "src":
        is_image = re.match(r"data:image/(png|jpeg|svg\+xml);base64,", value) is not None
        return tag == "img" and (is_image or not value.lower().startswith("data"))
    return name in {"alt", "width", "height"} and tag == "img"


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
        "has_math": any("$" in cell.source for cell in nb.cells if cell.cell_type == "markdown"),
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
