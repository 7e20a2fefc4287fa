"""The titles of exercises and questions, in lessons and in notebooks for plain nbgrader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import nbgrader
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import cells
from autograder.feedback import answers
from autograder.publish import build

COURSE = Path(__file__).resolve().parents[3]
PROBLEMS = Path(nbgrader.__file__).parent / "docs/source/user_guide/source/ps1/problem1.ipynb"


def notebook(*members: Any) -> NotebookNode:
    texts = [new_markdown_cell(cell) if isinstance(cell, str) else cell for cell in members]
    return NotebookNode(new_notebook(cells=texts))


def code(name: str, **roles: Any) -> NotebookNode:
    cell = NotebookNode(new_code_cell(f"# {name}"))
    defaults = {"grade": False, "solution": False, "task": False, "locked": False}
    cells.set_nbgrader(cell, grade_id=name, **{**defaults, **roles})
    return cell


def exercise(name: str) -> NotebookNode:
    return code(name, solution=True)


def checker(name: str) -> NotebookNode:
    return code(name, grade=True, locked=True, points=1)


def titles(*members: Any) -> list[tuple[str, list[str]]]:
    found = answers.find_answers(notebook(*members))
    return [(answer.title, answer.names) for answer in found]


@pytest.mark.parametrize("path", sorted((COURSE / "source").glob("*/*.md")), ids=lambda p: p.stem)
def test_each_exercise_of_a_lesson_has_its_title(path: Path) -> None:
    source = build.notebook_from_text(path.read_text(encoding="utf-8"))
    found = answers.find_answers(source)
    graded = set(cells.graded_cells(source))
    assert graded <= {name for answer in found for name in answer.names}
    numbers = [answer.title.split(":")[0] for answer in found if answer.kind == "exercise"]
    assert "Exercise 1" in numbers
    assert len(set(numbers)) == len(numbers)
    assert all(number.startswith("Exercise ") for number in numbers)


def test_an_exercise_is_titled_by_its_label_and_first_sentence() -> None:
    text = (
        "# L\n\n## 2. Copies\n\nText.\n\n<a id=e></a>\n"
        "**Exercise 1.** Use [code](#c) `f_x`. Or not.\n\nLook out."
    )
    (answer,) = answers.find_answers(notebook(text, exercise("a"), checker("a-test")))
    assert answer.title == "Exercise 1: Use code f_x"
    assert answer.section == "2. Copies"
    assert answer.task == "**Exercise 1.** Use [code](#c) `f_x`. Or not.\n\nLook out."


def test_without_a_label_the_heading_is_the_title_and_else_the_name() -> None:
    nb = nbformat.read(PROBLEMS, as_version=4)
    found = answers.find_answers(NotebookNode(nb))
    assert [(answer.kind, answer.title) for answer in found] == [
        ("exercise", "Part A"),
        ("exercise", "Part B"),
        ("manual", "Part C"),
        ("manual", "Part D"),
        ("manual", "Part E"),
    ]
    assert found[0].names == ["squares", "correct_squares", "squares_invalid_input"]
    assert found[0].task.startswith("Write a function that returns a list")
    assert titles("# Only a title", exercise("a"), checker("t")) == [("a", ["a", "t"])]
    assert titles(exercise("a"), checker("t")) == [("a", ["a", "t"])]


def test_equal_titles_get_the_name_of_their_cell() -> None:
    members = [
        "## Sorting",
        exercise("a"),
        checker("ta"),
        exercise("b"),
        checker("tb"),
        checker("tc"),
    ]
    assert titles(*members) == [("Sorting (a)", ["a", "ta"]), ("Sorting (b)", ["b", "tb", "tc"])]


def test_answers_before_the_first_test_belong_together_unless_titled() -> None:
    members = [exercise("a"), exercise("b"), checker("t")]
    assert titles("## One", *members) == [("One", ["a", "b", "t"])]
    starred = [
        "**Exercise ★.** Free.",
        exercise("a"),
        "**Exercise 2.** Graded.",
        exercise("b"),
    ]
    assert titles(*starred, checker("t")) == [
        ("Exercise ★: Free", ["a"]),
        ("Exercise 2: Graded", ["b", "t"]),
    ]


def test_code_in_a_text_is_no_heading() -> None:
    text = "## Real\n\n```\n# not a heading\n\n**Exercise 9.** no\n```"
    assert titles(text, exercise("a"), checker("t")) == [("Real", ["a", "t"])]


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("**What** are $n$ codes?\n\nThink of the\nlecture.", "What are n codes?"),
        ("Which of them\nis true?", "Which of them is true?"),
        (r"Is $\hat{x}$ a copy?", "Is … a copy?"),
        ("word " * 40, "word " * 21 + "…"),
    ],
)
def test_a_questions_title_is_its_number_and_its_start(prompt: str, title: str) -> None:
    cell = new_markdown_cell(f"{prompt}\n- [ ] one\n- [x] two")
    cell.metadata = {"nbgrader": {"grade_id": "q", "grade": True}, "course": {"quiz": {}}}
    assert titles(cell) == [(f"Question 1: {title}", ["q"])]
