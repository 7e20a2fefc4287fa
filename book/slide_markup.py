r"""Slides as HTML: what cells put out, code in pieces that fit, and the page of a deck.

Example:
    >>> print(code_blocks("x = 1")[0][:28])
    <div class="highlight"><pre>
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from nbformat import NotebookNode

from autograder.feedback.markup import highlight_code, render_markdown
from book import execute

MAX_CODE_LINES: Final = 14  # on one slide
_CODE: Final = re.compile(r"(?s)<pre>(.*?)\n?</pre>")


@dataclass
class Slide:
    """A slide: what it shows and its notes, as blocks of HTML.

    Attributes:
        level: 1 for the title, 2 for a section's first slide, 3 for the others.
        kind: ``""``, or ``title``, ``box``, ``question`` or ``exercise``, for the style sheet.
        is_complete: Whether what follows begins another slide.
    """

    title: str
    level: int
    kind: str = ""
    is_complete: bool = False
    shown: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def output_markup(output: NotebookNode) -> str:
    """Return an output as HTML; an empty text for what a slide leaves out."""
    data: dict[str, Any] = output.get("data", {})
    if "image/png" in data:
        facts = output.get("metadata", {}).get("image/png", {})
        return figure_markup(str(data["image/png"]), facts)
    page = str(data.get("text/html", ""))
    if "<table" in page:
        return f'<div class="table">{page}</div>'
    if "text/markdown" in data:
        return render_markdown(str(data["text/markdown"]))
    if page or output.output_type == "error":  # progress bars, open exercises
        return ""
    text = execute.OPEN_WORK.sub("", str(output.get("text", ""))).rstrip()
    return f"<pre>{html.escape(text)}</pre>" if text else ""


def figure_markup(picture: str, facts: dict[str, Any]) -> str:
    """Return a figure, or the picture of an explorer, with its alternative text."""
    sizes = "".join(f' {side}="{facts[side]}"' for side in ("width", "height") if side in facts)
    photographs = "".join(
        f'<span class="photograph" style="left: {left:.2%}; top: {top:.2%}; '
        f'width: {width:.2%}; height: {height:.2%}"></span>'
        for left, top, width, height in facts.get("photographs", [])
    )
    return (
        f'<div class="figure"><div><img alt="{html.escape(str(facts.get("alt", "")))}"{sizes} '
        f'src="data:image/png;base64,{picture.strip()}">{photographs}</div></div>'
    )


def code_blocks(source: str) -> list[str]:
    """Return highlighted code in pieces that fit on a slide."""
    found = _CODE.search(highlight_code(source))
    lines = found[1].split("\n") if found else []
    starts = range(0, len(lines), MAX_CODE_LINES)
    pieces = ["\n".join(lines[start : start + MAX_CODE_LINES]) for start in starts]
    return [f'<div class="highlight"><pre>{piece}</pre></div>' for piece in pieces]


def deck_page(slides: list[Slide]) -> str:
    """Return a deck as a page; slides of a section are below each other."""
    title = html.escape(slides[0].title)
    sections = "".join(map(_section, _in_sections(slides)))
    sheets = ("reveal/reset.css", "reveal/reveal.css", "deck.css", "code.css")
    links = "".join(f'<link rel="stylesheet" href="{sheet}">' for sheet in sheets)
    scripts = ("reveal/reveal.js", "reveal/notes.js", "deck.js")
    loaded = "".join(f'<script src="{script}"></script>' for script in scripts)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'{links}<body><main class="reveal measuring"><div class="slides">{sections}</div></main>'
        f"<noscript><p>Slides need JavaScript, which is turned off in this browser.</p></noscript>"
        f"{loaded}</body></html>\n"
    )


def _in_sections(slides: list[Slide]) -> Iterator[list[Slide]]:
    counts = [sum(slide.level < 3 for slide in slides[: at + 1]) for at in range(len(slides))]
    for _, group in groupby(zip(counts, slides, strict=True), key=lambda pair: pair[0]):
        yield [slide for _, slide in group]


def _section(slides: list[Slide]) -> str:
    return f"<section>{''.join(map(_slide, slides))}</section>"


def _slide(slide: Slide) -> str:
    tag = f"h{min(slide.level, 2)}"
    notes = f'<aside class="notes">{"".join(slide.notes)}</aside>' if slide.notes else ""
    return (
        f'<section class="{slide.kind}"><{tag}>{html.escape(slide.title)}</{tag}>'
        f"{''.join(slide.shown)}{notes}</section>"
    )
