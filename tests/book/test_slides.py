"""The slides: all of a lesson is on them, but its answers."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.publish import answer_leaks
from book import slide_markup, slides
from book.slide_text import blocks, shorten
from course.quiz import cells

ROOT: Final = Path(__file__).resolve().parents[2]
RELEASES: Final = sorted(ROOT.glob("release/*/*.ipynb"))
lessons = pytest.mark.parametrize("path", RELEASES, ids=[path.stem for path in RELEASES])


@cache
def lesson(path: Path) -> NotebookNode:
    notebook: NotebookNode = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    return notebook


@cache
def deck(path: Path) -> list[slide_markup.Slide]:
    return slides.make_slides(lesson(path))


@lessons
def test_no_slide_holds_an_answer(path: Path) -> None:
    source = ROOT / "source" / path.parent.name / path.name
    secrets = answer_leaks.find_secrets(nbformat.read(source, as_version=nbformat.NO_CONVERT))
    right = {secret for secret in secrets if secret.kind == answer_leaks.RIGHT_OPTION}
    assert len(secrets) > 50
    page = slide_markup.deck_page(deck(path))
    assert list(answer_leaks.find_leaks(page, [s for s in secrets if s not in right])) == []
    # An option is shown beside the others, and nothing sets it apart.
    assert not re.search(r"<input|☑|class=\"(?:right|wrong)", page)
    assert set(re.findall(r"<li( [^>]*)?>", page)) == {""}


@lessons
def test_all_sections_questions_and_exercises_are_on_slides(path: Path) -> None:
    titles = [slide.title for slide in deck(path)]
    text = "\n\n".join(c.source for c in lesson(path).cells if c.cell_type == "markdown")
    numbered = [title.replace("*", "") for title in re.findall(r"(?m)^## (\d.+)$", text)]
    assert [title for title in numbered if title not in titles] == []
    questions = [c for c in lesson(path).cells if cells.is_quiz(c) or cells.is_prediction(c)]
    assert titles.count("Vote") + titles.count("Discuss") == len(questions)
    answers = [c for c in lesson(path).cells if cells.is_answer(c) and c.cell_type == "code"]
    yours = [slide for slide in deck(path) if slide.kind == "exercise"]
    assert len(yours) == len(answers)
    for slide in yours:
        assert "# Your code here" in "".join(slide.shown)
    assert "Glossary" not in titles


@lessons
def test_the_notes_hold_the_whole_text(path: Path) -> None:
    notes = "".join(note for slide in deck(path) for note in slide.notes)
    words = set(re.findall(r"\w+", re.sub(r"<[^>]+>", " ", notes)))
    text = "\n\n".join(
        c.source.split("## Glossary")[0]
        for c in lesson(path).cells
        if c.cell_type == "markdown" and not cells.is_quiz(c) and not cells.is_prediction(c)
    )
    plain = re.sub(r"(?s)<[^>]+>|\]\([^)]*\)|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", " ", text)
    missing = {word for word in re.findall(r"[^\W\d_]{4,}", plain) if word not in words}
    titles = set(re.findall(r"\w+", " ".join(slide.title for slide in deck(path))))
    headings = set(re.findall(r"\w+", " ".join(re.findall(r"(?m)^#+ .+$|<summary>.+", text))))
    assert missing <= titles | headings


def test_a_page_loads_only_what_lies_beside_it(tmp_path: Path) -> None:
    slides.build(tmp_path / "slides", run=[])
    out = tmp_path / "slides"
    assert {f"{path.parent.name}.html" for path in RELEASES} < {p.name for p in out.iterdir()}
    for page in out.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]+)"', text)
        loaded += re.findall(r'<link [^>]*href="([^"]+)"', text)
        assert loaded
        for address in loaded:
            assert address.startswith("data:") or (out / address).is_file()
    assert "MIT" in (out / "reveal" / "reveal.js").read_text(encoding="utf-8")[:200]
    assert "Permission is hereby granted" in (out / "reveal" / "LICENSE").read_text("utf-8")
    for sheet in [*out.glob("*.css"), *out.glob("reveal/*.css")]:
        assert not re.search(r"@import|url\((?![\"']?data:)", sheet.read_text(encoding="utf-8"))


def test_without_reveal_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(FileNotFoundError, match="pip install"):
        slides.build(tmp_path / "slides", run=[])


def test_figures_keep_their_alternative_text_and_open_work_is_left_out() -> None:
    facts = {"alt": 'a "3"', "width": 700, "height": 300, "photographs": [[0.1, 0.2, 0.3, 0.4]]}
    outputs = [
        new_output("stream", name="stdout", text="half is still open; the course's own.\n"),
        new_output("display_data", {"image/png": "QUJD\n"}, metadata={"image/png": facts}),
        new_output("error", ename="NotImplementedError", evalue="", traceback=[]),
        new_output("execute_result", {"text/html": "<table></table>"}, execution_count=1),
    ]
    title, code = new_markdown_cell("# Copies"), new_code_cell("import numpy")
    section = new_markdown_cell("## One\n\nText.")
    cell = new_code_cell("show()", outputs=outputs)
    (_, slide) = slides.make_slides(new_notebook(cells=[title, code, section, cell]))
    text, figure, table = slide.shown
    assert (text, table) == ("<p>Text.</p>\n", '<div class="table"><table></table></div>')
    assert 'alt="a &quot;3&quot;" width="700" height="300"' in figure
    assert 'class="photograph" style="left: 10.00%; top: 20.00%' in figure
    assert "show" in slide.notes[-1]


def test_code_is_shown_where_there_is_nothing_else_to_see() -> None:
    printed = new_code_cell("print(2)", outputs=[new_output("stream", text="<2>\n")])
    parts = [new_markdown_cell("# A"), new_code_cell(""), new_markdown_cell("## B\n\nC."), printed]
    slide = slides.make_slides(new_notebook(cells=parts))[-1]
    assert slide.shown[-1] == "<pre>&lt;2&gt;</pre>"
    assert "print" in slide.shown[1]


def test_after_a_box_or_a_question_the_section_goes_on() -> None:
    text = "## One\n\nA.\n\n<details><summary>More: why</summary>\n\nB.\n\n</details>\n\nC."
    question = new_markdown_cell("**Q?**\n\n- [ ] a\n", metadata={"course": {"prediction": {}}})
    parts = [new_markdown_cell("# T"), new_code_cell(""), new_markdown_cell(text), question]
    made = slides.make_slides(new_notebook(cells=[*parts, new_markdown_cell("D.")]))
    titles = [slide.title for slide in made]
    assert titles == ["T", "One", "More: why", "One", "Vote", "One"]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("The figure shows: a gray blur.", ""),
        ("**Next:** [Lesson 2](a.ipynb)", ""),
        ("| objective | checked by |\n|---|---|\n| copy | [1](#a) |", "- copy"),
        ("| a |\n|---|\n| b |", "| a |\n|---|\n| b |"),
        ("- **Two.** One more.\n- Three.", "- **Two.** One more.\n- Three."),
        ("> A.\n>\n> B.", "> A.\n>\n> B."),
    ],
)
def test_blocks_are_shortened_by_their_kind(text: str, short: str) -> None:
    assert shorten(text) == short


def test_a_sentence_is_never_cut_inside_a_formula_link_or_quotation() -> None:
    filler = "and so on, " * 20
    text = f'It has a code ($x. Y$; see [p. A](b)), "Yes. No." he said, {filler}and ends. Never.'
    assert shorten(text) == text.removesuffix(" Never.")


def test_empty_fields_of_questions_are_lines() -> None:
    assert list(blocks("It is [[ ]] long.")) == ["It is \\_\\_\\_\\_\\_ long."]
