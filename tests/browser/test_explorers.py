"""The explorers in a real JupyterLab: they draw, answer to keys, and keep keys from it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from nbformat.v4 import new_code_cell
from playwright.sync_api import Locator, expect

from tests.browser import lab as labs
from tests.browser.lab import PATIENCE, Lab, Lesson
from tests.browser.test_accessible import AXE

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


def explorer(lesson: Lesson, name: str) -> Locator:
    """An explorer of the page, in sight."""
    root = lesson.page.locator(f".{name}:visible").first
    expect(root).to_be_visible(timeout=PATIENCE * 2)
    root.scroll_into_view_if_needed()
    return root


def told(root: Locator) -> str:
    """The sentence in which an explorer says what it shows."""
    return root.locator("p[aria-live]").inner_text()


def picture(canvas: Locator) -> str:
    """What is painted on a canvas."""
    return str(canvas.evaluate("node => node.toDataURL()"))


def test_axe_finds_nothing_in_the_explorers(lesson: Lesson) -> None:
    for name in EXPLORERS:
        explorer(lesson, name)
    page = lesson.page
    page.evaluate(AXE)
    # JupyterLab's body has no height of its own, so axe would take all in it for hidden.
    page.evaluate("document.body.style.blockSize = '100vh'")
    found = page.evaluate("axe.run({ include: [['.explorer']] })")
    assert not [
        (one["id"], node["html"], node["failureSummary"])
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]
    assert {"color-contrast", "button-name", "label"} <= {one["id"] for one in found["passes"]}


def test_code_size_a_key_turns_the_slider_and_a_click_takes_another_image(lesson: Lesson) -> None:
    root = explorer(lesson, "code-size")
    slider = root.locator("input[type=range]")
    before = told(root)
    slider.press("Home")
    expect(root.locator("p[aria-live]")).to_contain_text("784 → 1:")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(root.locator("p[aria-live]")).to_contain_text("784 → 3:")
    assert told(root) != before
    root.get_by_title("a star").click()
    expect(root.locator("p[aria-live]")).to_contain_text("a star isn’t a digit")


def test_curse_sliders_and_tabs_say_what_they_show(lesson: Lesson) -> None:
    root = explorer(lesson, "curse-explorer")
    tabs, sliders = root.get_by_role("tab"), root.get_by_role("slider")
    expect(tabs.first).to_have_attribute("aria-selected", "true")
    sliders.first.press("End")
    expect(root.locator("p[aria-live]")).to_contain_text("200 points, 3 parts per side")
    assert root.locator("svg circle.point").count() == 3 * 200
    sliders.nth(1).press("ArrowRight")
    expect(root.locator("p[aria-live]")).to_contain_text("200 points, 4 parts per side")
    tabs.first.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(root.locator("p[aria-live]")).to_contain_text("two random points of the cube")
    sliders.first.press("End")
    expect(root.locator("p[aria-live]")).to_contain_text("1000 dimensions")
    tabs.nth(2).click()
    expect(root.locator("p[aria-live]")).to_contain_text("Stone's rate for p = 2")


def test_pointing_at_a_digit_shows_it_its_copies_and_its_place_on_the_other_map(
    lesson: Lesson,
) -> None:
    root = explorer(lesson, "codes-map")
    maps, tiles = root.get_by_role("application"), root.locator(".tile canvas")
    first = told(root)
    other, shown = picture(maps.nth(1)), [picture(tile) for tile in tiles.all()]
    maps.first.press("ArrowRight")
    expect(root.locator("p[aria-live]")).not_to_have_text(first)
    second = told(root)
    assert second.split(":")[0] != first.split(":")[0]  # another digit
    assert picture(maps.nth(1)) != other
    assert all(picture(tile) != old for tile, old in zip(tiles.all(), shown, strict=True))
    expect(tiles.nth(1)).to_have_attribute("aria-label", re.compile(r"A, error \d"))
    box = maps.nth(1).bounding_box()
    assert box is not None
    for share in (0.2, 0.35, 0.5, 0.65, 0.8):  # somewhere on the way lies a point
        lesson.page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
        lesson.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + share * box["height"])
    expect(root.locator("p[aria-live]")).not_to_have_text(second)
    without = root.get_by_role("button", name="4", exact=True)
    without.click()
    expect(without).to_have_attribute("aria-pressed", "false")


def test_network_numbers_follow_the_choice(lesson: Lesson) -> None:
    root = explorer(lesson, "network-explorer")
    words = root.locator("p[aria-live]")
    root.get_by_role("group", name="first layer").get_by_label("none", exact=True).check()
    root.get_by_role("group", name="code").get_by_label("30", exact=True).check()
    # 784 * 30 + 30 down, 30 * 784 + 784 up
    expect(words).to_contain_text(
        "47,854 parameters. n images flow as (n, 784) → (n, 30) → (n, 784)"
    )
    expect(words).to_contain_text("Measured test error 8.30; PCA with a code of 30: 13.91")
    second = root.get_by_role("group", name="second layer").get_by_role("radio")
    assert second.nth(0).is_enabled()
    assert second.nth(1).is_disabled()  # nothing to stand behind
    root.get_by_role("group", name="first layer").get_by_label("256", exact=True).check()
    expect(words).to_contain_text("(n, 784) → (n, 256)")
    assert second.nth(1).is_enabled()


def test_gibbs_tosses_coins_or_stands_still_and_stops_when_told(lesson: Lesson) -> None:
    root = explorer(lesson, "gibbs-explorer")
    words, coins = root.locator("p[aria-live]"), root.get_by_role("checkbox", name="toss coins")
    step, after = root.get_by_role("button", name="One step"), root.locator("canvas").nth(2)
    coins.check()
    step.click()
    expect(words).to_contain_text("Step 1, coins on")
    tossed = picture(after)
    step.click()
    expect(words).to_contain_text("Step 2, coins on")
    assert picture(after) != tossed
    coins.uncheck()
    expect(words).to_have_text("The image. Take a step.")
    still = []
    for number in range(1, 41):
        step.click()
        expect(words).to_contain_text(f"Step {number}, coins off")
        still.append(picture(after))
    assert still[-1] == still[-2]  # it has settled
    run = root.get_by_role("button", name="Run")
    run.click()
    expect(words).to_contain_text(re.compile(r"Step 4[3-9]"))
    root.get_by_role("button", name="Stop").click()
    expect(run).to_be_visible()


SLOW = """import time
quick = GibbsExplorer.step
def slow(explorer):
    time.sleep(1)
    quick(explorer)
GibbsExplorer.step = slow"""


def test_gibbs_leaves_no_steps_waiting_where_the_kernel_is_slower_than_the_page(
    lesson: Lesson,
) -> None:
    root = explorer(lesson, "gibbs-explorer")
    words = root.locator("p[aria-live]")
    execute = """
        const kernel = panel.sessionContext.session.kernel;
        await kernel.requestExecute({ code: argument }).done;
    """
    lesson.js(execute, SLOW)
    try:
        root.get_by_role("button", name="Start again").click()
        expect(words).to_have_text("The image. Take a step.")
        root.get_by_role("button", name="Run").click()
        lesson.page.wait_for_timeout(2500)  # twelve steps' time for the page
        root.get_by_role("button", name="Stop").click()
        lesson.page.wait_for_timeout(6000)  # time for those that wait
        expect(words).to_contain_text(re.compile("Step [1-3],"))
    finally:
        lesson.js(execute, "GibbsExplorer.step = quick")
