"""A learner damages questions, validates the notebook, and gets the questions back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from playwright.sync_api import Page, expect

from course import quiz
from course.server.progress import read_progress
from tests.browser.axe import assert_accessible
from tests.browser.conftest import KIND, SIZES
from tests.browser.lab import Lab, Lesson, open_in_notebook, option, question, write
from tests.browser.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TYPO = """What is it?

- [x] autoencoders use a deterministic approach, but RBMs use a stochastik approach.
"""
SET_SOURCE = "panel.model.cells.get(argument[0]).sharedModel.setSource(argument[1])"


def exercise_test(name: str, source: str) -> NotebookNode:
    cell: NotebookNode = new_code_cell(source, id=name)
    entries = {"grade": True, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = {**entries, "grade_id": name, "points": 1, "schema_version": 3}
    return cell


@pytest.fixture
def path(write_lesson: Callable[..., Path]) -> Path:
    """A student's notebook with two tests and two questions, which the release keeps."""
    kind, sizes = (
        question("kind", quiz.bare(KIND)),
        question("sizes", quiz.bare(SIZES), multiple=True),
    )
    path = write_lesson(
        exercise_test("one", "assert True"), exercise_test("two", "assert 1 == 2"), kind, sizes
    )
    nb = nbformat.read(path, as_version=4)
    above = ["title", "one", "two", "kind"]
    kept = [
        {**cell, "after": cell_id} for cell, cell_id in zip((kind, sizes), above[2:], strict=True)
    ]
    nb.metadata["course"] = {"questions": kept}
    return write(nb, path)


def count(lesson: Lesson) -> Any:
    return expect(lesson.page.locator(".course-count:visible"))


def restore(lesson: Lesson, name: str) -> None:
    """Press the button in the bar with the keyboard."""
    lesson.page.get_by_role("button", name=name).press("Enter")
    expect(lesson.page.get_by_role("button", name=name)).to_be_hidden()


def test_a_damaged_question_comes_back_with_its_answer(lab: Lab, path: Path) -> None:
    with lab.open(path) as lesson:
        lesson.js(
            SET_SOURCE,
            [3, TYPO],
        )
        lesson.js(SET_SOURCE, [4, "the answer is three"])
        count(lesson).to_have_text(
            "0 of 2 exercises pass, 0 of 2 answered, question 1 is damaged, question 2 is damaged"
        )
        sizes = lesson.scroll_to("sizes")
        expect(sizes.locator(".course-state")).to_contain_text("Damaged")
        expect(sizes.locator(".course-text")).to_have_text("the answer is three")
        sizes.get_by_role("button", name="Restore").click()
        expect(sizes.get_by_role("checkbox").first).to_be_focused()
        restore(lesson, "Restore question 1")
        expect(option(lesson.question("kind"), 1).get_by_role("radio")).to_be_focused()
        expect(lesson.page.locator(".course-notice:visible")).to_have_text(
            "Question 1 is restored, with your answer."
        )
        lesson.wait_until_saved("kind")
        assert lesson.sources()["kind"] == quiz.mark(quiz.bare(KIND), frozenset([1]))
        assert lesson.sources()["sizes"] == quiz.bare(SIZES)


def test_a_narrow_bar_shows_all_its_buttons(lab: Lab, path: Path) -> None:
    with lab.open(path) as lesson:
        page = lesson.page
        for index in (3, 4):
            lesson.js(SET_SOURCE, [index, "oh"])
        wide = page.viewport_size
        page.set_viewport_size({"width": 480, "height": 700})
        button = page.get_by_role("button", name="Validate", exact=True)
        expect(button).to_be_in_viewport(ratio=1)
        page.set_viewport_size(wide or {"width": 1280, "height": 900})
        expect(button).to_be_in_viewport(ratio=1)


def test_a_question_that_became_code_or_lost_its_role_comes_back(lab: Lab, path: Path) -> None:
    before = nbformat.read(path, as_version=4)
    with lab.open(path) as lesson:
        lesson.tick("sizes", [0])
        lesson.js("content.activeCellIndex = 4; content.mode = 'command';")
        lesson.js("await jupyterapp.commands.execute('notebook:change-cell-to-code')")
        lesson.js(
            "for (const key of argument) panel.model.cells.get(3).deleteMetadata(key)",
            ["course", "nbgrader"],
        )
        count(lesson).to_contain_text("question 1 is damaged, question 2 is damaged")
        restore(lesson, "Restore question 1")
        restore(lesson, "Restore question 2")
        count(lesson).to_have_text("0 of 2 exercises pass, 1 of 2 answered")
        lesson.wait_until_saved("sizes")
        after = nbformat.read(path, as_version=4)
        assert [cell.id for cell in after.cells] == [cell.id for cell in before.cells]
        for old, new in zip(before.cells[3:5], after.cells[3:5], strict=True):
            assert (new.cell_type, new.metadata["course"], new.metadata["nbgrader"]) == (
                "markdown",
                old.metadata["course"],
                old.metadata["nbgrader"],
            )
        assert after.cells[4].source == quiz.mark(quiz.bare(SIZES), frozenset([0]))


def test_a_deleted_and_a_split_question_come_back(lab: Lab, path: Path) -> None:
    with lab.open(path) as lesson:
        half = {"cell_type": "markdown", "source": "- [x] a single bit"}
        lesson.js(
            """
            const notebook = panel.model.sharedModel;
            const sizes = notebook.getCell(4);
            notebook.insertCell(5, { ...argument, metadata: sizes.getMetadata() });
            sizes.setSource(sizes.getSource().split('- [ ] a single')[0]);
            notebook.deleteCell(3);
        """,
            half,
        )
        restore(lesson, "Restore question 1")
        restore(lesson, "Restore question 2")
        lesson.scroll_to("sizes")
        lesson.wait_until_saved("sizes")
        sources = lesson.sources()
        assert [*sources] == ["title", "one", "two", "kind", "sizes", "code"]
        assert sources["kind"] == quiz.bare(KIND)
        assert sources["sizes"] == quiz.mark(quiz.bare(SIZES), frozenset([2]))


@pytest.mark.slow
def test_validate_tells_the_truth_and_restores(lab: Lab, path: Path) -> None:
    with lab.open(path) as lesson:
        page = lesson.page
        expect(page.get_by_role("button", name="Validate", exact=True)).to_have_count(1)
        lesson.tick("kind", [0])
        lesson.js(SET_SOURCE, [4, "- [x] a single bit\n- [ ] nonsense"])
        page.get_by_role("button", name="Validate", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.locator(".course-sentence")).to_have_text(
            [
                "Exercises: 1 of 2 pass.",
                "Quiz: 1 of 2 answered, answers saved.",
                "Question 2 is damaged.",
            ]
        )
        expect(dialog.locator(".course-finding")).to_have_text(
            ["two", "Question 2: Which codes are smaller than the picture?"]
        )
        assert_accessible(page, ".jp-Dialog")
        dialog.get_by_role("button", name="Restore question 2").press("Enter")
        expect(dialog).to_have_count(0)
        expect(option(lesson.question("sizes"), 2).get_by_role("checkbox")).to_be_checked()
        count(lesson).to_have_text("0 of 2 exercises pass, 2 of 2 answered")
        lesson.wait_until_saved("sizes")
        assert read_progress(path).summary == "0 of 2 exercises pass, 2 of 2 answered"


def test_restore_works_in_notebook_7(page: Page, server: Server, path: Path) -> None:
    nb = json.loads(path.read_text(encoding="utf-8"))
    nb["cells"][3]["source"] = "oh"
    path.write_text(json.dumps(nb))
    lesson = open_in_notebook(page, server, path)
    count(lesson).to_have_text("0 of 2 exercises pass, 0 of 2 answered, question 1 is damaged")
    expect(page.get_by_role("button", name="Validate", exact=True)).to_have_count(1)
    restore(lesson, "Restore question 1")
    expect(lesson.question("kind").get_by_role("radio").first).to_be_focused()
    lesson.page.wait_for_function("!window.opened.context.model.dirty")
    assert lesson.sources()["kind"] == quiz.bare(KIND)
