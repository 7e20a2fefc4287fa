"""The explorers in a real JupyterLab: they draw, answer to keys, and keep keys from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from nbformat.v4 import new_code_cell
from playwright.sync_api import expect

from tests.browser import lab as labs
from tests.browser.lab import PATIENCE, Lab, Lesson

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SETUP = """import numpy as np
from course.autoencoder import frozen
from course.rbm import RBM
from course.widgets.architecture import NetworkExplorer
from course.widgets.code_size import CodeSizeExplorer
from course.widgets.code_walk import CodeWalk
from course.widgets.codes_map import CodesMap
from course.widgets.curse import CurseExplorer
from course.widgets.gibbs import GibbsExplorer
chance = np.random.default_rng(0)
places, labels = chance.normal(size=(2, 40, 2)), np.arange(40) % 10
pictures = chance.random((40, 784))"""
# By its class on the page, the code that makes it.
EXPLORERS = {
    "code-size": "CodeSizeExplorer()",
    "curse-explorer": "CurseExplorer()",
    "codes-map": (
        "CodesMap({'A': places[0], 'B': places[1]}, labels, list('0123456789'),"
        " pictures={'original': pictures, 'A': pictures, 'B': pictures}, thing='digit')"
    ),
    "network-explorer": "NetworkExplorer()",
    "gibbs-explorer": "GibbsExplorer(RBM.random(784, 64, chance, scale=0.1), pictures > 0.8)",
    "code-walk": "CodeWalk(frozen.digits(), pictures[:2], ['one', 'two'], second=1)",
}


@pytest.fixture(scope="module")
def lesson(lab: Lab) -> Iterator[Lesson]:
    nb = labs.lesson()
    cells = [new_code_cell(code, id=f"the-{name}") for name, code in EXPLORERS.items()]
    nb.cells = [new_code_cell(SETUP, id="setup"), *cells]
    path = labs.write(nb, lab.server.root / "explorers" / "explorers.ipynb")
    with lab.open(path) as opened:
        script = "await panel.sessionContext.ready;"
        opened.js(script + "await jupyterapp.commands.execute('notebook:run-all-cells')")
        yield opened


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_draws_itself_and_keeps_keys_from_the_notebook(
    lesson: Lesson, name: str
) -> None:
    root = lesson.page.locator(f".{name}:visible").first
    expect(root).to_be_visible(timeout=PATIENCE * 2)
    root.scroll_into_view_if_needed()
    assert root.locator("svg, canvas").count() > 0
    look = "node => [getComputedStyle(node).backgroundColor, getComputedStyle(node).borderRadius]"
    assert root.evaluate(look) == ["rgb(251, 250, 247)", "8px"]
    control = root.locator("input:visible, button:visible:enabled, select:visible").first
    control.focus()
    for key in "ddxa":
        control.press(key)
    cells = "return panel.content.widgets.map(cell => cell.model.id)"
    assert lesson.js(cells) == ["setup", *(f"the-{each}" for each in EXPLORERS)]
    expect(control).to_be_focused()


def test_a_key_changes_what_an_explorer_shows(lesson: Lesson) -> None:
    root = lesson.page.locator(".code-size:visible").first
    slider = root.locator("input[type=range]")
    slider.focus()
    before = root.inner_text()
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(root).not_to_have_text(before)
    assert root.inner_text() != before
