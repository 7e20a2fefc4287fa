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

EPOCHS = 900
SOME = 6  # after so many the error is below 25
LEARNING = "history = autoencoder.train(model, fit"
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
    # The small digits, and so many short epochs that no machine is through when stop is pressed.
    nb.cells.insert(0, new_code_cell("import os\nos.environ.pop('COURSE_DATA', None);"))
    (train,) = (cell for cell in nb.cells if LEARNING in cell.source)
    train["source"] = train.source.replace("(30, 64)", f"({EPOCHS}, 64)")
    assert f"({EPOCHS}, 64)" in train.source
    path = labs.write(nb, Path(lab.server.root, "lab", source.name))
    with lab.open(path) as opened:
        opened.js("await panel.sessionContext.ready;")
        yield opened


def shown(lesson: Lesson, piece: str) -> str:
    return str(lesson.js(SHOWN, piece))


def test_stopped_training_keeps_what_was_learned_and_the_lab_goes_on(lesson: Lesson) -> None:
    lesson.js(RUN)
    for _ in range(MINUTES // 500):
        # What the curve says of itself; the bar is a widget, which the outputs do not hold.
        curve = re.findall(r"Loss after each of (\d+) epochs", shown(lesson, LEARNING))
        if curve and int(curve[-1]) >= SOME:
            break
        lesson.page.wait_for_timeout(500)
    else:
        pytest.fail(f"no curve of {SOME} epochs: {shown(lesson, LEARNING)[:500]}")
    stop = lesson.page.locator(".jp-NotebookPanel:visible .jp-Toolbar").get_by_role(
        "button", name=re.compile("interrupt", re.IGNORECASE)
    )
    stop.click()
    lesson.page.wait_for_function("window.ended", timeout=MINUTES)
    assert lesson.js(TROUBLE) == []
    assert lesson.js(NOT_RUN) == []
    measured = re.search(
        r"my autoencoder, ([\d.]+) epochs: ([\d.]+)", shown(lesson, "mine = image_errors(test")
    )
    assert measured is not None
    assert SOME <= float(measured[1]) < EPOCHS
    assert float(measured[2]) < 25  # the mean image, which it started from, has 34.1
    expect(lesson.page.locator(".jp-Notebook:visible")).to_be_visible(timeout=PATIENCE)
