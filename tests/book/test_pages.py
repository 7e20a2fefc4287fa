from __future__ import annotations

from pathlib import Path

import nbformat

from book import pages
from course import quiz


def test_without_keys_a_page_holds_no_answer() -> None:
    source = nbformat.v4.new_markdown_cell("**Even?**\n\n- [ ] one\n- [x] two\n  > Twice one.\n")
    question = quiz.parse(source.source)
    bare = quiz.parse(quiz.bare(source.source))
    assert "Twice one." in pages.question_markup(bare, question, multiple=False)
    without = pages.question_markup(bare, None, multiple=False)
    assert not any(word in without for word in ("right", "wrong", "Twice one."))


def test_another_kind_of_question_stays_as_it_is_written(tmp_path: Path) -> None:
    text = "**How many numbers?**\n\n= ___\n"
    cell = nbformat.v4.new_markdown_cell(text, metadata={"course": {"quiz": {"kind": "number"}}})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert pages.make_page(notebook, {}, tmp_path).cells[0].source == text
