from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from book import pages
from course import quiz
from course.quiz import kinds
from tests.kinds import KEYS


def test_without_keys_a_page_holds_no_answer() -> None:
    source = nbformat.v4.new_markdown_cell("**Even?**\n\n- [ ] one\n- [x] two\n  > Twice one.\n")
    question = quiz.parse(source.source)
    bare = quiz.parse(quiz.bare(source.source))
    assert "Twice one." in pages.question_markup(bare, question, multiple=False)
    without = pages.question_markup(bare, None, multiple=False)
    assert not any(word in without for word in ("right", "wrong", "Twice one."))


def test_a_question_without_a_place_for_an_answer_stays_as_it_is_written(tmp_path: Path) -> None:
    text = "**How many numbers?**\n\n= ___\n"
    cell = nbformat.v4.new_markdown_cell(text, metadata={"course": {"quiz": {"kind": "number"}}})
    notebook = nbformat.v4.new_notebook(cells=[cell])
    assert pages.make_page(notebook, {}, tmp_path).cells[0].source == text


@pytest.mark.parametrize("name", KEYS)
def test_a_question_with_fields_holds_its_key_only_in_a_book_with_keys(name: str) -> None:
    kind, source = kinds.KINDS[name], KEYS[name]
    assert isinstance(kind, kinds.FieldKind)
    released = kind.bare(source)
    with_key = pages.field_markup(kind, released, quiz.parse(source))
    bare = pages.field_markup(kind, released, None)
    for text in filter(None, kind.explanations(source)):
        assert text in with_key
        assert text not in bare
    assert '"accepts"' in with_key
    assert not any(word in bare for word in ("accepts", "field-texts", "remark"))
    assert "[[" not in bare.partition("<script")[0]


def test_anchors_become_targets_inside_their_items(tmp_path: Path) -> None:
    text = (
        '## Glossary\n\n- <a id="g-a"></a>**A**: one. <a id="g-b"></a>**B**: two.\n'
        '- <a id="g-c"></a>**C**: three.\n\n<a id="exercise-1"></a>**Exercise 1.** Go.'
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    assert pages.make_page(notebook, {}, tmp_path).cells[0].source == (
        "## Glossary\n\n- (g-a)=\n  (g-b)=\n  **A**: one. **B**: two.\n"
        "- (g-c)=\n  **C**: three.\n\n\n(exercise-1)=\n**Exercise 1.** Go."
    )


def test_a_page_says_nothing_about_open_exercises(tmp_path: Path) -> None:
    outputs = [
        nbformat.v4.new_output("error", ename="NotImplementedError", evalue="open", traceback=[]),
        nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[]),
        nbformat.v4.new_output("stream", text="encode is still open; ours is used.\n"),
        nbformat.v4.new_output("stream", text="You haven't predicted yet. Tick.\n2 numbers\n"),
    ]
    cell = nbformat.v4.new_code_cell("1", outputs=outputs)
    page = pages.make_page(nbformat.v4.new_notebook(cells=[cell]), {}, tmp_path)
    kept = page.cells[0].outputs
    assert [output.get("ename", output.get("text")) for output in kept] == [
        "ValueError",
        "2 numbers\n",
    ]
