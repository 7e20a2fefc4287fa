"""The explorers in JupyterLab: they draw, react to input, and suppress its shortcuts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import numpy as np
import pytest
from nbformat.v4 import new_code_cell
from PIL import Image
from playwright.sync_api import Locator, expect

from course import assets
from tests.browser import lab as labs
from tests.browser.axe import assert_accessible
from tests.browser.lab import Lab, Lesson
from tests.browser.pads import RUN_ALL, RUN_IN_KERNEL

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SETUP = """import numpy as np; from course.autoencoder import frozen; from course.rbm import RBM
from course.widgets.architecture import NetworkExplorer
from course.widgets.code_plane import CodePlane
from course.widgets.code_size import CodeSizeExplorer
from course.widgets.code_walk import CodeWalk; from course.widgets.codes_map import CodesMap
from course.widgets.feature_explorer import FeatureExplorer
from course.widgets.curse import CurseExplorer; from course.widgets.gibbs import GibbsExplorer
rng = np.random.default_rng(0)
places, labels = rng.normal(size=(2, 40, 2)), np.arange(40) % 10
pictures = rng.random((40, 784))"""
# The code that creates each explorer, by the class of its element on the page.
EXPLORERS = {
    "code-size": "CodeSizeExplorer()",
    "curse-explorer": "CurseExplorer()",
    "codes-map": (
        "CodesMap({'A': places[0], 'B': places[1]}, labels, list('0123456789'),"
        " pictures={'original': pictures, 'A': pictures, 'B': pictures}, thing='digit')"
    ),
    "network-explorer": "NetworkExplorer()",
    "gibbs-explorer": "GibbsExplorer(RBM.random(784, 64, rng, scale=0.1), pictures > 0.8)",
    "code-plane": "CodePlane()",
    "feature-explorer": "FeatureExplorer()",
    "code-walk": "CodeWalk(frozen.digits(), pictures[:2], ['one', 'two'], second=1)",
}


@pytest.fixture(scope="module")
def lesson(lab: Lab) -> Iterator[Lesson]:
    nb = labs.lesson()
    cells = [new_code_cell(code, id=f"the-{name}") for name, code in EXPLORERS.items()]
    nb.cells = [new_code_cell(SETUP, id="setup"), *cells]
    path = labs.write(nb, lab.server.root / "explorers" / "explorers.ipynb")
    with lab.open(path) as opened:
        opened.js(RUN_ALL)
        yield opened


def test_the_caption_does_not_answer_the_prediction_above_it(lesson: Lesson) -> None:
    root = explorer(lesson, "curse-explorer")
    expect(root).to_contain_text("in 3-D")
    expect(root).not_to_contain_text("10-D")


@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_draws_itself_and_suppresses_shortcuts(lesson: Lesson, name: str) -> None:
    root = explorer(lesson, name)
    assert root.locator("svg, canvas").count() > 0
    style = "node => [getComputedStyle(node).backgroundColor, getComputedStyle(node).borderRadius]"
    assert root.evaluate(style) == ["rgb(251, 250, 247)", "8px"]
    control = root.locator("input:visible, button:visible:enabled, select:visible").first
    control.focus()
    for key in "ddxa":
        control.press(key)
    cells = "return panel.content.widgets.map(cell => cell.model.id)"
    assert lesson.js(cells) == ["setup", *(f"the-{explorer}" for explorer in EXPLORERS)]
    expect(control).to_be_focused()


def explorer(lesson: Lesson, name: str) -> Locator:
    """Scroll to an explorer."""
    root = lesson.page.locator(f".{name}:visible").first
    expect(root).to_be_visible()
    root.scroll_into_view_if_needed()
    return root


def description(root: Locator) -> Locator:
    """Return the sentence in which an explorer says what it shows."""
    return root.locator("p[aria-live]:not(.pad-live)")


def picture(canvas: Locator) -> str:
    """Return what is painted on a canvas."""
    return str(canvas.evaluate("node => node.toDataURL()"))


def test_the_explorers_are_accessible(lesson: Lesson) -> None:
    for name in EXPLORERS:
        explorer(lesson, name)
    assert_accessible(lesson.page, ".explorer", checks=("color-contrast", "button-name", "label"))


def test_an_explorer_is_dark_on_a_dark_page_and_controls_look_alike(lesson: Lesson) -> None:
    theme = "document.body.dataset.jpThemeLight = argument"
    ring = """node => {
        const { accentColor, outlineColor, outlineWidth } = getComputedStyle(node);
        return [accentColor, outlineColor, outlineWidth];
    }"""
    for name in EXPLORERS:
        root = explorer(lesson, name)
        light = brightness(root)
        lesson.js(theme, "false")
        try:
            dark = brightness(root)
        finally:
            lesson.js(theme, "true")
        assert np.median(light) > 240, name
        assert np.median(dark) < 15, name
        assert np.percentile(dark, 99) > 150, name  # text and lines
        for slider in root.locator("input[type=range]:visible").all():
            slider.press("Shift")  # so that the focus comes from the keyboard
            assert slider.evaluate(ring) == ["rgb(0, 114, 178)", "rgb(213, 94, 0)", "3px"], name
        for button in root.locator("button:visible:enabled").all()[:1]:
            button.press("Shift")
            assert button.evaluate(ring)[1:] == ["rgb(213, 94, 0)", "3px"], name


def brightness(root: Locator) -> np.typing.NDArray[np.uint8]:
    image = Image.open(io.BytesIO(root.screenshot(animations="disabled")))
    return np.asarray(image.convert("L"))


def wait_for_none(root: Locator, script: str) -> None:  # a drawing follows a frame later
    labs.wait_until(root.page, lambda: bool(root.evaluate(script) == []))


@pytest.mark.parametrize("width", [320, 480])
def test_an_explorer_fits_a_narrow_page(lesson: Lesson, width: int) -> None:
    overflows = """node => [...node.querySelectorAll('*')].filter(child =>
        child.getBoundingClientRect().right > node.getBoundingClientRect().right + 1
        && getComputedStyle(child).position !== 'absolute').map(child => child.outerHTML)"""
    font_size = """text => parseFloat(getComputedStyle(text).fontSize)
        * text.ownerSVGElement.clientWidth / text.ownerSVGElement.viewBox.baseVal.width"""
    for name in EXPLORERS:
        root = explorer(lesson, name)
        root.evaluate("(node, width) => { node.style.width = width + 'px'; }", width)
        try:
            wait_for_none(root, overflows)
            for text in root.locator("svg text").all():
                text.wait_for()
                assert text.evaluate(font_size) > 10, (name, text.text_content())
        finally:
            root.evaluate("node => { node.style.width = ''; }")


@pytest.mark.parametrize("size", [(640, 450), (480, 900)], ids=["200 percent", "480 px"])
def test_an_explorer_fits_a_small_window(lesson: Lesson, size: tuple[int, int]) -> None:
    """In JupyterLab, whose side bars and prompts take room, too; 200% halves 1280 x 900."""
    page = lesson.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    cut_off = """node => {
        const page = node.closest('.jp-WindowedPanel-outer').getBoundingClientRect();
        const shown = [node, ...node.querySelectorAll('*')].filter(
            child => child.checkVisibility() && getComputedStyle(child).position !== 'absolute');
        return shown.filter(child => child.getBoundingClientRect().right > page.right + 1
            || child.getBoundingClientRect().left < page.left - 1).map(child => child.outerHTML);
    }"""
    try:
        for name in EXPLORERS:
            root = explorer(lesson, name)
            wait_for_none(root, cut_off)
    finally:
        page.set_viewport_size({"width": 1280, "height": 900})


def test_code_size_changes_with_the_slider_and_the_image_with_a_click(lesson: Lesson) -> None:
    root = explorer(lesson, "code-size")
    slider = root.locator("input[type=range]")
    before = description(root).inner_text()
    slider.press("Home")
    expect(description(root)).to_contain_text("784 → 1:")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    expect(description(root)).to_contain_text("784 → 3:")
    assert description(root).inner_text() != before
    root.get_by_title("a star").click()
    expect(description(root)).to_contain_text("a star isn’t a digit")


def test_code_size_draws_the_numbers_of_both_codes(lesson: Lesson) -> None:
    root, facts = explorer(lesson, "code-size"), assets.code_size_facts()
    root.get_by_title("a 3").click()
    root.locator("input[type=range]").press("Home")
    root.locator("input[type=range]").press("ArrowRight")
    for method, owner in (("pca", "PCA’s"), ("autoencoder", "The autoencoder’s")):
        bars = root.locator(f"svg.bars.{method}")
        code = getattr(facts, f"{method}_codes")[3][1]
        values = ", ".join(f"{value:.2f}".replace("-", "−") for value in code)
        expect(bars).to_have_attribute("aria-label", f"{owner} code of a 3, 2 numbers: {values}")
        expect(bars.locator("rect")).to_have_count(2)
        heights = [float(bar.get_attribute("height") or 0) for bar in bars.locator("rect").all()]
        assert heights[0] / heights[1] == pytest.approx(abs(code[0] / code[1]), rel=0.01)
        middle = float(bars.locator("line").get_attribute("y1") or 0)
        tops = [float(bar.get_attribute("y") or 0) for bar in bars.locator("rect").all()]
        assert [top < middle for top in tops] == [value > 0 for value in code]
    root.locator("input[type=range]").press("End")
    expect(root.locator("svg.bars.pca rect")).to_have_count(100)
    expect(root.locator("svg.bars.pca")).to_have_attribute(
        "aria-label", re.compile(r"100 numbers: from −\d+\.\d\d to \d+\.\d\d")
    )


def test_curse_describes_what_sliders_and_tabs_show(lesson: Lesson) -> None:
    root = explorer(lesson, "curse-explorer")
    tabs, sliders = root.get_by_role("tab"), root.get_by_role("slider")
    expect(tabs.first).to_have_attribute("aria-selected", "true")
    sliders.first.press("End")
    expect(description(root)).to_contain_text("200 points, 3 parts per side")
    assert root.locator("svg circle.point").count() == 3 * 200
    sliders.nth(1).press("ArrowRight")
    expect(description(root)).to_contain_text("200 points, 4 parts per side")
    tabs.first.press("ArrowRight")
    expect(tabs.nth(1)).to_be_focused()
    expect(description(root)).to_contain_text("two random points of the cube")
    sliders.first.press("End")
    expect(description(root)).to_contain_text("1,000 dimensions")
    tabs.nth(2).click()
    expect(description(root)).to_contain_text("Stone's rate for p = 2")


def test_choosing_a_digit_shows_its_copies_and_marks_it_on_both_maps(
    lesson: Lesson,
) -> None:
    root = explorer(lesson, "codes-map")
    maps, tiles = root.get_by_role("application"), root.locator(".tile canvas")
    first = description(root).inner_text()
    other, shown = picture(maps.nth(1)), [picture(tile) for tile in tiles.all()]
    maps.first.press("ArrowRight")
    expect(description(root)).not_to_have_text(first)
    second = description(root).inner_text()
    assert second.split(":")[0] != first.split(":")[0]  # another digit
    assert picture(maps.nth(1)) != other
    assert all(picture(tile) != old for tile, old in zip(tiles.all(), shown, strict=True))
    expect(tiles.nth(1)).to_have_attribute("aria-label", re.compile(r"A, error \d"))
    box = maps.nth(1).bounding_box()
    assert box is not None
    for share in (0.2, 0.35, 0.5, 0.65, 0.8):  # at least one point is on the way
        lesson.page.mouse.move(box["x"] + share * box["width"], box["y"] + 0.5 * box["height"])
        lesson.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + share * box["height"])
    expect(description(root)).not_to_have_text(second)
    legend_four = root.get_by_role("button", name="4", exact=True)
    legend_four.click()
    expect(legend_four).to_have_attribute("aria-pressed", "false")


def test_the_plane_follows_the_price_and_the_keyboard_moves_the_mark(lesson: Lesson) -> None:
    root = explorer(lesson, "code-plane")
    plane, price = root.get_by_role("application"), root.get_by_role("slider")
    expect(description(root)).to_contain_text("β = 0 (a plain autoencoder): ")
    expect(description(root)).to_contain_text("At (0.0, 0.0), it reads a ")
    free = picture(plane)
    price.press("End")
    expect(description(root)).to_contain_text("β = 64: ")
    assert picture(plane) != free
    copies = root.locator(".plane-row canvas")
    first, second = (picture(tile) for tile in copies.all()[10:12])
    assert first == second  # collapsed: every digit gets the same copy
    price.press("Home")
    expect(description(root)).to_contain_text("β = 0 ")
    plane.press("ArrowRight")
    expect(description(root)).to_contain_text("At (0.5, 0.0), it reads a ")
    for _ in range(9):
        plane.press("ArrowUp")  # stops at the edge
    expect(description(root)).to_contain_text("At (0.5, 2.8), it reads a ")
    plane.click(position={"x": 5, "y": 5})
    expect(description(root)).to_contain_text("At (−2.8, 2.8), it reads a ")


def test_turning_a_feature_off_changes_what_is_read(lesson: Lesson) -> None:
    """A 1 with a foot is read as something else without the feature for the foot."""
    root = explorer(lesson, "feature-explorer")
    expect(description(root)).to_contain_text("Read as a 1, 100% sure. 4 features fire.")
    foot = root.get_by_role("switch", name="foot of a 1")
    expect(foot).to_be_checked()
    foot.press("Space")
    expect(foot).to_be_focused()
    expect(foot).not_to_be_checked()
    expect(description(root)).to_contain_text(re.compile(r"Read as a [^1].*without foot of a 1"))
    expect(root.locator("output.answer")).not_to_have_text("1")
    root.get_by_role("button", name="All on").click()
    expect(foot).to_be_checked()
    expect(root.locator("output.answer")).to_have_text("1")
    root.get_by_label("Load a sample digit").select_option("7")
    expect(description(root)).to_contain_text("Read as a 7")


def test_network_numbers_follow_the_chosen_layers(lesson: Lesson) -> None:
    root = explorer(lesson, "network-explorer")
    words = description(root)
    root.get_by_role("group", name="first layer").get_by_label("none", exact=True).check()
    root.get_by_role("group", name="code").get_by_label("30", exact=True).check()
    # 784 * 30 + 30 down, 30 * 784 + 784 up
    expect(words).to_contain_text(
        "47,854 parameters. n images flow as (n, 784) → (n, 30) → (n, 784)"
    )
    expect(words).to_contain_text("Measured test error 10.73; PCA with a code of 30: 14.27")
    second = root.get_by_role("group", name="second layer").get_by_role("radio")
    assert second.nth(0).is_enabled()
    assert second.nth(1).is_disabled()  # needs a first layer
    root.get_by_role("group", name="first layer").get_by_label("256", exact=True).check()
    expect(words).to_contain_text("(n, 784) → (n, 256)")
    expect(root).to_contain_text("mean over 2,000 test images; trained once on 8,000 images")
    assert second.nth(1).is_enabled()


def test_gibbs_samples_or_settles_and_stops_on_request(lesson: Lesson) -> None:
    root = explorer(lesson, "gibbs-explorer")
    words, coins = description(root), root.get_by_role("checkbox", name="toss coins")
    step, after = root.get_by_role("button", name="One step"), root.locator("canvas").nth(2)
    coins.check()
    expect(root.locator("figure.empty")).to_have_count(0)
    root.get_by_role("button", name="Start again").click()
    expect(words).to_have_text("The image. Take a step.")
    step.click()
    expect(words).to_contain_text("Step 1, coins on")
    sampled = picture(after)
    step.click()
    expect(words).to_contain_text("Step 2, coins on")
    assert picture(after) != sampled
    coins.uncheck()
    expect(words).to_have_text("The image. Take a step.")
    pictures = []
    for number in range(1, 41):
        step.click()
        expect(words).to_contain_text(f"Step {number}, coins off")
        pictures.append(picture(after))
    assert pictures[-1] == pictures[-2]  # it has settled
    run = root.get_by_role("button", name="Run")
    run.click()
    expect(words).to_contain_text(re.compile(r"Step 4[3-9]"))
    root.get_by_role("button", name="Stop").click()
    expect(run).to_be_visible()


def test_a_walk_plays_to_its_end_and_pushes_along_directions(lesson: Lesson) -> None:
    root = explorer(lesson, "code-walk")
    position, which, push = root.get_by_role("slider").all()
    lesson.page.emulate_media(reduced_motion="reduce")  # 4 steps instead of 50
    root.get_by_role("button", name="Play").click()
    stop = root.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    expect(position).to_have_value("25")
    stop.click()
    lesson.page.emulate_media(reduced_motion="no-preference")
    position.press("End")
    position.press("ArrowLeft")
    root.get_by_role("button", name="Play").click()
    expect(root.get_by_role("button", name="Play")).to_be_visible()  # played to the end
    expect(description(root)).to_have_text("100% of the way from one to two.")
    decoded = root.locator("figure.decoded canvas")
    before = picture(decoded)
    push.press("End")
    expect(description(root)).to_contain_text("direction 1 shifted by +3.0 σ")
    lesson.page.wait_for_function(
        "([node, before]) => node.toDataURL() !== before", arg=[decoded.element_handle(), before]
    )
    root.get_by_label("one number of the code").check()
    which.press("ArrowRight")
    expect(description(root)).to_contain_text("number 2 shifted by +3.0 σ")


SLOW_STEPS = """import time
steps_done = []
fast_step = GibbsExplorer.step
def slow_step(explorer):
    time.sleep(1)
    fast_step(explorer)
    steps_done.append(explorer.steps)
GibbsExplorer.step = slow_step"""


def test_gibbs_queues_no_steps_for_a_slow_kernel(lesson: Lesson) -> None:
    root = explorer(lesson, "gibbs-explorer")
    restart = root.get_by_role("button", name="Start again")
    lesson.js(RUN_IN_KERNEL, SLOW_STEPS)
    try:
        restart.click()
        expect(description(root)).to_have_text("The image. Take a step.")
        root.get_by_role("button", name="Run").click()
        expect(description(root)).to_contain_text("Step 2,")  # the page could have sent ten by then
        root.get_by_role("button", name="Stop").click()
        shown = re.search(r"Step (\d+),", description(root).inner_text())
        assert shown is not None
        restart.click()  # the kernel answers this after all steps before it
        expect(description(root)).to_have_text("The image. Take a step.")
        steps_done = int(lesson.js(RUN_IN_KERNEL, "print(len(steps_done))"))
        assert steps_done <= int(shown[1]) + 1  # one was under way
    finally:
        lesson.js(RUN_IN_KERNEL, "GibbsExplorer.step = fast_step")
