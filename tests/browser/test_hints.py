"""A self-learner gets hints and a worked solution; on a class's server, there are none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from playwright.sync_api import Locator, Page, expect

from autograder import cells
from autograder.publish import build
from tests.browser import lab as labs
from tests.browser.axe import assert_accessible
from tests.browser.lab import Lab, Lesson
from tests.browser.servers import Server

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

TEXT = """# A lesson

```{code-cell} ipython3
---
exercise: half
hints:
- |
  A half is $x/2$.
- |
  Divide `x` by two and return it.
---
def half(x):
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION
```

```{code-cell} ipython3
:test: half-test
:points: 2
from course import exercises


@exercises.check("Exercise 1", points=2)
def half_test():
    assert half(3) == 1.5, "half(3) should be 1.5"
```
"""


@pytest.fixture
def notebook(server: Server) -> Iterator[Path]:
    """A learner's notebook on the server; the folder `source` has its hints, if it exists."""
    nb = build.notebook_from_text(TEXT)
    cells.remove_hints(nb.cells[1])
    nb.cells[1].source = "def half(x):\n    raise NotImplementedError"
    folder = server.root / "01-hints"
    yield labs.write(nb, folder / "hints.ipynb")
    shutil.rmtree(folder)


@pytest.fixture
def hints(server: Server) -> Iterator[None]:
    labs.write(build.notebook_from_text(TEXT), server.root / "source" / "01-hints" / "hints.ipynb")
    yield
    shutil.rmtree(server.root / "source")


RUN = "await jupyterapp.commands.execute('notebook:run-all-cells').catch(() => {});"


def solve(lesson: Lesson, code: str, title: str) -> None:
    """Write an answer, run the notebook, and wait for the test's result."""
    code = f"def half(x):\n    {code}"
    lesson.js("panel.model.cells.get(1).sharedModel.setSource(argument)", code)
    lesson.js(RUN)
    expect(lesson.page.locator(".jp-OutputArea:visible").last).to_contain_text(title)


def button(page: Page, name: str) -> Locator:
    return page.locator(".course-help:visible").get_by_role("button", name=name, exact=True)


def take_all_steps(lesson: Lesson) -> None:
    """Fail, read the hints, fail twice more, look at the solution; with the keyboard alone."""
    page = lesson.page
    lesson.js("await panel.sessionContext.ready")
    help_ = page.locator(".course-help:visible")
    button(page, "Hint 1 of 2").focus()
    expect(help_.locator(".course-state")).to_be_empty()
    page.keyboard.press("Enter")
    expect(help_.locator("li")).to_have_text("A half is x/2.")  # MathJax's text
    expect(help_.locator("mjx-container")).to_have_count(1)
    expect(button(page, "Hint 2 of 2")).to_be_focused()
    for key in ("d", "d", "x", "a"):  # JupyterLab's shortcuts, which would delete the cell
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(help_.locator("li")).to_have_count(2)
    expect(help_.locator("li").last).to_be_focused()
    state = help_.locator(".course-state")
    expect(state).to_contain_text("after 3 tries (0 so far)")
    expect(button(page, "Show a worked solution")).to_be_hidden()
    assert_accessible(page, ".course-help", checks=["color-contrast"])
    solve(lesson, "return x", "not correct yet")
    expect(state).to_contain_text("(1 so far)")
    lesson.js(RUN)  # the same answer again is no further try
    solve(lesson, "return 2 * x", "not correct yet")
    expect(state).to_contain_text("(2 so far)")
    solve(lesson, "raise NotImplementedError", "still open")  # nor is none
    expect(state).to_contain_text("(2 so far)")
    solve(lesson, "return x // 2", "not correct yet")
    button(page, "Show a worked solution").focus()
    page.keyboard.press("Enter")
    expect(help_.locator(".course-solution code")).to_have_text("def half(x):\n    return x / 2\n")
    expect(button(page, "Hide the worked solution")).to_be_focused()
    assert_accessible(page, ".course-help")


@pytest.mark.usefixtures("hints")
def test_hints_come_first_and_the_solution_after_three_tries(lab: Lab, notebook: Path) -> None:
    with lab.open(notebook) as lesson:
        take_all_steps(lesson)
        assert lesson.js("return panel.model.cells.get(1).getMetadata('course')") == {"tries": 3}
    with lab.open(notebook) as lesson:
        expect(button(lesson.page, "Show a worked solution")).to_be_visible()
        expect(button(lesson.page, "Hint 1 of 2")).to_be_visible()
    submitted = nbformat.read(notebook, as_version=4)
    assert "hints" not in str(submitted.cells[1].metadata)


@pytest.mark.usefixtures("hints")
def test_the_solution_is_there_after_a_pass_in_notebook_7(
    page: Page, server: Server, notebook: Path
) -> None:
    lesson = labs.open_in_notebook(page, server, notebook)
    expect(button(page, "Hint 1 of 2")).to_be_visible()
    expect(button(page, "Show a worked solution")).to_be_hidden()
    lesson.js("await panel.sessionContext.ready")
    solve(lesson, "return 0.5 * x", "✓ Exercise 1: correct (2 points)")
    button(page, "Show a worked solution").click()
    expect(page.locator(".course-solution code")).to_contain_text("return x / 2")
    button(page, "Hide the worked solution").click()
    expect(page.locator(".course-solution")).to_be_hidden()
    lesson.js("await panel.sessionContext.shutdown(); await panel.context.save();")


def test_without_the_instructors_notebooks_there_is_no_help(lab: Lab, notebook: Path) -> None:
    with lab.open(notebook) as lesson:
        page = lesson.page
        lesson.js("await panel.sessionContext.ready")
        solve(lesson, "return x", "not correct yet")
        expect(page.locator(".course-count:visible")).to_have_text("0 of 1 exercises pass")
        expect(page.locator(".course-help")).to_have_count(0)
        assert lesson.js("return panel.model.cells.get(1).getMetadata('course') ?? null") is None


@pytest.mark.usefixtures("hints")
def test_an_optional_exercise_has_help_but_does_not_count(lab: Lab, notebook: Path) -> None:
    nb = nbformat.read(notebook, as_version=4)
    check = nb.cells[2].source.replace('"Exercise 1", points=2', '"Exercise ★"')
    nb.cells[2] = new_code_cell(check, id="half-check")
    nb.cells[2].metadata["course"] = {"check": True}
    nb.cells.append(labs.question("any", "Which?\n\n- [ ] a\n- [ ] b\n"))
    labs.write(nb, notebook)
    with lab.open(notebook) as lesson:
        page = lesson.page
        lesson.js("await panel.sessionContext.ready")
        count = page.locator(".course-count:visible")
        expect(count).to_have_text("0 of 1 answered")
        solve(lesson, "return x", "✗ Exercise ★: not correct yet")
        button(page, "Hint 1 of 2").click()
        expect(page.locator(".course-help:visible li")).to_have_text("A half is x/2.")
        solve(lesson, "return x / 2", "✓ Exercise ★: correct")
        expect(button(page, "Show a worked solution")).to_be_visible()
        expect(count).to_have_text("0 of 1 answered")
