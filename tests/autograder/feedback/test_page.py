"""The feedback page: when the key is shown, and no active content."""

from __future__ import annotations

from datetime import datetime

import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from autograder.feedback import page, questions

KEY = "**Even?**\n\n- [ ] one\n  > It is odd.\n- [x] two\n  > Twice one.\n"
DUE = datetime(2026, 3, 1)  # noqa: DTZ001  (UTC without a time zone, as in nbgrader)
BEFORE = datetime(2026, 2, 1)  # noqa: DTZ001
AFTER = datetime(2026, 4, 1)  # noqa: DTZ001


@pytest.mark.parametrize(
    ("policy", "due_date", "now", "shown"),
    [
        ("never", DUE, AFTER, False),
        ("always", None, BEFORE, True),
        ("after the due date", DUE, BEFORE, False),
        ("after the due date", DUE, AFTER, True),
        ("after the due date", None, AFTER, False),
    ],
)
def test_the_policy_decides_about_the_key(
    policy: str, due_date: datetime | None, now: datetime, *, shown: bool
) -> None:
    assert questions.reveals_key(policy, due_date, now) is shown


def test_without_the_key_only_the_answer_is_shown() -> None:
    text = questions.question_markdown(KEY, {"chosen": [0]}, reveal=False)
    assert "☑ one — **your answer**" in text
    assert "correct" not in text
    assert "odd" not in text


def test_with_the_key_every_option_is_explained() -> None:
    text = questions.question_markdown(KEY, {"chosen": [0]}, reveal=True)
    assert "☑ one — **your answer, incorrect**" in text
    assert "☐ two — **correct**" in text
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
def test_active_content_is_escaped_or_removed(hostile: str, harmless: str) -> None:
    assert page.sanitize_html(hostile) == harmless


def test_tables_images_and_headings_stay() -> None:
    html = (
        '<h2 id="a">b</h2><table><tbody><tr><td>1</td></tr></tbody></table>'
        '<img src="data:image/png;base64,AA==">'
    )
    assert page.sanitize_html(html) == html


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("**What** are $n$ codes?\n\nThink of the\nlecture.", "What are n codes?"),
        ("Which of them\nis true?", "Which of them is true?"),
        (r"Is $\hat{x}$ a copy?", r"Is $\hat{x}$ a copy?"),
        ("word " * 40, "word " * 23 + "…"),
    ],
)
def test_a_title_is_the_start_of_the_question(prompt: str, title: str) -> None:
    cell = new_markdown_cell(f"{prompt}\n- [ ] one\n- [x] two")
    cell.metadata = {"nbgrader": {"grade_id": "q", "grade": True}, "course": {"quiz": {}}}
    nb, source = new_notebook(cells=[cell]), new_notebook(cells=[cell.copy()])
    feedback = page.prepare_page(nb, source, reveal=False)["cells"][0].metadata["course"]
    assert feedback["title"] == title
    assert feedback["open"]
