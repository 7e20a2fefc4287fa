r"""Slides of the lessons, with reveal.js: ``make slides`` builds them in ``build/slides``.

Example:
    >>> slides = make_slides(nbformat.v4.new_notebook(cells=[
    ...     nbformat.v4.new_markdown_cell("# Copies"),
    ...     nbformat.v4.new_markdown_cell("## 1. Why?\n\nTo learn."),
    ... ]))
    >>> [slide.title for slide in slides]
    ['Copies', '1. Why?']

A heading begins a slide; ``deck/deck.js`` divides what doesn't fit. Figures, tables and pictures of
explorers come from the executed release, so no slide holds an answer. Questions and predictions
become slides to discuss, exercises slides with the code to start from. Notes hold the whole text.
"""

from __future__ import annotations

import argparse
import html
import importlib.util
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import nbformat
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

from autograder import cells as roles
from autograder.feedback.markup import highlight_code, render_markdown
from book import execute
from book.slide_markup import Slide, code_blocks, deck_page, output_markup
from book.slide_text import END_OF_BOX, blocks, shorten
from course import lessons, quiz
from course.quiz import cells

DECK: Final = Path(__file__).with_name("deck")
_HEADING: Final = re.compile(r"(#+) (.+)")
_EXERCISE: Final = re.compile(r"\*\*Exercise (\d+|★)\.\*\*\s*")
_LEFT_OUT: Final = "Glossary"
_PARTS: Final = ("dist/reset.css", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js")


def build(out: Path, *, run: Sequence[str] | None = None, cache: Path | None = None) -> None:
    """Write a deck for each lesson, and a page that lists them, into a new folder.

    Args:
        out: The folder; what an earlier build wrote there is replaced.
        run: The lessons to run, by name; the others show no outputs. None runs all.
        cache: Where results of lessons are kept. Default: beside ``out``, as the book does.
    """
    out = out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(DECK, out)
    _copy_reveal(out / "reveal")
    (out / "code.css").write_text(_code_colors(), encoding="utf-8")
    titles = {}
    for lesson in sorted(execute.ROOT.glob("release/*/*.ipynb")):
        name = lesson.parent.name
        if run is None or name in run:
            notebook = execute.executed(lesson, cache or out.parent / "executed")
        else:
            notebook = nbformat.read(lesson, as_version=nbformat.NO_CONVERT)
        slides = make_slides(notebook)
        titles[name] = slides[0].title
        (out / f"{name}.html").write_text(deck_page(slides), encoding="utf-8")
    (out / "index.html").write_text(_index(titles), encoding="utf-8")


def make_slides(notebook: NotebookNode) -> list[Slide]:
    """Return the slides of a released lesson; below a section's first, empty ones are left out."""
    slides: list[Slide] = []
    for position, cell in enumerate(notebook.cells):
        if cells.is_quiz(cell) or cells.is_prediction(cell):
            slides.append(_question(cell))
        elif cell.cell_type == "markdown":
            if any(not _add_block(slides, block) for block in blocks(cell.source)):
                break
        elif position == 1:  # imports
            slides[-1].notes.append(highlight_code(cell.source))
        elif roles.is_answer(cell):
            slides[-1].shown += code_blocks(cell.source)
            slides[-1].is_complete = True
        elif not (roles.is_test(cell) or roles.is_check(cell)):
            _add_code(_open_slide(slides), cell)
    return [slide for slide in slides if slide.shown or slide.level < 3]


def _open_slide(slides: list[Slide]) -> Slide:
    """Return the last slide, or another one of its section if it is complete."""
    if slides[-1].is_complete:
        section = next(slide for slide in reversed(slides) if not slide.kind)
        slides.append(Slide(section.title, 3))
    return slides[-1]


def _add_block(slides: list[Slide], block: str) -> bool:
    """Add a block of text to the slides; return False at the end of what is shown."""
    if heading := _HEADING.fullmatch(block):
        title = heading[2].replace("*", "").replace("`", "")
        if title == _LEFT_OUT:
            return False
        level = len(heading[1])
        slides.append(Slide(title, min(level, 3), kind={1: "title", 4: "box"}.get(level, "")))
        return True
    if block == END_OF_BOX:
        slides[-1].is_complete = True
        return True
    if exercise := _EXERCISE.match(block):
        slides.append(Slide(f"Your turn: exercise {exercise[1]}", 3, kind="exercise"))
    slide = slides[-1] if slides[-1].kind == "title" else _open_slide(slides)
    slide.notes.append(render_markdown(block))
    shown = block[exercise.end() :] if exercise else shorten(block)
    if shown and not slide.is_complete:
        slide.shown.append(render_markdown(shown))
    if block.startswith("| objective |"):
        slide.is_complete = True  # what follows is about the notebook
    return True


def _question(cell: NotebookNode) -> Slide:
    """Return a question without its key: only the release is read here."""
    title = "Vote" if cells.is_prediction(cell) else "Discuss"
    question = quiz.parse(quiz.bare(cell.source))
    slide = Slide(title, 3, kind="question", is_complete=True)
    if not question.options:
        slide.shown = [render_markdown(block) for block in blocks(cell.source)]
        return slide
    options = "".join(f"<li>{render_markdown(option.text)}</li>" for option in question.options)
    slide.shown = [render_markdown(question.prompt), f'<ol class="options">{options}</ol>']
    return slide


def _add_code(slide: Slide, cell: NotebookNode) -> None:
    """Add what a cell shows; its code is for the notes unless there is nothing else to see."""
    outputs = [shown for output in cell.outputs if (shown := output_markup(output))]
    has_picture = any(not shown.startswith("<pre") for shown in outputs)
    if roles.is_demonstration(cell) or (outputs and not has_picture):
        slide.shown += code_blocks(cell.source)
    else:
        slide.notes.append(highlight_code(cell.source))
    slide.shown += outputs


def _copy_reveal(target: Path) -> None:
    """Copy reveal.js, which comes with a Python package, and its license."""
    package = importlib.util.find_spec("sphinx_revealjs")
    folders = package.submodule_search_locations if package else None
    if not folders:
        raise FileNotFoundError('reveal.js is missing; install it with: pip install -e ".[book]"')
    source = Path(folders[0]) / "_static" / "revealjs"
    target.mkdir()
    for part in (*_PARTS, "LICENSE"):
        shutil.copyfile(source / part, target / Path(part).name)


def _code_colors() -> str:
    return "\n".join(
        HtmlFormatter(style=f"a11y-high-contrast-{theme}").get_style_defs(
            f'[data-theme="{theme}"] .highlight'
        )
        for theme in ("light", "dark")
    )


def _index(titles: dict[str, str]) -> str:
    numbers = {lesson.name: lesson.title for lesson in lessons.LESSONS}
    items = "".join(
        f'<li><a href="{name}.html">{html.escape(numbers.get(name, title))}</a></li>'
        for name, title in titles.items()
    )
    keys = (
        ("Space", "the next slide; Shift+Space goes back"),
        ("Esc", "all slides at once"),
        ("S", "your view: the notes with the lesson's whole text, the next slide and a clock"),
        ("D", "light or dark"),
        ("?", "all keys"),
    )
    rows = "".join(f"<tr><td><kbd>{key}</kbd></td><td>{job}</td></tr>" for key, job in keys)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Slides</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="stylesheet" href="deck.css"><body class="index"><main><h1>Slides</h1>'
        f"<ol>{items}</ol><h2>Keys</h2><table>{rows}</table>"
        "<p>To print a deck or save it as a PDF, add <code>?print-pdf</code> to its address.</p>"
        "</main></body></html>\n"
    )


def main(arguments: list[str] | None = None) -> None:
    """Build the slides and say where they are."""
    parser = argparse.ArgumentParser(prog="python -m book.slides", description=build.__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path("build/slides"), help="the folder to write"
    )
    parser.add_argument(
        "--run", nargs="*", metavar="LESSON", help="run only these lessons (default: all)"
    )
    chosen = parser.parse_args(arguments)
    build(chosen.out, run=chosen.run)
    print(f"The slides are in {chosen.out}; open {chosen.out / 'index.html'} in a browser.")


if __name__ == "__main__":
    main()
