"""Run All on a lesson as it is released: it reaches the last cell, and the bar counts."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser import lab as labs
from tests.browser.lab import Lab
from tests.source.lesson import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

RUN_ALL_TIMEOUT_S = 20 * 60  # on two idle cores it takes ten seconds
OUTPUTS = """
    return content.widgets.filter(({ model }) => model.type === 'code').map(widget => ({
        collapsed: widget.inputHidden, model: widget.model,
    })).map(({ collapsed, model }) => ({
        collapsed,
        ran: Boolean(model.executionCount),
        graded: Boolean(model.getMetadata('nbgrader')?.grade),
        errors: model.outputs.toJSON().filter(({ output_type }) => output_type === 'error')
            .map(({ traceback }) => traceback.join()),
    }));
"""


def test_an_untouched_release_runs_to_its_last_cell(lab: Lab) -> None:
    (release,) = (ROOT / "release" / "02-curse-of-dimensionality").glob("*.ipynb")
    nb = nbformat.read(release, as_version=4)
    path = labs.write(nb, Path(lab.server.root, "run-all", release.name))
    with lab.open(path) as lesson:
        lesson.js("await panel.sessionContext.ready;")
        expect(lesson.page.locator(".course-count:visible")).to_have_text(
            "0 of 4 exercises pass, 0 of 7 answered"
        )
        lesson.js("jupyterapp.commands.execute('notebook:run-all-cells'); return null;")

        def has_run() -> bool:  # the command itself ends with the first cell that fails
            return all(cell["ran"] for cell in lesson.js(OUTPUTS))

        labs.wait_until(lesson.page, has_run, RUN_ALL_TIMEOUT_S)
        cells = lesson.js(OUTPUTS)
        assert [cell["collapsed"] for cell in cells] == [cell["graded"] for cell in cells]
        assert [cell["errors"] for cell in cells if cell["graded"]] == [
            [f"Exercise {n} is still open ({points} point{'s' * (points > 1)})."]
            for n, points in enumerate([2, 2, 3, 2], start=1)
        ]
        assert not any(cell["errors"] for cell in cells if not cell["graded"])
        marked = "return panel.content.widgets.map((cell) => cell.hasClass('course-test'));"
        assert lesson.js(marked) == [
            cell["metadata"].get("nbgrader", {}).get("grade", False) and cell["cell_type"] == "code"
            for cell in nb.cells
        ]  # so that their open exercises are not shown as mistakes
