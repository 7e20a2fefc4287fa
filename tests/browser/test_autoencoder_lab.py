"""The whole lab in a real JupyterLab: run all, press stop while the autoencoder learns, go on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from playwright.sync_api import expect

from tests.browser import lab as labs
from tests.browser.lab import PATIENCE, Lab, Lesson
from tests.source.lesson import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("browser")]

MINUTES = 6 * 60_000  # milliseconds; alone on two cores it takes one
RUN = """
    window.ended = false;
    jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.ended = true; });
    return null;
"""
# What a cell has shown, found by a piece of its text.
SHOWN = """
    const cell = [...panel.model.cells].find(model => model.sharedModel.source.includes(argument));
    return JSON.stringify(cell.outputs.toJSON());
"""
TROUBLE = """
    return [...panel.model.cells].filter(model => model.type === 'code').flatMap(
        model => model.outputs.toJSON().filter(one => one.output_type === 'error'
            || one.name === 'stderr').map(one => one.ename ?? one.text));
"""
NOT_RUN = """
    return [...panel.model.cells].filter(model => model.type === 'code' && !model.executionCount)
        .map(model => model.sharedModel.source);
"""


@pytest.fixture
def lesson(lab: Lab) -> Any:
    source = next((ROOT / "source" / "05-autoencoder-lab").glob("*.ipynb"))
    nb = nbformat.read(source, as_version=4)
    # The small digits: 30 short epochs, of which some are over when stop is pressed.
    nb.cells.insert(0, new_code_cell("import os\nos.environ.pop('COURSE_DATA', None);"))
    path = labs.write(nb, Path(lab.server.root, "lab", source.name))
    with lab.open(path) as opened:
        opened.js("await panel.sessionContext.ready;")
        yield opened


def shown(lesson: Lesson, piece: str) -> str:
    return str(lesson.js(SHOWN, piece))


def test_stopped_training_keeps_what_was_learned_and_the_lab_goes_on(lesson: Lesson) -> None:
    lesson.js(RUN)
    learning = "history = autoencoder.train(model, fit"
    for _ in range(MINUTES // 500):
        if re.search(r"epoch|loss", shown(lesson, learning)):
            break
        lesson.page.wait_for_timeout(500)
    lesson.page.wait_for_timeout(3000)  # some epochs of thirty
    stop = lesson.page.locator(".jp-NotebookPanel:visible .jp-Toolbar").get_by_role(
        "button", name=re.compile("interrupt", re.IGNORECASE)
    )
    stop.click()
    lesson.page.wait_for_function("window.ended", timeout=MINUTES)
    assert lesson.js(TROUBLE) == []
    assert lesson.js(NOT_RUN) == []
    measured = re.search(
        r"my autoencoder, (\d+) epochs: ([\d.]+)", shown(lesson, "mine = image_errors(test")
    )
    assert measured is not None
    assert 1 <= int(measured[1]) < 30
    assert float(measured[2]) < 50  # the mean image has 52.9 on MNIST, less on the small digits
    expect(lesson.page.locator(".jp-Notebook:visible")).to_be_visible(timeout=PATIENCE)
