"""The feedback page: who sees the key when, and that nothing in it can act."""

from __future__ import annotations

from datetime import datetime

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from autograder.feedback import page, questions

KEY = "**Even?**\n\n- [ ] one\n  > It is odd.\n- [x] two\n  > Twice one.\n"
DUE = datetime(2026, 3, 1)  # noqa: DTZ001  (as nbgrader keeps it: UTC without a zone)
BEFORE = datetime(2026, 2, 1)  # noqa: DTZ001
AFTER = datetime(2026, 4, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("policy", "due", "now", "shown"),
    [
        ("never", DUE, AFTER, False),
        ("always", None, BEFORE, True),
        ("after the due date", DUE, BEFORE, False),
        ("after the due date", DUE, AFTER, True),
        ("after the due date", None, AFTER, False),
    ],
)
def test_the_policy(policy: str, due: datetime | None, now: datetime, *, shown: bool) -> None:
    assert questions.reveals(policy, due, now) is shown


def test_without_the_key_only_the_choice_is_shown() -> None:
    text = questions.show(KEY, {"chosen": [0]}, reveal=False)
    assert "☑ one — **your choice**" in text
    assert "right" not in text
    assert "odd" not in text


def test_with_the_key_every_option_is_explained() -> None:
    text = questions.show(KEY, {"chosen": [0]}, reveal=True)
    assert "☑ one — **your choice, not right**" in text
    assert "☐ two — **right**" in text
    assert "> It is odd." in text
    assert "> Twice one." in text


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
        ("<img src='x' onerror='y' alt='z'>", '<img src="x" alt="z">'),
        ("<a href='javascript:x'>y</a>", "<a>y</a>"),
        ("<a href='data:text/html,x'>y</a>", "<a>y</a>"),
        ("<p style='position:fixed'>y</p>", "<p>y</p>"),
        ("<img src='data:text/html;base64,eA=='>", "<img>"),
        ("<iframe src='x'></iframe>", "&lt;iframe src='x'&gt;&lt;/iframe&gt;"),
    ],
)
def test_nothing_on_the_page_can_act(hostile: str, harmless: str) -> None:
    assert page.clean(hostile) == harmless


def test_tables_pictures_and_headings_stay() -> None:
    html = (
        '<h2 id="a">b</h2><table><tbody><tr><td>1</td></tr></tbody></table>'
        '<img src="data:image/png;base64,AA==">'
    )
    assert page.clean(html) == html


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("**What** are $n$ codes?\n\nThink of the\nlecture.", "What are n codes?"),
        ("Which of them\nis true?", "Which of them is true?"),
        (r"Is $\hat{x}$ a copy?", r"Is $\hat{x}$ a copy?"),
        ("word " * 40, "word " * 23 + "…"),
    ],
)
def test_a_question_is_named_by_its_beginning(prompt: str, title: str) -> None:
    cell = new_markdown_cell(f"{prompt}\n- [ ] one\n- [x] two")
    cell.metadata = {"nbgrader": {"grade_id": "q", "grade": True}, "course": {"quiz": {}}}
    nb, frame = new_notebook(cells=[cell]), new_notebook(cells=[cell.copy()])
    about = page.prepare(nb, frame, reveal=False)["cells"][0].metadata["course"]
    assert about["title"] == title
    assert about["open"]
