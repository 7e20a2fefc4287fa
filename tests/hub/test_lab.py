"""The lab on the hub: a student solves it, trains the model, submits, and gets every point."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser

from autograder.cells import is_answer
from deploy.hub.settings import CHECKOUT
from tests.browser.test_autoencoder_lab import (
    ERRORS_AND_STDERR,
    NOT_RUN,
    RUN,
    RUN_TIMEOUT_S,
    cell_outputs,
)
from tests.hub.page_objects import InstructorPage, StudentPage
from tests.hub.running_hub import RunningHub

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.xdist_group("hub")]

LAB = "05-autoencoder-lab"
_ANSWER = """
    for (const model of panel.model.cells) {
        const own = argument[model.getMetadata('nbgrader')?.grade_id];
        if (own !== undefined) model.sharedModel.setSource(own);
    }
    await panel.context.save();
"""


def test_the_solved_lab_gets_every_point(hub: RunningHub, browser: Browser) -> None:
    instructor = InstructorPage.log_in(browser, hub, "ines")
    ada = StudentPage.log_in(browser, hub, "ada")
    for step in ("assign", "release"):
        assert "Success" in instructor.press(LAB, step)
    notebook = ada.wait_until_loaded().fetch(LAB)
    (path,) = Path(CHECKOUT, "source", LAB).glob("*.ipynb")
    solution = nbformat.read(path, as_version=4)
    answers = {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in solution.cells
        if is_answer(cell)
    }
    with ada.lab.open(notebook) as lesson:
        lesson.js(_ANSWER, answers)
        lesson.js(f"await panel.sessionContext.ready; {RUN}")
        lesson.page.wait_for_function("window.ended", timeout=1000 * RUN_TIMEOUT_S)
        assert lesson.js(ERRORS_AND_STDERR) == []
        assert lesson.js(NOT_RUN) == []
        assert re.search(r"my autoencoder +12 ", cell_outputs(lesson, "mine = errors_of(test"))
    ada.submit(LAB)
    assert "Successfully collected" in instructor.press(LAB, "collect")
    assert "Successfully autograded" in instructor.autograde(LAB, hub.account("ada"))
    with Gradebook(hub.settings.gradebook_address) as gradebook:
        (submission,) = gradebook.assignment_submissions(LAB)
        assert submission.score == submission.max_score > 0
