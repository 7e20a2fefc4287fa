"""What the feedback page needs besides the graded notebook."""

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
_STYLE: Final = Path(__file__).with_name("style.css")
_TITLE: Final = 120  # characters; two lines on a laptop
_TAGS: Final = bleach.ALLOWED_TAGS | {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "br", "hr", "pre", "span", "div"),
    *("table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd"),
    *("img", "sup", "sub", "del", "details", "summary", "figure", "figcaption"),
}


def clean(html: str) -> str:
    """Return HTML without anything that could act: scripts, handlers, styles, odd links.

    Example:
        >>> clean("<p onclick='steal()'>a<script>b</script></p>")
        '<p>a&lt;script&gt;b&lt;/script&gt;</p>'
    """
    return bleach.clean(
        html,
        tags=_TAGS,
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data"},
    )


def _allowed(tag: str, name: str, value: str) -> bool:
    if name in {"id", "class", "title", "lang", "dir"}:
        return True
    if name == "href":
        return tag == "a" and not value.lower().lstrip().startswith("data")
    if name == "src":
        picture = re.match(r"data:image/(png|jpeg|svg\+xml);base64,", value)
        return tag == "img" and (picture is not None or not value.lower().startswith("data"))
    return name in {"alt", "width", "height"} and tag == "img"


def prepare(nb: NotebookNode, frame: NotebookNode, *, reveal: bool) -> dict[str, Any]:
    """Turn a graded notebook into what the page shows, in place.

    Args:
        nb: The graded notebook; its ``nbgrader.score`` is None where a person must decide.
        frame: The instructor's notebook, for the questions' own words.
        reveal: Whether to show keys and explanations.

    Returns:
        What the template reads as ``resources.feedback``.
    """
    keys = {cells.grade_id(cell): cell.source for cell in frame.cells if cells.is_quiz(cell)}
    graded = []
    for cell in nb.cells:
        name, record = cells.grade_id(cell), cells.score_record(cell) or {}
        if name in keys:
            title = _title(quiz.parse(keys[name]).prompt)
            cells.set_feedback(cell, title=title, is_open=not record.get("chosen"))
            cell["source"] = questions.show(keys[name], record, reveal=reveal)
        elif cells.is_test(cell):
            is_open = record.get("reason") == NOT_IMPLEMENTED
            cells.set_feedback(cell, title=f"Test: {name}", is_open=is_open)
        else:
            cells.set_feedback(cell, title=f"Answer: {name}")
        if cells.is_graded(cell):
            graded.append(cell)
    headings = [re.match(r"# (.+)", cell.source) for cell in frame.cells]
    return {
        "title": next((found[1] for found in headings if found), "your notebook"),
        "cells": graded,
        "waiting": sum(map(cells.awaits_grading, graded)),
        "notes": [note for note in (cells.unreadable(nb), *cells.notes(nb)) if note],
        "formulas": any("$" in cell.source for cell in nb.cells if cell.cell_type == "markdown"),
        "style": _STYLE.read_text(encoding="utf-8"),
        "highlighting": _highlighting(),
    }


def _highlighting() -> str:
    """The colours of code, by day and by night."""
    day = HtmlFormatter(style="default").get_style_defs(".highlight")
    night = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
    return f"{day}\n@media (prefers-color-scheme: dark) {{\n{night}\n}}"


def _title(prompt: str) -> str:
    """The beginning of a question, in one line."""
    text = re.sub(r"[*_`#]", "", prompt.strip().partition("\n\n")[0])
    text = re.sub(r"\$([^$\\]*)\$", r"\1", text)  # a plain formula is read without its marks
    return textwrap.shorten(text, _TITLE, placeholder=" …") or "Question"
