"""Check a page for accessibility with axe."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# Colors that are still fading have too little contrast.
_FINISH_ANIMATIONS = """() => {
    const animations = document.getAnimations();
    const isEndless = ({ effect }) => effect.getComputedTiming().endTime === Infinity;
    for (const animation of animations) if (!isEndless(animation)) animation.finish();
}"""


def assert_accessible(
    page: Page, *selectors: str, checks: Sequence[str] = ("color-contrast", "button-name")
) -> None:
    """Assert that axe finds nothing serious in these parts of a page (default: all of it).

    `checks` are rules that must have applied to something, or else axe has looked at nothing.
    """
    page.evaluate(_FINISH_ANIMATIONS)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
        # The body of JupyterLab has no height, so axe would consider everything in it hidden.
        page.evaluate("document.body.style.minBlockSize = '100vh'")
    include = [[selector] for selector in selectors or ["body"]]
    results: dict[str, Any] = page.evaluate("include => axe.run({ include })", include)
    assert not [
        (violation["id"], node["html"], node["failureSummary"])
        for violation in results["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]
    assert set(checks) <= {rule["id"] for rule in results["passes"]}
