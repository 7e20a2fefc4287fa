"""The autoencoder that trains in the book: NumPy's numbers, and controls for everybody."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from book import build, training
from course import backprop, metrics
from tests.browser.axe import assert_accessible
from tests.browser.lab import new_context
from tests.browser.servers import serve_files

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SIZES: Final = [784, 64, 2, 64, 784]
PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Training</title>
<style>body { margin: 8px; } [data-theme="dark"] { background: #111; color: #eee; }</style>
<main><h1>Training</h1><div class="book-training"></div></main>
<script type="module" src="_static/book.js"></script></html>"""
PHONE: Final = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    site = tmp_path_factory.mktemp("site")
    build.write_scripts(site / "_static")
    (site / "index.html").write_text(PAGE, encoding="utf-8")
    with serve_files(site) as address:
        yield address


def opened(page: Page, url: str) -> Locator:
    page.goto(url)
    root = page.locator(".training[data-live]")
    expect(root).to_be_visible()
    return root


def button(root: Locator, name: str) -> Locator:
    return root.get_by_role("button", name=name, exact=True)


def steps(root: Locator) -> int:
    found = re.search(r"step (\d+)", root.locator(".state").inner_text())
    assert found
    return int(found[1])


def picture(canvas: Locator) -> str:
    return str(canvas.evaluate("node => node.toDataURL()"))


def train_until(root: Locator, epoch: int) -> None:
    """Train with the keyboard, and pause."""
    start = button(root, "Train")
    start.focus()
    start.press("Enter")
    progress = root.locator(".state")
    root.page.wait_for_function(
        "([node, epoch]) => Number(node.textContent.match(/Epoch (\\d+)/)[1]) >= epoch",
        arg=[progress.element_handle(), epoch],
    )
    button(root, "Pause").press(" ")
    expect(button(root, "Train")).to_be_focused()


def test_the_page_computes_what_numpy_computes(page: Page, url: str) -> None:
    digits, rate, count = training.chosen_digits(), 0.003, 1_450  # the last batch is smaller
    layers = backprop.build(SIZES, np.random.default_rng(19), np.float32)
    x = digits.x_train[:count]
    trained = backprop.train(layers, x, np.random.default_rng(5), epochs=2, rate=rate)
    random = np.random.default_rng(5)
    page.goto(url)
    found = page.evaluate(
        """async ({ sizes, arrays, orders, rate }) => {
            const { SmallAutoencoder } = await import("./_static/small_autoencoder.js");
            const { loadArrays } = await import("./_static/widgets/npz.js");
            const digits = await loadArrays("_static/training/digits.npz");
            const shares = ({ values }) => Float32Array.from(values, (value) => value / 255);
            const [images, tests] = [shares(digits.x_train), shares(digits.x_test)];
            const network = new SmallAutoencoder(sizes, Math.random);
            const own = network.layers.flatMap((layer) => layer.arrays);
            for (const [i, array] of own.entries()) array.set(arrays[i]);
            for (const order of orders) {
                for (let start = 0; start < order.length; start += 100) {
                    const batch = order.slice(start, start + 100);
                    const rows = batch.map((i) => [...images.subarray(784 * i, 784 * (i + 1))]);
                    network.step(Float32Array.from(rows.flat()), batch.length, rate);
                }
            }
            const codes = network.encode(tests, tests.length / 784);
            const lists = [...own, codes].map((array) => [...array]);
            return { lists, ...network.losses(tests, tests.length / 784) };
        }""",
        {
            "sizes": SIZES,
            "arrays": [array.ravel().tolist() for layer in layers for array in layer],
            "orders": [random.permutation(count).tolist() for _ in range(2)],
            "rate": rate,
        },
    )
    arrays = [array for layer in trained for array in layer]
    arrays.append(backprop.encode(trained, digits.x_test))
    for own, expected in zip(found["lists"], arrays, strict=True):
        assert np.abs(np.array(own) - expected.ravel()).max() < 1e-4
    moved = [np.abs(a - b).max() for a, b in zip(arrays[::2], [w for w, _ in layers], strict=False)]
    assert min(moved) > 0.01  # all layers have learned something
    copies = backprop.reconstruct(trained, digits.x_test)
    squared = metrics.squared_error(digits.x_test, copies)
    assert found["squared"] == pytest.approx(squared, rel=1e-4)
    entropy = backprop.loss(trained, digits.x_test, "cross-entropy")
    assert found["crossEntropy"] == pytest.approx(entropy, rel=1e-4)


def test_codes_move_and_copies_become_better_than_the_mean_image(page: Page, url: str) -> None:
    root = opened(page, url)
    summary, plane = root.locator(".summary"), root.locator("canvas.plane")
    expect(summary).to_have_attribute("aria-live", "polite")
    expect(summary).to_contain_text("Before training")
    before = picture(plane)
    train_until(root, 3)
    assert picture(plane) != before
    expect(summary).to_contain_text(re.compile(r"After \d+ epochs and \d+ steps"))
    expect(summary).to_contain_text("less than the mean image’s 54.1, but more than PCA’s")
    expect(summary).to_contain_text(re.compile(r"Best apart: \d \(\d+%\), .* Most mixed: \d"))
    label = root.get_by_role("img", name="Squared error over").get_attribute("aria-label")
    assert label is not None
    first, last = map(float, re.findall(r"\d+\.\d", label))
    assert last < training.facts()["mean_image"] < first


def test_single_steps_and_starts_repeat_themselves(page: Page, url: str) -> None:
    root = opened(page, url)

    def after_two_steps() -> str:
        for step in (1, 2):
            button(root, "One step").press("Enter")
            expect(root.locator(".state")).to_contain_text(f"step {step}.")
        return picture(root.locator("canvas.plane"))

    first = after_two_steps()
    button(root, "Start over").click()
    expect(root.locator(".state")).to_contain_text("Epoch 0, step 0.")
    assert after_two_steps() == first
    button(root, "Another random start").click()
    expect(root.locator(".state")).to_contain_text("Epoch 0, step 0.")
    assert after_two_steps() != first


def test_the_arrow_keys_choose_the_code_to_decode(page: Page, url: str) -> None:
    root = opened(page, url)
    train_until(root, 1)
    plane = root.get_by_role("application")
    decoded = root.get_by_role("img", name="What the code")
    plane.focus()
    before, label = picture(root.locator("canvas.decoded")), decoded.get_attribute("aria-label")
    for _ in range(12):
        plane.press("ArrowRight")
    expect(plane).to_be_focused()
    assert decoded.get_attribute("aria-label") != label
    page.wait_for_function(
        "before => document.querySelector('canvas.decoded').toDataURL() !== before", arg=before
    )


def test_a_learning_rate_that_is_too_large_spoils_the_copies(page: Page, url: str) -> None:
    root = opened(page, url)
    root.get_by_label("Learning rate").select_option("0.1")
    train_until(root, 2)
    expect(root.locator(".summary")).to_contain_text(re.compile("no better than|all bounds|PCA’s"))
    assert steps(root) >= 200


def test_pictures_stand_still_for_readers_who_prefer_that(browser: Browser, url: str) -> None:
    context = new_context(browser, reduced_motion="reduce")
    try:
        root = opened(context.new_page(), url)
        expect(root).to_contain_text("You prefer reduced motion")
        plane = root.locator("canvas.plane")
        before = picture(plane)
        button(root, "Train").click()
        expect(root.locator(".state")).to_contain_text(re.compile("Epoch [2-9]"))
        assert picture(plane) == before
        button(root, "Pause").click()
        expect(button(root, "Train")).to_be_visible()
        assert picture(plane) != before
    finally:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_training_is_accessible_on_a_phone(browser: Browser, url: str, scheme: Any) -> None:
    context = new_context(browser, color_scheme=scheme, viewport=PHONE)
    try:
        page = context.new_page()
        root = opened(page, url)
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", scheme)
        button(root, "One step").click()
        expect(root.locator(".state")).to_contain_text("step 1.")
        paper = np.median(np.asarray(Image.open(io.BytesIO(root.screenshot())).convert("L")))
        assert paper > 240 if scheme == "light" else paper < 15
        assert_accessible(page, ".training", checks=("color-contrast", "button-name"))
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    finally:
        context.close()


def test_the_data_are_small_and_the_facts_come_from_them(tmp_path: Path) -> None:
    training.write(tmp_path / "training")
    sizes = [path.stat().st_size for path in (tmp_path / "training").iterdir()]
    assert sum(sizes) < 900_000
    facts, digits = training.facts(), training.chosen_digits()
    assert [digits.y_test[i] for i in facts["examples"]] == list(range(10))
