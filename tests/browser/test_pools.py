"""JupyterLab shows each student their own variant of a question pool."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from playwright.sync_api import Response, expect

from course.quiz import pool
from course.quiz.personalize import personalize
from tests.browser import lab as labs
from tests.browser.lab import Lab, question
from tests.browser.servers import Server
from tests.browser.test_quiz_extension import Run
from tests.pools import POOLS, released, solved

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
STUDENT = "jane"  # as in conftest.py
OWN = {name: pool.draw(name, STUDENT, 3) for name in POOLS}


def write_pools(write_lesson: Callable[..., Path], **sources: str) -> Path:
    """Write a notebook as nbgrader fetches it, with other texts in some cells."""
    questions = [question(name, released(name)[0], kind=kind) for name, (kind, _) in POOLS.items()]
    kept = [
        {**copy.deepcopy(cell), "after": "title", "variants": released(cell["id"])}
        for cell in questions
    ]
    for cell in questions:
        cell.source = sources.get(cell["id"], cell.source)
    path = write_lesson(*questions)
    nb = nbformat.read(path, as_version=4)
    nb.metadata["course"] = {"questions": kept}
    return labs.write(nb, path)


@pytest.fixture
def pool_keys(server: Server) -> Iterator[None]:
    """Give the server the instructor's notebook, with the answers, for one test."""
    cells = []
    for name, (kind, source) in POOLS.items():
        cell = question(name, source, kind=kind)
        cell.metadata["course"]["quiz"]["pool"] = True
        cells.append(cell)
    labs.write(labs.lesson(*cells), server.root / "source" / "01-pools" / "lesson.ipynb")
    yield
    shutil.rmtree(server.root / "source")


def test_the_browser_draws_and_personalizes_as_python_does(run: Run) -> None:
    names = ["ada", "Bért", "名前", "a b", "x" * 100]
    drawn = run(
        "return given.map(([question, student, count]) => draw(question, student, count))",
        [[question, name, count] for question in POOLS for name in names for count in (2, 7, 50)],
    )
    assert drawn == [
        pool.draw(question, name, count)
        for question in POOLS
        for name in names
        for count in (2, 7, 50)
    ]
    for forged in (None, "x", [], ["one"], [1, 2], ["a"] * 51):
        assert run("return personalized(...given)", [{}, [], STUDENT]) is None
        original = {"metadata": {"nbgrader": {"grade_id": "q"}}, "source": "a", "variants": forged}
        course = {"questions": [original]}
        assert run("return personalized(...given)", [course, [], STUDENT]) is None


@pytest.mark.usefixtures("pool_keys")
def test_a_fetched_notebook_shows_the_students_variants_and_checks_them(
    lab: Lab, write_lesson: Callable[..., Path]
) -> None:
    assert dict.fromkeys(POOLS, 0) != OWN, "the student must have another one than is released"
    path = write_pools(write_lesson)
    expected = json.loads(path.read_bytes())
    personalize(expected, STUDENT)
    with lab.open(path) as lesson:
        count = lesson.page.locator(".course-count:visible")
        expect(count).to_have_text("0 of 2 answered")
        for name, index in OWN.items():
            node = lesson.scroll_to(name)
            first_line = released(name)[index].splitlines()[0].strip("*")
            expect(node.locator(".course-prompt")).to_have_text(first_line)
        values = {0: "26.1", 1: "16", 2: "2"}
        ratio = lesson.scroll_to("ratio")
        ratio.locator(".course-field").fill(values[OWN["ratio"]])
        lesson.wait_until_saved("ratio")
        assert lesson.sources()["half"] == released("half")[OWN["half"]]
        assert lesson.sources()["ratio"] == solved("ratio", OWN["ratio"])
        kept = json.loads(path.read_bytes())["metadata"]["course"]
        assert kept == expected["metadata"]["course"]
        ratio.get_by_role("button", name="Check").click()
        expect(ratio.locator(".course-message")).to_have_text("Correct.")
        expect(count).to_have_text("1 of 2 answered")


def test_an_answered_variant_of_somebody_else_can_be_replaced(
    lab: Lab, write_lesson: Callable[..., Path]
) -> None:
    other = (OWN["half"] + 1) % 3
    path = write_pools(write_lesson, half=solved("half", other))
    with lab.open(path) as lesson:
        expect(lesson.page.locator(".course-count:visible")).to_have_text(
            "0 of 2 answered, question 2 is damaged"
        )
        lesson.page.get_by_role("button", name="Restore question 2").click()
        expect(lesson.page.locator(".course-count:visible")).to_contain_text("of 2 answered")
        expect(lesson.page.get_by_role("button", name="Restore question 2")).to_be_hidden()
        node = lesson.scroll_to("half")
        title = released("half")[OWN["half"]].splitlines()[0].strip("*")
        expect(node.locator(".course-prompt")).to_have_text(title)
        expect(node.locator(".course-state")).to_have_text("Not answered")


def is_new_checkpoint(response: Response) -> bool:
    path = urlsplit(response.url).path
    return response.request.method == "POST" and path.endswith("/checkpoints")


def test_an_instructors_copy_is_left_alone(
    lab: Lab, write_lesson: Callable[..., Path], server: Server
) -> None:
    path = write_pools(write_lesson)
    target = server.root / "release" / "01-pools" / "lesson.ipynb"
    target.parent.mkdir(parents=True)
    shutil.move(path, target)
    before = target.read_bytes()
    # JupyterLab makes a checkpoint after it has opened a notebook. Were the folder deleted
    # meanwhile, it would show an error that covers the page.
    with lab.page.expect_response(is_new_checkpoint) as checkpoint, lab.open(target) as lesson:
        expect(lesson.page.locator(".course-count:visible")).to_have_text("0 of 2 answered")
        title = released("half")[0].splitlines()[0].strip("*")
        expect(lesson.scroll_to("half").locator(".course-prompt")).to_have_text(title)
        assert checkpoint.value.ok
    assert target.read_bytes() == before
    shutil.rmtree(server.root / "release")
