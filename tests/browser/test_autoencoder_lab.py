"""The autoencoder lab in JupyterLab: run all cells, interrupt the training, and go on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell
from playwright.sync_api import expect

from tests.browser import lab as labs
from tests.browser.lab import Lab, Lesson
from tests.source.lesson import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.xdist_group("browser")]

EPOCHS = 900
MIN_EPOCHS = 6  # after these, the error is below 25
TRAINING_CELL = "history = autoencoder.train(model, fit"
RUN_TIMEOUT_S = 30 * 60  # on two idle cores it takes a minute
RUN = """
    window.ended = false;
    jupyterapp.commands.execute('notebook:run-all-cells').finally(() => { window.ended = true; });
    return null;
"""
# The outputs of the cell whose source contains the argument.
CELL_OUTPUTS = """
    const cell = [...panel.model.cells].find(model => model.sharedModel.source.includes(argument));
    return JSON.stringify(cell.outputs.toJSON());
"""
ERRORS_AND_STDERR = """
    return [...panel.model.cells].filter(model => model.type === 'code').flatMap(
        model => model.outputs.toJSON().filter(output => output.output_type === 'error'
            || output.name === 'stderr').map(output => output.ename ?? output.text));
"""
NOT_RUN = """
    return [...panel.model.cells].filter(model => model.type === 'code' && !model.executionCount)
        .map(model => model.sharedModel.source);
"""


@pytest.fixture
def lesson(lab: Lab) -> Any:
    source = next((ROOT / "source" / "05-autoencoder-lab").glob("*.ipynb"))
    nb = nbformat.read(source, as_version=4)
    # The small data set, and more epochs than any machine can finish before the interrupt.
    nb.cells.insert(0, new_code_cell("import os\nos.environ.pop('COURSE_DATA', None);"))
    (train,) = (cell for cell in nb.cells if TRAINING_CELL in cell.source)
    train["source"] = train.source.replace("(12, 128)", f"({EPOCHS}, 128)")
    assert f"({EPOCHS}, 128)" in train.source
    path = labs.write(nb, Path(lab.server.root, "lab", source.name))
    with lab.open(path) as opened:
        opened.js("await panel.sessionContext.ready;")
        yield opened


def cell_outputs(lesson: Lesson, source: str) -> str:
    """Return the outputs, as JSON, of the cell whose source contains this text."""
    return str(lesson.js(CELL_OUTPUTS, source))


def test_interrupted_training_keeps_its_progress_and_the_lab_goes_on(lesson: Lesson) -> None:
    lesson.js(RUN)

    def has_learned() -> bool:
        # The text of the loss curve; the progress bar is a widget, which outputs don't contain.
        output = cell_outputs(lesson, TRAINING_CELL)
        epochs = re.findall(r"Loss after each of (\d+) epochs", output)
        return bool(epochs) and int(epochs[-1]) >= MIN_EPOCHS

    labs.wait_until(lesson.page, has_learned, RUN_TIMEOUT_S)
    toolbar = lesson.page.locator(".jp-NotebookPanel:visible .jp-Toolbar")
    toolbar.get_by_role("button", name=re.compile("interrupt", re.IGNORECASE)).click()
    lesson.page.wait_for_function("window.ended", timeout=1000 * RUN_TIMEOUT_S)
    assert lesson.js(ERRORS_AND_STDERR) == []
    assert lesson.js(NOT_RUN) == []
    measured = re.search(
        r"my autoencoder +([\d.]+) +([\d.]+)",
        cell_outputs(lesson, "mine = errors_of(test"),
    )
    assert measured is not None
    assert MIN_EPOCHS <= float(measured[1]) < EPOCHS
    assert float(measured[2]) < 25  # it started from the mean image, which has 53
    expect(lesson.page.locator(".jp-Notebook:visible")).to_be_visible()
